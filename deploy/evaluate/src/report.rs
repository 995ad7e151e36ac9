//! The report's folder: figures, tables and pictures, all written anew.

mod confusions;
mod curves;
mod words;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use shared::model::Cost;

use crate::{answers::Answers, figures, sets::Texts};

/// The release whose confusions the main picture shows.
const RELEASES: [&str; 2] = ["bitext_4514", "bitext"];

/// The tickets that people wrote, or could have.
const TICKETS: [&str; 3] = ["natural_tickets", "decisions", "resolved_tickets"];

/// A report before it is written: contents by file name.
pub struct Report {
    /// What `metrics.json` says.
    pub metrics: Value,
    files: BTreeMap<&'static str, String>,
}

impl Report {
    /// The report on these answers of the bundle with this digest.
    ///
    /// # Errors
    /// When the figures cannot be written as JSON.
    pub fn of(
        texts: &Texts,
        answers: &Answers,
        bundle: &str,
        cost: Option<&Cost>,
        price: Option<f64>,
    ) -> Result<Self> {
        let mut metrics =
            json!({ "bundle": bundle, "data": texts.digests, "cost": dollars(answers, cost, price) });
        if let (Value::Object(metrics), Value::Object(figures)) = (&mut metrics, figures::of(answers)) {
            metrics.extend(figures);
        }
        let mut files = BTreeMap::from([("metrics.json", serde_json::to_string_pretty(&metrics)? + "\n")]);
        files.insert("report.md", words::report(&metrics, answers));
        files.extend(curves::pictures(answers));
        for (set, csv, svg, intents) in confusions::wanted(answers) {
            let counted = confusions::Confusions::of(&set);
            files.insert(csv, counted.csv());
            files.insert(svg, counted.picture());
            files.insert(intents, counted.by_intent());
        }
        Ok(Self { metrics, files })
    }

    /// Writes every file of the report and takes away those that an earlier one had and this one has not.
    ///
    /// # Errors
    /// Names the file that cannot be written; no file is left half written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for (name, text) in &self.files {
            put(&folder.join(name), text)?;
        }
        for name in FILES.iter().filter(|name| !self.files.contains_key(**name)) {
            let _absent = fs::remove_file(folder.join(name));
        }
        Ok(())
    }
}

/// The tables of the model card.
pub(crate) fn card_tables(metrics: &Value) -> String {
    words::tables(metrics).replace("\n## ", "\n### ")
}

/// All that a report may hold.
const FILES: [&str; 11] = [
    "metrics.json",
    "report.md",
    "confusion.csv",
    "confusion.svg",
    "intents.csv",
    "confusion_tickets.csv",
    "confusion_tickets.svg",
    "intents_tickets.csv",
    "roc.svg",
    "reliability.svg",
    "risk_coverage.svg",
];

/// Writes a file in one step.
pub(crate) fn put(path: &Path, text: &str) -> Result<()> {
    let part: PathBuf = path.with_extension("part");
    fs::write(&part, text)
        .and_then(|()| fs::rename(&part, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// What the tickets of the repository cost to read, at the policy's price a core hour.
fn dollars(answers: &Answers, cost: Option<&Cost>, price: Option<f64>) -> Value {
    let rows: Vec<f64> =
        TICKETS.iter().filter_map(|set| answers.get(*set)).flatten().map(|row| row.said.cpu_ms).collect();
    let (Some(cost), false) = (cost, rows.is_empty()) else { return Value::Null };
    let mean = rows.iter().sum::<f64>() / rows.len() as f64;
    let mut said = Map::new();
    said.insert("cpu_ms_a_text".to_owned(), json!(cost.cpu_ms_a_text));
    said.insert("cpu_ms_a_token".to_owned(), json!(cost.cpu_ms_a_token));
    said.insert("measured_on".to_owned(), json!(cost.measured_on));
    said.insert("tickets".to_owned(), json!(rows.len()));
    said.insert("cpu_ms_a_ticket".to_owned(), figures::number(mean));
    if let Some(price) = price {
        said.insert("dollars_a_core_hour".to_owned(), json!(price));
        said.insert(
            "dollars_a_million_tickets".to_owned(),
            figures::number(mean / 3_600_000.0 * price * 1e6),
        );
    }
    Value::Object(said)
}
