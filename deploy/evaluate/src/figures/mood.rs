//! Sentiment and urgency, beside what a list of words makes of the same texts.

use serde_json::{Value, json};
use shared::statistics::macro_f1;

use super::{number, share};
use crate::{
    answers::{Answered, label},
    lexicon,
};

const SENTIMENTS: [&str; 5] = ["very_negative", "negative", "neutral", "positive", "very_positive"];
const URGENCIES: [&str; 4] = ["low", "normal", "high", "urgent"];

pub(super) fn sentiment(rows: &[Answered]) -> Option<Value> {
    let known = rows.iter().filter_map(|row| {
        let truth = row.sample.sentiment.clone()?;
        Some([truth, label(&row.said.mood.sentiment), lexicon::sentiment(&row.sample.text).to_owned()])
    });
    figures(&SENTIMENTS, &known.collect::<Vec<_>>())
}

pub(super) fn urgency(rows: &[Answered]) -> Option<Value> {
    let known = rows.iter().filter_map(|row| {
        let truth = row.sample.urgency.clone()?;
        Some([truth, label(&row.said.attention.urgency), lexicon::urgency(&row.sample.text).to_owned()])
    });
    figures(&URGENCIES, &known.collect::<Vec<_>>())
}

/// Of rows of truth, answer and the lexicon's answer.
fn figures(levels: &[&str], rows: &[[String; 3]]) -> Option<Value> {
    let place = |level: &str| levels.iter().position(|known| *known == level);
    let near = |[truth, said, _]: &&[String; 3]| {
        place(truth).zip(place(said)).is_some_and(|(truth, said)| truth.abs_diff(said) <= 1)
    };
    (!rows.is_empty()).then(|| {
        json!({
            "texts": rows.len(),
            "macro_f1": number(macro_f1(rows.iter().map(|[truth, said, _]| (truth.as_str(), said.as_str())))),
            "lexicon_macro_f1": number(macro_f1(rows.iter().map(|[truth, _, words]| (truth.as_str(), words.as_str())))),
            "accuracy": share(rows.iter().filter(|[truth, said, _]| truth == said).count(), rows.len()),
            "within_one_level": share(rows.iter().filter(near).count(), rows.len()),
        })
    })
}
