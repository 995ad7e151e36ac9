//! Whether dangers are seen, and how often they are imagined.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::share;
use crate::answers::Answered;

const KINDS: [&str; 7] = ["legal", "health_safety", "self_harm", "violence", "fraud", "privacy", "press"];

pub(super) fn figures(rows: &[Answered]) -> Option<Value> {
    let rows: Vec<(&[String], BTreeSet<&str>)> = rows
        .iter()
        .filter_map(|row| {
            let said = row.said.hazards.iter().map(|hazard| hazard.kind.as_str()).collect();
            Some((row.sample.hazards.as_deref()?, said))
        })
        .collect();
    let any = counts(rows.iter().map(|(truth, said)| (!truth.is_empty(), !said.is_empty())))?;
    let kinds = KINDS.iter().filter_map(|kind| {
        let of_kind =
            rows.iter().map(|(truth, said)| (truth.iter().any(|one| one == kind), said.contains(kind)));
        Some(((*kind).to_owned(), counts(of_kind)?))
    });
    Some(json!({ "any": any, "each": Value::Object(kinds.collect::<Map<_, _>>()) }))
}

/// Recall and false alarms, of pairs `(is there, is said to be)`.
fn counts(pairs: impl Iterator<Item = (bool, bool)>) -> Option<Value> {
    let pairs: Vec<(bool, bool)> = pairs.collect();
    let count = |truth, said| pairs.iter().filter(|pair| **pair == (truth, said)).count();
    let (hit, missed, alarm, quiet) =
        (count(true, true), count(true, false), count(false, true), count(false, false));
    (!pairs.is_empty()).then(|| {
        json!({
            "texts": pairs.len(),
            "positives": hit + missed,
            "recall": share(hit, hit + missed),
            "false_alarms": share(alarm, alarm + quiet),
        })
    })
}
