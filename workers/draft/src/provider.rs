//! Who writes the reply, and the cases in which nobody does.

use shared::{
    events::{Classification, Draft, Passage, Retrieval, Ticket},
    policy::{Offer, Policy},
};

use crate::local;

/// Who writes the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// This process: sentences quoted from resolved tickets. No network.
    Local,
}

/// A reply, or the reason for none. None is written where it would be of no use or could not be honest: a hazard
/// sends the ticket to people anyway, what is asked for cannot be granted, or nothing is known that is like it.
pub fn draft(
    provider: Provider,
    policy: &Policy,
    ticket: &Ticket,
    classification: &Classification,
    retrieval: &Retrieval,
) -> Draft {
    let written = offer(policy, ticket, classification).and_then(|offer| {
        let passages = usable(policy.draft.similarity_from, classification, retrieval)?;
        match provider {
            Provider::Local => local::reply(&policy.draft, ticket, &passages, offer),
        }
    });
    match written {
        Ok(reply) => Draft::Reply(reply),
        Err(reason) => Draft::Withheld { reason, saved: None },
    }
}

/// The offer to grant, if the ticket asks for one.
fn offer<'a>(
    policy: &'a Policy,
    ticket: &Ticket,
    classification: &Classification,
) -> Result<Option<&'a Offer>, String> {
    if !classification.hazards.is_empty() {
        let reason = policy.hazard(classification).map_or("an unknown danger is named", |rule| &rule.reason);
        return Err(format!("the ticket goes to people in any case: {reason}"));
    }
    let offer = policy.offer(&classification.intent, &ticket.tenant, ticket.created_at);
    if offer.is_none() && policy.asks_for_an_offer(&classification.intent) {
        let day = ticket.created_at.date_naive();
        return Err(format!("the policy has no offer for customers of {} on {day}", ticket.tenant));
    }
    Ok(offer)
}

/// The passages worth quoting, most similar first: those of the ticket's intent if there are any.
fn usable<'a>(
    similarity_from: f64,
    classification: &Classification,
    retrieval: &'a Retrieval,
) -> Result<Vec<&'a Passage>, String> {
    let mut near: Vec<_> =
        retrieval.passages.iter().filter(|passage| passage.score >= similarity_from).collect();
    near.sort_by(|a, b| b.score.total_cmp(&a.score));
    let same = |passage: &&&Passage| passage.intent.as_deref() == Some(&*classification.intent);
    let of_intent: Vec<_> = near.iter().filter(same).copied().collect();
    if !of_intent.is_empty() {
        return Ok(of_intent);
    }
    if !near.is_empty() {
        return Ok(near);
    }
    let best = retrieval.passages.iter().map(|passage| passage.score).max_by(f64::total_cmp);
    Err(best.map_or_else(
        || "there is no resolved ticket to quote".to_owned(),
        |best| {
            format!("the most similar resolved ticket has a similarity of {best:.2}, below {similarity_from}")
        },
    ))
}
