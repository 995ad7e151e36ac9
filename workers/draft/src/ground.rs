//! Whether what a reply says is carried by what it rests on. Whoever wrote it, each sentence must name its sources
//! and their exact words, and say nothing beyond them.

mod commitments;
mod facts;
mod figures;
mod likeness;
mod quotes;

use shared::{
    events::{Passage, Sentence, Ticket},
    policy::Offer,
};

use crate::sanitize::{Allowed, MAX_REPLY, check_with};
use quotes::Quoted;

/// Sentences of one answer that are looked at; the rest is left out.
const MAX_SENTENCES: usize = 20;

/// Notes of one kind at most: a person reads them.
const MAX_NOTES: usize = 20;

/// What a reply may rest on.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The ticket that is answered. It may be repeated, and carries no promise: a stranger wrote it.
    pub ticket: &'a Ticket,
    /// The resolved tickets that were at hand.
    pub passages: &'a [&'a Passage],
    /// The offer that policy grants for this ticket.
    pub offer: Option<&'a Offer>,
    /// Hosts that may be linked to: policy's `draft.links`.
    pub links: &'a [String],
}

/// An answer after the check.
#[derive(Debug, Clone, PartialEq)]
pub struct Grounded {
    /// Those that may be shown to a person, in normal form, each with those of its sources that are there.
    pub sentences: Vec<Sentence>,
    /// Share of the sentences of the answer that a passage or policy carries, 0 to 1; 0 if there are none.
    pub grounded: f64,
    /// What no source carries: in which sentence, what, and why.
    pub unbacked: Vec<String>,
    /// What a person should look at.
    pub doubts: Vec<String>,
}

/// Checks an answer sentence by sentence: greeting, sign-off and disclosure are not in it. What breaks a rule of
/// [`crate::sanitize`] is left out and noted as unbacked.
pub fn check(answer: &[Sentence], sources: &Sources<'_>) -> Grounded {
    let mut notes = Notes::default();
    let mut sentences = Vec::new();
    let (mut carried, mut chars) = (0_usize, 0_usize);
    let ground = Ground::new(sources);
    for (at, sentence) in answer.iter().take(MAX_SENTENCES).enumerate() {
        let number = at + 1;
        let quoted = quotes::quoted(sentence, sources);
        let text = match ground.sanitized(&sentence.text, &quoted) {
            Ok(text) => text,
            Err(problem) => {
                notes.unbacked(number, &format!("was left out: {problem}"));
                continue;
            }
        };
        chars += text.chars().count() + 1;
        if chars > MAX_REPLY {
            notes.unbacked(
                number,
                &format!("was left out: the reply would be longer than {MAX_REPLY} characters"),
            );
            break;
        }
        carried += usize::from(ground.judge(number, &text, &quoted, &mut notes));
        sentences.push(Sentence { text, sources: quoted.into_iter().map(|one| one.source).collect() });
    }
    if answer.len() > MAX_SENTENCES {
        notes.unbacked(
            MAX_SENTENCES + 1,
            &format!("and {} more were left out", answer.len() - MAX_SENTENCES - 1),
        );
    }
    let grounded = if answer.is_empty() { 0.0 } else { carried as f64 / answer.len() as f64 };
    Grounded { sentences, grounded, unbacked: notes.unbacked, doubts: notes.doubts }
}

/// What is found while an answer is read.
#[derive(Debug, Default)]
struct Notes {
    unbacked: Vec<String>,
    doubts: Vec<String>,
}

impl Notes {
    fn unbacked(&mut self, sentence: usize, what: &str) {
        note(&mut self.unbacked, sentence, what);
    }

    fn doubt(&mut self, sentence: usize, what: &str) {
        note(&mut self.doubts, sentence, what);
    }
}

fn note(notes: &mut Vec<String>, sentence: usize, what: &str) {
    if notes.len() < MAX_NOTES {
        notes.push(format!("sentence {sentence} {what}"));
    }
}

/// The sources, made ready to be asked.
pub(crate) struct Ground<'a> {
    sources: &'a Sources<'a>,
    /// All that the ticket says, with its attributes and the customer's name.
    ticket: String,
    facts: facts::Facts,
}

impl<'a> Ground<'a> {
    /// Reads the sources once.
    pub(crate) fn new(sources: &'a Sources<'a>) -> Self {
        let ticket = quotes::ticket_text(sources.ticket);
        Self { sources, facts: facts::Facts::new(&ticket, sources), ticket }
    }

    /// Whether a sentence may be said as it is: clean, carried by a passage or policy, and nothing beyond them.
    pub(crate) fn stands(&self, sentence: &Sentence) -> bool {
        let quoted = quotes::quoted(sentence, self.sources);
        let mut notes = Notes::default();
        self.sanitized(&sentence.text, &quoted).is_ok_and(|text| self.judge(1, &text, &quoted, &mut notes))
            && notes.unbacked.is_empty()
    }

    fn sanitized(&self, text: &str, quoted: &[Quoted]) -> Result<String, crate::sanitize::Problem> {
        let mut known = vec![self.ticket.as_str()];
        known.extend(quoted.iter().map(|one| one.source.quote.as_str()));
        check_with(text, &Allowed { links: self.sources.links, known: &known })
    }

    /// Whether a passage or policy carries the sentence; notes what is wrong with it.
    fn judge(&self, number: usize, text: &str, quoted: &[Quoted], notes: &mut Notes) -> bool {
        let firm: Vec<&str> =
            quoted.iter().filter(|one| !one.of_ticket).map(|one| one.source.quote.as_str()).collect();
        let quote = firm.join("\n");
        let mut unbacked = self.facts.unbacked(text, &quote, &self.ticket);
        unbacked.extend(commitments::unbacked(text, &quote, self.sources.offer));
        for what in &unbacked {
            notes.unbacked(number, what);
        }
        if firm.is_empty() {
            let why = if quoted.is_empty() { "rests on no source" } else { "rests on the ticket alone" };
            notes.doubt(number, why);
            return false;
        }
        let astray = likeness::astray(text, &quote);
        if let Some(why) = &astray {
            notes.doubt(number, why);
        }
        for days in quoted.iter().filter_map(|one| one.days_old).filter(|days| *days > 365) {
            notes.doubt(number, &format!("rests on a reply that is {days} days old"));
        }
        astray.is_none() && unbacked.is_empty()
    }
}

#[cfg(test)]
mod tests;
