//! From hits to the passages a draft may quote.

use std::collections::HashSet;

use shared::events::Passage;

use crate::index::Hit;

/// How many passages a ticket gets.
pub const PASSAGES: usize = 5;

/// Hits to choose from: so many of any intent, and so many of the ticket's.
pub const HITS: usize = 32;

/// A hit of the ticket's intent goes before one that is nearer by less than this.
pub const SAME_INTENT: f32 = 0.1;

/// Characters of a reply that are quoted.
pub const REPLY_CHARS: usize = 4_000;

/// The five best: near, and rather of the same intent; no reply twice, and not the ticket's own resolution.
/// Their score is the plain cosine.
pub fn choose(mut hits: Vec<Hit>, ticket: &str, intent: &str) -> Vec<Passage> {
    let rank = |hit: &Hit| {
        if hit.card.intent.as_deref() == Some(intent) { hit.score + SAME_INTENT } else { hit.score }
    };
    hits.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then_with(|| a.card.id.cmp(&b.card.id)));
    let mut seen = HashSet::new();
    hits.into_iter()
        .filter(|hit| hit.card.id != ticket && seen.insert(words(&hit.card.reply)))
        .take(PASSAGES)
        .map(passage)
        .collect()
}

/// A reply's words, by which it is told from another.
fn words(reply: &str) -> String {
    reply.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn passage(hit: Hit) -> Passage {
    let Hit { card, score } = hit;
    Passage {
        id: card.id,
        score: (f64::from(score) * 1e6).round() / 1e6,
        intent: card.intent,
        subject: card.subject,
        reply: card.reply.chars().take(REPLY_CHARS).collect(),
        resolved_at: card.resolved_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Card;

    fn hit(id: &str, intent: &str, reply: &str, score: f32) -> Hit {
        let resolved_at = "2026-09-01T08:00:00Z".parse().unwrap();
        let (tenant, subject) = ("harbor".to_owned(), String::new());
        let intent = Some(intent.to_owned());
        Hit { card: Card { tenant, id: id.into(), intent, subject, reply: reply.into(), resolved_at }, score }
    }

    fn ids(hits: Vec<Hit>) -> Vec<String> {
        choose(hits, "T-1", "get_refund").into_iter().map(|passage| passage.id).collect()
    }

    #[test]
    fn the_same_intent_goes_first_when_it_is_nearly_as_near() {
        let hits = vec![hit("a", "track_order", "A", 0.80), hit("b", "get_refund", "B", 0.75)];
        assert_eq!(ids(hits), ["b", "a"]);
    }

    #[test]
    fn a_much_nearer_one_of_another_intent_stays_first() {
        let hits = vec![hit("a", "track_order", "A", 0.90), hit("b", "get_refund", "B", 0.75)];
        assert_eq!(ids(hits), ["a", "b"]);
    }

    #[test]
    fn the_reported_score_is_the_plain_cosine_with_six_decimals() {
        let passages = choose(vec![hit("a", "get_refund", "A", 0.123_456_79)], "T-1", "get_refund");
        assert_eq!(passages[0].score, 0.123_457);
    }

    #[test]
    fn the_same_reply_is_not_quoted_twice() {
        let hits = vec![hit("a", "get_refund", "We will.\n", 0.8), hit("b", "get_refund", "we  will.", 0.7)];
        assert_eq!(ids(hits), ["a"]);
    }

    #[test]
    fn a_tickets_own_resolution_is_not_quoted() {
        assert_eq!(ids(vec![hit("T-1", "get_refund", "A", 1.0)]), Vec::<String>::new());
    }

    #[test]
    fn equal_scores_are_ordered_by_id() {
        let hits = ["c", "a", "b"].map(|id| hit(id, "get_refund", id, 0.5)).to_vec();
        assert_eq!(ids(hits), ["a", "b", "c"]);
    }

    #[test]
    fn no_more_than_five_passages_and_4000_characters_are_handed_on() {
        let long = |n: usize| format!("{n}{}", "ä".repeat(5_000));
        let hits = (0..9).map(|n| hit(&n.to_string(), "get_refund", &long(n), 0.5)).collect();
        let passages = choose(hits, "T-1", "get_refund");
        assert_eq!(passages.len(), 5);
        assert!(passages.iter().all(|passage| passage.reply.chars().count() == 4_000));
    }
}
