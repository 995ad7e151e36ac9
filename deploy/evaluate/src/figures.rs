//! Every figure of the report, from the answers alone.

mod hazards;
mod intent;
mod mood;
mod robustness;
pub(crate) mod scope;
mod secondary;

pub(crate) use intent::{judged, mixture, pairs};

use serde_json::{Map, Value, json};

use crate::answers::{Answered, Answers};

/// Draws of a bootstrap.
const DRAWS: usize = 300;

/// The figures that follow from the answers: the same answers give the same figures, to the last bit.
pub fn of(answers: &Answers) -> Value {
    json!({
        "intent": each(answers, whole, intent::figures),
        "intent_with_out_of_scope": each(answers, whole, |rows| intent::mixed(rows, outside(answers, rows))),
        "scope": each(answers, whole, |rows| scope::figures(rows, outside(answers, rows))),
        "hazards": each(answers, whole, hazards::figures),
        "sentiment": each(answers, whole, mood::sentiment),
        "urgency": each(answers, whole, mood::urgency),
        "robustness": robustness::figures(answers),
        "second_request": each(answers, |name| name == "decisions" || name == "joined", secondary::figures),
    })
}

/// The figures of every set that has them.
fn each(
    answers: &Answers,
    wanted: impl Fn(&str) -> bool,
    figures: impl Fn(&[Answered]) -> Option<Value>,
) -> Value {
    let sets = answers.iter().filter(|(name, _)| wanted(name));
    let found = sets.filter_map(|(name, rows)| Some((name.clone(), figures(rows)?)));
    Value::Object(found.collect::<Map<_, _>>())
}

/// Whether a set stands for itself and is not another one changed.
fn whole(name: &str) -> bool {
    !name.contains(':') && name != "joined"
}

/// The texts out of scope to set beside a set: its own, or else the held-out ones.
pub(crate) fn outside<'a>(answers: &'a Answers, rows: &'a [Answered]) -> Vec<&'a Answered> {
    let own: Vec<&Answered> = rows.iter().filter(|row| row.sample.outside).collect();
    if !own.is_empty() {
        return own;
    }
    answers.get("out_of_scope").into_iter().flatten().collect()
}

/// A part of a whole; `null` of nothing.
fn share(part: usize, whole: usize) -> Value {
    if whole == 0 { Value::Null } else { number(part as f64 / whole as f64) }
}

/// Six places: more than any of these samples can tell.
pub(crate) fn number(value: f64) -> Value {
    json!((value * 1e6).round() / 1e6)
}
