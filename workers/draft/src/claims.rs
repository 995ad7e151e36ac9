//! Sentences that only the agent of that day could say: feelings, deeds, promises, and what was so in that case.

use crate::words::Word;

/// Words of courtesy and of feeling: said to one customer, not to the next.
const COURTESY: &[&str] = &[
    "apologise",
    "apologize",
    "apologies",
    "apology",
    "sorry",
    "regret",
    "condolences",
    "thank",
    "thanks",
    "grateful",
    "glad",
    "gladly",
    "pleased",
    "pleasure",
    "hope",
    "congratulations",
    "delighted",
    "happy",
    "happily",
    "envious",
    "curious",
    "relieved",
    "annoyed",
    "annoyance",
    "annoying",
    "disappointment",
    "frustration",
    "understand",
    "appreciate",
    "appreciated",
    "welcome",
    "love",
    "loved",
    "enjoy",
    "luck",
    "fingers",
    "greetings",
    "courtesy",
    "goodwill",
    "inconvenience",
    "worries",
    "worry",
    "worrying",
    "silly",
    "admired",
    "agree",
    "honestly",
    "unfortunately",
    "assure",
    "reassure",
];

/// The agent, or another person of that case.
const PERSONS: &[&str] = &[
    "i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "myself", "yours", "he", "she", "him", "his",
    "her", "mr", "mrs", "ms", "dr",
];

/// Times that were near then.
const NEAR: &[&str] = &[
    "today",
    "today's",
    "tomorrow",
    "tomorrow's",
    "yesterday",
    "yesterday's",
    "tonight",
    "ago",
    "attached",
    "enclosed",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "spring",
    "summer",
    "autumn",
    "winter",
    "christmas",
    "currently",
];

/// Openings that answer a question of that day.
const OPENINGS: &[&str] = &[
    "yes",
    "sure",
    "certainly",
    "exactly",
    "right",
    "indeed",
    "oh",
    "well",
    "let's",
    "here",
    "here's",
    "good",
    "great",
    "okay",
    "absolutely",
    "done",
    "fixed",
    "swapped",
    "caught",
    "real",
];

/// Words after which a past tense is part of a rule: `once the parcel has left`.
pub(crate) const CONDITIONS: &[&str] = &[
    "if", "when", "once", "soon", "until", "after", "before", "whether", "which", "who", "where", "whoever",
    "unless", "while", "whenever", "long", "those",
];

const PAST: &[&str] = &[
    "was", "were", "wasn't", "weren't", "had", "hadn't", "did", "didn't", "arrived", "reached", "missed",
    "counted", "saw", "came", "went", "got", "hid", "told", "gave", "helped", "wrote", "showed",
];

const PARTICIPLES: &[&str] = &[
    "been", "sent", "left", "gone", "made", "found", "read", "had", "done", "put", "taken", "come", "begun",
    "cut", "got", "become",
];

const DEEDS: &[&str] =
    &["be", "call", "ring", "send", "reach", "arrive", "contact", "write", "refund", "come", "go", "cancel"];

const PHRASES: &[&str] = &[
    "in view of",
    "in your place",
    "your case",
    "as planned",
    "at our expense",
    "on behalf",
    "at the moment",
    "you're right",
    "you are right",
    "every reason",
    "you asked",
    "you named",
    "you gave",
    "you mentioned",
    "on hold",
    "of course",
    "you described",
];

/// Why the sentence cannot be said to another customer, if it cannot.
pub(crate) fn personal(sentence: &str, words: &[Word<'_>]) -> Option<&'static str> {
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.low.as_str()));
    let text = sentence.to_lowercase().replace('’', "'");
    if !sentence.ends_with('.') {
        Some("an exclamation, a question or a fragment")
    } else if any(COURTESY) {
        Some("courtesy")
    } else if any(PERSONS) || PHRASES.iter().any(|phrase| text.contains(phrase)) {
        Some("a person of that case")
    } else if near_in_time(words) {
        Some("a time that was near then")
    } else if opens_an_answer(sentence, words) {
        Some("an answer to that customer")
    } else if tells_of_the_case(words) {
        Some("a deed, a promise or a state of that case")
    } else {
        None
    }
}

fn near_in_time(words: &[Word<'_>]) -> bool {
    let low = |at: usize| words.get(at).map_or("", |word| word.low.as_str());
    words.iter().enumerate().any(|(at, word)| match word.low.as_str() {
        "monday" => (low(at + 1), low(at + 2)) != ("to", "friday"),
        "friday" => at < 2 || (low(at - 2), low(at - 1)) != ("monday", "to"),
        "now" => at == 0 || !["from", "until"].contains(&low(at - 1)),
        "may" => word.bare.starts_with('M') && at > 0,
        "this" | "last" | "next" => {
            ["morning", "afternoon", "evening", "night", "week", "weekend", "month", "year", "time"]
                .contains(&low(at + 1))
        }
        other => NEAR.contains(&other),
    })
}

fn opens_an_answer(sentence: &str, words: &[Word<'_>]) -> bool {
    let first = words.first().map_or("", |word| word.low.as_str());
    let comma = words.first().is_some_and(|word| word.raw.ends_with([',', ':', ';']));
    OPENINGS.contains(&first)
        || (comma && ["no", "not", "so", "and", "but"].contains(&first))
        || sentence.starts_with('"')
}

/// A past tense, a promise or something under way, outside of a condition.
pub(crate) fn tells_of_the_case(words: &[Word<'_>]) -> bool {
    let low = |at: usize| words.get(at).map_or("", |word| word.low.as_str());
    let plain = words.iter().position(|word| CONDITIONS.contains(&word.low.as_str())).unwrap_or(words.len());
    (0..plain).any(|at| {
        let word = low(at);
        let following = if ["not", "already", "only", "also", "just", "now", "never"].contains(&low(at + 1)) {
            low(at + 2)
        } else {
            low(at + 1)
        };
        match word {
            "has" | "have" | "hasn't" | "haven't" => {
                PARTICIPLES.contains(&following) || following.ends_with("ed")
            }
            "will" | "shall" => DEEDS.contains(&following),
            "is" | "are" | "it's" => following == "being",
            "way" => {
                ["its", "their", "your", "the"].contains(&low(at.wrapping_sub(1)))
                    && low(at.wrapping_sub(2)) == "on"
            }
            _ if word.ends_with("'ve") => true,
            _ if word.ends_with("'ll") => DEEDS.contains(&following),
            _ => PAST.contains(&word),
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::words::words;

    fn personal(sentence: &str) -> Option<&'static str> {
        super::personal(sentence, &words(sentence))
    }

    #[test]
    fn a_rule_of_the_shop_can_be_said_to_anybody() {
        for rule in [
            "Standard delivery takes three to five working days once the parcel has left our warehouse.",
            "The refund is approved as soon as the item has been checked in our warehouse.",
            "Orders stay in the account in which they were placed.",
            "We count Monday to Friday as working days, without public holidays.",
            "If a scary one is already on its way, you can return it unread within 30 days.",
            "No method carries a surcharge.",
            "Please check the spam folder as well.",
            "An order that is delayed can be cancelled free of charge until it is dispatched.",
        ] {
            assert_eq!(personal(rule), None, "{rule}");
        }
    }

    #[test]
    fn deeds_promises_and_states_of_a_case_are_not_carried_over() {
        for case in [
            "I have opened a trace for you.",
            "We've refunded the charge.",
            "Your address has been removed from the list.",
            "They have been switched off for your account.",
            "A colleague will ring you about the reading lamp.",
            "Two new candles are on their way to you free of charge.",
            "The product page is being corrected.",
            "Our records show that your bank did not authorise the payment.",
            "The cover arrived and the refund was approved.",
            "It arrives on Friday.",
            "The walnut table is expected in the first week of November.",
            "You can enter the code now.",
            "Your order left us last night.",
        ] {
            assert!(personal(case).is_some(), "{case}");
        }
    }

    #[test]
    fn courtesy_questions_and_answers_are_not_carried_over() {
        for said in [
            "Thank you for the receipt.",
            "We are relieved about the eleven duvets.",
            "Shall we start it for you?",
            "Happy walking!",
            "Yes, you can.",
            "No, low stock is just a hint.",
            "You are right that nobody looked.",
            "A fragment without an end",
        ] {
            assert!(personal(said).is_some(), "{said}");
        }
    }
}
