//! Whether a quote is in the source it names.

use shared::events::{Sentence, Source, Ticket};

use super::Sources;
use crate::fold::Folded;

/// Characters of a quote at most.
const MAX_QUOTE: usize = 2_000;

/// Sources of one sentence that are looked at.
const MAX_SOURCES: usize = 8;

/// A quote that is where it says it is.
#[derive(Debug, Clone)]
pub(super) struct Quoted {
    /// The source, its quote spelt as it stands there.
    pub(super) source: Source,
    /// Whether the customer wrote it.
    pub(super) of_ticket: bool,
    /// How old the reply was on the ticket's day.
    pub(super) days_old: Option<i64>,
}

/// Those sources of a sentence that exist and hold their quote.
pub(super) fn quoted(sentence: &Sentence, sources: &Sources<'_>) -> Vec<Quoted> {
    sentence.sources.iter().take(MAX_SOURCES).filter_map(|source| one(source, sources)).collect()
}

fn one(source: &Source, sources: &Sources<'_>) -> Option<Quoted> {
    let found =
        |text: &str| Some(Source { id: source.id.clone(), quote: place(text, &source.quote)?.to_owned() });
    if source.id == "ticket" {
        let source = found(&sources.ticket.body)
            .or_else(|| found(&sources.ticket.subject))
            .or_else(|| sources.ticket.attributes.values().find_map(|value| found(value)))?;
        return Some(Quoted { source, of_ticket: true, days_old: None });
    }
    if let Some(name) = source.id.strip_prefix("policy:") {
        let offer = sources.offer.filter(|offer| offer.name == name)?;
        return Some(Quoted { source: found(&offer.text)?, of_ticket: false, days_old: None });
    }
    let passage = sources.passages.iter().find(|passage| passage.id == source.id)?;
    let days_old = (sources.ticket.created_at - passage.resolved_at).num_days();
    Some(Quoted { source: found(&passage.reply)?, of_ticket: false, days_old: Some(days_old) })
}

/// All that a ticket says.
pub(super) fn ticket_text(ticket: &Ticket) -> String {
    let more = ticket.attributes.values().chain(&ticket.customer.name).map(String::as_str);
    let mut text = ticket.text();
    for one in more {
        text.push('\n');
        text.push_str(one);
    }
    text
}

/// Where a quote stands in a text, whatever white space, quotation marks, hyphens and capitals it has.
pub(super) fn place<'a>(text: &'a str, quote: &str) -> Option<&'a str> {
    if quote.len() > MAX_QUOTE * 4 || quote.chars().filter(|c| c.is_alphanumeric()).count() < 3 {
        return None;
    }
    let folded = Folded::of(text);
    let (haystack, places) = flat(&folded.text);
    let (needle, _) = flat(&Folded::of(quote).text);
    let needle = needle.trim();
    let start = whole(&haystack, needle)?;
    let from = *places.get(start)?;
    let last = *places.get(start + needle.len() - 1)?;
    let end = last + folded.text.get(last..)?.chars().next()?.len_utf8();
    text.get(folded.origin(&(from..end))).map(str::trim)
}

/// The first place where the needle begins and ends with a word's edge.
fn whole(haystack: &str, needle: &str) -> Option<usize> {
    let edge = |c: Option<char>, own: Option<char>| {
        !(c.is_some_and(char::is_alphanumeric) && own.is_some_and(char::is_alphanumeric))
    };
    haystack.match_indices(needle).map(|(at, _)| at).find(|at| {
        let before = haystack.get(..*at).and_then(|text| text.chars().next_back());
        let after = haystack.get(at + needle.len()..).and_then(|text| text.chars().next());
        edge(before, needle.chars().next()) && edge(after, needle.chars().next_back())
    })
}

/// Lower case and single spaces, with the place of each byte in the text.
fn flat(text: &str) -> (String, Vec<usize>) {
    let mut flat = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let space = c.is_whitespace();
        if space && flat.ends_with(' ') {
            continue;
        }
        for low in if space { ' ' } else { c }.to_lowercase() {
            flat.push(low);
            places.resize(flat.len(), at);
        }
    }
    (flat, places)
}
