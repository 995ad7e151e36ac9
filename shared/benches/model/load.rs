//! How long single texts take: beside a long one, alone, and at four fifths of what the machine can do.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::model::Model;
use tokio::runtime::Runtime;

use crate::{
    ask_all,
    clock::{quantile, took},
    report::{Goal, Report},
    texts,
};

/// Short texts that come together.
const WINDOW: usize = 32;

/// What the short texts of a window take with a long one among them, against without.
pub fn company(rounds: usize, runtime: &Runtime, model: &Model, report: &mut Report) {
    let (short, long) = (texts::short(WINDOW), texts::long(1));
    let with: Vec<String> = long.iter().chain(&short).cloned().collect();
    let (mut apart, mut together) = (Vec::new(), Vec::new());
    for round in 0..=rounds * 10 {
        let mut without = runtime.block_on(asked_at_once(model, &short));
        let mut beside = runtime.block_on(asked_at_once(model, &with)).split_off(1);
        if round > 0 {
            apart.append(&mut without);
            together.append(&mut beside);
        }
    }
    let (apart, together) = (mean(&apart), mean(&together));
    let what = format!("a short text among {WINDOW} with a long one before them, against without");
    report.figure(&what, "×", together / apart, Goal::AtMost(1.3));
}

async fn asked_at_once(model: &Model, texts: &[String]) -> Vec<f64> {
    let begun = Instant::now();
    let asked = texts.iter().map(|text| async move {
        model.run(text).await.unwrap();
        begun.elapsed().as_secs_f64()
    });
    futures::future::join_all(asked).await
}

/// One ticket of 128 tokens after the other.
pub fn alone(runtime: &Runtime, model: &Model, report: &mut Report) {
    let words = texts::long(1).remove(0);
    let mut text = String::new();
    for word in words.split_whitespace() {
        text.push_str(word);
        text.push(' ');
        if runtime.block_on(model.run(&text)).unwrap().tokens >= 128 {
            break;
        }
    }
    let tokens = runtime.block_on(model.run(&text)).unwrap().tokens;
    let one = |_| took(|| drop(runtime.block_on(model.run(&text)).unwrap())).wall * 1000.0;
    let times: Vec<f64> = (0..200).map(one).collect();
    report.figure(
        &format!("one ticket of {tokens} tokens alone, median"),
        "ms",
        quantile(times.clone(), 0.5),
        Goal::None,
    );
    report.figure(
        &format!("one ticket of {tokens} tokens alone, p95"),
        "ms",
        quantile(times, 0.95),
        Goal::AtMost(40.0),
    );
}

/// How long texts stand in the queue when they come at random at four fifths of what was done a moment before.
pub fn waiting(runtime: &Runtime, model: &Model, report: &mut Report) {
    for mix in texts::mixes() {
        let full = took(|| runtime.block_on(ask_all(model, &mix.texts))).wall;
        let pause = full / mix.texts.len() as f64 / 0.8;
        let waited = runtime.block_on(at_random(model, &mix.texts, pause));
        let what = |figure: &str| format!("{}: in the queue at 80 % load, {figure}", mix.name);
        report.figure(&what("median"), "ms", quantile(waited.clone(), 0.5), Goal::AtMost(5.0));
        report.figure(&what("mean"), "ms", mean(&waited), Goal::AtMost(5.0));
        report.figure(&what("p95"), "ms", quantile(waited, 0.95), Goal::None);
    }
}

/// Milliseconds in the queue of texts whose pauses are exponential with this mean, in seconds.
async fn at_random(model: &Model, texts: &Arc<[String]>, pause: f64) -> Vec<f64> {
    let (begun, mut at, mut asked) = (Instant::now(), 0.0, Vec::new());
    let mut chance = StdRng::seed_from_u64(7);
    for text in texts.iter().cycle().take(texts.len().max(600)) {
        at -= pause * (1.0 - chance.random::<f64>()).ln();
        tokio::time::sleep(Duration::from_secs_f64(at).saturating_sub(begun.elapsed())).await;
        let (model, text) = (model.clone(), text.clone());
        asked
            .push(tokio::spawn(async move { model.run(&text).await.unwrap().waited.as_secs_f64() * 1000.0 }));
    }
    let mut waited = Vec::new();
    for one in asked {
        waited.push(one.await.unwrap());
    }
    waited
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
