//! From a ticket to its reply: each provider in turn, until one has written what can be used.

mod asked;
mod batched;
mod doubts;
mod reading;
mod stored;
mod warm;

use std::time::Duration;

use shared::{
    Envelope, Failure,
    bus::Lane,
    events::{Draft, Reply, Retrieved, Usage},
    policy::{Policy, Tokens},
};
use tokio::time::Instant;
use tracing::debug;

use crate::{
    brief::{Brief, Idle},
    counts,
    grants::{Asked as Asking, Granted, Grants, had},
    ledger::{Ledger, LedgerError},
    local,
    provider::{Provider, Providers, Turn},
};
use asked::Asked;
pub(crate) use warm::warm;

/// Where replies are written.
pub(crate) struct Desk {
    providers: Providers,
    ledger: Option<Ledger>,
    grants: Grants,
}

/// Why a provider's turn ends without a reply.
#[derive(Debug)]
enum End {
    /// The next one steps in.
    Next(String),
    /// Nobody writes, so a person answers.
    Person(String),
    /// It could not be written down: the event is tried again.
    Ledger(LedgerError),
    /// Its batch has to be looked for: the event is tried again.
    Again(String),
}

impl From<LedgerError> for End {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// A ticket at the desk.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    event: &'a Envelope<Retrieved>,
    brief: &'a Brief<'a>,
    lane: Lane,
    /// When it goes on, whoever is still writing.
    until: Instant,
}

impl Desk {
    pub(crate) fn new(providers: Providers, ledger: Option<Ledger>) -> Self {
        Self { providers, grants: Grants::new(ledger.clone()), ledger }
    }

    /// Writes the reply to a ticket, or says why there is none.
    ///
    /// # Errors
    /// When the ledger is away. The weather at the providers is no error.
    pub(crate) async fn draft(&self, policy: &Policy, event: &Envelope<Retrieved>) -> Result<Draft, Failure> {
        let Retrieved { ticket, classification, retrieval } = &event.data;
        let turns = self.providers.turns(policy);
        let brief = match Brief::new(policy, ticket, classification, retrieval) {
            Ok(brief) => brief,
            Err(Idle::NoMatter(reason)) => return Ok(Draft::withheld(reason)),
            Err(Idle::NoUse(why, reason)) => {
                let saved = saved(why, &turns, &event.data);
                return Ok(Draft::Withheld { reason, saved, usage: None });
            }
        };
        let lane = Lane::of(&event.origin.topic);
        let asking = Asking { ticket, root: event.root, lane };
        if let Some(offer) = brief.offer
            && self.grants.look(offer, asking).await? == Granted::Had
        {
            return Ok(Draft::withheld(had(offer)));
        }
        let case = Case { event, brief: &brief, lane, until: Instant::now() + most(&turns) };
        let draft = self.round(&turns, case).await?;
        Ok(self.grants.settle(policy, classification, asking, draft).await?)
    }

    async fn round(&self, turns: &[Turn<'_>], case: Case<'_>) -> Result<Draft, Failure> {
        let (mut reasons, mut billed) = (Vec::new(), None);
        for turn in turns {
            match self.write(turn, case, &mut billed).await {
                Ok(mut reply) => {
                    reply.usage = billed;
                    reply.doubts.extend(doubts::of(&case.event.data));
                    return Ok(Draft::Reply(reply));
                }
                Err(End::Next(reason)) => reasons.push(said(turn, reason)),
                Err(End::Person(reason)) => {
                    reasons.push(said(turn, reason));
                    break;
                }
                Err(End::Ledger(error)) => return Err(error.into()),
                Err(End::Again(reason)) => return Err(Failure::retry(said(turn, reason))),
            }
        }
        Ok(Draft::Withheld { reason: reasons.join("; "), saved: None, usage: billed })
    }

    async fn write(&self, turn: &Turn<'_>, case: Case<'_>, billed: &mut Option<Usage>) -> Result<Reply, End> {
        let brief = case.brief;
        match (&turn.provider, turn.model, &self.ledger) {
            (Provider::Local, ..) => {
                local::reply(&brief.policy.draft, brief.ticket, &brief.passages, brief.offer)
                    .map_err(End::Next)
            }
            (Provider::Anthropic(remote) | Provider::Openai(remote), Some(model), Some(ledger)) => {
                let deadline = case.until.min(Instant::now() + turn.terms.timeout());
                Asked { remote, terms: turn.terms, model, ledger, deadline }.reply(case, billed).await
            }
            (_, _, None) => {
                Err(End::Next("is not asked, as there is no ledger: set DATABASE_URL".to_owned()))
            }
            (_, None, _) => Err(End::Next("is not asked, as policy has no terms for its model".to_owned())),
        }
    }
}

/// The longest that one of them may take is the longest that all may take together.
fn most(turns: &[Turn<'_>]) -> Duration {
    turns
        .iter()
        .filter(|turn| turn.model.is_some())
        .map(|turn| turn.terms.timeout())
        .max()
        .unwrap_or_default()
}

/// A reason with who gives it; the local provider speaks for itself.
fn said(turn: &Turn<'_>, reason: String) -> String {
    match &turn.provider {
        Provider::Local => reason,
        Provider::Anthropic(remote) | Provider::Openai(remote) => {
            debug!(provider = remote.name(), reason, "the next provider steps in");
            format!("{} {reason}", remote.name())
        }
    }
}

/// Tokens that an answer usually has, for the estimate of what was saved.
const USUAL_OUTPUT: u64 = 300;

/// What the reply would have cost at the first provider, if that one bills; estimated.
fn saved(why: &str, turns: &[Turn<'_>], event: &Retrieved) -> Option<f64> {
    let model = turns.first()?.model?;
    let passages: usize = event.retrieval.passages.iter().map(|passage| passage.reply.chars().count()).sum();
    let input = (event.ticket.text().chars().count() + passages) as u64 / 4;
    let output = USUAL_OUTPUT.min(u64::from(model.max_tokens));
    let dollars = model.dollars(Tokens { input, output, ..Tokens::default() }, false);
    counts::saved(why, dollars);
    Some(dollars)
}
