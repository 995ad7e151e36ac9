//! What there is to write about, and the tickets about which nothing is to be written.

use shared::{
    events::{Classification, Passage, Retrieval, Ticket},
    policy::{Facts, Offer, Policy},
};

/// What a reply is written from.
#[derive(Debug)]
pub(crate) struct Brief<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) ticket: &'a Ticket,
    /// The passages worth quoting, most similar first.
    pub(crate) passages: Vec<&'a Passage>,
    /// The offer to grant, if the ticket asks for one.
    pub(crate) offer: Option<&'a Offer>,
}

/// Why nothing is written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// It would be of no use: people act on the ticket whatever it said. For the metrics in a word, then in words.
    NoUse(&'static str, String),
    /// There is nothing honest to say.
    NoMatter(String),
}

impl<'a> Brief<'a> {
    /// What a reply to this ticket is written from.
    ///
    /// # Errors
    /// Why none is to be written.
    pub(crate) fn new(
        policy: &'a Policy,
        ticket: &'a Ticket,
        classification: &Classification,
        retrieval: &'a Retrieval,
    ) -> Result<Self, Idle> {
        if !classification.hazards.is_empty() {
            let reason =
                policy.hazard(classification).map_or("an unknown danger is named", |rule| &rule.reason);
            return Err(Idle::NoUse("hazard", format!("the ticket goes to people in any case: {reason}")));
        }
        let facts = Facts::undrafted(ticket, classification, retrieval);
        if let Some((_, rule)) = policy.hard_rule(&facts) {
            let reason = format!("the ticket goes to people in any case: {}", rule.reason);
            return Err(Idle::NoUse("hard_rule", reason));
        }
        if let Some(rule) = policy.escalated(&facts) {
            let reason = format!("a supervisor takes the ticket in any case: {}", rule.reason);
            return Err(Idle::NoUse("rule", reason));
        }
        let offer = offer(policy, ticket, classification).map_err(Idle::NoMatter)?;
        let passages =
            usable(policy.draft.similarity_from, classification, retrieval).map_err(Idle::NoMatter)?;
        let suggest = policy.thresholds_of(&ticket.tenant, &classification.intent).suggest;
        let best = policy.reachable(&facts);
        if best < suggest {
            let reason = format!(
                "no reply could bring the score above {best:.3}, and below {suggest} a supervisor takes it"
            );
            return Err(Idle::NoUse("score", reason));
        }
        Ok(Self { policy, ticket, passages, offer })
    }
}

/// The offer to grant, if the ticket asks for one.
fn offer<'a>(
    policy: &'a Policy,
    ticket: &Ticket,
    classification: &Classification,
) -> Result<Option<&'a Offer>, String> {
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
