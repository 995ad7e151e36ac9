//! Whether the model knows what it is not for.

use serde_json::{Value, json};
use shared::{
    events::Classification,
    statistics::{Judged, auroc},
};

use super::{number, share};
use crate::answers::Answered;

/// Share of the in-scope tickets that the bar lets through.
const LET_THROUGH: f64 = 0.9;

/// The confidence that nine in-scope texts in ten reach, and figures around it.
pub(super) fn figures(rows: &[Answered], outside: Vec<&Answered>) -> Option<Value> {
    let inside: Vec<&Answered> = rows.iter().filter(|row| row.sample.intent.is_some()).collect();
    let bar = bar(&inside)?;
    let above = |least: f64| outside.iter().filter(|row| row.said.confidence >= least).count();
    let area = |score: fn(&Classification) -> f64| auroc(&judged(&inside, &outside, score)).map(number);
    Some(json!({
        "in_scope": inside.len(),
        "out_of_scope": outside.len(),
        "auroc": area(known)?,
        "auroc_confidence": area(|said| said.confidence)?,
        "auroc_scope_head": area(|said| 1.0 - said.out_of_scope)?,
        "bar_that_lets_90_percent_in": number(bar),
        "out_of_scope_above_that_bar": share(above(bar), outside.len()),
        "out_of_scope_above_0.85": share(above(0.85), outside.len()),
    }))
}

/// One number for how well a text is known: the confidence, less what the scope head doubts.
pub(crate) fn known(said: &Classification) -> f64 {
    said.confidence * (1.0 - said.out_of_scope)
}

/// In-scope texts are the right ones.
pub(crate) fn judged(
    inside: &[&Answered],
    outside: &[&Answered],
    score: impl Fn(&Classification) -> f64,
) -> Vec<Judged> {
    let of = |rows: &[&Answered], right| {
        rows.iter().map(|row| Judged::new(score(&row.said), right)).collect::<Vec<_>>()
    };
    [of(inside, true), of(outside, false)].concat()
}

fn bar(inside: &[&Answered]) -> Option<f64> {
    let mut sure: Vec<f64> = inside.iter().map(|row| row.said.confidence).collect();
    sure.sort_by(|a, b| b.total_cmp(a));
    sure.get(((sure.len() as f64 * LET_THROUGH).ceil() as usize).checked_sub(1)?).copied()
}
