//! Qdrant over real gRPC when it is slow, away, strict or wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::{sync::atomic::Ordering, time::Instant};

use retrieve::index::{Index, Query};
use shared::{Failure, StartError};
use support::{entry, lean, search, server::Server, space};

fn query(vector: &[f32]) -> Query<'_> {
    Query { tenant: "acme", intent: "get_refund", vector, limit: 5 }
}

#[tokio::test]
async fn the_keyword_indexes_are_made_before_the_first_point() {
    let server = Server::start(None).await;
    let index = Index::open(&server.settings(), &space()).await.unwrap();
    index.upsert((0..70).map(|n| entry("acme", &n.to_string(), None, lean(n, 0.1))).collect()).await.unwrap();
    let journal = server.journal.lock().unwrap();
    assert_eq!(*journal, ["collection of 16", "index on tenant", "index on intent", "64 points", "6 points"]);
}

#[tokio::test]
async fn a_collection_is_made_once_by_many_that_start_together() {
    let (server, space) = (Server::start(None).await, space());
    let settings = server.settings();
    let opened = tokio::join!(
        Index::open(&settings, &space),
        Index::open(&settings, &space),
        Index::open(&settings, &space)
    );
    assert!(opened.0.is_ok() && opened.1.is_ok() && opened.2.is_ok());
    let made = server.journal.lock().unwrap().iter().filter(|line| line.starts_with("collection")).count();
    assert_eq!(made, 1);
}

#[tokio::test]
async fn the_collection_carries_the_encoders_digest() {
    let (server, space) = (Server::start(None).await, space());
    let index = Index::open(&server.settings(), &space).await.unwrap();
    let hex = space.encoder.trim_start_matches("test@").get(..12).unwrap();
    assert_eq!(index.name(), format!("qdrant/resolved_{hex}"));
}

#[tokio::test]
async fn a_slow_server_is_waited_for_only_so_long_and_then_retried() {
    let server = Server::start(None).await;
    let mut settings = server.settings();
    settings.qdrant_timeout_ms = 150;
    let index = Index::open(&settings, &space()).await.unwrap();
    server.slow_ms.store(5_000, Ordering::Relaxed);
    let began = Instant::now();
    let failure = Failure::from(index.search(query(&lean(0, 0.0))).await.unwrap_err());
    assert!(began.elapsed().as_millis() < 1_000);
    assert!(matches!(failure, Failure::Retry(_)));
    assert!(failure.to_string().contains("did not answer a search within 150 ms"), "{failure}");
    server.slow_ms.store(0, Ordering::Relaxed);
    assert!(index.search(query(&lean(0, 0.0))).await.is_ok());
}

#[tokio::test]
async fn a_server_that_goes_away_is_retried_and_serves_again() {
    let server = Server::start(None).await;
    let index = Index::open(&server.settings(), &space()).await.unwrap();
    server.away.store(true, Ordering::Relaxed);
    let vector = lean(0, 0.0);
    for error in [
        index.search(query(&vector)).await.unwrap_err(),
        index.upsert(vec![entry("acme", "a", None, vector.clone())]).await.unwrap_err(),
    ] {
        let failure = Failure::from(error);
        assert!(
            matches!(failure, Failure::Retry(_)) && failure.to_string().contains("restarting"),
            "{failure}"
        );
    }
    server.away.store(false, Ordering::Relaxed);
    assert!(index.search(query(&vector)).await.is_ok());
}

#[tokio::test]
async fn a_server_that_is_not_there_at_the_start_is_the_world() {
    let mut settings = support::memory_settings(std::path::Path::new("unused"));
    settings.qdrant_url = Some("http://127.0.0.1:1".to_owned());
    let Err(StartError::World(error)) = Index::open(&settings, &space()).await else {
        panic!("not the world")
    };
    assert!(format!("{error:#}").contains("http://127.0.0.1:1"), "{error:#}");
}

#[tokio::test]
async fn the_key_is_sent_with_every_call() {
    let server = Server::start(Some("s3cret")).await;
    let mut settings = server.settings();
    settings.qdrant_api_key = Some("s3cret".into());
    let index = Index::open(&settings, &space()).await.unwrap();
    index.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    assert_eq!(search(&index, "acme", "", &lean(0, 0.0), 5).await.len(), 1);
}

#[tokio::test]
async fn a_key_that_is_refused_is_a_setting_and_is_not_repeated() {
    let server = Server::start(Some("s3cret")).await;
    for key in [None, Some("wr0ng")] {
        let mut settings = server.settings();
        settings.qdrant_api_key = key.map(Into::into);
        let Err(StartError::Settings(wrong)) = Index::open(&settings, &space()).await else {
            panic!("{key:?}")
        };
        assert_eq!(wrong[0].setting, "QDRANT_API_KEY");
        assert!(!wrong[0].problem.contains("wr0ng"), "{}", wrong[0]);
    }
}

#[tokio::test]
async fn a_server_that_forgets_to_filter_leaks_nothing() {
    let server = Server::start(None).await;
    let index = Index::open(&server.settings(), &space()).await.unwrap();
    let entries = ["acme", "globex"].map(|tenant| entry(tenant, "a", None, lean(0, 0.0)));
    index.upsert(entries.to_vec()).await.unwrap();
    server.leaky.store(true, Ordering::Relaxed);
    let hits = search(&index, "acme", "", &lean(0, 0.0), 5).await;
    assert_eq!(hits.iter().map(|hit| hit.card.tenant.as_str()).collect::<Vec<_>>(), ["acme"]);
}
