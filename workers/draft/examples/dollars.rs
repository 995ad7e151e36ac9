//! Dollars a ticket: with the line's own models in front and a provider that only writes, and zero-shot, where the provider
//! reads and writes everything. Takes what `switchyard judge` wrote, a stand-in that bills, and a real ledger.
//!
//! ```sh
//! make judge && cargo run --release -p draft --example dollars -- target/decisions/labelled.jsonl
//! ```
//! Tokens are counted as the stand-in counts them, four characters each; prices are the policy's, with their day.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement"
)]

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../tests/providers/bench.rs"]
mod bench;

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use shared::{
    Envelope,
    events::{Draft, Retrieved},
    policy::{Policy, Tokens},
};
use standins::{KEY, StandIn, Terms};
use uuid::Uuid;

const MODEL: &str = "claude-haiku-5-5";
const PROVIDERS: &str = "  - { kind: anthropic, model: claude-haiku-5-5, timeout_seconds: 30, concurrency: 8 }\n  - { kind: local }\n";
const ZERO_SHOT: &str = include_str!("zero_shot.md");

/// Tokens of what a zero-shot answer holds besides the reply: intent, hazards, sentiment …
const LABELS: u64 = 60;

#[tokio::main]
async fn main() {
    let file = std::env::args().nth(1).expect("a file that `switchyard judge` wrote");
    let text = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stand_in = StandIn::start(Terms::default()).await.unwrap();
    let (worker, _folder) =
        bench::worker(PROVIDERS, &stand_in, KEY, &local::Postgres::empty_database().unwrap()).await;
    let events = rows.iter().map(|row| event(&row["routed"]));
    let drafts = stream::iter(events.map(|event| bench::draft(&worker, event))).buffered(8);
    let drafts: Vec<Draft> = drafts.collect().await;
    let policy = Policy::parse(include_str!("../../../deploy/policy.yaml")).unwrap();
    let (ours, written) = line(&drafts, rows.len());
    println!("{} tickets, prices of {}", rows.len(), policy.models[MODEL].as_of);
    println!("the line, {MODEL}: ${ours:.6} a ticket");
    for (name, terms) in &policy.models {
        for cached in [false, true] {
            let dollars =
                rows.iter().map(|row| terms.dollars(zero_shot(&row["routed"], written, cached), false));
            let mean = dollars.sum::<f64>() / rows.len() as f64;
            let cache = if cached { "its instructions from the cache" } else { "no cache" };
            println!("zero-shot, {name}, {cache}: ${mean:.6} a ticket");
        }
    }
}

/// Dollars a ticket, all of them counted, and tokens written for a reply.
fn line(drafts: &[Draft], tickets: usize) -> (f64, u64) {
    let usages: Vec<_> = drafts
        .iter()
        .filter_map(|draft| match draft {
            Draft::Reply(reply) => reply.usage.as_ref(),
            Draft::Withheld { .. } => None,
        })
        .collect();
    let calls = usages.len().max(1) as u64;
    let mean =
        |of: fn(&shared::events::Usage) -> u64| usages.iter().map(|usage| of(usage)).sum::<u64>() / calls;
    let written = mean(|usage| usage.output_tokens);
    println!(
        "{} of them were written by the provider; the mean call: {} tokens read, {} from the cache, {} to the cache, {written} written",
        usages.len(),
        mean(|usage| usage.input_tokens),
        mean(|usage| usage.cache_read_tokens),
        mean(|usage| usage.cache_write_tokens),
    );
    (usages.iter().map(|usage| usage.dollars).sum::<f64>() / tickets as f64, written)
}

/// What one call reads and writes that is told all intents and hazards and writes the reply as well.
fn zero_shot(routed: &Value, written: u64, cached: bool) -> Tokens {
    let count = |text: &str| (text.chars().count() as u64).div_ceil(4);
    let said = |name: &str| routed["ticket"][name].as_str().unwrap_or_default();
    let (instructions, ticket) = (count(ZERO_SHOT), count(said("subject")) + count(said("body")));
    let (input, cache_read) = if cached { (ticket, instructions) } else { (ticket + instructions, 0) };
    Tokens { input, output: written + LABELS, cache_read, ..Tokens::default() }
}

/// The event that the draft worker reads.
fn event(routed: &Value) -> Envelope<Retrieved> {
    let [ticket, classification, retrieval] =
        ["ticket", "classification", "retrieval"].map(|name| &routed[name]);
    let data = json!({ "ticket": ticket, "classification": classification, "retrieval": retrieval });
    let data: Retrieved = serde_json::from_value(data).unwrap();
    let root = Uuid::new_v5(&Uuid::NAMESPACE_OID, data.ticket.key().as_bytes());
    Envelope { id: root, root, cause: root, key: data.ticket.key(), data, ..bench::ticket(0) }
}
