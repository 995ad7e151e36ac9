//! What a list of words makes of mood and urgency: the least that a trained model has to beat.

/// Words and how glad they are, from -3 to 3.
const MOODS: [(&str, i32); 84] = [
    ("terrible", -3),
    ("horrible", -3),
    ("awful", -3),
    ("disgusting", -3),
    ("disgusted", -3),
    ("disgrace", -3),
    ("disgraceful", -3),
    ("furious", -3),
    ("outrageous", -3),
    ("appalling", -3),
    ("unacceptable", -3),
    ("worst", -3),
    ("hate", -3),
    ("scam", -3),
    ("liars", -3),
    ("thieves", -3),
    ("fed", -2),
    ("angry", -2),
    ("ridiculous", -2),
    ("useless", -2),
    ("incompetent", -2),
    ("joke", -2),
    ("shame", -2),
    ("pathetic", -2),
    ("never", -1),
    ("disappointed", -2),
    ("disappointing", -2),
    ("annoyed", -2),
    ("annoying", -2),
    ("upset", -2),
    ("frustrated", -2),
    ("frustrating", -2),
    ("bad", -2),
    ("poor", -2),
    ("rude", -2),
    ("broken", -1),
    ("damaged", -1),
    ("wrong", -1),
    ("missing", -1),
    ("late", -1),
    ("still", -1),
    ("again", -1),
    ("cannot", -1),
    ("can't", -1),
    ("won't", -1),
    ("doesn't", -1),
    ("failed", -1),
    ("fails", -1),
    ("error", -1),
    ("problem", -1),
    ("unfortunately", -1),
    ("sorry", -1),
    ("waiting", -1),
    ("unhappy", -2),
    ("complain", -1),
    ("complaint", -1),
    ("nobody", -1),
    ("stuck", -1),
    ("lost", -1),
    ("thanks", 1),
    ("thank", 1),
    ("please", 0),
    ("kind", 1),
    ("kindly", 0),
    ("nice", 2),
    ("good", 1),
    ("happy", 2),
    ("glad", 2),
    ("pleased", 2),
    ("great", 2),
    ("helpful", 2),
    ("lovely", 3),
    ("love", 3),
    ("loved", 3),
    ("excellent", 3),
    ("wonderful", 3),
    ("amazing", 3),
    ("fantastic", 3),
    ("perfect", 3),
    ("brilliant", 3),
    ("best", 2),
    ("delighted", 3),
    ("beautiful", 2),
    ("awesome", 3),
];

const PRESSING: [&str; 16] = [
    "urgent",
    "urgently",
    "asap",
    "immediately",
    "emergency",
    "now",
    "today",
    "tonight",
    "tomorrow",
    "deadline",
    "quickly",
    "hurry",
    "soon",
    "instantly",
    "critical",
    "right away",
];

const AT_LEISURE: [&str; 9] = [
    "no rush",
    "no hurry",
    "whenever",
    "curious",
    "wondering",
    "just asking",
    "at your convenience",
    "some day",
    "take your time",
];

/// One of the five levels: the sum of the words, one more for capitals and exclamation marks.
pub(crate) fn sentiment(text: &str) -> &'static str {
    let lower = text.to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty());
    let sum: i32 =
        words().filter_map(|word| MOODS.iter().find(|(known, _)| *known == word)).map(|(_, mood)| mood).sum();
    let loud =
        text.matches('!').count() >= 2 || text.split_whitespace().filter(|word| is_loud(word)).count() >= 2;
    match sum * if loud { 2 } else { 1 } {
        ..=-5 => "very_negative",
        -4..=-2 => "negative",
        -1..=1 => "neutral",
        2..=4 => "positive",
        _ => "very_positive",
    }
}

fn is_loud(word: &str) -> bool {
    word.chars().count() > 2 && word.chars().all(char::is_uppercase)
}

/// One of the four levels: words of haste against words of leisure.
pub(crate) fn urgency(text: &str) -> &'static str {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).collect();
    let pressing = PRESSING
        .iter()
        .filter(|word| words.contains(*word) || (word.contains(' ') && lower.contains(**word)))
        .count();
    let idle = AT_LEISURE.iter().any(|words| lower.contains(words));
    match (pressing, idle) {
        (2.., false) => "urgent",
        (1, false) => "high",
        (0, true) => "low",
        _ => "normal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_give_the_mood() {
        assert_eq!(sentiment("This is the worst shop, I am furious"), "very_negative");
        assert_eq!(sentiment("I am disappointed"), "negative");
        assert_eq!(sentiment("Where is order 12?"), "neutral");
        assert_eq!(sentiment("lovely, thanks"), "positive");
        assert_eq!(sentiment("I love it, wonderful and perfect"), "very_positive");
    }

    #[test]
    fn plain_words_give_the_urgency() {
        assert_eq!(urgency("urgent: I need it today"), "urgent");
        assert_eq!(urgency("please answer right away"), "high");
        assert_eq!(urgency("no rush at all"), "low");
        assert_eq!(urgency("where is it"), "normal");
    }
}
