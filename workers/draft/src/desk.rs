//! From a ticket to its reply: each provider in turn, until one has written what can be used.

mod asked;

use std::time::Duration;

use shared::{
    Envelope,
    events::{Draft, Reply, Retrieved, Usage},
    policy::Policy,
};
use tokio::time::Instant;
use tracing::debug;

use crate::{
    brief::{Brief, Idle},
    counts, local,
    provider::{Provider, Providers, Turn},
};
use asked::Asked;

/// Writes the reply to a ticket, or says why there is none.
pub(crate) async fn draft(providers: &Providers, policy: &Policy, event: &Envelope<Retrieved>) -> Draft {
    let Retrieved { ticket, classification, retrieval } = &event.data;
    let turns = providers.turns(policy);
    let brief = match Brief::new(policy, ticket, classification, retrieval) {
        Ok(brief) => brief,
        Err(Idle::NoMatter(reason)) => return Draft::Withheld { reason, saved: None },
        Err(Idle::NoUse(reason)) => return Draft::Withheld { reason, saved: saved(&turns, &event.data) },
    };
    let round = Round { began: Instant::now(), most: most(&turns) };
    let (mut reasons, mut billed) = (Vec::new(), None);
    for turn in &turns {
        match write(turn, &brief, event, round, &mut billed).await {
            Ok(mut reply) => {
                reply.usage = billed;
                return Draft::Reply(reply);
            }
            Err(reason) => reasons.push(said(turn, reason)),
        }
    }
    Draft::Withheld { reason: reasons.join("; "), saved: None }
}

/// When a ticket's drafting began, and how long it may take whoever writes.
#[derive(Debug, Clone, Copy)]
struct Round {
    began: Instant,
    most: Duration,
}

async fn write(
    turn: &Turn<'_>,
    brief: &Brief<'_>,
    event: &Envelope<Retrieved>,
    round: Round,
    billed: &mut Option<Usage>,
) -> Result<Reply, String> {
    match (&turn.provider, turn.model) {
        (Provider::Local, _) => local::reply(&brief.policy.draft, brief.ticket, &brief.passages, brief.offer),
        (Provider::Anthropic(remote) | Provider::Openai(remote), Some(model)) => {
            let own = Instant::now() + turn.terms.timeout();
            let deadline = own.min(round.began + round.most);
            let asked = Asked { remote, terms: turn.terms, model, deadline };
            asked.reply(brief, event, billed).await
        }
        (_, None) => Err("the policy says nothing of its model".to_owned()),
    }
}

/// The longest that any of them may take is the longest that all may take together.
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

/// What the reply would have cost at the first provider that bills, estimated.
fn saved(turns: &[Turn<'_>], event: &Retrieved) -> Option<f64> {
    let model = turns.first()?.model?;
    let passages: usize = event.retrieval.passages.iter().map(|passage| passage.reply.chars().count()).sum();
    let input = (event.ticket.text().chars().count() + passages) as u64 / 4;
    let tokens = shared::policy::Tokens {
        input,
        output: USUAL_OUTPUT.min(u64::from(model.max_tokens)),
        ..Default::default()
    };
    let dollars = model.dollars(tokens, false);
    counts::saved("of_no_use", dollars);
    Some(dollars)
}
