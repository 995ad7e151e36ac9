//! Rows a second of the sink against COPY of the same rows into the same indexed table, fsync on: rounds in turn,
//! medians, and their ratio. On a private Postgres, or on an empty database at `DATABASE_URL`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    error::Error,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use audit::{Body, Database, Limits, Row, Store};
use futures::{SinkExt, StreamExt, stream};
use local::Postgres;
use shared::bus::{Origin, Partition};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

const ROUNDS: u128 = 7;
const OFFSETS: i64 = 5_000;
const PARTITIONS: i32 = 6;
/// Rows on their way at once, as the runner allows.
const IN_FLIGHT: usize = 4_096;
const TOPIC: &str = "tickets.classified";

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let postgres = Postgres::provided_or_private()?;
    let database = Database::new(&postgres.url().into())?;
    database.migrate().await?;
    let (client, connection) = tokio_postgres::connect(postgres.url(), NoTls).await?;
    tokio::spawn(connection);
    let fsync: String = client.query_one("SHOW fsync", &[]).await?.get(0);
    let store = Store::open(database, Limits { rows: 500, connections: 2 });
    for bytes in [300, 2_000] {
        let (mut sink, mut copy) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let rows = records(round, bytes);
            copy.push(rate(&rows, copied(&client, &rows).await?));
            sink.push(rate(&rows, stored(&client, &store, &rows).await?));
        }
        let (sink, copy) = (median(sink), median(copy));
        println!(
            "{bytes} B: sink {sink:.0} rows/s, COPY {copy:.0} rows/s, ratio {:.2} (fsync {fsync}, {ROUNDS} rounds of {} rows)",
            sink / copy,
            OFFSETS * i64::from(PARTITIONS)
        );
    }
    Ok(())
}

/// The rows of one round; their ids are new in each.
fn records(round: u128, bytes: usize) -> Vec<Row> {
    let place = |offset| (0..PARTITIONS).map(move |partition| (offset, partition));
    let words = "the parcel was to arrive on Tuesday and nobody at the depot knows where it went ";
    let body: String = words.chars().cycle().take(bytes.saturating_sub(120)).collect();
    (0..OFFSETS).flat_map(place).map(|(offset, partition)| record(round, offset, partition, &body)).collect()
}

fn record(round: u128, offset: i64, partition: i32, body: &str) -> Row {
    let time_ms = 1_760_000_000_000 + offset;
    let root =
        Uuid::new_v5(&Uuid::from_u128(round), format!("{partition}/{offset}/{}", body.len()).as_bytes());
    Row {
        origin: Origin { topic: TOPIC.into(), partition, offset, follows: offset, time_ms },
        event: Uuid::new_v5(&root, b"classify"),
        root,
        cause: root,
        tenant: "northwind".to_owned(),
        ticket: format!("T-{partition}-{offset}"),
        time: chrono::DateTime::from_timestamp_millis(time_ms).unwrap_or_default(),
        trace: root.simple().to_string(),
        body: Body::Json(format!(
            r#"{{"ticket":{{"tenant":"northwind","id":"T-{partition}-{offset}","body":"{body}"}},"classification":{{"intent":"track_order"}}}}"#
        )),
    }
}

/// Empties the table and writes the checkpoint that would otherwise fall into somebody's round.
async fn emptied(client: &Client) -> Outcome<()> {
    client.batch_execute("TRUNCATE events, progress, streams").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

async fn stored(client: &Client, store: &Store, rows: &[Row]) -> Outcome<Duration> {
    emptied(client).await?;
    let topic: Arc<str> = TOPIC.into();
    let topics = store.topics("bench", [Arc::clone(&topic)].into()).await?;
    let assigned: Vec<Partition> =
        (0..PARTITIONS).map(|number| Partition { topic: Arc::clone(&topic), number }).collect();
    store.settle("bench", &topics, &assigned).await?;
    let copies = rows.to_vec();
    let begin = Instant::now();
    let mut answers = stream::iter(copies).map(|row| store.append(row)).buffer_unordered(IN_FLIGHT);
    while let Some(answer) = answers.next().await {
        answer?;
    }
    let took = begin.elapsed();
    counted(client, rows).await?;
    Ok(took)
}

/// One COPY of all rows in one transaction, its text made beforehand.
async fn copied(client: &Client, rows: &[Row]) -> Outcome<Duration> {
    emptied(client).await?;
    let text: Vec<String> = rows.iter().map(line).collect();
    let begin = Instant::now();
    let columns = "stream_id, partition, \"offset\", event_id, root_id, cause_id, lane, kind, tenant, ticket, \
        event_time, record_time, trace_id, data";
    let sink = client.copy_in(&format!("COPY events ({columns}) FROM STDIN")).await?;
    let mut sink = pin!(sink);
    for chunk in text.chunks(200) {
        sink.send(std::io::Cursor::new(chunk.concat())).await?;
    }
    sink.finish().await?;
    let took = begin.elapsed();
    counted(client, rows).await?;
    Ok(took)
}

/// A row in COPY's text form.
fn line(row: &Row) -> String {
    let Row { origin, event, root, cause, tenant, ticket, trace, time, body } = row;
    let Body::Json(json) = body else { return String::new() };
    let (time, lane, kind) = (time.to_rfc3339(), row.lane(), row.kind());
    let json = json.replace('\\', "\\\\");
    let (partition, offset) = (origin.partition, origin.offset);
    format!(
        "1\t{partition}\t{offset}\t{event}\t{root}\t{cause}\t{lane}\t{kind}\t{tenant}\t{ticket}\t{time}\t{time}\t{trace}\t{json}\n"
    )
}

async fn counted(client: &Client, rows: &[Row]) -> Outcome<()> {
    let count: i64 = client.query_one("SELECT count(*) FROM events", &[]).await?.get(0);
    if usize::try_from(count)? == rows.len() {
        Ok(())
    } else {
        Err(format!("{count} rows of {}", rows.len()).into())
    }
}

fn rate(rows: &[Row], took: Duration) -> f64 {
    f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}
