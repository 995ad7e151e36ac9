//! The places of a text that are taken, and by what.

use std::{collections::BTreeMap, ops::Range};

use super::{Kind, Span};

/// What has been found so far in a text; the first to claim a place has it.
pub(super) struct Found<'a> {
    /// The text, made plain.
    pub(super) text: &'a str,
    /// By where they begin.
    pub(super) spans: BTreeMap<usize, Span>,
}

impl<'a> Found<'a> {
    /// Takes a place; where part of it is taken, what is left of it, so that nothing stays because of a neighbour.
    pub(super) fn claim(&mut self, range: Range<usize>, kind: Kind, value: String) {
        if self.is_free(&range) {
            if !range.is_empty() {
                self.spans.insert(range.start, Span { range, kind, value });
            }
            return;
        }
        let mut from = range.start;
        let mut left = Vec::new();
        for span in
            self.spans.values().filter(|span| span.range.start < range.end && range.start < span.range.end)
        {
            left.push(from..span.range.start.max(from));
            from = from.max(span.range.end);
        }
        left.push(from..range.end.max(from));
        for piece in left {
            let value = squeezed(self.slice(&piece));
            if value.chars().count() >= 3 {
                self.spans.insert(piece.start, Span { range: piece, kind, value });
            }
        }
    }

    pub(super) fn is_free(&self, range: &Range<usize>) -> bool {
        self.spans.range(..range.end).next_back().is_none_or(|(_, span)| span.range.end <= range.start)
    }

    pub(super) fn slice(&self, range: &Range<usize>) -> &'a str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// Up to `bytes` of what stands before a place, in lower case.
    pub(super) fn before(&self, at: usize, bytes: usize) -> String {
        let from =
            (at.saturating_sub(bytes)..=at).find(|from| self.text.is_char_boundary(*from)).unwrap_or(at);
        self.slice(&(from..at)).to_lowercase()
    }

    pub(super) fn after(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }
}

/// The digits of a text.
pub(super) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Letters and digits of a text, in lower case.
pub(super) fn squeezed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
