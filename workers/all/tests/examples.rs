//! Every worker over every example of what it reads, into a snapshot. Adding an example adds a test.
//!
//! `SWITCHYARD_WRITE_EXAMPLES=1` writes the examples of the later events anew from those of `received`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use all::Overrides;
use local::root;
use serde_json::{Value, json};
use shared::{
    Config, Envelope, Event, Worker,
    bus::{Bus, Origin, Partition, memory::MemoryBus},
    envelope::Meta,
    events::{AnyEvent, Classified, Drafted, Received, Rejected, Resolved, Retrieved, Routed},
};

/// Every example of an event, by name, in order.
fn examples<E: Event>() -> Vec<(String, Vec<u8>)> {
    let folder = root().join("schemas/examples").join(E::NAME);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |file: &Path| file.file_stem().unwrap().to_string_lossy().into_owned();
    files.iter().map(|file| (name(file), fs::read(file).unwrap())).collect()
}

/// An event as it would be read from its topic.
fn envelope<E: Event>(data: E) -> Envelope<E> {
    let origin = Origin {
        topic: "tickets.example".into(),
        partition: 0,
        offset: 0,
        follows: 0,
        time_ms: 1_763_630_100_000,
    };
    let key = data.about().map(|(tenant, id)| format!("{tenant}/{id}")).unwrap_or_default();
    Meta::of_place(&origin).envelope(key, origin, data)
}

/// Numbers to two decimals and no digests: a snapshot holds what a person would check, on any processor.
fn readable(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => json!((number.as_f64().unwrap() * 100.0).round() / 100.0),
        Value::Array(values) => values.into_iter().map(readable).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match name.as_str() {
                "model" | "policy" | "index" => (name, json!("<digest>")),
                _ => (name, readable(value)),
            })
            .collect(),
        other => other,
    }
}

/// What the worker adds to each example: the sections that its output has and its input has not.
async fn over_every_example<W: Worker>(worker: &W) {
    let writes = std::env::var_os("SWITCHYARD_WRITE_EXAMPLES").is_some();
    for (name, bytes) in examples::<W::Input>() {
        let event = W::Input::decode(&bytes).unwrap();
        let output = worker.handle(envelope(event)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut output = serde_json::to_value(&output).unwrap();
        if writes && !W::Output::TOPICS.is_empty() {
            let file = root().join("schemas/examples").join(W::Output::NAME).join(format!("{name}.json"));
            fs::write(file, serde_json::to_string_pretty(&output).unwrap() + "\n").unwrap();
        }
        let input: Value = serde_json::from_slice(&bytes).unwrap();
        if let (Some(output), Some(input)) = (output.as_object_mut(), input.as_object()) {
            output.retain(|section, _| !input.contains_key(section));
        }
        insta::assert_json_snapshot!(format!("{}__{name}", W::NAME), readable(output));
    }
}

async fn worker<C: Config>(overrides: &Overrides) -> C::Worker {
    overrides.config::<C>().unwrap().start().await.unwrap()
}

/// The demo's resolved tickets, where retrieve looks for them.
async fn filled_index(folder: &Path) -> Overrides {
    let overrides = Overrides::default().with("index-dir", folder.to_string_lossy());
    let index = worker::<index::Config>(&overrides).await;
    let text = fs::read_to_string(root().join("deploy/demo/resolved.jsonl")).unwrap();
    for line in text.lines() {
        let resolution = serde_json::from_str(line).unwrap();
        index.handle(envelope(Resolved { resolution })).await.unwrap();
    }
    overrides
}

#[tokio::test]
async fn every_worker_answers_every_example() {
    let folder = tempfile::tempdir().unwrap();
    let overrides = filled_index(folder.path()).await;
    over_every_example(&worker::<classify::Config>(&overrides).await).await;
    over_every_example(&worker::<retrieve::Config>(&overrides).await).await;
    over_every_example(&worker::<draft::Config>(&overrides).await).await;
    over_every_example(&worker::<route::Config>(&overrides).await).await;
    over_every_example(&worker::<index::Config>(&overrides).await).await;
}

#[tokio::test]
async fn the_audit_takes_every_example_of_every_event() {
    let postgres = tokio::task::spawn_blocking(local::Postgres::private).await.unwrap().unwrap();
    let audit = worker::<audit::Config>(&Overrides::default().with("database-url", postgres.url())).await;
    let mut all: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut add = |name: &'static str, examples: Vec<(String, Vec<u8>)>| {
        all.extend(examples.into_iter().map(|(_, bytes)| (name, bytes)))
    };
    add("received", examples::<Received>());
    add("classified", examples::<Classified>());
    add("retrieved", examples::<Retrieved>());
    add("drafted", examples::<Drafted>());
    add("routed", examples::<Routed>());
    add("rejected", examples::<Rejected>());
    add("resolved", examples::<Resolved>());
    let read = AnyEvent::TOPICS
        .iter()
        .map(|topic| Partition { topic: (*topic).into(), number: 0 })
        .collect::<Vec<_>>();
    audit.positions(&read, &Bus::Memory(MemoryBus::new(1)).peek()).await.unwrap();
    for (offset, (name, bytes)) in all.iter().enumerate() {
        let offset = offset as i64;
        let origin = Origin {
            topic: format!("tickets.{name}").into(),
            partition: 0,
            offset,
            follows: offset,
            time_ms: 0,
        };
        let event = AnyEvent::decode(bytes).unwrap();
        audit.handle(Meta::of_place(&origin).envelope("harbor/1".to_owned(), origin, event)).await.unwrap();
    }
    let (client, connection) = tokio_postgres::connect(postgres.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client.query_one("SELECT count(*) FROM events WHERE data IS NOT NULL", &[]).await.unwrap();
    assert_eq!(rows.get::<_, i64>(0), all.len() as i64);
}
