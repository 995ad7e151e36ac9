//! Rows into the index, with the real encoder, and found again by `retrieve`'s index.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;

use chrono::Utc;
use clap::Parser;
use index::{
    Config, IndexWorker,
    ingest::{Options, Progress, Source, Summary, run},
};
use retrieve::{
    encoder::Encoder,
    index::{Index, MemoryIndex, Query},
};
use shared::{
    Envelope, Worker,
    bus::Origin,
    envelope::Trace,
    events::{Resolution, Resolved},
};
use uuid::Uuid;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    config: Config,
}

fn arguments(folder: &Path) -> Arguments {
    let folder = folder.display().to_string();
    Arguments::parse_from([
        "ingest",
        "x.jsonl",
        "--index-dir",
        &folder,
        "--tenant",
        "acme",
        "--sessions",
        "1",
    ])
}

fn rows(numbers: std::ops::Range<usize>) -> String {
    let row =
        |n| format!(r#"{{"id":"{n}","body":"parcel number {n} is late","reply":"It is on its way, {n}."}}"#);
    numbers.map(row).collect::<Vec<_>>().join("\n")
}

async fn ingest(folder: &Path, text: String) -> Summary {
    let Arguments { options, config } = arguments(folder);
    let source = Source::of("x.jsonl", std::io::Cursor::new(text.into_bytes()));
    run(&options, &config, source, |_: Progress| ()).await.unwrap()
}

#[tokio::test]
async fn a_second_run_does_nothing_and_one_with_more_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let first = ingest(folder.path(), rows(0..10)).await;
    assert_eq!((first.indexed, first.unchanged), (10, 0));
    let second = ingest(folder.path(), rows(0..10)).await;
    assert_eq!((second.indexed, second.unchanged), (0, 10));
    let third = ingest(folder.path(), rows(0..15)).await;
    assert_eq!((third.indexed, third.unchanged), (5, 10));
    let changed = ingest(folder.path(), rows(0..3).replace("on its way", "lost")).await;
    assert_eq!((changed.indexed, changed.unchanged), (3, 0));
}

#[tokio::test]
async fn a_run_after_a_killed_one_goes_on_where_that_ended() {
    let folder = tempfile::tempdir().unwrap();
    ingest(folder.path(), rows(0..10)).await;
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 1_000]).unwrap();
    let again = ingest(folder.path(), rows(0..10)).await;
    assert_eq!((again.indexed, again.unchanged), (1, 9));
}

#[tokio::test]
async fn the_later_of_two_rows_of_one_ticket_counts() {
    let folder = tempfile::tempdir().unwrap();
    let twice = format!("{}\n{}", rows(0..1), rows(0..1).replace("on its way", "lost"));
    assert_eq!(ingest(folder.path(), twice).await.indexed, 1);
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert!(std::fs::read_to_string(file).unwrap().contains("It is lost, 0."));
}

#[tokio::test]
async fn a_resolved_ticket_seen_twice_is_found_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = arguments(folder.path()).config;
    let encoder = Encoder::open(&config.search.encoder).await.unwrap();
    let space = encoder.space().clone();
    let worker = IndexWorker::new(encoder.clone(), Index::open(&config.search.index, &space).await.unwrap());
    for _ in 0..2 {
        worker.handle(event()).await.unwrap();
    }
    assert_eq!(MemoryIndex::open(folder.path(), &space).await.unwrap().len(), 2);
    let index = Index::open(&config.search.index, &space).await.unwrap();
    let vector = encoder.embed("where has my package got to").await.unwrap();
    let query = Query { tenant: "acme", intent: "track_order", vector: &vector, limit: 5 };
    assert_eq!(index.search(query).await.unwrap()[0].card.id, "T-1");
}

fn event() -> Envelope<Resolved> {
    let resolution = Resolution {
        tenant: "acme".to_owned(),
        id: "T-1".to_owned(),
        subject: "Parcel".to_owned(),
        body: "My parcel has not come yet, where is it?".to_owned(),
        reply: "It comes tomorrow.".to_owned(),
        intent: Some("track_order".to_owned()),
        language: None,
        resolved_at: Utc::now(),
        attributes: Default::default(),
    };
    Envelope {
        id: Uuid::nil(),
        root: Uuid::nil(),
        cause: Uuid::nil(),
        key: "acme/T-1".to_owned(),
        source: "/test".to_owned(),
        time: Utc::now(),
        trace: Trace::of(Uuid::nil()),
        origin: Origin { topic: "tickets.resolved".into(), partition: 0, offset: 0, follows: 0, time_ms: 0 },
        data: Resolved { resolution },
    }
}
