//! Two stores that compete, records that come in any order and again: each record is one row, and progress is never
//! past one that is missing.

use std::{collections::HashMap, sync::LazyLock};

use audit::{Body, Row};
use futures::future::join_all;
use proptest::{prelude::*, sample::Index};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::support::{RECEIVED, World, insist, row, settle};

const PARTITIONS: i32 = 3;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static WORLD: LazyLock<World> = LazyLock::new(|| RUNTIME.block_on(World::new()));

/// What lies in a partition: how far each record is from the one before, and what it is.
type Log = Vec<(i64, Kind)>;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Fresh,
    Again,
    Unreadable,
}

/// A step of the story: one store takes over, or both deliver stretches, shuffled, at the same time.
#[derive(Debug, Clone)]
enum Step {
    TakeOver(usize),
    Deliver(Vec<(usize, Index, usize, u64)>),
}

fn logs() -> impl Strategy<Value = Vec<Log>> {
    let kind = prop_oneof![6 => Just(Kind::Fresh), 1 => Just(Kind::Again), 1 => Just(Kind::Unreadable)];
    prop::collection::vec(prop::collection::vec((0_i64..3, kind), 1..60), PARTITIONS as usize)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let stretch = (0_usize..2, any::<Index>(), 1_usize..50, any::<u64>());
    let deliver = prop::collection::vec(stretch, 1..4).prop_map(Step::Deliver);
    prop::collection::vec(prop_oneof![1 => (0_usize..2).prop_map(Step::TakeOver), 4 => deliver], 1..10)
}

/// The records of a log, their ids fresh for each story.
fn records(logs: &[Log], story: Uuid) -> Vec<Row> {
    let mut rows = Vec::new();
    for (partition, log) in (0..).zip(logs) {
        let (mut next, mut before) = (0, None);
        for (gap, kind) in log {
            let mut row = row(RECEIVED, partition, next + gap);
            row.origin.follows = next;
            row.event = Uuid::new_v5(&story, format!("{partition}/{}", row.origin.offset).as_bytes());
            match kind {
                Kind::Fresh => before = Some(row.event),
                Kind::Again => row.event = before.unwrap_or(row.event),
                Kind::Unreadable => {
                    row.body = Body::Bytes { bytes: vec![0xfe], problem: "is not UTF-8".to_owned() }
                }
            }
            next = row.origin.offset + 1;
            rows.push(row);
        }
    }
    rows
}

/// A stretch of the records in an order of its own.
fn shuffled(records: &[Row], start: &Index, length: usize, seed: u64) -> Vec<Row> {
    let start = start.index(records.len());
    let mut stretch: Vec<Row> = records.iter().skip(start).take(length).cloned().collect();
    stretch.sort_by_key(|row| {
        Uuid::new_v5(&row.event, &[seed.to_le_bytes(), row.origin.offset.to_le_bytes()].concat())
    });
    stretch
}

/// Rows and progress of a story as one snapshot: events by (id, unreadable place), and the next offsets.
async fn stored(cluster: &str) -> (HashMap<(Uuid, Option<i64>), i64>, HashMap<i32, i64>) {
    let query = "SELECT e.event_id, CASE WHEN problem IS NOT NULL THEN \"offset\" END AS place, e.partition, p.next_offset \
        FROM streams s JOIN progress p ON p.stream_id = s.id \
        LEFT JOIN events e ON e.stream_id = p.stream_id AND e.partition = p.partition WHERE s.cluster = $1";
    let (mut events, mut progress) = (HashMap::new(), HashMap::new());
    for row in WORLD.sql.query(query, &[&cluster]).await.unwrap() {
        if let Some(event) = row.get::<_, Option<Uuid>>(0) {
            *events.entry((event, row.get(1))).or_default() += 1;
            progress.insert(row.get(2), row.get(3));
        }
    }
    (events, progress)
}

fn identity(row: &Row) -> (Uuid, Option<i64>) {
    (row.event, matches!(row.body, Body::Bytes { .. }).then_some(row.origin.offset))
}

/// Nothing twice, and nothing missing before the progress.
fn check(records: &[Row], events: &HashMap<(Uuid, Option<i64>), i64>, progress: &HashMap<i32, i64>) {
    assert!(events.values().all(|count| *count == 1), "a row twice");
    for row in records {
        let passed = progress.get(&row.origin.partition).is_some_and(|next| row.origin.offset < *next);
        assert!(
            !passed || events.contains_key(&identity(row)),
            "progress is past {:?}, which is missing",
            row.origin
        );
    }
}

async fn play(logs: Vec<Log>, steps: Vec<Step>) {
    let story = Uuid::new_v4();
    let cluster = story.to_string();
    let records = records(&logs, story);
    let stores = [WORLD.store(), WORLD.store()];
    for store in &stores {
        settle(store, &cluster, RECEIVED, PARTITIONS).await;
    }
    for step in steps {
        match step {
            Step::TakeOver(who) => drop(settle(&stores[who], &cluster, RECEIVED, PARTITIONS).await),
            Step::Deliver(stretches) => {
                join_all(stretches.iter().map(|(who, start, length, seed)| {
                    insist(&stores[*who], shuffled(&records, start, *length, *seed))
                }))
                .await;
            }
        }
        let (events, progress) = stored(&cluster).await;
        check(&records, &events, &progress);
    }
    let positions = settle(&stores[0], &cluster, RECEIVED, PARTITIONS).await;
    let rest = records.iter().filter(|row| {
        let position = positions.get(row.origin.partition as usize).copied().flatten();
        position.is_some_and(|position| row.origin.offset >= position)
    });
    insist(&stores[0], rest.cloned()).await;
    let (events, progress) = stored(&cluster).await;
    check(&records, &events, &progress);
    for row in &records {
        assert!(events.contains_key(&identity(row)), "{:?} is missing", row.origin);
        assert!(progress.get(&row.origin.partition).is_some_and(|next| *next > row.origin.offset));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_record_is_one_row_and_progress_is_never_past_a_missing_one(logs in logs(), steps in steps()) {
        LazyLock::force(&WORLD);
        RUNTIME.block_on(play(logs, steps));
    }
}
