//! What holds of every index: in this process, over gRPC, and on a real Qdrant where QDRANT_URL names one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use retrieve::index::{Entry, Index, Part, point_id};
use support::{WIDTH, entry, ids, lean, places, search, unit};

#[tokio::test]
async fn the_nearest_come_with_their_cosine() {
    for place in places().await {
        let entries = (0..4).map(|n| entry("acme", &format!("t{n}"), None, lean(0, n as f32))).collect();
        place.index.upsert(entries).await.unwrap();
        let hits = search(&place.index, "acme", "", &lean(0, 0.0), 2).await;
        assert_eq!(ids(&hits), ["t0", "t1"], "{}", place.index.name());
        assert!((hits[0].score - 1.0).abs() < 1e-5 && (hits[1].score - 0.5_f32.sqrt()).abs() < 1e-5);
    }
}

#[tokio::test]
async fn a_card_comes_back_as_it_went_in() {
    for place in places().await {
        for intent in [None, Some("get_refund")] {
            let mut sent = entry("acme", "T/1 \u{1F600}", intent, lean(3, 0.5));
            sent.card.reply = "Two lines,\n\"quoted\" and ümlauts.".to_owned();
            place.index.upsert(vec![Entry { content: format!("{intent:?}"), ..sent.clone() }]).await.unwrap();
            let hits = search(&place.index, "acme", "get_refund", &lean(3, 0.5), 5).await;
            assert_eq!(hits.into_iter().map(|hit| hit.card).collect::<Vec<_>>(), [sent.card]);
        }
    }
}

#[tokio::test]
async fn the_same_intent_is_found_though_many_others_are_nearer() {
    for place in places().await {
        let mut entries: Vec<_> = (0..9)
            .map(|n| entry("acme", &format!("o{n}"), Some("track_order"), lean(0, 0.01 * n as f32)))
            .collect();
        entries.push(entry("acme", "far", Some("get_refund"), lean(0, 3.0)));
        place.index.upsert(entries).await.unwrap();
        let hits = search(&place.index, "acme", "get_refund", &lean(0, 0.0), 3).await;
        assert_eq!(ids(&hits), ["o0", "o1", "o2", "far"], "{}", place.index.name());
    }
}

#[tokio::test]
async fn the_same_ticket_again_replaces_the_first() {
    for place in places().await {
        place.index.upsert(vec![entry("acme", "t", None, lean(0, 0.0))]).await.unwrap();
        let mut changed = entry("acme", "t", None, lean(5, 0.0));
        changed.content = "changed".to_owned();
        place.index.upsert(vec![changed]).await.unwrap();
        let hits = search(&place.index, "acme", "", &lean(5, 0.0), 5).await;
        assert_eq!(hits.len(), 1);
        assert!(hits[0].score > 0.99);
    }
}

#[tokio::test]
async fn a_ticket_is_found_once_by_the_nearer_of_its_parts() {
    for place in places().await {
        let whole = entry("acme", "t", Some("get_refund"), lean(0, 3.0));
        let subject = Entry { part: Part::Subject, vector: lean(0, 0.5), ..whole.clone() };
        place.index.upsert(vec![subject, whole]).await.unwrap();
        for (asked, score) in [(lean(0, 0.5), 1.0), (lean(0, 3.0), 1.0)] {
            let hits = search(&place.index, "acme", "get_refund", &asked, 5).await;
            assert_eq!(ids(&hits), ["t"], "{}", place.index.name());
            assert!((hits[0].score - score).abs() < 1e-5, "{}", hits[0].score);
        }
    }
}

#[tokio::test]
async fn contents_tell_what_is_there() {
    for place in places().await {
        place
            .index
            .upsert((0..200).map(|n| entry("acme", &n.to_string(), None, lean(n, 0.1))).collect())
            .await
            .unwrap();
        let asked = [
            point_id("acme", "7", Part::Whole),
            point_id("acme", "199", Part::Whole),
            point_id("globex", "7", Part::Whole),
        ];
        let contents = place.index.contents(&asked).await.unwrap();
        assert_eq!(contents.len(), 2);
        assert_eq!(contents[&asked[0]], "content of 7");
    }
}

#[tokio::test]
async fn an_unknown_tenant_finds_nothing() {
    for place in places().await {
        place.index.upsert(vec![entry("acme", "t", None, lean(0, 0.0))]).await.unwrap();
        assert!(search(&place.index, "acme2", "", &lean(0, 0.0), 5).await.is_empty());
    }
}

#[tokio::test]
async fn an_empty_index_finds_nothing() {
    for place in places().await {
        assert!(search(&place.index, "acme", "", &lean(0, 0.0), 5).await.is_empty());
    }
}

#[test]
fn no_search_ever_returns_another_tenants_passage() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let places = runtime.block_on(places());
    let cases = 0..u32::MAX;
    let cases = std::cell::RefCell::new(cases);
    let mut runner = TestRunner::new(Config { cases: 60, ..Config::default() });
    let tenant =
        prop::sample::select(vec!["acme", "acm", "acme/", "ACME", "a*", "", "acme' OR 1=1", "ümlaut"]);
    let row = (tenant.clone(), "[a-c]{1,2}", prop::option::of("get_refund|track_order"), vector());
    let case = (prop::collection::vec(row, 1..40), tenant, vector(), 1_usize..6);
    runner
        .run(&case, |(rows, tenant, vector, limit)| {
            // Each case has tenants of its own, since all share the indexes.
            let case = cases.borrow_mut().next().unwrap();
            let name = |tenant: &str| format!("{tenant}-{case}");
            for place in &places {
                let entries = rows.iter().map(|(tenant, id, intent, vector)| {
                    entry(&name(tenant), id, intent.as_deref(), vector.clone())
                });
                let own: std::collections::HashSet<_> =
                    rows.iter().filter(|row| row.0 == tenant).map(|row| row.1.clone()).collect();
                let hits = runtime.block_on(put_and_search(
                    &place.index,
                    entries.collect(),
                    &name(tenant),
                    &vector,
                    limit,
                ));
                prop_assert!(
                    hits.iter().all(|(owner, id)| *owner == name(tenant) && own.contains(id)),
                    "{hits:?}"
                );
                prop_assert!(hits.len() >= own.len().min(limit), "{} of {}", hits.len(), own.len());
            }
            Ok(())
        })
        .unwrap();
}

async fn put_and_search(
    index: &Index,
    entries: Vec<Entry>,
    tenant: &str,
    vector: &[f32],
    limit: usize,
) -> Vec<(String, String)> {
    index.upsert(entries).await.unwrap();
    let hits = search(index, tenant, "get_refund", vector, limit).await;
    hits.into_iter().map(|hit| (hit.card.tenant, hit.card.id)).collect()
}

fn vector() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-1.0_f32..1.0, WIDTH).prop_map(|mut vector| {
        vector[0] += 1.5;
        unit(vector)
    })
}
