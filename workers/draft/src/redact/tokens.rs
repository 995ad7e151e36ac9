//! The words of a text, and which of them stand together.

use std::ops::Range;

use super::names::{COMMON, PARTICLES, TITLES};

/// A word of a text.
pub(super) struct Token<'a> {
    pub(super) range: Range<usize>,
    pub(super) text: &'a str,
    pub(super) low: String,
    /// Whether it is part of a name.
    pub(super) name: bool,
}

impl Token<'_> {
    pub(super) fn capital(&self) -> bool {
        self.text.starts_with(char::is_uppercase)
    }

    pub(super) fn common(&self) -> bool {
        COMMON.contains(self.low.as_str())
    }

    /// A capitalised word of two letters or more that is no common one.
    pub(super) fn proper(&self) -> bool {
        self.capital()
            && !self.common()
            && self.text.chars().count() > 1
            && !(self.text.chars().count() > 4 && self.text.chars().all(|c| c.is_uppercase()))
    }

    pub(super) fn initial(&self) -> bool {
        self.text.chars().count() == 1 && self.capital() && self.text != "I"
    }
}

/// Whether a token is the first of its sentence.
pub(super) fn begins(text: &str, token: &Token<'_>) -> bool {
    let before = text.get(..token.range.start).unwrap_or_default().trim_end_matches([' ', '"', '\'', '(']);
    before.is_empty() || before.ends_with(['.', '!', '?', ':', '\n'])
}

/// How many tokens from here on are capitalised one after another, initials and particles between them.
pub(super) fn run(text: &str, tokens: &[Token<'_>], at: usize) -> usize {
    let mut length = 1;
    let mut pending = 0;
    for pair in tokens.get(at..).unwrap_or_default().windows(2).take(4) {
        let [before, next] = pair else { break };
        if !near(text, before, next) {
            break;
        }
        if next.proper() || next.initial() {
            length += 1 + pending;
            pending = 0;
        } else if PARTICLES.contains(&next.low.as_str()) && pending < 2 {
            pending += 1;
        } else {
            break;
        }
    }
    length
}

/// Whether nothing but a space, or the full stop of a title or an initial, parts two tokens.
pub(super) fn near(text: &str, before: &Token<'_>, next: &Token<'_>) -> bool {
    match text.get(before.range.end..next.range.start) {
        Some(" " | "  ") => true,
        Some(". " | ".") => {
            before.text.chars().count() == 1 || TITLES.contains(&before.low.as_str()) || before.low == "st"
        }
        _ => false,
    }
}

/// Runs of name tokens, each as one range; particles between them belong to it.
pub(super) fn joined(text: &str, tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut last: Option<&Token<'_>> = None;
    for token in tokens.iter().filter(|token| token.name) {
        match (ranges.last_mut(), last) {
            (Some(range), Some(before)) if near(text, before, token) => range.end = token.range.end,
            _ => ranges.push(token.range.clone()),
        }
        last = Some(token);
    }
    for range in &mut ranges {
        let one = text.get(range.clone()).unwrap_or_default();
        let initial = one.rsplit([' ', '.']).next().is_some_and(|last| last.chars().count() == 1);
        if initial && text.get(range.end..).is_some_and(|after| after.starts_with('.')) {
            range.end += 1;
        }
    }
    ranges
}
