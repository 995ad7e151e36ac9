//! A second request in the same ticket: the text is parted where the customer says that something else comes, and
//! both parts are read by themselves.
//!
//! Parted at every sentence, or asked for its second most probable intent, the model finds more of them, but then one
//! ordinary ticket in ten holds a second request, and a person has to look at each.

use shared::{events::Scored, model::text};

/// Words below which a text holds one request.
const FEWEST_WORDS: usize = 12;

/// Words that a part needs before the turn, and after it.
const BEFORE: usize = 3;
const AFTER: usize = 4;

/// How sure the model must be of a part's intent.
const SURE: f64 = 0.7;

/// What people say when they turn to something else.
const TURNS: [&str; 27] = [
    "also",
    "another thing",
    "another question",
    "another request",
    "another matter",
    "one more",
    "by the way",
    "btw",
    "secondly",
    "while i'm writing",
    "while i am writing",
    "while i'm at it",
    "while i am at it",
    "while you're at it",
    "while you are at it",
    "while we're at it",
    "in addition",
    "additionally",
    "apart from that",
    "furthermore",
    "on top of that",
    "other question",
    "ps",
    "p.s.",
    "and could you",
    "and can i",
    "and may i",
];

/// Numbers that begin the second item of a list.
const ITEMS: [&str; 2] = ["(2)", " 2) "];

/// The two parts of a text, if it turns to something else; `subject` says whether its first line is a subject line, in
/// which nothing turns.
pub(crate) fn parts(text: &str, subject: bool) -> Option<[String; 2]> {
    let text = text::prepare(text).replace('\u{2019}', "'");
    if text.split_whitespace().count() < FEWEST_WORDS {
        return None;
    }
    let first = if subject { text.find('\n').unwrap_or(0) } else { 0 };
    let (before, after) = text.split_at_checked(turn(&text, first)?)?;
    let long = before.split_whitespace().count() >= BEFORE && after.split_whitespace().count() >= AFTER;
    long.then(|| [before.trim().to_owned(), after.trim().to_owned()])
}

/// Where the first turn after this place begins.
fn turn(text: &str, from: usize) -> Option<usize> {
    // Only ASCII letters change, so that places stay what they are.
    let lower = text.to_ascii_lowercase();
    let rest = lower.get(from..)?;
    let words = TURNS
        .iter()
        .filter_map(|turn| rest.match_indices(turn).map(|(at, _)| at).find(|at| alone(rest, *at, turn)));
    let items = ITEMS.iter().filter_map(|item| rest.find(item));
    words.chain(items).filter(|at| *at > 0).min().map(|at| from + at)
}

/// Whether the phrase at this place is no part of a longer word.
fn alone(text: &str, at: usize, phrase: &str) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    let after = text.get(at + phrase.len()..).and_then(|after| after.chars().next());
    ![before, after].iter().flatten().any(|c| c.is_alphanumeric())
}

/// The surer of the parts' intents that is not the whole text's, if the parts differ and it is sure enough.
pub(crate) fn chosen(main: &str, parts: [(String, f64); 2]) -> Option<Scored> {
    let [one, other] = &parts;
    if one.0 == other.0 {
        return None;
    }
    let others = parts.into_iter().filter(|(intent, sure)| intent != main && *sure >= SURE);
    let (label, probability) = others.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    Some(Scored { label, probability })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_parted_where_it_turns_to_something_else() {
        for (before, after) in [
            ("Please cancel order 4711, it is too late.", "By the way, do you take cheques now?"),
            ("hey pls cancel L-41655 (wrong size tote).", "also roughly when do the boxes go out?"),
            ("(1) where is L-41240, it is a week late, and", "(2) please send the invoice for it."),
        ] {
            let found = parts(&format!("{before} {after}"), false);
            assert_eq!(found, Some([before.to_owned(), after.to_owned()]));
        }
    }

    #[test]
    fn a_text_that_turns_to_nothing_else_stays_whole() {
        for text in [
            "Where is my parcel? It should have been here on Tuesday, and nobody answers the telephone.",
            "Also sprach Zarathustra has not come yet, though it was sent a week ago, you say.",
            "The salsa and the psalter have come but not the balsamico, so where is that one?",
            "too short, also this",
        ] {
            assert_eq!(parts(text, false), None, "{text}");
        }
    }

    #[test]
    fn nothing_turns_in_the_subject_line() {
        let text = "Delivery date and one more question\nWhen will the parcel with the two lamps be here, please tell me";
        assert_eq!(parts(text, true), None);
        assert!(parts(text, false).is_some());
    }

    #[test]
    fn the_surer_intent_beside_the_main_one_is_the_second() {
        let part = |intent: &str, sure| (intent.to_owned(), sure);
        let found = chosen("a", [part("a", 0.9), part("b", 0.8)]).unwrap();
        assert_eq!((found.label.as_str(), found.probability), ("b", 0.8));
        assert_eq!(chosen("a", [part("b", 0.99), part("b", 0.98)]), None, "one request in two parts");
        assert_eq!(chosen("a", [part("a", 0.9), part("b", 0.69)]), None, "not sure enough");
    }
}
