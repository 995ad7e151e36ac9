//! What must not leave this process: whatever tells who a customer is or opens their doors, replaced by stable
//! placeholders and put back into the reply.

mod address;
mod bank;
mod contacts;
mod found;
mod ids;
mod kind;
mod names;
mod orders;
mod secrets;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    sync::LazyLock,
};

use regex::Regex;
use shared::events::{Passage, Ticket};

use crate::{fold::Folded, letter::letter, patterns::compiled};
use found::{Found, digits, squeezed};

pub use kind::Kind;

/// Something found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// The value, the same however it is spelt.
    pub value: String,
}

/// A placeholder that stands for nothing of this ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the placeholder '{0}' stands for nothing in this ticket or its passages; leave the sentence out")]
pub struct Unknown(pub String);

/// Everything that tells on somebody in a text, in the order of the text, without overlaps. Names are found by what
/// stands around them, and by a list of first names.
pub fn find(text: &str) -> Vec<Span> {
    let folded = Folded::of(text);
    let known = names::Known::default();
    let mut spans = found_with(&folded.text, &known, &BTreeSet::new());
    for span in &mut spans {
        span.range = folded.origin(&span.range);
    }
    spans
}

/// As [`find`], in a text that is plain already.
pub(crate) fn found(plain: &str) -> Vec<Span> {
    found_with(plain, &names::Known::default(), &BTreeSet::new())
}

/// Whether a capitalised word is a first name and nothing else.
pub(crate) fn is_first_name(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && names::is_first(&word.to_lowercase())
}

fn found_with(plain: &str, known: &names::Known, numbers: &BTreeSet<String>) -> Vec<Span> {
    let mut found = Found { text: plain, spans: BTreeMap::new() };
    secrets::find(&mut found);
    contacts::emails(&mut found);
    if plain.bytes().any(|b| b.is_ascii_digit()) {
        bank::find(&mut found);
        contacts::ips(&mut found);
        ids::find(&mut found);
        orders::named(&mut found, numbers);
        address::find(&mut found);
        contacts::phones(&mut found);
        orders::bare(&mut found);
    }
    contacts::spoken(&mut found);
    names::find(&mut found, known);
    found.spans.into_values().collect()
}

/// What is hidden of one ticket and its passages, and how it is put back.
#[derive(Debug, Clone, Default)]
pub struct Redaction {
    names: names::Known,
    numbers: BTreeSet<String>,
    placeholders: HashMap<(Kind, String), String>,
    originals: HashMap<String, String>,
    counts: HashMap<Kind, usize>,
}

impl Redaction {
    /// Looks through a ticket, its attributes, and the passages. The same value gets the same placeholder everywhere.
    pub fn of(ticket: &Ticket, passages: &[&Passage]) -> Self {
        let mut redaction = Self::default();
        redaction.learn(ticket, passages);
        redaction.count(&ticket.subject);
        redaction.count(&ticket.body);
        for text in ticket.attributes.values().chain(&ticket.customer.name) {
            redaction.count(text);
        }
        for id in [&ticket.customer.id, &ticket.id] {
            redaction.count(id);
        }
        for passage in passages {
            redaction.count(&passage.subject);
            redaction.count(&passage.reply);
        }
        redaction
    }

    /// The text with placeholders, and without hidden code points. A value that was in neither ticket nor passages
    /// gets one without a number, which nothing restores.
    pub fn text(&self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        self.each(text, |piece, _| redacted.push_str(piece));
        redacted
    }

    /// Goes through a text piece by piece: what is said instead, and what stands there.
    fn each<'a>(&self, text: &'a str, mut say: impl FnMut(&str, &'a str)) {
        let folded = Folded::of(text);
        let mut from = 0;
        for span in found_with(&folded.text, &self.names, &self.numbers) {
            let range = folded.origin(&span.range);
            seen(text.get(from..range.start).unwrap_or_default(), &mut say);
            let original = text.get(range.clone()).unwrap_or_default();
            match self.placeholders.get(&(span.kind, span.value)) {
                Some(placeholder) => say(placeholder, original),
                None => say(&format!("⟦{}⟧", span.kind.label()), original),
            }
            from = range.end.max(from);
        }
        seen(text.get(from..).unwrap_or_default(), &mut say);
    }

    /// The text with the values in place of their placeholders, as they were first spelt.
    ///
    /// # Errors
    /// [`Unknown`] names the first placeholder, or what looks like one, that stands for nothing.
    pub fn restore(&self, text: &str) -> Result<String, Unknown> {
        let mut restored = String::with_capacity(text.len());
        let mut from = 0;
        for found in PLACEHOLDER.find_iter(text) {
            let original =
                self.originals.get(found.as_str()).ok_or_else(|| Unknown(found.as_str().to_owned()))?;
            restored.push_str(text.get(from..found.start()).unwrap_or_default());
            restored.push_str(original);
            from = found.end();
        }
        restored.push_str(text.get(from..).unwrap_or_default());
        Ok(restored)
    }

    /// The words of `source`, a text of the ticket or of a passage, that a quote with placeholders was taken from, as
    /// they are spelt there. None if it is not there. For quotes, this is better than [`Self::restore`]: a value that
    /// stands in two spellings comes back in the right one.
    pub fn original(&self, source: &str, quote: &str) -> Option<String> {
        let (redacted, quote) = (self.text(source), quote.trim());
        let start = redacted.find(quote).filter(|_| !quote.is_empty())?;
        let (mut at, mut words) = (0, String::new());
        self.each(source, |piece, original| {
            if start < at + piece.len() && at < start + quote.len() {
                words.push_str(original);
            }
            at += piece.len();
        });
        Some(words)
    }

    /// How many values are hidden.
    pub fn len(&self) -> usize {
        self.placeholders.len()
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.placeholders.is_empty()
    }

    /// Learns the names and numbers that are known to be somebody's, to find them wherever they stand.
    fn learn(&mut self, ticket: &Ticket, passages: &[&Passage]) {
        let body = Folded::of(&ticket.body).text;
        self.names.person(ticket.customer.name.as_deref().unwrap_or_default());
        self.names.signed(&body);
        for passage in passages {
            let reply = Folded::of(&passage.reply).text;
            for name in letter(&reply).names {
                self.names.word(name);
            }
            self.names.signed(&reply);
        }
        for (name, value) in &ticket.attributes {
            if orders::is_number(name, value) {
                self.numbers.insert(squeezed(value));
            }
            if names::is_name(name) {
                self.names.person(value);
            }
        }
        for id in [&ticket.customer.id, &ticket.id] {
            if id.chars().any(|c| c.is_ascii_digit()) && id.chars().count() >= 4 {
                self.numbers.insert(squeezed(id));
            }
        }
        for text in [ticket.subject.as_str(), ticket.body.as_str()] {
            for span in found(&Folded::of(text).text) {
                self.remember(span);
            }
        }
        for passage in passages {
            for text in [passage.subject.as_str(), passage.reply.as_str()] {
                for span in found(&Folded::of(text).text) {
                    self.remember(span);
                }
            }
        }
    }

    fn remember(&mut self, span: Span) {
        match span.kind {
            Kind::Order => {
                self.numbers.insert(span.value);
            }
            Kind::Name => self.names.person(&span.value),
            _ => {}
        }
    }

    /// Gives each value of a text its placeholder.
    fn count(&mut self, text: &str) {
        let folded = Folded::of(text);
        for span in found_with(&folded.text, &self.names, &self.numbers) {
            let key = (span.kind, span.value);
            if self.placeholders.contains_key(&key) {
                continue;
            }
            let count = self.counts.entry(span.kind).or_default();
            *count += 1;
            let placeholder = format!("⟦{}_{count}⟧", span.kind.label());
            let original = text.get(folded.origin(&span.range)).unwrap_or_default().to_owned();
            self.originals.insert(placeholder.clone(), original);
            self.placeholders.insert(key, placeholder);
        }
    }
}

/// A placeholder, whole or broken.
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"⟦[^⟦⟧]{0,40}⟧|[⟦⟧]|\b(?:EMAIL|PHONE|CARD|IBAN|ID|ADDRESS|IP|SECRET|NUMBER|NAME)_\d+\b")
});

/// Says what can be seen of a text, letter by letter; brackets that imitate ours become plain ones.
fn seen<'a>(text: &'a str, say: &mut impl FnMut(&str, &'a str)) {
    for (at, c) in text.char_indices() {
        let original = text.get(at..at + c.len_utf8()).unwrap_or_default();
        match c {
            '⟦' => say("[", original),
            '⟧' => say("]", original),
            c if crate::fold::hidden(c) => say("", original),
            _ => say(original, original),
        }
    }
}

#[cfg(test)]
mod tests;
