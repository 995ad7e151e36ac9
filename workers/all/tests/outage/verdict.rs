//! What became of each ticket, and how long it took.

use std::collections::{BTreeMap, BTreeSet};

use crate::reader::Reader;

/// A ticket that was routed.
#[derive(Debug)]
pub struct Ticket {
    pub number: usize,
    /// When it came in, milliseconds since 1970.
    pub received: i64,
    /// When its draft was there, or the reason for none.
    pub drafted: i64,
    /// From received to routed, milliseconds.
    pub took: i64,
    /// How long it was with classify, retrieve, draft and route, milliseconds.
    pub stages: Vec<i64>,
    /// Who wrote its reply; nobody: a person does.
    pub writer: Option<String>,
}

impl Ticket {
    pub fn is_by_the_provider(&self) -> bool {
        self.writer.as_deref() == Some("anthropic")
    }
}

/// Every ticket in the order they came in.
pub fn tickets(reader: &Reader) -> Vec<Ticket> {
    let rows = reader.rows(
        "SELECT t.ticket, (extract(epoch FROM received_at) * 1000)::bigint, \
         (extract(epoch FROM d.record_time) * 1000)::bigint, total_ms, ARRAY[classify_ms, retrieve_ms, draft_ms, route_ms], \
         d.data -> 'draft' ->> 'provider' \
         FROM tickets t JOIN events d USING (root_id) WHERE state = 'routed' AND d.kind = 'drafted'",
    );
    let read = |row: &tokio_postgres::Row| Ticket {
        number: row.get::<_, String>(0).parse().unwrap(),
        received: row.get(1),
        drafted: row.get(2),
        took: row.get(3),
        stages: row.get(4),
        writer: row.get(5),
    };
    let mut tickets: Vec<Ticket> = rows.unwrap().iter().map(read).collect();
    tickets.sort_by_key(|ticket| ticket.number);
    tickets
}

/// The texts whose every reply is the provider's.
pub fn texts_of_the_provider<'a>(tickets: impl Iterator<Item = &'a Ticket>, texts: usize) -> BTreeSet<usize> {
    let mut whose: BTreeMap<usize, bool> = BTreeMap::new();
    for ticket in tickets {
        *whose.entry(ticket.number % texts).or_insert(true) &= ticket.is_by_the_provider();
    }
    whose.into_iter().filter_map(|(text, provider)| provider.then_some(text)).collect()
}

/// Prints how long these took, where the slowest was how long, and who wrote.
pub fn print(what: &str, tickets: &[&Ticket]) {
    let mut tickets = tickets.to_vec();
    tickets.sort_by_key(|ticket| ticket.took);
    let at = |share: f64| tickets[((tickets.len() - 1) as f64 * share).round() as usize];
    let mut writers: BTreeMap<&str, usize> = BTreeMap::new();
    for ticket in &tickets {
        *writers.entry(ticket.writer.as_deref().unwrap_or("nobody")).or_default() += 1;
    }
    println!(
        "{what}: {} tickets, received to routed p50 {} ms, p99 {} ms, worst {} ms (by stage {:?}); written by {writers:?}",
        tickets.len(),
        at(0.5).took,
        at(0.99).took,
        at(1.0).took,
        at(1.0).stages
    );
}

/// Prints what the ledger says about the provider's calls.
pub fn print_calls(reader: &Reader) {
    let rows = reader.rows(
        "SELECT coalesce(sum(requests), 0)::bigint, coalesce(sum(billed), 0)::bigint, \
         coalesce(sum(refused), 0)::bigint, coalesce(sum(ambiguous), 0)::bigint FROM bills",
    );
    let [requests, billed, refused, ambiguous] =
        [0, 1, 2, 3].map(|at| rows.as_ref().unwrap()[0].get::<_, i64>(at));
    println!(
        "requests to the provider {requests}: billed {billed}, turned away or not reached {refused}, ambiguous {ambiguous}"
    );
}
