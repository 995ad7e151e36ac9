//! The model card's figures: its `model-index` and the tables between two marks, always those of `metrics.json`.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::report::{card_tables, put};

const BEGIN: &str = "<!-- evaluate: begin -->";
const END: &str = "<!-- evaluate: end -->";

/// The metrics of the card's `model-index`: type, name, place in `metrics.json`.
const INDEX: [(&str, &str, &str); 6] = [
    ("f1", "macro-F1", "/intent/SET/macro_f1"),
    ("accuracy", "accuracy", "/intent/SET/accuracy"),
    ("ece", "expected calibration error", "/intent/SET/ece"),
    ("brier_score", "Brier score of the confidence", "/intent/SET/brier"),
    ("aurc", "area under the risk-coverage curve", "/intent/SET/aurc"),
    ("roc_auc", "out-of-scope AUROC", "/scope/SET/auroc"),
];

/// The sets of the `model-index`: type and name of the data set, name in `metrics.json`.
const SETS: [(&str, &str, &str); 3] = [
    ("bitext", "Bitext customer support, 4,514 release", "bitext_4514"),
    ("natural_tickets", "natural tickets of this project, held out", "natural_tickets"),
    ("decisions", "labelled tickets of this project that nothing is trained on", "decisions"),
];

/// Puts the figures into the card of the bundle in this folder.
///
/// # Errors
/// When the card cannot be read or written, or has no front matter.
pub fn refresh(bundle: &Path, metrics: &Value) -> Result<()> {
    let path = bundle.join("README.md");
    let card = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    put(&path, &refreshed(&card, metrics).with_context(|| format!("{}", path.display()))?)
}

/// The card with these figures; all else as it was.
///
/// # Errors
/// When it has no front matter.
pub fn refreshed(card: &str, metrics: &Value) -> Result<String> {
    let Some((front, body)) = card.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) else {
        bail!("has no front matter between two lines `---`");
    };
    Ok(format!("---\n{}{}---\n{}", without_index(front), index(metrics), with_tables(body, metrics)))
}

/// The front matter's lines but those of `model-index`.
fn without_index(front: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in front.lines() {
        if !line.starts_with([' ', '-']) {
            inside = line.starts_with("model-index:");
        }
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// The sets that were measured, with the figures there are.
fn index(metrics: &Value) -> String {
    let mut yaml = String::from("model-index:\n- name: switchyard-classifier\n  results:\n");
    for (kind, name, set) in SETS.iter().filter(|(_, _, set)| metrics["intent"].get(*set).is_some()) {
        yaml += "  - task:\n      type: text-classification\n      name: intent of a support ticket\n";
        yaml += &format!(
            "    dataset:\n      type: {kind}\n      name: {name}\n      split: test\n    metrics:\n"
        );
        for (kind, name, place) in INDEX {
            if let Some(value) = metrics.pointer(&place.replace("SET", set)).and_then(Value::as_f64) {
                yaml += &format!("    - type: {kind}\n      name: {name}\n      value: {value}\n");
            }
        }
    }
    yaml
}

/// The body with the tables between the marks; without marks, before the section on use, or at the end.
fn with_tables(body: &str, metrics: &Value) -> String {
    let tables = card_tables(metrics);
    let block = format!("{BEGIN}\n{tables}\n{END}");
    let marked = body.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    if let Some((before, after)) = marked {
        return format!("{before}{block}{after}");
    }
    match body.split_once("## Use and limits") {
        Some((before, after)) => format!("{before}{block}\n\n## Use and limits{after}"),
        None => format!("{}\n\n{block}\n", body.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CARD: &str = "---\nlanguage: en\nmodel-index:\n- name: x\n  results:\n  - old: 1\ntags:\n- a\n---\n\n# Card\n\n## Use and limits\n\nNone.\n";

    fn metrics(macro_f1: f64) -> Value {
        json!({ "intent": { "decisions": { "texts": 3, "macro_f1": macro_f1 } } })
    }

    #[test]
    fn the_figures_are_exchanged_and_all_else_stays() {
        let first = refreshed(CARD, &metrics(0.5)).unwrap();
        assert!(
            first.contains("tags:\n- a\nmodel-index:\n- name: switchyard-classifier")
                && !first.contains("old: 1")
        );
        assert!(first.contains("value: 0.5\n") && first.contains("| decisions | 3 | 0.5000 |"));
        let second = refreshed(&first, &metrics(0.75)).unwrap();
        assert_eq!(second.replace("0.75\n", "0.5\n").replace("0.7500", "0.5000"), first);
    }

    #[test]
    fn a_card_without_front_matter_is_refused() {
        assert!(refreshed("# Card\n", &metrics(0.5)).is_err());
    }
}
