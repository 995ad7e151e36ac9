//! Words, as they stand and as they are compared.

use std::collections::{BTreeSet, HashSet};

/// A word as it stands in a text.
#[derive(Debug, Clone)]
pub(crate) struct Word<'a> {
    /// With all that surrounds it.
    pub(crate) raw: &'a str,
    /// Without punctuation around it.
    pub(crate) bare: &'a str,
    /// `bare`, in lower case, with straight apostrophes.
    pub(crate) low: String,
}

/// The words of a text, in order.
pub(crate) fn words(text: &str) -> Vec<Word<'_>> {
    let word = |raw| {
        let bare = bare(raw);
        Word { raw, bare, low: bare.to_lowercase().replace('’', "'") }
    };
    text.split(|c: char| c.is_whitespace() || c == '—')
        .map(word)
        .filter(|word| !word.raw.is_empty())
        .collect()
}

/// The lower-case words of texts, so that it can be asked whether one occurs.
pub(crate) fn vocabulary<'a>(texts: impl Iterator<Item = &'a str>) -> HashSet<String> {
    texts.flat_map(words).map(|word| without_genitive(&word.low).to_owned()).collect()
}

/// A word without a genitive's ending.
pub(crate) fn without_genitive(word: &str) -> &str {
    word.strip_suffix("'s")
        .or_else(|| word.strip_suffix("’s"))
        .or_else(|| word.strip_suffix('\''))
        .unwrap_or(word)
}

/// What a text is about: the stems of its words, those left out that every text has.
pub(crate) fn stems(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() > 2 && !STOP.contains(&word.as_str()))
        .map(|word| stem(&word).to_owned())
        .collect()
}

/// How much of the smaller of two sets the other has too, 0 to 1.
pub(crate) fn containment(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let smaller = a.len().min(b.len());
    if smaller == 0 { 0.0 } else { a.intersection(b).count() as f64 / smaller as f64 }
}

/// How much two sets have in common of what they have together, 0 to 1.
pub(crate) fn likeness(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let common = a.intersection(b).count();
    let together = a.len() + b.len() - common;
    if together == 0 { 0.0 } else { common as f64 / together as f64 }
}

fn bare(raw: &str) -> &str {
    raw.trim_matches(|c: char| !c.is_alphanumeric())
}

/// A word's beginning, good enough to compare: deliveries and delivery, cancelled and cancel.
fn stem(word: &str) -> &str {
    for ending in ["ies", "ing", "ed", "es", "y", "s", "e"] {
        if let Some(start) = word.strip_suffix(ending).filter(|start| start.chars().count() >= 4) {
            return start;
        }
    }
    word
}

const STOP: &[&str] = &[
    "about", "after", "all", "also", "and", "any", "are", "been", "before", "but", "can", "cannot", "could",
    "did", "does", "don", "for", "from", "get", "had", "has", "have", "her", "his", "how", "into", "its",
    "just", "like", "may", "more", "not", "now", "one", "only", "other", "our", "out", "please", "she",
    "should", "some", "than", "that", "the", "their", "them", "then", "there", "they", "this", "too",
    "until", "very", "want", "was", "were", "what", "when", "which", "who", "will", "with", "would", "you",
    "your",
];
