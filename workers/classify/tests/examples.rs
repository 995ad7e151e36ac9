//! Tickets in, sections out, over the tiny bundle: a table of keywords instead of a trained model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};

use classify::{Classify, Config};
use shared::{
    Config as _, StartError,
    events::{Classification, Priority, Sentiment, Ticket},
    model::ModelSettings,
};

fn bundle() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tests/fixtures/tiny")
}

fn ticket(body: &str) -> Ticket {
    let ticket = serde_json::json!({
        "tenant": "harbor", "id": "T-1", "body": body, "created_at": "2026-03-02T09:00:00Z",
    });
    serde_json::from_value(ticket).unwrap()
}

async fn worker() -> Classify {
    Config { classifier: Some(bundle()), model: ModelSettings::default() }.start().await.unwrap()
}

async fn read(body: &str) -> Classification {
    worker().await.read(&ticket(body)).await.unwrap()
}

#[tokio::test]
async fn a_ticket_gets_every_section() {
    let mut found =
        read("Where is my parcel? I am furious, this is an emergency and my lawyer will hear of it.").await;
    assert!(found.model.starts_with("classifier@"), "{}", found.model);
    found.model = "classifier@digest".to_owned();
    insta::assert_json_snapshot!(found);
}

#[tokio::test]
async fn subject_and_body_are_read_together() {
    let mut both = ticket("I am waiting since Monday.");
    both.subject = "refund".to_owned();
    assert_eq!(worker().await.read(&both).await.unwrap().intent, "get_refund");
}

#[tokio::test]
async fn a_second_request_is_found_where_the_text_turns_to_it() {
    let asked =
        "Please cancel my order of the kettle and the lamp. By the way, where is my refund? I want a refund.";
    let found = read(asked).await;
    let second = found.secondary.as_ref().map(|second| second.label.clone());
    let both = [Some(found.intent.as_str()), second.as_deref()];
    assert!(both.contains(&Some("cancel_order")) && both.contains(&Some("get_refund")), "{found:?}");
    assert_eq!(
        read("Please cancel my order of the kettle and the lamp, I want to cancel it").await.secondary,
        None
    );
}

#[tokio::test]
async fn what_the_shop_wrote_before_is_not_read() {
    let found = read(
        "Thanks, that was nice of you.\n\nOn 3 March 2026 the shop wrote:\n> your refund and your lawyer",
    )
    .await;
    assert!(found.hazards.is_empty() && found.intent != "get_refund", "{found:?}");
    assert_eq!(found.mood.sentiment, Sentiment::Positive);
}

#[tokio::test]
async fn a_poem_is_out_of_scope() {
    assert!(read("Please write a poem about the weather").await.out_of_scope > 0.9);
    assert!(read("Where is my parcel").await.out_of_scope < 0.1);
}

#[tokio::test]
async fn the_help_desks_priority_and_language_are_kept() {
    let mut told = ticket("Where is my parcel?");
    told.priority = Some(Priority::High);
    told.language = Some("DE-at".to_owned());
    let found = worker().await.read(&told).await.unwrap();
    assert_eq!(found.attention.priority, Priority::High);
    assert_eq!(
        (found.language.code.as_str(), found.language.confidence, found.language.supported),
        ("de", 1.0, false)
    );
}

#[tokio::test]
async fn hostile_texts_are_answered_all_the_same() {
    let worker = worker().await;
    let long = "word".repeat(25_000);
    let lines = ">\n".repeat(50_000);
    for body in
        [".", "\u{200b}\u{202e}x", "[PAD] [CLS] [SEP] [MASK]", "\u{1f4e6}", long.as_str(), lines.as_str()]
    {
        let found = worker.read(&ticket(body)).await.unwrap();
        let sane = found.top.iter().all(|scored| (0.0..=1.0).contains(&scored.probability));
        assert!(sane && found.top.len() == 3 && found.tokens >= 2, "{found:?}");
    }
}

#[tokio::test]
async fn the_same_ticket_is_answered_the_same() {
    let worker = worker().await;
    let asked = ticket("Wo ist mein Paket? refund please, the kettle burned");
    let first = worker.read(&asked).await.unwrap();
    for _ in 0..20 {
        assert_eq!(worker.read(&asked).await.unwrap(), first);
    }
}

#[tokio::test]
async fn a_bundle_with_a_level_that_events_do_not_know_does_not_start() {
    let folder = std::env::temp_dir().join(format!("classify-levels-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["model.onnx", "tokenizer.json"] {
        std::fs::copy(bundle().join(file), folder.join(file)).unwrap();
    }
    let card = std::fs::read_to_string(bundle().join("bundle.json")).unwrap();
    std::fs::write(folder.join("bundle.json"), card.replace("\"urgent\"", "\"yesterday\"")).unwrap();
    let started = Config { classifier: Some(folder.clone()), model: ModelSettings::default() }.start().await;
    std::fs::remove_dir_all(folder).unwrap();
    let Err(StartError::Settings(missets)) = started else { panic!("it started") };
    let expected = "SWITCHYARD_CLASSIFIER: bundle.json: heads.urgency.labels: unknown variant `yesterday`";
    assert!(missets[0].to_string().starts_with(expected), "{}", missets[0]);
}
