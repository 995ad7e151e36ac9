//! The audit's sink against COPY of the same rows into the same indexed table, fsync on.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use audit::{Body, Limits, Row, Store};
use futures::{SinkExt, StreamExt, stream};
use shared::bus::{Origin, Partition};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::{
    report::{Finding, Goal},
    stage::Stage,
};

const OFFSETS: i64 = 5_000;
const PARTITIONS: i32 = 6;
/// Rows on their way at once, as the runner allows.
const IN_FLIGHT: usize = 4_096;
const TOPIC: &str = "tickets.classified";

/// Measures both in turn, with short rows and with rows as long as a routed event.
///
/// # Errors
/// When Postgres refuses.
pub fn measure(stage: &Stage) -> Result<Vec<Finding>> {
    stage.runtime.block_on(async {
        let database = audit::database(&stage.postgres.url().into())?;
        audit::migrate(&database).await?;
        let (client, connection) = tokio_postgres::connect(stage.postgres.url(), NoTls).await?;
        tokio::spawn(connection);
        let fsync: String = client.query_one("SHOW fsync", &[]).await?.get(0);
        let store = Store::open(database, Limits { rows: 500, connections: 2 });
        let mut findings = Vec::new();
        for bytes in [300, 2_000] {
            let (mut sink, mut copy) = (Vec::new(), Vec::new());
            for round in 0..=stage.rounds {
                let rows = records(round as u128, bytes);
                let copied = rate(&rows, copied(&client, &rows).await?);
                let stored = rate(&rows, stored(&client, &store, &rows).await?);
                if round > 0 {
                    copy.push(copied);
                    sink.push(stored);
                }
            }
            let what = format!("audit's sink, rows of {bytes} B");
            let note =
                format!("{} rows a round, fsync {fsync}; limit: one COPY", OFFSETS * i64::from(PARTITIONS));
            findings.push(Finding::beside(&what, "rows/s", &sink, &copy, Goal::RatioAtLeast(0.6)).note(note));
        }
        Ok(findings)
    })
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
async fn emptied(client: &Client) -> Result<()> {
    client.batch_execute("TRUNCATE events, progress, streams").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

async fn stored(client: &Client, store: &Store, rows: &[Row]) -> Result<Duration> {
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
async fn copied(client: &Client, rows: &[Row]) -> Result<Duration> {
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

async fn counted(client: &Client, rows: &[Row]) -> Result<()> {
    let count: i64 = client.query_one("SELECT count(*) FROM events", &[]).await?.get(0);
    ensure!(usize::try_from(count)? == rows.len(), "{count} rows of {}", rows.len());
    Ok(())
}

fn rate(rows: &[Row], took: Duration) -> f64 {
    f64::from(u32::try_from(rows.len()).unwrap_or(u32::MAX)) / took.as_secs_f64()
}
