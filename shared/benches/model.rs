//! Texts a second of [`Model`] against the least that could be done: sessions fed with batches that were
//! tokenised, sorted by length and padded beforehand. Rounds alternate, so that both see the same machine.
//!
//! `cargo bench -p shared --bench model [-- ROUNDS]`; needs `models/classifier` and the tickets of the demo.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may stop where it stands")]

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use ort::{session::Session, value::TensorRef};
use shared::model::{Kind, Model, ModelSettings, environment, text};
use shared::start::find;
use tokenizers::Tokenizer;

const BATCH_TOKENS: usize = 512;
const TEXTS: usize = 4_000;
/// Callers waiting at once.
const CALLERS: usize = 512;

/// A padded batch: ids and mask, one row a text.
struct Batch {
    ids: ndarray::Array2<i64>,
    mask: ndarray::Array2<i64>,
}

fn main() {
    let rounds: usize = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(5);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let settings =
        ModelSettings { library: std::env::var_os("ORT_DYLIB_PATH").map(Into::into), sessions: None };
    let opening = Instant::now();
    let model = runtime.block_on(Model::open(Kind::Classifier, None, &settings)).unwrap();
    println!(
        "{}: ready in {:.2} s, {:.0} MiB resident",
        model.name(),
        opening.elapsed().as_secs_f64(),
        resident()
    );
    for (title, texts) in [("short texts", short()), ("tickets of the demo", tickets())] {
        if !texts.is_empty() {
            compare(title, &texts, &model, &runtime, &settings, rounds);
        }
    }
    println!("{:.0} MiB resident at the end, with the bare sessions", resident());
}

fn compare(
    title: &str,
    texts: &[String],
    model: &Model,
    runtime: &tokio::runtime::Runtime,
    settings: &ModelSettings,
    rounds: usize,
) {
    let batches = batches(texts);
    let mut sessions: Vec<Session> = (0..settings.sessions()).map(|_| session(settings)).collect();
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let model_took = runtime.block_on(through_the_model(model, texts));
        let bare_took = through_bare_sessions(&mut sessions, &batches);
        if round > 0 {
            ours.push(texts.len() as f64 / model_took.as_secs_f64());
            bare.push(texts.len() as f64 / bare_took.as_secs_f64());
        }
    }
    let (ours, bare) = (median(ours), median(bare));
    println!(
        "{title} ({}): model {ours:.0} texts/s, bare sessions {bare:.0}, {:.0} %",
        texts.len(),
        100.0 * ours / bare
    );
}

async fn through_the_model(model: &Model, texts: &[String]) -> Duration {
    let begun = Instant::now();
    let next = std::sync::Arc::new(AtomicUsize::new(0));
    let texts: std::sync::Arc<[String]> = texts.into();
    let callers = (0..CALLERS).map(|_| {
        let (model, next, texts) =
            (model.clone(), std::sync::Arc::clone(&next), std::sync::Arc::clone(&texts));
        tokio::spawn(async move {
            while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                model.run(text).await.unwrap();
            }
        })
    });
    futures::future::join_all(callers).await;
    begun.elapsed()
}

fn through_bare_sessions(sessions: &mut [Session], batches: &[Batch]) -> Duration {
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for session in sessions {
            scope.spawn(|| {
                while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let inputs = ort::inputs![
                        "input_ids" => TensorRef::from_array_view(&batch.ids).unwrap(),
                        "attention_mask" => TensorRef::from_array_view(&batch.mask).unwrap(),
                    ];
                    session.run(inputs).unwrap();
                }
            });
        }
    });
    begun.elapsed()
}

/// All texts, prepared, tokenised, sorted by length and padded, outside the time taken.
fn batches(texts: &[String]) -> Vec<Batch> {
    let tokenizer = Tokenizer::from_file(find("models/classifier/tokenizer.json").unwrap()).unwrap();
    let ids = |text: &String| tokenizer.encode_fast(text::prepare(text), true).unwrap().get_ids().to_vec();
    let mut rows: Vec<Vec<u32>> = texts.iter().map(ids).collect();
    rows.iter_mut().for_each(|row| row.truncate(256));
    rows.sort_by_key(Vec::len);
    let mut cut: Vec<Vec<Vec<u32>>> = Vec::new();
    for row in rows {
        match cut.last_mut() {
            Some(batch) if row.len() * (batch.len() + 1) <= BATCH_TOKENS => batch.push(row),
            _ => cut.push(vec![row]),
        }
    }
    cut.iter().map(|rows| padded(rows)).collect()
}

fn padded(rows: &[Vec<u32>]) -> Batch {
    let shape = (rows.len(), rows.iter().map(Vec::len).max().unwrap());
    let at = |(text, place): (usize, usize)| rows[text].get(place);
    Batch {
        ids: ndarray::Array2::from_shape_fn(shape, |place| at(place).map_or(0, |id| i64::from(*id))),
        mask: ndarray::Array2::from_shape_fn(shape, |place| i64::from(at(place).is_some())),
    }
}

fn session(settings: &ModelSettings) -> Session {
    let library = settings.library.clone().or_else(|| find(".local/onnxruntime/libonnxruntime.so")).unwrap();
    let environment = environment(&library).unwrap();
    let open = || -> ort::Result<Session> {
        Session::builder(&environment)?
            .with_intra_threads(1)?
            .with_intra_op_spinning(false)?
            .with_disabled_optimizers("SkipLayerNormFusion;BiasGeluFusion")?
            .commit_from_file(find("models/classifier/model.onnx").unwrap())
    };
    open().unwrap()
}

/// Short questions of about a dozen tokens.
fn short() -> Vec<String> {
    let asked = [
        "where is my parcel",
        "i want to cancel order",
        "please send me the invoice of order",
        "how can i reset the password of my account",
        "refund for order",
        "can i still change the address of order",
        "the checkout page is blank when i try to pay for order",
        "do you have a voucher for order",
    ];
    (0..TEXTS).map(|n| format!("{} {}", asked[n % asked.len()], 40_000 + n * 7)).collect()
}

/// The demo's tickets, again and again.
fn tickets() -> Vec<String> {
    let Some(file) = find("deploy/demo/tickets.jsonl") else { return Vec::new() };
    let lines = std::fs::read_to_string(file).unwrap();
    let text = |line: &str| {
        let ticket: serde_json::Value = serde_json::from_str(line).unwrap();
        format!(
            "{}\n{}",
            ticket["subject"].as_str().unwrap_or_default(),
            ticket["body"].as_str().unwrap_or_default()
        )
    };
    let texts: Vec<String> = lines.lines().map(text).collect();
    texts.iter().cycle().take(TEXTS / 4).cloned().collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// MiB of memory of this process.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
