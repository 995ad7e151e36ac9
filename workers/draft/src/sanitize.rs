//! What a sentence may be made of, whoever wrote it: plain text, no markup, nothing hidden, no link that policy does
//! not list. Assumes that the writer does what an attacker says.

mod contacts;
mod hosts;
mod marks;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::fold::{Folded, hidden};

/// Characters of one sentence at most.
pub const MAX_SENTENCE: usize = 600;

/// Characters of one reply at most.
pub const MAX_REPLY: usize = 4_000;

/// Why a text must not go out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Nothing in it.
    #[error("the sentence is empty; leave it out")]
    Empty,
    /// Longer than anybody should be asked to read.
    #[error("the {what} has {chars} characters, more than the {limit} allowed; shorten it")]
    Long {
        /// `sentence` or `reply`.
        what: &'static str,
        /// Characters found.
        chars: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A code point that is not seen, or that changes how others are seen.
    #[error("the sentence holds the hidden code point U+{0:04X}; write it without")]
    Hidden(u32),
    /// HTML, CSS, a script, Markdown's images and links, a tool call, a speaker's mark.
    #[error("the sentence holds {0}; write plain text")]
    Markup(&'static str),
    /// A link that is not on the list, or that pretends.
    #[error("the sentence links to '{link}', {why}; name only hosts of policy's draft.links")]
    Link {
        /// What was found, cut to a readable length.
        link: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An e-mail address or a telephone number that no source has.
    #[error("the sentence holds {0} that is in no source; leave it out")]
    Contact(&'static str),
}

/// What a sentence may name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowed<'a> {
    /// Hosts that may be linked to, and their subdomains.
    pub links: &'a [String],
    /// Texts whose e-mail addresses and telephone numbers may be said.
    pub known: &'a [&'a str],
}

/// The sentence in normal form (NFC, single spaces), if nothing in it is forbidden. `links` are the hosts of policy's
/// `draft.links`; no e-mail address and no telephone number passes.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(sentence: &str, links: &[String]) -> Result<String, Problem> {
    check_with(sentence, &Allowed { links, known: &[] })
}

/// As [`check`], but lets those addresses and numbers pass that a source has.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_with(sentence: &str, allowed: &Allowed<'_>) -> Result<String, Problem> {
    length("sentence", sentence, MAX_SENTENCE)?;
    if let Some(c) = sentence.chars().find(|c| hidden(*c)) {
        return Err(Problem::Hidden(c.into()));
    }
    let text: String = sentence.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    length("sentence", &text, MAX_SENTENCE)?;
    let read = Folded::of(&text).text;
    if text.chars().any(disguised) {
        return Err(Problem::Markup("letters or figures in disguise"));
    }
    stacked(&text)?;
    marks::check(&read)?;
    hosts::check(&text, &read, allowed.links)?;
    contacts::check(&read, allowed.known)?;
    Ok(text)
}

/// Whether the sentences are together short enough for one reply.
///
/// # Errors
/// [`Problem::Long`].
pub fn check_reply<'a>(sentences: impl IntoIterator<Item = &'a str>) -> Result<(), Problem> {
    let chars = sentences.into_iter().map(|sentence| sentence.chars().count() + 1).sum::<usize>();
    over("reply", chars.saturating_sub(1), MAX_REPLY)
}

fn length(what: &'static str, text: &str, limit: usize) -> Result<(), Problem> {
    if text.len() <= limit { Ok(()) } else { over(what, text.chars().count(), limit) }
}

fn over(what: &'static str, chars: usize, limit: usize) -> Result<(), Problem> {
    if chars <= limit { Ok(()) } else { Err(Problem::Long { what, chars, limit }) }
}

/// Letters, figures and signs of an address that only look like ours: full width, mathematical, enclosed.
fn disguised(c: char) -> bool {
    matches!(c, '\u{ff0e}'..='\u{ff19}' | '\u{ff20}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}' | '\u{2460}'..='\u{24ff}' | '\u{1f130}'..='\u{1f189}' | '\u{2024}')
}

/// No more than two marks on one letter: what is stacked covers the lines around it.
fn stacked(text: &str) -> Result<(), Problem> {
    let mut marks = 0;
    for c in text.nfd() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks > 2 {
            return Err(Problem::Markup("marks stacked on one letter"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
