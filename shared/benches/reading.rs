//! One ticket's way through preprocessor, tokenizer and model: `cargo bench -p shared --bench reading`.
//!
//! Needs `models/classifier` and ONNX Runtime. What the runtime is worth beside a bare one is `--bench model`.s business.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop where it stands"
)]

#[allow(dead_code, reason = "shared with the other bench")]
#[path = "model/texts.rs"]
mod texts;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::future::join_all;
use shared::{
    model::{Kind, Model, ModelSettings, text},
    start::find,
};
use tokenizers::Tokenizer;
use tokio::runtime::{Builder, Runtime};

/// Tickets that come at once.
const BATCH: usize = 32;

fn tokenizer() -> Tokenizer {
    Tokenizer::from_file(find("models/classifier/tokenizer.json").unwrap()).unwrap()
}

/// The beginning of a long text that has so many tokens, or a few more.
fn of_tokens(tokenizer: &Tokenizer, count: usize) -> String {
    let words = texts::long(1).remove(0);
    let mut text = String::new();
    for word in words.split_whitespace() {
        text.extend([word, " "]);
        if tokenizer.encode_fast(text::prepare(&text), true).unwrap().len() >= count {
            break;
        }
    }
    text
}

fn preparing(criterion: &mut Criterion) {
    let tokenizer = tokenizer();
    let mut group = criterion.benchmark_group("preprocess and tokenise");
    for (name, ticket) in
        [("13 tokens", of_tokens(&tokenizer, 13)), ("128 tokens", of_tokens(&tokenizer, 128))]
    {
        group.throughput(Throughput::Bytes(ticket.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| tokenizer.encode_fast(text::prepare(black_box(&ticket)), true).unwrap());
        });
    }
}

fn reading(criterion: &mut Criterion) {
    let (runtime, tokenizer) =
        (Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(), tokenizer());
    let model = open(&runtime);
    let mut group = criterion.benchmark_group("model");
    for count in [13, 128] {
        let ticket = of_tokens(&tokenizer, count);
        group.bench_function(format!("one ticket of {count} tokens"), |bencher| {
            bencher.iter(|| runtime.block_on(model.run(black_box(&ticket))).unwrap());
        });
    }
    let batch = texts::short(BATCH);
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function(format!("{BATCH} short tickets at once"), |bencher| {
        bencher.iter(|| runtime.block_on(join_all(batch.iter().map(|ticket| model.run(ticket)))));
    });
}

fn open(runtime: &Runtime) -> Model {
    let library = std::env::var_os("ORT_DYLIB_PATH").map(Into::into);
    let settings = ModelSettings { library, sessions: None };
    runtime.block_on(Model::open(Kind::Classifier, None, &settings)).unwrap()
}

criterion_group!(benches, preparing, reading);
criterion_main!(benches);
