//! The same requests written otherwise: what stays right, and what stays the same.

use serde_json::{Map, Value, json};
use shared::statistics::macro_f1;

use super::{intent, number, share};
use crate::{
    answers::{Answered, Answers},
    scenery,
};

/// The set whose texts are changed, and its name before the colon.
const PLAIN: &str = "natural_tickets";

pub(super) fn figures(answers: &Answers) -> Value {
    let Some(plain) = answers.get(PLAIN) else { return Value::Null };
    let changed =
        answers.iter().filter_map(|(name, rows)| Some((name.strip_prefix(PLAIN)?.strip_prefix(':')?, rows)));
    let all = [("as_written", plain)].into_iter().chain(changed);
    Value::Object(all.map(|(name, rows)| (name.to_owned(), of(plain, rows))).collect::<Map<_, _>>())
}

fn of(plain: &[Answered], changed: &[Answered]) -> Value {
    // The changed set may hold fewer texts, evenly taken.
    let plain = scenery::some(plain, changed.len());
    let same = plain.iter().zip(changed).filter(|(a, b)| a.said.intent == b.said.intent).count();
    json!({
        "texts": changed.len(),
        "macro_f1": number(macro_f1(intent::pairs(changed))),
        "answers_as_before": share(same, changed.len()),
        "marked_truncated": share(changed.iter().filter(|row| row.said.truncated).count(), changed.len()),
    })
}
