//! What people make of a request before they send it: scenery around it, typos, capitals, old mails below.
//!
//! Nothing of it is in the texts that training uses for the same end, and the same seed gives the same texts.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::sample::Sample;

/// Changes a text.
pub type Change = fn(&str, &mut StdRng) -> String;

/// The changes whose effect the robustness table shows.
pub const VARIANTS: [(&str, Change); 10] = [
    ("typos", typos),
    ("capitals", capitals),
    ("lower_case", lower_case),
    ("long_mail", long_mail),
    ("emoji", emoji),
    ("quoted_history", quoted_history),
    ("request_at_the_end", request_at_the_end),
    ("request_at_the_start", request_at_the_start),
    ("request_in_the_middle", request_in_the_middle),
    ("request_beyond_reading", request_beyond_reading),
];

const GREETINGS: [&str; 10] = [
    "Dear shop,",
    "Good day,",
    "Morning!",
    "Hello to whoever reads this,",
    "Greetings,",
    "Hi both,",
    "Evening all,",
    "Dear colleagues,",
    "Hey there!",
    "",
];

const SCENES: [&str; 40] = [
    "The lift in our building is broken, so everything takes twice as long today.",
    "I am writing with one hand because the baby sleeps on the other arm.",
    "Our terrace was laid last week and looks splendid.",
    "My uncle swears by your enamel pots.",
    "We spent the whole of Sunday assembling shelves.",
    "There is a strike at the harbour, as you will have read.",
    "I am the caretaker of a school with three hundred children.",
    "The plum tree has never carried so much fruit.",
    "I used to work in a warehouse myself, so you have my sympathy.",
    "Yesterday the power went out twice in our street.",
    "I learnt of you from an advertisement on the tram.",
    "My handwriting is terrible, so be glad that this is typed.",
    "The parrot has learnt to imitate the doorbell.",
    "We celebrate our silver wedding in a fortnight.",
    "It is the first time in months that I have had a quiet hour.",
    "The choir rehearses below me while I write this.",
    "A colleague in accounting gave me your address.",
    "I have lived in this town for thirty years and know every postman.",
    "The lamp over my desk is one of yours, from the old series.",
    "It has snowed since Monday and the hens refuse to go out.",
    "My knee keeps me at home at the moment.",
    "I have been through my folder twice to get everything together.",
    "Our son starts school after the summer.",
    "The cat sat on the keyboard a moment ago, so forgive stray letters.",
    "I normally leave such things to my wife.",
    "The new bridge has made the way to work much shorter.",
    "I read a great deal, mostly crime and a little history.",
    "We rent out two rooms to students.",
    "The radio is on and somebody sings about the sea.",
    "The plumber is due any minute, so I shall be quick.",
    "I bake on Fridays, and today is a Friday.",
    "It is a small company with nine people and one kettle.",
    "The garden chairs have survived their fourth winter.",
    "I took early retirement and have not regretted it.",
    "My niece is doing an apprenticeship as a carpenter.",
    "This is my third attempt at writing this mail.",
    "The old clock in the hall has just struck four.",
    "We came back from the coast on Saturday, brown as nuts.",
    "I drink too much coffee and sleep too little.",
    "Somebody has parked across our gate again.",
];

const CLOSINGS: [&str; 8] = [
    "All the best",
    "Thank you and good night",
    "With thanks",
    "Yours",
    "Take care",
    "Many greetings",
    "Thanks ever so much",
    "",
];

const NAMES: [&str; 8] =
    ["Agnes Thorne", "Bram", "Mr C. Quill", "Dilys", "E. Fontaine", "Gustav", "Hetty W.", ""];

const EMOJI: [&str; 10] = ["🙂", "😡", "🙏", "📦", "😭", "👍", "🤷", "‼️", "💸", "🎁"];

const OLD_MAILS: [&str; 4] = [
    "Thank you for your order. Your invoice is attached and your refund has been booked.",
    "You can reset your password on the login page. Your subscription to our newsletter is active.",
    "We have changed the delivery address and will let you know when the parcel leaves us.",
    "We are sorry that you want to delete your account. The cancellation is free of charge.",
];

/// Every sample with its text changed.
pub fn varied(samples: &[Sample], seed: &str, change: Change) -> Vec<Sample> {
    let mut random = StdRng::seed_from_u64(
        seed.bytes().fold(7_u64, |all, byte| all.wrapping_mul(31).wrapping_add(byte.into())),
    );
    samples
        .iter()
        .map(|sample| Sample { text: change(&sample.text, &mut random), ..sample.clone() })
        .collect()
}

/// At most so many samples, evenly from the whole.
pub fn some<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    let most = most.min(all.len());
    (0..most).filter_map(|at| all.get(at * all.len() / most).cloned()).collect()
}

/// Two requests in one text, each sample followed by the next of another intent that is far from it in the list; the
/// second is the lesser one.
pub fn joined(samples: &[Sample]) -> Vec<Sample> {
    let wanted: Vec<&Sample> = samples
        .iter()
        .filter(|sample| {
            sample.intent.is_some()
                && sample.hazards.as_ref().is_none_or(Vec::is_empty)
                && sample.text.len() < 400
        })
        .collect();
    let links = ["Also:", "One more thing.", "And while I am writing:", "By the way,", "Secondly,", "PS:"];
    let pair = |at: usize| {
        let (first, link) = (wanted.get(at)?, links.get(at % links.len())?);
        let far = (1..wanted.len()).filter_map(|step| wanted.get((at + step * 37) % wanted.len()));
        let second = far.take(8).find(|second| second.intent != first.intent)?;
        let text = format!("{}\n\n{link} {}", first.text, second.text);
        Some(Sample { text, intent: first.intent.clone(), also: second.intent.clone(), ..Sample::default() })
    };
    (0..wanted.len()).filter_map(pair).collect()
}

fn pick<'a>(from: &[&'a str], random: &mut StdRng) -> &'a str {
    from.choose(random).copied().unwrap_or_default()
}

fn scenes(count: usize, random: &mut StdRng) -> Vec<String> {
    SCENES.choose_multiple(random, count).map(|scene| (*scene).to_owned()).collect()
}

/// The text among `count` sentences of scenery, before it `before` of them.
fn mail_of(text: &str, count: usize, before: usize, random: &mut StdRng) -> String {
    let mut body = scenes(count, random);
    body.insert(before.min(body.len()), ended(text));
    let joint = pick(&[" ", "\n", "\n\n"], random);
    let parts = [pick(&GREETINGS, random), &body.join(joint), pick(&CLOSINGS, random), pick(&NAMES, random)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

/// The request in a mail with two to five sentences of scenery.
pub fn mail(text: &str, random: &mut StdRng) -> String {
    let count = random.random_range(2..=5);
    let before = random.random_range(0..=count);
    mail_of(text, count, before, random)
}

/// The request in a mail with eight to twelve sentences of scenery.
pub fn long_mail(text: &str, random: &mut StdRng) -> String {
    let count = random.random_range(8..=12);
    let before = random.random_range(0..=count);
    mail_of(text, count, before, random)
}

/// At the end of a mail that is longer than the model reads at once.
fn request_at_the_end(text: &str, random: &mut StdRng) -> String {
    mail_of(text, SCENES.len(), SCENES.len(), random)
}

/// At the start of a mail that is longer than the model reads at once.
fn request_at_the_start(text: &str, random: &mut StdRng) -> String {
    mail_of(text, SCENES.len(), 0, random)
}

/// In the middle of some 1,800 words, of which only the beginning and the end are read.
fn request_beyond_reading(text: &str, random: &mut StdRng) -> String {
    let mut page = || scenes(SCENES.len(), random).join(" ");
    [page(), page(), ended(text), page(), page()].join(
        "

",
    )
}

/// In the middle of a mail that is longer than the model reads at once.
fn request_in_the_middle(text: &str, random: &mut StdRng) -> String {
    mail_of(text, SCENES.len(), SCENES.len() * 2 / 3, random)
}

/// Four letters in a hundred dropped, doubled, swapped or mistaken; digits stay.
pub fn typos(text: &str, random: &mut StdRng) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut typed = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        at += 1;
        if !letter.is_alphabetic() || !random.random_bool(0.04) {
            typed.push(letter);
            continue;
        }
        match (random.random_range(0..4), letters.get(at).filter(|next| next.is_alphabetic())) {
            (0, Some(&next)) => {
                typed.extend([next, letter]);
                at += 1;
            }
            (1, _) => {}
            (2, _) => typed.extend([letter, letter]),
            _ => typed.push(random.random_range('a'..='z')),
        }
    }
    typed
}

fn capitals(text: &str, _: &mut StdRng) -> String {
    text.to_uppercase()
}

fn lower_case(text: &str, _: &mut StdRng) -> String {
    text.to_lowercase()
}

/// One to three pictures, at ends of sentences.
fn emoji(text: &str, random: &mut StdRng) -> String {
    let mut text = format!("{text} {}", pick(&EMOJI, random));
    if random.random_bool(0.5) {
        text = text.replacen(". ", &format!(" {} ", pick(&EMOJI, random)), 1);
    }
    if random.random_bool(0.3) { format!("{} {text}", pick(&EMOJI, random)) } else { text }
}

/// An older mail of the shop about something else, quoted below.
fn quoted_history(text: &str, random: &mut StdRng) -> String {
    let old = pick(&OLD_MAILS, random);
    match random.random_range(0..3) {
        0 => format!("{text}\n\nOn Tue, 3 March 2026 at 10:12, Support wrote:\n> {old}\n> Kind regards"),
        1 => format!(
            "{text}\n\n-----Original Message-----\nFrom: Support\nSent: Monday\nTo: me\nSubject: Re:\n\n{old}"
        ),
        _ => format!("> {old}\n\n{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &str, intent: &str) -> Sample {
        Sample { text: text.to_owned(), intent: Some(intent.to_owned()), ..Sample::default() }
    }

    #[test]
    fn the_same_seed_gives_the_same_texts() {
        let samples = vec![sample("where is my parcel", "track_order"); 20];
        for (name, change) in VARIANTS {
            assert_eq!(varied(&samples, name, change), varied(&samples, name, change), "{name}");
        }
    }

    #[test]
    fn a_mail_still_holds_its_request() {
        for (_, text) in [("", mail as Change), ("", long_mail), ("", request_in_the_middle)] {
            let made = varied(&[sample("where is my parcel", "track_order")], "seed", text);
            assert!(made[0].text.contains("where is my parcel."), "{}", made[0].text);
        }
    }

    #[test]
    fn about_four_letters_in_a_hundred_are_mistyped() {
        let text = "abcdefghij".repeat(100);
        let mut random = StdRng::seed_from_u64(1);
        let typed = typos(&text, &mut random);
        assert!(typed != text && typed.len().abs_diff(text.len()) < 40);
    }

    #[test]
    fn joined_texts_ask_for_two_things() {
        let samples: Vec<Sample> = (0..20).map(|n| sample("text", ["a", "b", "c"][n % 3])).collect();
        let made = joined(&samples);
        assert!(!made.is_empty() && made.iter().all(|one| one.also.is_some() && one.also != one.intent));
    }

    #[test]
    fn some_are_taken_from_everywhere() {
        assert_eq!(some(&[0, 1, 2, 3, 4, 5], 3), [0, 2, 4]);
        assert_eq!(some(&[0, 1], 3), [0, 1]);
    }
}
