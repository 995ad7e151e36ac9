//! Rows through the encoder into the index, a batch at a time.

use std::{collections::HashSet, future::Future, time::Duration};

use futures::future::try_join_all;
use retrieve::{
    encoder::Encoder,
    index::{Index, Part, content, point_id},
};
use shared::{Failure, events::Resolution};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::embedded;

use super::{
    IngestError, Progress, Summary,
    rows::{Row, Rows},
};

/// Rows that are looked up, embedded and written together.
const BATCH: usize = 256;

/// Tries of a batch before the run is given up.
const TRIES: u32 = 5;

/// Reads and checks every row.
pub(super) async fn check(rows: Rows, mut seen: impl FnMut(Progress)) -> Result<Summary, IngestError> {
    let mut batches = batches(rows);
    let (mut summary, mut points) = (Summary::default(), HashSet::new());
    while let Some(batch) = batches.recv().await {
        let (good, end) = sift(batch?, &mut summary, &mut seen);
        for (_, resolution) in good {
            let new = points.insert(point_id(&resolution.tenant, &resolution.id, Part::Whole));
            *(if new { &mut summary.indexed } else { &mut summary.unchanged }) += 1;
        }
        seen(Progress::Sofar(summary, end));
    }
    Ok(summary)
}

/// Reads, embeds and writes.
pub(super) async fn load(
    rows: Rows,
    encoder: &Encoder,
    index: &Index,
    mut seen: impl FnMut(Progress),
) -> Result<Summary, IngestError> {
    let mut batches = batches(rows);
    let mut summary = Summary::default();
    while let Some(batch) = batches.recv().await {
        let (good, end) = sift(batch?, &mut summary, &mut seen);
        let line = good.first().map_or(0, |(line, _)| *line);
        let good: Vec<Resolution> = good.into_iter().map(|(_, resolution)| resolution).collect();
        let written = tried(|| write(&good, encoder, index)).await;
        let written = written.map_err(|error| IngestError::Stopped { line, reason: error.to_string() })?;
        summary.indexed += written;
        summary.unchanged += good.len() as u64 - written;
        seen(Progress::Sofar(summary, end));
    }
    Ok(summary)
}

/// Reads on a thread of its own, two batches ahead.
fn batches(mut rows: Rows) -> mpsc::Receiver<Result<Vec<Row>, IngestError>> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let batch: Result<Vec<Row>, _> = rows.by_ref().take(BATCH).collect();
            let last = batch.as_ref().map_or(true, Vec::is_empty);
            let batch = batch.map_err(|source| IngestError::File { path: "reading".to_owned(), source });
            if matches!(&batch, Ok(rows) if rows.is_empty()) || sender.blocking_send(batch).is_err() || last {
                break;
            }
        }
    });
    receiver
}

/// The good rows with their lines, and the bytes read; the bad ones are told.
fn sift(
    batch: Vec<Row>,
    summary: &mut Summary,
    seen: &mut impl FnMut(Progress),
) -> (Vec<(u64, Resolution)>, u64) {
    let mut good = Vec::with_capacity(batch.len());
    let mut end = 0;
    for (bytes, row) in batch {
        end = bytes;
        summary.read += 1;
        match row {
            Ok(row) => good.push(row),
            Err(bad) => {
                summary.bad += 1;
                seen(Progress::Bad(bad));
            }
        }
    }
    (good, end)
}

/// Embeds and writes what is not there yet, and says how many that were. Of two rows of one ticket in a batch
/// the later one counts.
async fn write(rows: &[Resolution], encoder: &Encoder, index: &Index) -> Result<u64, Failure> {
    let points: Vec<Uuid> = rows.iter().map(|row| point_id(&row.tenant, &row.id, Part::Whole)).collect();
    let there = index.contents(&points).await?;
    let mut taken = HashSet::new();
    let latest = points.iter().zip(rows).rev().filter(|(point, _)| taken.insert(**point));
    let new: Vec<_> = latest.filter(|(point, row)| there.get(*point) != Some(&content(row))).collect();
    let entries = try_join_all(new.into_iter().rev().map(|(_, row)| embedded(encoder, row))).await?;
    let written = entries.len() as u64;
    if written > 0 {
        index.upsert(entries.into_iter().flatten().collect()).await?;
    }
    Ok(written)
}

/// Tries a few times, waiting longer each time.
async fn tried<T, F: Future<Output = Result<T, Failure>>>(attempt: impl Fn() -> F) -> Result<T, Failure> {
    let mut wait = Duration::from_millis(500);
    for _ in 1..TRIES {
        match attempt().await {
            Err(Failure::Retry(reason)) => tracing::warn!(reason = format!("{reason:#}"), "trying again"),
            answer => return answer,
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    attempt().await
}
