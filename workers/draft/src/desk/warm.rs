//! What is compiled at its first use, patterns above all, is used once before the first ticket comes.

use shared::{
    events::Retrieved,
    policy::{Facts, Policy},
};

use super::{asked::prompt, reading::Reading};
use crate::{brief::Brief, local, redact::Redaction};

/// A ticket that every filter finds something in.
const TICKET: &str = include_str!("warm.json");

/// What a model may answer to it.
const ANSWER: &str = r#"{"sentences":[
    {"text":"Items can be returned within 30 days of delivery.",
     "sources":[{"id":"W-1","quote":"Items can be returned within 30 days of delivery."}]},
    {"text":"The label for order ⟦NUMBER_1⟧ was sent to ⟦EMAIL_1⟧ and 12.50 euros will be refunded by Monday.",
     "sources":[{"id":"ticket","quote":"order ⟦NUMBER_1⟧"}]},
    {"text":"More is under https://shop.example/returns.","sources":[]}]}"#;

/// Drafts a ticket that nobody has sent, in every way, and throws it away.
pub(crate) fn warm(policy: &Policy) {
    let Ok(Retrieved { ticket, classification, retrieval }) = serde_json::from_str(TICKET) else { return };
    // Policy may send it to people before anything else is tried, so the brief is written by hand as well.
    let _ = Brief::new(policy, &ticket, &classification, &retrieval);
    let facts = Facts::undrafted(&ticket, &classification, &retrieval);
    let _ = (policy.hard_rule(&facts), policy.escalated(&facts), policy.reachable(&facts));
    let passages = retrieval.passages.iter().collect();
    let brief = Brief { policy, ticket: &ticket, passages, offer: None };
    let _ = local::reply(&policy.draft, &ticket, &brief.passages, policy.offers.first());
    let redaction = Redaction::of(&ticket, &brief.passages);
    let _ = prompt(&brief, &redaction);
    let reading = Reading { brief: &brief, redaction: &redaction };
    if let Ok(grounded) = reading.grounded(ANSWER) {
        let _ = reading.reply("none", "none", grounded);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ticket_goes_all_the_way() {
        let policy = Policy::parse(include_str!("../../../../deploy/policy.yaml")).unwrap();
        let Retrieved { ticket, classification, retrieval } = serde_json::from_str(TICKET).unwrap();
        let brief = Brief::new(&policy, &ticket, &classification, &retrieval).unwrap();
        local::reply(&policy.draft, &ticket, &brief.passages, None).unwrap();
        let redaction = Redaction::of(&ticket, &brief.passages);
        assert!(redaction.len() >= 10, "{redaction:?}");
        let reading = Reading { brief: &brief, redaction: &redaction };
        let grounded = reading.grounded(ANSWER).unwrap();
        assert!(!grounded.sentences.is_empty(), "{grounded:?}");
    }
}
