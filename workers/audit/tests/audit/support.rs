//! A database for each test, and records to put into it.

use std::sync::Arc;

use audit::{Body, Limits, Refusal, Row, Store};
use futures::future::join_all;
use local::Postgres;
use shared::{
    bus::{Origin, Partition},
    database::Database,
};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

pub const RECEIVED: &str = "tickets.received";

pub async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// An empty database with the schema, and a connection to look into it.
pub struct World {
    pub url: String,
    pub database: Database,
    pub sql: Client,
}

impl World {
    pub async fn new() -> Self {
        let world = Self::bare().await;
        audit::migrate(&world.database).await.unwrap();
        world
    }

    pub async fn bare() -> Self {
        Self::at(&Postgres::empty_database().unwrap()).await
    }

    pub async fn at(url: &str) -> Self {
        let database = audit::database(&url.into()).unwrap();
        Self { url: url.to_owned(), database, sql: client(url).await }
    }

    pub fn store(&self) -> Store {
        Store::open(self.database.clone(), Limits { rows: 500, connections: 2 })
    }

    pub async fn number(&self, query: &str) -> i64 {
        self.sql.query_one(query, &[]).await.unwrap().get(0)
    }

    pub async fn text(&self, query: &str) -> String {
        self.sql.query_one(query, &[]).await.unwrap().get(0)
    }

    pub async fn rows(&self) -> i64 {
        self.number("SELECT count(*) FROM events").await
    }

    pub async fn progress(&self) -> i64 {
        self.number("SELECT sum(next_offset)::bigint FROM progress").await
    }
}

/// A store that has been told that these partitions of `topic` are its own; and where it has to begin.
pub async fn settled(
    world: &World,
    cluster: &str,
    topic: &str,
    partitions: i32,
) -> (Store, Vec<Option<i64>>) {
    let store = world.store();
    let positions = settle(&store, cluster, topic, partitions).await;
    (store, positions)
}

pub async fn settle(store: &Store, cluster: &str, topic: &str, partitions: i32) -> Vec<Option<i64>> {
    let name: Arc<str> = topic.into();
    let topics = store.topics(cluster, [Arc::clone(&name)].into()).await.unwrap();
    let assigned: Vec<Partition> =
        (0..partitions).map(|number| Partition { topic: Arc::clone(&name), number }).collect();
    store.settle(cluster, &topics, &assigned).await.unwrap()
}

/// An id that is the same for the same words.
pub fn id(words: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, words.as_bytes())
}

/// A readable record with no gap before it, whose id is its place.
pub fn row(topic: &str, partition: i32, offset: i64) -> Row {
    let origin = Origin {
        topic: topic.into(),
        partition,
        offset,
        follows: offset,
        time_ms: 1_760_000_000_000 + offset,
    };
    let event = id(&format!("{topic}/{partition}/{offset}"));
    Row {
        time: audit_time(&origin),
        origin,
        event,
        root: event,
        cause: event,
        tenant: "northwind".to_owned(),
        ticket: format!("T-{partition}-{offset}"),
        trace: event.simple().to_string(),
        body: Body::Json(format!(
            r#"{{"ticket":{{"tenant":"northwind","id":"T-{partition}-{offset}","body":"My parcel is late."}}}}"#
        )),
    }
}

pub fn audit_time(origin: &Origin) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(origin.time_ms).unwrap_or_default()
}

/// Appends all at once, as a runner does.
pub async fn append(store: &Store, rows: impl IntoIterator<Item = Row>) -> Vec<Result<(), Refusal>> {
    join_all(rows.into_iter().map(|row| store.append(row))).await
}

/// Appends until all are stored, as a runner does when the world is ill.
pub async fn insist(store: &Store, rows: impl IntoIterator<Item = Row>) {
    join_all(rows.into_iter().map(|row| async move {
        loop {
            match store.append(row.clone()).await {
                Ok(()) => return,
                Err(Refusal::World(_)) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                Err(refusal) => panic!("{refusal}"),
            }
        }
    }))
    .await;
}
