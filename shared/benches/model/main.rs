//! The model runtime beside what it could be: `cargo bench -p shared --bench model [-- ROUNDS]`.
//!
//! The limit is sessions fed with batches that were tokenised, sorted by length, cut and padded beforehand. All
//! contenders take turns in the same run, so that they see the same machine; processor time stands beside wall
//! time, as it is the steadier of the two on a machine that does other things. Needs `models/classifier` and
//! `deploy/demo`; the table goes to `target/bench/runtime.md`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may stop where it stands")]

mod bare;
mod clock;
mod load;
mod python;
mod report;
mod texts;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bare::Bare;
use clock::{Took, took};
use report::{Goal, Report};
use shared::model::{Kind, Model, ModelSettings};
use texts::Mix;
use tokio::runtime::Runtime;

/// Callers waiting at once.
const CALLERS: usize = 512;

fn main() {
    let rounds: usize = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(5);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let model = open(&runtime, None);
    let mut report = Report::of(&model.name(), rounds);
    let mut bare = Bare::open(ModelSettings::default().sessions());
    let mut python = python::Python::start();
    for mix in texts::mixes() {
        throughput(&mix, rounds, (&runtime, &model), &mut bare, &mut python, &mut report);
    }
    scaling(rounds, &runtime, &mut report);
    load::company(rounds, &runtime, &model, &mut report);
    load::alone(&runtime, &model, &mut report);
    load::waiting(&runtime, &model, &mut report);
    report.write();
}

fn open(runtime: &Runtime, sessions: Option<u16>) -> Model {
    let library = std::env::var_os("ORT_DYLIB_PATH").map(Into::into);
    let settings = ModelSettings { library, sessions };
    runtime.block_on(Model::open(Kind::Classifier, None, &settings)).unwrap()
}

/// Texts a second and processor time a text of every contender, in turn; the first round warms up.
fn throughput(
    mix: &Mix,
    rounds: usize,
    (runtime, model): (&Runtime, &Model),
    bare: &mut Bare,
    python: &mut python::Python,
    report: &mut Report,
) {
    let by_hand: Vec<_> = bare::BUDGETS.map(|budget| bare::sorted(mix, budget)).into();
    let arrival = bare::in_order_of_arrival(mix);
    let mut taken: Vec<(String, Vec<Took>)> = Vec::new();
    let mut note = |name: &str, took: Took, round: usize| {
        let place = taken.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            taken.push((name.to_owned(), Vec::new()));
            taken.len() - 1
        });
        if round > 0 {
            taken[place].1.push(took);
        }
    };
    for round in 0..=rounds {
        note("model", took(|| runtime.block_on(ask_all(model, &mix.texts))), round);
        for (budget, batches) in bare::BUDGETS.iter().zip(&by_hand) {
            note(&format!("bare, {budget} tokens a batch"), took(|| bare.run(batches)), round);
        }
        note("in order of arrival", took(|| bare.run(&arrival)), round);
        if let Some(seconds) = python.run(mix.name, &by_hand[1]) {
            note("onnxruntime in Python", seconds, round);
        }
    }
    report.throughput(mix, &taken);
    if let Some(reason) = python.missing() {
        report.note(format!("{}: onnxruntime in Python not measured: {reason}", mix.name));
    }
}

/// One session against two.
fn scaling(rounds: usize, runtime: &Runtime, report: &mut Report) {
    let mix = texts::mixes().remove(2);
    let (one, two) = (open(runtime, Some(1)), open(runtime, Some(2)));
    let (mut alone, mut both) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let first = took(|| runtime.block_on(ask_all(&one, &mix.texts)));
        let second = took(|| runtime.block_on(ask_all(&two, &mix.texts)));
        if round > 0 {
            alone.push(first);
            both.push(second);
        }
    }
    let (alone, both) = (clock::median(&alone), clock::median(&both));
    report.figure("two sessions against one, wall time", "×", alone.wall / both.wall, Goal::AtLeast(1.8));
    let scaling = 2.0 * alone.cpu / both.cpu;
    report.figure("the same by processor time, were both cores free", "×", scaling, Goal::AtLeast(1.8));
}

/// Every text, by as many callers as wait in a busy worker.
async fn ask_all(model: &Model, texts: &Arc<[String]>) {
    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..CALLERS).map(|_| {
        let (model, next, texts) = (model.clone(), Arc::clone(&next), Arc::clone(texts));
        tokio::spawn(async move {
            while let Some(text) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
                model.run(text).await.unwrap();
            }
        })
    });
    for caller in futures::future::join_all(callers).await {
        caller.unwrap();
    }
}
