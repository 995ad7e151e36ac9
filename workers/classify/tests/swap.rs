//! The bundle is exchanged under load: every answer is one bundle's, whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use classify::Classify;
use shared::{
    events::{Classification, Ticket},
    model::ModelSettings,
};

/// Callers at once.
const CALLERS: usize = 64;

/// Answers that each caller still waits for after it has seen the second bundle.
const MORE: usize = 20;

fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tests/fixtures/tiny")
}

/// A copy of the tiny bundle with another calibration.
fn warmer(folder: &Path, temperature: &str) {
    for file in ["model.onnx", "tokenizer.json"] {
        std::fs::copy(bundle().join(file), folder.join(file)).unwrap();
    }
    let card = std::fs::read_to_string(bundle().join("bundle.json")).unwrap();
    let old = "\"temperature\": 0.5";
    assert!(card.contains(old));
    std::fs::write(
        folder.join("bundle.json"),
        card.replacen(old, &format!("\"temperature\": {temperature}"), 1),
    )
    .unwrap();
}

fn ticket(number: usize) -> Ticket {
    let asked = ["where is my parcel", "i want a refund", "cancel my order please", "the kettle burned me"];
    let body =
        format!("{} {number} {}", asked[number % asked.len()], "and that was that ".repeat(number % 9));
    let ticket = serde_json::json!({
        "tenant": "harbor", "id": format!("T-{number}"), "body": body, "created_at": "2026-03-02T09:00:00Z",
    });
    serde_json::from_value(ticket).unwrap()
}

async fn open(folder: &Path) -> Classify {
    Classify::open(Some(folder), &ModelSettings::default()).await.unwrap()
}

/// What a bundle answers to every ticket.
async fn answers(folder: &Path) -> (String, Vec<Classification>) {
    let worker = open(folder).await;
    let mut found = Vec::new();
    for number in 0..CALLERS {
        found.push(worker.read(&ticket(number)).await.unwrap());
    }
    (found[0].model.clone(), found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_under_load_loses_no_ticket_and_mixes_no_answer() {
    let (first, second, served) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    warmer(first.path(), "0.5");
    warmer(second.path(), "0.51");
    let expected = Arc::new(HashMap::from([answers(first.path()).await, answers(second.path()).await]));
    let names = [first.path(), second.path()].map(|path| std::fs::read(path.join("bundle.json")).unwrap());
    assert_eq!(expected.len(), 2, "the two bundles have two digests");
    assert_ne!(names[0], names[1]);

    warmer(served.path(), "0.5");
    let worker = Arc::new(open(served.path()).await);
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|number| {
        let (worker, expected) = (Arc::clone(&worker), Arc::clone(&expected));
        tokio::spawn(async move {
            let asked = ticket(number);
            let mut seen: Vec<String> = Vec::new();
            let mut more = MORE;
            while more > 0 && begun.elapsed() < Duration::from_secs(60) {
                let found = worker.read(&asked).await.unwrap();
                assert_eq!(found, expected[&found.model][number], "an answer is one bundle's, whole");
                if seen.last() != Some(&found.model) {
                    seen.push(found.model);
                }
                more -= usize::from(seen.len() > 1);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            seen
        })
    });
    let callers: Vec<_> = callers.collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let card = std::fs::read(second.path().join("bundle.json")).unwrap();
    std::fs::write(served.path().join("new"), card).unwrap();
    std::fs::rename(served.path().join("new"), served.path().join("bundle.json")).unwrap();
    for caller in callers {
        let seen = caller.await.unwrap();
        assert_eq!(seen.len(), 2, "first the one, then the other, never back: {seen:?}");
        assert!(expected[&seen[0]][0].confidence > expected[&seen[1]][0].confidence);
    }
}
