//! Decisions on one core: `cargo bench -p route --bench decide`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may stop")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shared::{events::Drafted, policy::Policy};

fn decisions(criterion: &mut Criterion) {
    let policy = Policy::parse(include_str!("../../../deploy/policy.yaml")).unwrap();
    let plain: Drafted = serde_json::from_str(include_str!("../tests/plain.json")).unwrap();
    // Thirty sentences, so that what reads the text shows.
    let mut long = plain.clone();
    long.ticket.body = "The shelf of order 4711 for 129 euros came with one board too few. ".repeat(30);
    let mut group = criterion.benchmark_group("decide");
    group.throughput(Throughput::Elements(1));
    for (name, event) in [("a short ticket", &plain), ("a long ticket", &long)] {
        let Drafted { ticket, classification, retrieval, draft } = event;
        group.bench_function(name, |bencher| {
            bencher.iter(|| route::decide(black_box(&policy), ticket, classification, retrieval, draft));
        });
    }
}

criterion_group!(benches, decisions);
criterion_main!(benches);
