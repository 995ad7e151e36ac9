//! Decisions a second on one core: `cargo bench -p route`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may stop")]

use std::{hint::black_box, time::Instant};

use shared::{events::Drafted, policy::Policy};

const ROUNDS: u32 = 50_000;

fn main() {
    let policy = Policy::parse(include_str!("../../../deploy/policy.yaml")).unwrap();
    let event: Drafted = serde_json::from_str(include_str!("../tests/plain.json")).unwrap();
    let Drafted { ticket, classification, retrieval, draft } = &event;
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        black_box(route::decide(black_box(&policy), ticket, classification, retrieval, draft));
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{:.0} decisions a second, {:.2} µs each",
        f64::from(ROUNDS) / seconds,
        seconds * 1e6 / f64::from(ROUNDS)
    );
}
