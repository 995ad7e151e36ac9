//! Whether a sentence says what its quote says: a light look at their words.

use std::collections::BTreeSet;

use crate::{
    letter::sentences,
    words::{stems, words},
};

/// Share of a sentence's words that its quotes must have.
const SHARE: f64 = 0.6;

/// Words of one sentence that its quotes do not have, at most.
const NEW: usize = 3;

#[rustfmt::skip]
const DENIALS: &[&str] = &[
    "not", "no", "never", "cannot", "without", "neither", "nor", "none", "nobody", "nothing", "unable", "except",
    "unless", "nowhere", "hardly", "impossible",
];

/// Why a sentence is not what its quotes say, if it is not. What a customer wrote does not count: they may have
/// written what they want to read.
pub(super) fn astray(text: &str, quote: &str) -> Option<String> {
    let carried = stems(quote);
    if let Some(why) = sentences(text).find_map(|sentence| beyond(sentence, &carried)) {
        return Some(why);
    }
    match (denies(text), denies(quote)) {
        (true, false) => Some("denies what its quote says".to_owned()),
        (false, true) if sentences(quote).count() == 1 => Some("leaves out a 'not' of its quote".to_owned()),
        _ => None,
    }
}

/// Why one sentence goes beyond what is carried: as a whole, or in a clause that has no word of it.
fn beyond(sentence: &str, carried: &BTreeSet<String>) -> Option<String> {
    let said = stems(sentence);
    let new: Vec<_> = said.difference(carried).map(String::as_str).collect();
    let common = said.len() - new.len();
    if common == 0 || (common as f64) < SHARE * said.len() as f64 {
        return Some("says something else than its quote".to_owned());
    }
    if new.len() > NEW {
        return Some(format!(
            "says more than its quote: {}",
            new.iter().take(5).copied().collect::<Vec<_>>().join(", ")
        ));
    }
    clauses(sentence).find_map(|clause| {
        let said = stems(clause);
        (!said.is_empty() && said.is_disjoint(carried)).then(|| {
            let clause: String = clause.trim().chars().take(60).collect();
            format!("adds '{clause}', which its quote does not say")
        })
    })
}

/// What punctuation and conjunctions part.
fn clauses(sentence: &str) -> impl Iterator<Item = &str> {
    const JOINTS: [&str; 7] = [" and ", " but ", " so ", " because ", " or ", " then ", " while "];
    sentence.split([',', ';', ':', '(', ')', '–', '—', '>', '"']).flat_map(|part| {
        let mut pieces = vec![part];
        for joint in JOINTS {
            pieces = pieces.into_iter().flat_map(|piece| piece.split(joint)).collect();
        }
        pieces
    })
}

fn denies(text: &str) -> bool {
    let list: BTreeSet<&str> = DENIALS.iter().copied().collect();
    words(text).iter().any(|word| list.contains(word.low.as_str()) || word.low.ends_with("n't"))
}
