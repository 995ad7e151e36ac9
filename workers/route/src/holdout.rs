//! Tickets that go to people though they could be answered, so that answers can be compared.

use sha2::{Digest as _, Sha256};
use shared::{
    events::{Rule, Ticket},
    policy::Holdout,
};

/// Whether this ticket is one of them. Nobody can tell without the salt, and everybody with it gets the same answer.
pub(crate) fn is_held_out(terms: &Holdout, ticket: &Ticket) -> bool {
    terms.share > 0.0 && chance(terms, ticket) < terms.share
}

/// A figure from 0 up to 1 that follows from the salt and the message.
fn chance(terms: &Holdout, ticket: &Ticket) -> f64 {
    let time = ticket.created_at.timestamp_micros().to_string();
    let mut hash = Sha256::new();
    for part in [&terms.salt, &ticket.tenant, &ticket.id, &time] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let first = hash.finalize().iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    // The upper 53 bits are what a figure of this type holds.
    (first >> 11) as f64 / (1_u64 << 53) as f64
}

/// What the decision says about it.
pub(crate) fn rule(terms: &Holdout) -> Rule {
    let share = terms.share * 100.0;
    Rule {
        name: "holdout".to_owned(),
        reason: format!(
            "chance chose this ticket, as it does {share} % of those that could go out by themselves: a person \
             answers without the draft, so that the two can be compared"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: usize) -> Ticket {
        let event: shared::events::Drafted =
            serde_json::from_str(include_str!("../tests/plain.json")).unwrap();
        Ticket { id: format!("HB-{id}"), ..event.ticket }
    }

    fn held_out(share: f64, salt: &str) -> Vec<usize> {
        let terms = Holdout { share, salt: salt.to_owned() };
        (0..4_000).filter(|id| is_held_out(&terms, &ticket(*id))).collect()
    }

    #[test]
    fn the_share_is_kept_and_a_larger_one_holds_the_smaller_one() {
        let (few, many) = (held_out(0.05, "a"), held_out(0.20, "a"));
        assert!((140..=260).contains(&few.len()), "{} of 4000", few.len());
        assert!((700..=900).contains(&many.len()), "{} of 4000", many.len());
        assert!(few.iter().all(|id| many.contains(id)));
    }

    #[test]
    fn another_salt_chooses_others_and_none_or_all_means_that() {
        assert_eq!(held_out(0.05, "a"), held_out(0.05, "a"));
        assert_ne!(held_out(0.05, "a"), held_out(0.05, "b"));
        assert!(held_out(0.0, "a").is_empty());
        assert_eq!(held_out(1.0, "a").len(), 4_000);
    }
}
