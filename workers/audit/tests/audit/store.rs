//! Rows and progress.

use std::sync::Arc;

use audit::{Body, Row};
use shared::bus::{Fingerprint, Partition};

use crate::support::{RECEIVED, World, append, row, settle, settled};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_one_row_however_often_it_comes() {
    let world = World::new().await;
    let (store, positions) = settled(&world, "c", RECEIVED, 1).await;
    assert_eq!(positions, [Some(0)]);
    for _ in 0..3 {
        let answers = append(&store, (0..100).map(|offset| row(RECEIVED, 0, offset))).await;
        assert!(answers.iter().all(Result::is_ok));
    }
    assert_eq!((world.rows().await, world.progress().await), (100, 100));
    let (_, positions) = settled(&world, "c", RECEIVED, 1).await;
    assert_eq!(positions, [Some(100)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_out_of_order_is_stored_at_once_and_progress_waits_for_the_missing_one() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    for offset in [4, 2, 1, 3] {
        store.append(row(RECEIVED, 0, offset)).await.unwrap();
        assert_eq!(world.progress().await, 0);
    }
    assert_eq!(world.rows().await, 4);
    store.append(row(RECEIVED, 0, 0)).await.unwrap();
    assert_eq!((world.rows().await, world.progress().await), (5, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_steps_over_a_gap_in_the_log() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    let mut after_gap = row(RECEIVED, 0, 40);
    after_gap.origin.follows = 0;
    store.append(after_gap).await.unwrap();
    assert_eq!(world.progress().await, 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_written_twice_is_one_row_the_first_in_its_partition() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    let again = Row { event: row(RECEIVED, 0, 3).event, ..row(RECEIVED, 0, 7) };
    let rows = (0..10).map(|offset| if offset == 7 { again.clone() } else { row(RECEIVED, 0, offset) });
    append(&store, rows).await;
    assert_eq!((world.rows().await, world.progress().await), (9, 10));
    assert_eq!(world.number("SELECT count(*) FROM events WHERE \"offset\" = 3").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_are_worlds_of_their_own() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    settle(&store, "c", "replay.tickets.received", 1).await;
    let live = row(RECEIVED, 0, 0);
    let replay = Row { event: live.event, root: live.root, ..row("replay.tickets.received", 0, 0) };
    append(&store, [live, replay]).await;
    assert_eq!(
        world.text("SELECT string_agg(lane || ' ' || kind, ',' ORDER BY lane) FROM events").await,
        "live received,replay received"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_neither_moves_progress_back_nor_doubles_a_row() {
    let world = World::new().await;
    let (zombie, _) = settled(&world, "c", RECEIVED, 1).await;
    append(&zombie, (0..10).map(|offset| row(RECEIVED, 0, offset))).await;
    let (heir, positions) = settled(&world, "c", RECEIVED, 1).await;
    assert_eq!(positions, [Some(10)]);
    append(&heir, (10..50).map(|offset| row(RECEIVED, 0, offset))).await;
    assert!(append(&zombie, (10..30).map(|offset| row(RECEIVED, 0, offset))).await.iter().all(Result::is_ok));
    assert_eq!((world.rows().await, world.progress().await), (50, 50));
    append(&zombie, (45..60).map(|offset| row(RECEIVED, 0, offset))).await;
    append(&heir, (50..70).map(|offset| row(RECEIVED, 0, offset))).await;
    assert_eq!((world.rows().await, world.progress().await), (70, 70));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_is_read_from_its_start() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    append(&store, (0..10).map(|offset| row(RECEIVED, 0, offset))).await;

    let topic = store.topics("c", [Arc::from(RECEIVED)].into()).await.unwrap().remove(0);
    let bytes = i64::try_from(row(RECEIVED, 0, 9).bytes()).unwrap();
    let assigned = [Partition { topic: RECEIVED.into(), number: 0 }];
    assert_eq!(topic.places(), [(assigned[0].clone(), 9)]);
    assert!(topic.is_still(&[Some(Fingerprint { time_ms: 1_760_000_000_009, bytes })]));
    assert!(!topic.is_still(&[Some(Fingerprint { time_ms: 1_760_000_000_008, bytes })]));

    assert_eq!(store.settle("c", &[topic.anew()], &assigned).await.unwrap(), [Some(0)]);
    let other = |offset| Row { event: uuid::Uuid::new_v4(), ..row(RECEIVED, 0, offset) };
    append(&store, (0..5).map(other)).await;
    assert_eq!((world.rows().await, world.progress().await), (15, 15));
    let (_, positions) = settled(&world, "c", RECEIVED, 1).await;
    assert_eq!(positions, [Some(5)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_read_again_by_mistake_adds_no_row_readable_or_not() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    let rows: Vec<Row> = (0..20)
        .map(|offset| if offset % 3 == 0 { unreadable(offset) } else { row(RECEIVED, 0, offset) })
        .collect();
    append(&store, rows.clone()).await;
    let topic = store.topics("c", [Arc::from(RECEIVED)].into()).await.unwrap().remove(0);
    let assigned = [Partition { topic: RECEIVED.into(), number: 0 }];
    store.settle("c", &[topic.anew()], &assigned).await.unwrap();
    append(&store, rows).await;
    assert_eq!((world.rows().await, world.progress().await), (20, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_has_progress_of_its_own() {
    let world = World::new().await;
    let (store, _) = settled(&world, "one", RECEIVED, 1).await;
    append(&store, (0..10).map(|offset| row(RECEIVED, 0, offset))).await;
    let (_, positions) = settled(&world, "another", RECEIVED, 1).await;
    assert_eq!(positions, [Some(0)]);
}

/// A record that is not JSON, under an id that a readable one has too.
fn unreadable(offset: i64) -> Row {
    let body = Body::Bytes { bytes: vec![0xff, 0, 0x80], problem: "is not UTF-8".to_owned() };
    Row { event: row(RECEIVED, 0, 1).event, body, ..row(RECEIVED, 0, offset) }
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_records_are_kept_as_they_came_each_in_its_place() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    append(&store, [row(RECEIVED, 0, 0), row(RECEIVED, 0, 1), unreadable(2), unreadable(3)]).await;
    assert_eq!((world.rows().await, world.progress().await), (4, 4));
    let kept = world.text("SELECT bytes::text || ' ' || problem FROM events WHERE \"offset\" = 3").await;
    assert_eq!(kept, "\\xff0080 is not UTF-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_postgres_refuses_is_kept_as_bytes_and_its_neighbours_as_json() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    let refused = [
        r#"{"n":1e-400000}"#.to_owned(),
        r#"{"s":"\u0000"}"#.to_owned(),
        r#"{"s":"\ud800"}"#.to_owned(),
        "[".repeat(200_000),
    ];
    let rows: Vec<Row> = (0..400)
        .map(|offset| {
            match usize::try_from(offset).ok().filter(|n| n % 100 == 17).and_then(|n| refused.get(n / 100)) {
                Some(json) => Row { body: Body::Json(json.clone()), ..row(RECEIVED, 0, offset) },
                None => row(RECEIVED, 0, offset),
            }
        })
        .collect();
    assert!(append(&store, rows).await.iter().all(Result::is_ok));
    assert_eq!((world.rows().await, world.progress().await), (400, 400));
    assert_eq!(world.number("SELECT count(*) FROM events WHERE data IS NULL AND problem <> ''").await, 4);
    let kept = world.text("SELECT convert_from(bytes, 'UTF8') FROM events WHERE \"offset\" = 17").await;
    assert_eq!(kept, refused[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_records_with_duplicates_are_each_one_row() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 6).await;
    let mut rows = Vec::new();
    for offset in 0..4_000_i64 {
        for partition in 0..6 {
            let mut row = row(RECEIVED, partition, offset);
            if offset % 6 == 5 {
                row.event = crate::support::id(&format!("{RECEIVED}/{partition}/{}", offset - 3));
            }
            rows.push(row);
        }
    }
    for chunk in rows.chunks(2_000) {
        assert!(append(&store, chunk.iter().cloned()).await.iter().all(Result::is_ok));
    }
    assert_eq!((world.rows().await, world.progress().await), (24_000 - 6 * 666, 24_000));
    assert_eq!(world.number("SELECT count(DISTINCT event_id) FROM events").await, 24_000 - 6 * 666);
}
