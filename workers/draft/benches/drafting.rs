//! What a draft costs this process, apart from the ledger and the provider: `cargo bench -p draft --bench drafting`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench may stop")]

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../tests/providers/bench.rs"]
mod bench;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use draft::{
    ground::{self, Sources},
    redact::Redaction,
};
use shared::{
    events::{Draft, Passage, Retrieved},
    policy::Policy,
};

fn drafting(criterion: &mut Criterion) {
    let policy = Policy::parse(include_str!("../../../deploy/policy.yaml")).unwrap();
    let Retrieved { ticket, classification, retrieval } = bench::ticket(1).data;
    let passages: Vec<&Passage> = retrieval.passages.iter().collect();
    let redaction = Redaction::of(&ticket, &passages);
    let Draft::Reply(reply) = draft::local(&policy, &ticket, &classification, &retrieval) else { return };
    let said: Vec<_> = reply.sentences.into_iter().filter(|sentence| !sentence.sources.is_empty()).collect();
    let sources = Sources { ticket: &ticket, passages: &passages, offer: None, links: &policy.draft.links };
    let mut group = criterion.benchmark_group("draft");
    group.bench_function("redact a ticket and two passages", |bencher| {
        bencher.iter(|| {
            let redaction = Redaction::of(black_box(&ticket), &passages);
            let replies = passages.iter().map(|passage| redaction.text(&passage.reply));
            (redaction.text(&ticket.body), replies.collect::<Vec<_>>())
        });
    });
    group.bench_function("restore a reply", |bencher| {
        bencher.iter(|| redaction.restore(black_box("Hello ⟦NAME_1⟧, thank you for writing.")));
    });
    group.bench_function("ground a reply", |bencher| {
        bencher.iter(|| ground::check(black_box(&said), &sources));
    });
    group.bench_function("write a reply from passages", |bencher| {
        bencher.iter(|| draft::local(&policy, black_box(&ticket), &classification, &retrieval));
    });
}

criterion_group!(benches, drafting);
criterion_main!(benches);
