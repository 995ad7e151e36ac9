//! Whether the intent is right, and whether its confidence means what it says.

use serde_json::{Value, json};
use shared::statistics::{BINS, Judged, aurc, bootstrap, brier, coverage_at, curve, ece, macro_f1};

use super::{DRAWS, number, share};
use crate::{answers::Answered, scenery::some};

/// The confidence that the shipped policy has long used to tell sure from unsure.
const SURE: f64 = 0.85;

/// Those whose intent is known: truth and answer.
pub(crate) fn pairs(rows: &[Answered]) -> Vec<(&str, &str)> {
    rows.iter().filter_map(|row| Some((row.sample.intent.as_deref()?, row.said.intent.as_str()))).collect()
}

/// How sure each of them was, and whether it was right.
pub(crate) fn judged(rows: &[Answered]) -> Vec<Judged> {
    let known = rows.iter().filter_map(|row| Some((row.sample.intent.as_deref()?, &row.said)));
    known.map(|(truth, said)| Judged::new(said.confidence, truth == said.intent)).collect()
}

pub(super) fn figures(rows: &[Answered]) -> Option<Value> {
    let (pairs, judged) = (pairs(rows), judged(rows));
    if pairs.is_empty() {
        return None;
    }
    let sample = |rows: &[usize]| Some(macro_f1(rows.iter().filter_map(|row| pairs.get(*row).copied())));
    let (low, high) = bootstrap(pairs.len(), DRAWS, 0.95, 7, sample)?;
    let right = judged.iter().filter(|one| one.right).count();
    let sure: Vec<&Judged> = judged.iter().filter(|one| one.score > SURE).collect();
    let mut figures = json!({
        "texts": pairs.len(),
        "macro_f1": number(macro_f1(pairs.iter().copied())),
        "macro_f1_low": number(low),
        "macro_f1_high": number(high),
        "accuracy": share(right, judged.len()),
        "share_above_0.85": share(sure.len(), judged.len()),
        "accuracy_above_0.85": share(sure.iter().filter(|one| one.right).count(), sure.len()),
    });
    extend(&mut figures, calibration(&judged));
    Some(figures)
}

/// The same with one text in five out of scope, which no answer can be right about.
pub(super) fn mixed(rows: &[Answered], outside: Vec<&Answered>) -> Option<Value> {
    let judged = mixture(rows, &outside);
    let mut figures = json!({ "texts": judged.len(), "out_of_scope": judged.len() / 5 });
    extend(&mut figures, calibration(&judged));
    (!judged.is_empty()).then_some(figures)
}

/// Four in scope to one out of scope, as many as there are of both.
pub(crate) fn mixture(rows: &[Answered], outside: &[&Answered]) -> Vec<Judged> {
    let inside = judged(rows);
    let count = outside.len().min(inside.len() / 4);
    let mut mixed = some(&inside, count * 4);
    mixed.extend(some(outside, count).into_iter().map(|row| Judged::new(row.said.confidence, false)));
    mixed
}

fn calibration(judged: &[Judged]) -> Value {
    let curve = curve(judged);
    json!({
        "ece": number(ece(judged, BINS)),
        "brier": number(brier(judged)),
        "aurc": number(aurc(judged)),
        "coverage_at_1_percent_risk": number(coverage_at(&curve, 0.01)),
        "coverage_at_2_percent_risk": number(coverage_at(&curve, 0.02)),
        "coverage_at_5_percent_risk": number(coverage_at(&curve, 0.05)),
    })
}

fn extend(figures: &mut Value, more: Value) {
    if let (Value::Object(figures), Value::Object(more)) = (figures, more) {
        figures.extend(more);
    }
}
