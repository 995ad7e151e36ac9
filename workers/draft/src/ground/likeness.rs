//! Whether a sentence says what its quote says: a light look at their words.

use std::collections::BTreeSet;

use crate::words::{stems, words};

/// Share of a sentence's words that its quotes must have.
const SHARE: f64 = 0.6;

/// Words that neither quotes nor ticket have, at most.
const NEW: usize = 3;

#[rustfmt::skip]
const DENIALS: &[&str] = &[
    "not", "no", "never", "cannot", "without", "neither", "nor", "none", "nobody", "nothing", "unable", "except",
    "unless", "nowhere", "hardly", "impossible",
];

/// Why a sentence is not what its quotes say, if it is not.
pub(super) fn astray(text: &str, quote: &str, ticket: &str) -> Option<String> {
    let (said, carried) = (stems(text), stems(quote));
    let common = said.intersection(&carried).count();
    if said.is_empty() || (common as f64) < SHARE * said.len() as f64 {
        return Some("says something else than its quote".to_owned());
    }
    let asked = stems(ticket);
    let new: Vec<_> = said.iter().filter(|stem| !carried.contains(*stem) && !asked.contains(*stem)).collect();
    if new.len() > NEW {
        let new: Vec<_> = new.into_iter().take(5).map(String::as_str).collect();
        return Some(format!("says more than its quote: {} …", new.join(", ")));
    }
    match (denies(text), denies(quote)) {
        (true, false) => Some("denies what its quote says".to_owned()),
        (false, true) if one_sentence(quote) => Some("leaves out a 'not' of its quote".to_owned()),
        _ => None,
    }
}

fn denies(text: &str) -> bool {
    let list: BTreeSet<&str> = DENIALS.iter().copied().collect();
    words(text).iter().any(|word| list.contains(word.low.as_str()) || word.low.ends_with("n't"))
}

fn one_sentence(quote: &str) -> bool {
    crate::letter::sentences(quote).count() == 1
}
