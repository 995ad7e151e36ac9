//! What is known about a ticket when it is decided upon.

use std::sync::OnceLock;

use cel::common::types::CelMap;

use super::{Features, money};
use crate::events::{Classification, Draft, Passage, Reply, Retrieval, Ticket};

/// What is known about a ticket when it is decided upon; before a draft is written, without one.
#[derive(Debug)]
pub struct Facts<'a> {
    /// What the customer wrote.
    pub ticket: &'a Ticket,
    /// What the model reads in it.
    pub classification: &'a Classification,
    /// What resolved tickets like it.
    pub retrieval: &'a Retrieval,
    /// What could be answered, if that was tried.
    pub draft: Option<&'a Draft>,
    pub(super) text: OnceLock<String>,
    pub(super) amount: OnceLock<f64>,
    pub(super) attributes: OnceLock<CelMap<'a>>,
}

impl<'a> Facts<'a> {
    /// What is known, with the draft.
    pub fn new(
        ticket: &'a Ticket,
        classification: &'a Classification,
        retrieval: &'a Retrieval,
        draft: &'a Draft,
    ) -> Self {
        Self { draft: Some(draft), ..Self::undrafted(ticket, classification, retrieval) }
    }

    /// What is known before a draft is written.
    pub fn undrafted(
        ticket: &'a Ticket,
        classification: &'a Classification,
        retrieval: &'a Retrieval,
    ) -> Self {
        let (text, amount, attributes) = Default::default();
        Self { ticket, classification, retrieval, draft: None, text, amount, attributes }
    }

    /// The reply, if there is one.
    pub fn reply(&self) -> Option<&'a Reply> {
        match self.draft {
            Some(Draft::Reply(reply)) => Some(reply),
            _ => None,
        }
    }

    /// The raw figures that the score is fitted on.
    pub fn features(&self) -> Features<f64> {
        let read = self.classification;
        Features {
            confidence: read.confidence,
            margin: read.margin,
            in_scope: 1.0 - read.out_of_scope,
            similarity: self.similarity().unwrap_or(f64::NAN),
            agreement: self.agreement(),
            grounded: self.reply().map_or(0.0, |reply| reply.grounded),
        }
    }

    /// Cosine of the best passage: of those with the ticket's intent if there are any, else of all.
    pub fn similarity(&self) -> Option<f64> {
        let best = |same_intent: bool| {
            let passages = self.retrieval.passages.iter();
            let of_these = passages.filter(|passage| !same_intent || self.is_same(passage));
            of_these.map(|passage| passage.score).max_by(f64::total_cmp)
        };
        best(true).or_else(|| best(false))
    }

    /// The share of the passages' similarity that belongs to the ticket's intent; 0 without a passage.
    pub fn agreement(&self) -> f64 {
        let mass = |same_intent: bool| -> f64 {
            let passages = self.retrieval.passages.iter();
            let of_these = passages.filter(|passage| !same_intent || self.is_same(passage));
            of_these.map(|passage| passage.score.max(0.0)).sum()
        };
        let all = mass(false);
        if all > 0.0 { mass(true) / all } else { 0.0 }
    }

    fn is_same(&self, passage: &Passage) -> bool {
        passage.intent.as_deref() == Some(&*self.classification.intent)
    }

    /// Subject and body, as the model reads them.
    pub fn text(&self) -> &str {
        self.text.get_or_init(|| self.ticket.text())
    }

    /// The largest amount of money named in the ticket, in whatever currency; 0 if none is.
    pub fn amount(&self) -> f64 {
        *self.amount.get_or_init(|| money::largest(self.text()))
    }
}
