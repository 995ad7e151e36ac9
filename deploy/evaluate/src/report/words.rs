//! The report in words and tables.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{RELEASES, TICKETS};
use crate::{
    answers::Answers,
    tables::{cell, of, table},
};

/// Confusions shown.
const WORST: usize = 12;

/// The tables, each under its heading.
pub(super) fn report(metrics: &Value, answers: &Answers) -> String {
    let heading = format!(
        "# What the classifier is worth\n\nBundle `{}`. ",
        metrics["bundle"].as_str().unwrap_or_default()
    );
    heading + INTRODUCTION + &tables(metrics) + &worst(answers) + &read_from(metrics)
}

const INTRODUCTION: &str = "Written by `make evaluate`: the bundle beside this folder, through the worker's own code. Figures \
     in `metrics.json`; how each is computed in `shared/src/statistics`.\n\nnatural tickets, handwritten requests, hazards, out of scope, mood: the test \
     share of `training/data`, by the same writers as what was trained on. decisions: `deploy/decisions`, other writers, never \
     trained on. resolved tickets: `deploy/demo/resolved.jsonl`, never trained on. bitext: a release that was neither trained nor \
     calibrated on, from the generator of the releases that were; in mails and mistyped by this command.\n";

const ROBUSTNESS: &str = "The natural tickets, written otherwise. Beyond some 1,200 words only both ends of a text are read: a \
     request in the middle is lost, and the event says so.";

/// Columns of a table: heading and place of the figure.
type Columns = &'static [(&'static str, &'static str)];

const CALIBRATION: Columns = &[
    ("ECE", "/ece"),
    ("Brier", "/brier"),
    ("AURC", "/aurc"),
    ("1 %", "/coverage_at_1_percent_risk"),
    ("2 %", "/coverage_at_2_percent_risk"),
    ("5 %", "/coverage_at_5_percent_risk"),
];
const INTENT: Columns = &[
    ("texts", "/texts"),
    ("macro-F1", "/macro_f1"),
    ("95 % from", "/macro_f1_low"),
    ("to", "/macro_f1_high"),
    ("accuracy", "/accuracy"),
    ("share above 0.85", "/share_above_0.85"),
    ("accuracy there", "/accuracy_above_0.85"),
];
const SCOPE: Columns = &[
    ("in", "/in_scope"),
    ("out", "/out_of_scope"),
    ("AUROC", "/auroc"),
    ("of confidence", "/auroc_confidence"),
    ("of scope head", "/auroc_scope_head"),
    ("bar that lets 90 % in", "/bar_that_lets_90_percent_in"),
    ("out of scope above it", "/out_of_scope_above_that_bar"),
    ("above 0.85", "/out_of_scope_above_0.85"),
];
const HAZARDS: Columns = &[
    ("texts", "/any/texts"),
    ("with a hazard", "/any/positives"),
    ("recall", "/any/recall"),
    ("false alarms", "/any/false_alarms"),
];
const MOOD: Columns = &[
    ("texts", "/texts"),
    ("macro-F1", "/macro_f1"),
    ("a lexicon's", "/lexicon_macro_f1"),
    ("accuracy", "/accuracy"),
    ("within one level", "/within_one_level"),
];
const ROBUST: Columns = &[
    ("texts", "/texts"),
    ("macro-F1", "/macro_f1"),
    ("answers as before", "/answers_as_before"),
    ("marked truncated", "/marked_truncated"),
];
const SECOND: Columns = &[
    ("with two", "/with_two_requests"),
    ("both found", "/found"),
    ("reported", "/reported"),
    ("precision", "/precision"),
    ("with one", "/with_one_request"),
    ("false alarms", "/false_alarms"),
];

/// The tables that the model card shows too.
pub(crate) fn tables(metrics: &Value) -> String {
    let none = Value::Null;
    let get = |key: &str| metrics.get(key).unwrap_or(&none);
    [
        section("Intent", "Intervals: bootstrap over the texts.", &of("set", get("intent"), INTENT)),
        section(
            "Calibration",
            "ECE over 15 bins of equal mass; coverage at so much risk.",
            &of("set", get("intent"), CALIBRATION),
        ),
        section(
            "Calibration, one text in five out of scope",
            "No answer to these is right.",
            &of("set", get("intent_with_out_of_scope"), CALIBRATION),
        ),
        section(
            "Out of scope",
            "Against the set's own such texts, or the held-out ones.",
            &of("in-scope side", get("scope"), SCOPE),
        ),
        section("Hazards", "", &of("set", get("hazards"), HAZARDS)),
        section("Hazards by kind", "", &by_kind(get("hazards"))),
        section("Sentiment", "", &of("set", get("sentiment"), MOOD)),
        section("Urgency", "", &of("set", get("urgency"), MOOD)),
        section("Robustness", ROBUSTNESS, &of("written", get("robustness"), ROBUST)),
        section(
            "A second request",
            "Found: both intents are named. joined: two tickets in one.",
            &of("set", get("second_request"), SECOND),
        ),
        section("Cost", "", &cost(get("cost"))),
    ]
    .concat()
}

fn section(title: &str, words: &str, table: &str) -> String {
    let words = if words.is_empty() { String::new() } else { format!("{words}\n\n") };
    format!("\n## {title}\n\n{words}{table}")
}

/// The sets in which there are hazards, kind by kind.
fn by_kind(hazards: &Value) -> String {
    let mut rows = serde_json::Map::new();
    for (set, found) in hazards.as_object().into_iter().flatten() {
        if found.pointer("/any/positives").is_some_and(|count| count != &json!(0)) {
            for (kind, figures) in found["each"].as_object().into_iter().flatten() {
                rows.insert(format!("{set}: {kind}"), figures.clone());
            }
        }
    }
    of(
        "set",
        &Value::Object(rows),
        &[("with it", "/positives"), ("recall", "/recall"), ("false alarms", "/false_alarms")],
    )
}

fn cost(cost: &Value) -> String {
    let Some(said) = cost.as_object() else { return "Not measured.\n".to_owned() };
    let rows = said.iter().map(|(key, value)| {
        vec![key.replace('_', " "), value.as_f64().map_or(cell(value), |number| number.to_string())]
    });
    let mean = cost["cpu_ms_a_ticket"].as_f64().unwrap_or(0.0);
    let dollars = cost["dollars_a_million_tickets"].as_f64().map_or(String::new(), |dollars| {
        format!("\nThat is ${:.10} a ticket for reading it, beside $0.0004 and 85 ms a ticket of the system this product is compared with.\n", dollars / 1e6)
    });
    table(&["figure", "value"], rows) + &format!("\n{mean:.2} ms of CPU time a ticket.") + &dollars
}

/// The commonest confusions, each with a text.
fn worst(answers: &Answers) -> String {
    let mut counted: BTreeMap<(&str, &str), (usize, &str, &str)> = BTreeMap::new();
    for set in TICKETS.iter().chain(&RELEASES) {
        for row in answers.get(*set).into_iter().flatten() {
            if let Some(truth) = row.sample.intent.as_deref().filter(|truth| *truth != row.said.intent) {
                counted.entry((truth, &row.said.intent)).or_insert((0, set, &row.sample.text)).0 += 1;
            }
        }
    }
    let mut worst: Vec<_> = counted.into_iter().collect();
    worst.sort_by_key(|(_, (count, ..))| std::cmp::Reverse(*count));
    let rows = worst.into_iter().take(WORST).map(|((truth, said), (count, set, text))| {
        vec![truth.to_owned(), said.to_owned(), count.to_string(), set.replace('_', " "), shortened(text)]
    });
    section("Worst confusions", "", &table(&["true", "answered", "texts", "for example in", "text"], rows))
}

fn shortened(text: &str) -> String {
    let text = text.replace('|', "/").split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= 140 { text } else { text.chars().take(139).chain(['…']).collect() }
}

fn read_from(metrics: &Value) -> String {
    let files = metrics["data"].as_object().into_iter().flatten();
    let rows = files.map(|(file, digest)| vec![file.clone(), cell(digest)]);
    section("Read from", "", &table(&["file", "digest"], rows))
}
