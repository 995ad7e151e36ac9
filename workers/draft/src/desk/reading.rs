//! From a model's answer, taken to be hostile, to a reply: parsed, its placeholders restored, checked against the sources,
//! framed.

use std::collections::BTreeSet;

use shared::{
    events::{Reply, Sentence, Source},
    policy::Offer,
};

use crate::{
    answer,
    brief::Brief,
    frame::framed,
    ground::{Grounded, Sources, check},
    letter::letter,
    particulars::{Known, particular},
    redact::Redaction,
};

/// What an answer is read against.
pub(super) struct Reading<'a> {
    pub(super) brief: &'a Brief<'a>,
    pub(super) redaction: &'a Redaction,
}

impl Reading<'_> {
    /// The sentences that may be shown, the policy's grant of an offer before them.
    ///
    /// # Errors
    /// Why nothing of the answer can be used; never a word of it.
    pub(super) fn grounded(&self, text: &str) -> Result<Grounded, String> {
        let brief = self.brief;
        let said = answer::read(text, brief.policy.draft.sentences)?;
        let mut left_out = Vec::new();
        let mut body: Vec<Sentence> = brief.offer.map(granted).into_iter().collect();
        for (at, sentence) in said.into_iter().enumerate() {
            match self.restored(sentence) {
                Ok(sentence) if self.repeats_the_offer(&sentence) => {}
                Ok(sentence) => body.push(sentence),
                Err(why) => left_out.push(format!("sentence {} of the answer was left out: {why}", at + 1)),
            }
        }
        let sources = Sources {
            ticket: brief.ticket,
            passages: &brief.passages,
            offer: brief.offer,
            links: &brief.policy.draft.links,
        };
        let mut grounded = check(&body, &sources);
        if grounded.sentences.is_empty() {
            return Err("wrote nothing that can be said to this customer".to_owned());
        }
        grounded.unbacked.extend(left_out);
        let foreign = self.foreign(&grounded.sentences);
        grounded.unbacked.extend(foreign);
        Ok(grounded)
    }

    /// The reply of these sentences.
    pub(super) fn reply(&self, provider: &str, model: &str, grounded: Grounded) -> Reply {
        Reply {
            provider: provider.to_owned(),
            model: Some(model.to_owned()),
            sentences: framed(self.brief.ticket, grounded.sentences),
            grounded: grounded.grounded,
            offer: self.brief.offer.map(|offer| offer.code.clone()),
            unbacked: grounded.unbacked,
            doubts: grounded.doubts,
            usage: None,
        }
    }

    /// A sentence with the values in place of their placeholders. What was hidden in another customer's letter may stand
    /// in a quote, which nobody but us sees, and not in what is said.
    fn restored(&self, sentence: Sentence) -> Result<Sentence, String> {
        let own = self.own();
        if let Some(foreign) = placeholders(&sentence.text).find(|one| !own.contains(*one)) {
            return Err(format!("{} is not this customer's", label(foreign)));
        }
        let unknown = |_| "it holds a placeholder that stands for nothing".to_owned();
        let text = self.redaction.restore(&sentence.text).map_err(unknown)?;
        let sources = sentence.sources.into_iter().filter_map(|source| self.quoted(source)).collect();
        Ok(Sentence { text, sources })
    }

    /// A source whose quote is spelt as it stands there: a value that is spelt in two ways has one placeholder.
    fn quoted(&self, Source { id, quote }: Source) -> Option<Source> {
        let hides = quote.contains('⟦');
        let passage = self.brief.passages.iter().find(|passage| hides && passage.id == id);
        let quote = passage
            .and_then(|passage| self.redaction.original(&passage.reply, &quote))
            .or_else(|| self.redaction.restore(&quote).ok())?;
        Some(Source { id, quote })
    }

    /// The ticket, redacted: which placeholders are this customer's.
    fn own(&self) -> String {
        let ticket = self.brief.ticket;
        let more = ticket.attributes.values().chain(&ticket.customer.name).map(String::as_str);
        let texts = [ticket.subject.as_str(), ticket.body.as_str()].into_iter().chain(more);
        texts.map(|text| self.redaction.text(text)).collect::<Vec<_>>().join("\n")
    }

    fn repeats_the_offer(&self, sentence: &Sentence) -> bool {
        self.brief.offer.is_some_and(|offer| sentence.text.contains(&offer.code))
    }

    /// Names, numbers, codes and links that a letter to another customer carries and this ticket does not: a quote does not
    /// make them this customer's.
    fn foreign(&self, sentences: &[Sentence]) -> Vec<String> {
        const THEIRS: [&str; 3] = ["a name", "a number, an amount or a code", "an address or a link"];
        let letters: Vec<_> = self.brief.passages.iter().map(|passage| letter(&passage.reply)).collect();
        let names = letters.iter().flat_map(|letter| letter.names.iter().copied()).collect();
        let known = Known::new(self.brief.ticket, names, self.brief.offer.is_some());
        let ours = usize::from(self.brief.offer.is_some());
        let found = sentences.iter().enumerate().skip(ours).filter_map(|(at, sentence)| {
            let what = particular(&sentence.text, &known, &BTreeSet::new())?;
            THEIRS
                .contains(&what)
                .then(|| format!("sentence {} holds {what} of another customer's letter", at + 1))
        });
        found.collect()
    }
}

/// The sentence that grants an offer: the policy's, word for word.
fn granted(offer: &Offer) -> Sentence {
    let source = Source { id: format!("policy:{}", offer.name), quote: offer.text.clone() };
    Sentence { text: offer.text.clone(), sources: vec![source] }
}

/// The placeholders in a text, with their brackets.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('⟧').filter_map(|part| part.get(part.rfind('⟦')?..))
}

/// A placeholder's kind in lower case, if it is one of ours.
fn label(placeholder: &str) -> String {
    let kind: String = placeholder.chars().filter(char::is_ascii_uppercase).take(10).collect();
    format!("a value of the kind '{}'", kind.to_lowercase())
}
