//! Whether a second request in a ticket is seen.

use serde_json::{Value, json};

use super::share;
use crate::answers::Answered;

/// Of tickets that ask for something: a second request counts as found when both intents are named, in either order.
pub(super) fn figures(rows: &[Answered]) -> Option<Value> {
    let rows: Vec<&Answered> = rows.iter().filter(|row| row.sample.intent.is_some()).collect();
    let (double, single): (Vec<&Answered>, Vec<_>) = rows.iter().partition(|row| row.sample.also.is_some());
    let reported = |rows: &[&Answered]| rows.iter().filter(|row| row.said.secondary.is_some()).count();
    let hits = double.iter().filter(|row| both_named(row)).count();
    Some(json!({
        "with_two_requests": double.len(),
        "found": share(hits, double.len()),
        "reported": share(reported(&double), double.len()),
        "precision": share(hits, reported(&double) + reported(&single)),
        "with_one_request": single.len(),
        "false_alarms": share(reported(&single), single.len()),
    }))
}

fn both_named(row: &Answered) -> bool {
    let said =
        (Some(row.said.intent.as_str()), row.said.secondary.as_ref().map(|second| second.label.as_str()));
    let (first, second) = (row.sample.intent.as_deref(), row.sample.also.as_deref());
    said == (first, second) || said == (second, first)
}
