//! The committed figures follow from the committed bundle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};

use classify::Classify;
use evaluate::{answers, card, figures, sets::Texts};
use serde_json::Value;
use shared::model::{Bundle, Kind, ModelSettings};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn bundle() -> PathBuf {
    root().join("models/classifier")
}

fn committed() -> Value {
    serde_json::from_str(&std::fs::read_to_string(bundle().join("report/metrics.json")).unwrap()).unwrap()
}

/// Every number of `expected` that `found` has not, or has otherwise.
fn differences(place: &str, expected: &Value, found: Option<&Value>, all: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Some(found)) => {
            for (key, value) in expected {
                differences(&format!("{place}/{key}"), value, found.get(key), all);
            }
        }
        (Value::Number(a), Some(Value::Number(b)))
            if (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() <= 1e-6 => {}
        (a, Some(b)) if a == b => {}
        (a, b) => all.push(format!(
            "{place}: {a} here, {} committed",
            b.map_or("nothing".to_owned(), Value::to_string)
        )),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_committed_figures_follow_from_the_committed_bundle() {
    let committed = committed();
    let digest = Bundle::load(&bundle(), Kind::Classifier).unwrap().digest;
    assert_eq!(committed["bundle"], digest, "another bundle was evaluated; run `make evaluate`");
    let texts = Texts::of_the_repository(&root()).unwrap();
    for (file, digest) in &texts.digests {
        assert_eq!(committed["data"][file], *digest, "{file} has changed; run `make evaluate`");
    }
    let worker = Classify::open(Some(&bundle()), &ModelSettings::default()).await.unwrap();
    let answers = answers::read(&worker, &texts.sets, || ()).await.unwrap();
    let mut all = Vec::new();
    differences("", &figures::of(&answers), Some(&committed), &mut all);
    assert!(all.is_empty(), "run `make evaluate`:\n{}", all.join("\n"));
}

#[test]
fn the_cards_figures_are_those_of_the_report() {
    let text = std::fs::read_to_string(bundle().join("README.md")).unwrap();
    let fresh = card::refreshed(&text, &committed()).unwrap();
    let other = fresh.lines().zip(text.lines()).find(|(fresh, committed)| fresh != committed);
    assert_eq!(other, None, "run `make evaluate`");
    assert_eq!(fresh.len(), text.len(), "run `make evaluate`");
}

#[test]
fn a_figure_that_is_off_is_named() {
    let (expected, found) =
        (serde_json::json!({"a": {"b": 0.5, "c": 1}}), serde_json::json!({"a": {"b": 0.50001}}));
    let mut all = Vec::new();
    differences("", &expected, Some(&found), &mut all);
    assert_eq!(all, ["/a/b: 0.5 here, 0.50001 committed", "/a/c: 1 here, nothing committed"]);
}
