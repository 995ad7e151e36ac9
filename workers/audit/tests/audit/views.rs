//! What the views say of a story whose end is known.

use audit::{Body, Row, Store};
use shared::bus::Origin;
use uuid::Uuid;

use crate::support::{World, audit_time, id, settle};

const TOPICS: [&str; 7] =
    ["received", "classified", "retrieved", "drafted", "routed", "rejected", "resolved"];
const CLASSIFICATION: &str = r#"{"classification":{"intent":"track_refund","confidence":0.91,"hazards":[{"kind":"legal","probability":0.7},{"kind":"press","probability":0.6}]}}"#;
const DECISION: &str = r#"{"classification":{},"decision":{"route":"escalate","score":0.42,"rule":{"name":"hazard","reason":"a lawyer is named"}}}"#;

struct Story<'a> {
    store: &'a Store,
    offset: i64,
}

impl Story<'_> {
    /// One record, `at` milliseconds after the beginning.
    async fn tell(&mut self, topic: &str, root: &str, at: i64, body: Body) {
        let origin = Origin {
            topic: topic.into(),
            partition: 0,
            offset: self.offset,
            follows: self.offset,
            time_ms: 1_760_000_000_000 + at,
        };
        self.offset += 1;
        let root = id(root);
        let row = Row {
            time: audit_time(&origin),
            event: if topic.ends_with("received") { root } else { Uuid::new_v5(&root, topic.as_bytes()) },
            root,
            cause: root,
            tenant: "northwind".to_owned(),
            ticket: "T-100".to_owned(),
            trace: root.simple().to_string(),
            origin,
            body,
        };
        self.store.append(row).await.unwrap();
    }

    async fn json(&mut self, topic: &str, root: &str, at: i64, json: &str) {
        self.tell(topic, root, at, Body::Json(json.to_owned())).await;
    }
}

/// A store with every topic, each of one partition.
async fn stage(world: &World) -> Store {
    let store = world.store();
    for topic in TOPICS {
        settle(&store, "c", &format!("tickets.{topic}"), 1).await;
        settle(&store, "c", &format!("replay.tickets.{topic}"), 1).await;
    }
    store
}

async fn law(world: &World, lane: &str) -> [i64; 5] {
    let law = "SELECT received, routed, rejected, open, stray FROM law WHERE lane = $1";
    let row = world.sql.query_one(law, &[&lane]).await.unwrap();
    [0, 1, 2, 3, 4].map(|column| row.get(column))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_law_counts_each_received_event_once_in_its_lane() {
    let world = World::new().await;
    let store = stage(&world).await;
    let mut story = Story { store: &store, offset: 0 };
    for root in ["routed", "refused", "rejected, then routed after all", "still open"] {
        story.json("tickets.received", root, 0, "{}").await;
    }
    let garbage = || Body::Bytes { bytes: vec![0xff], problem: "is not UTF-8".to_owned() };
    story.tell("tickets.received", "garbage", 0, garbage()).await;
    for root in ["routed", "rejected, then routed after all"] {
        story.json("tickets.routed", root, 9, DECISION).await;
    }
    for root in ["refused", "rejected, then routed after all", "garbage"] {
        story.json("tickets.rejected", root, 5, "{}").await;
    }
    story.json("tickets.resolved", "of the knowledge base", 0, "{}").await;
    story.json("tickets.rejected", "of the knowledge base", 1, "{}").await;
    story.json("replay.tickets.received", "routed", 0, "{}").await;
    assert_eq!(law(&world, "live").await, [5, 2, 2, 1, 0]);
    assert_eq!(law(&world, "replay").await, [1, 0, 0, 1, 0]);
    story.json("tickets.routed", "never received", 0, DECISION).await;
    assert_eq!(law(&world, "live").await, [5, 2, 2, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_shows_where_it_stands_what_was_decided_and_how_long_it_took() {
    let world = World::new().await;
    let store = stage(&world).await;
    let mut story = Story { store: &store, offset: 0 };
    story.json("tickets.received", "one", 0, "{}").await;
    story.json("tickets.routed", "one", 1_030, DECISION).await;
    story.json("tickets.classified", "one", 12, CLASSIFICATION).await;
    story.json("tickets.retrieved", "one", 20, CLASSIFICATION).await;
    story.json("tickets.drafted", "one", 1_020, CLASSIFICATION).await;
    let shown = "SELECT concat_ws('|', tenant, ticket, lane, state, intent, confidence, route, score, rule, hazards, \
        classify_ms, retrieve_ms, draft_ms, route_ms, total_ms) FROM tickets";
    assert_eq!(
        world.text(shown).await,
        "northwind|T-100|live|routed|track_refund|0.91|escalate|0.42|hazard|{legal,press}|12|8|1000|10|1030"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_json_in_a_section_breaks_no_view() {
    let world = World::new().await;
    let store = stage(&world).await;
    let mut story = Story { store: &store, offset: 0 };
    for (n, json) in [
        r#"[1,2]"#,
        r#""classification""#,
        "null",
        r#"{"classification":7,"decision":"x"}"#,
        r#"{"classification":{"confidence":"high","hazards":{"kind":1}},"decision":{"score":[],"rule":3}}"#,
        r#"{"classification":{"confidence":1e-9999,"hazards":[1,null,"x",{}]},"decision":{"score":1e300,"rule":null}}"#,
    ]
    .iter()
    .enumerate()
    {
        for kind in ["received", "classified", "routed"] {
            story.json(&format!("tickets.{kind}"), &format!("root {n}"), 0, json).await;
        }
    }
    assert_eq!(
        world
            .number(
                "SELECT count(*) FROM tickets WHERE state = 'routed' AND hazards = '{}' AND score IS NULL"
            )
            .await,
        6
    );
    assert_eq!(law(&world, "live").await, [6, 6, 0, 0, 0]);
}
