//! One connection and the partitions that keep to it: batches, their order, and what to do when one fails.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use shared::{
    bus::Fingerprint,
    database::{Database, DatabaseError},
};
use tokio::{sync::mpsc, time::timeout};
use tokio_postgres::Client;

use crate::{
    chain::Chain,
    insert::{Moves, Rows, Statements},
    store::{Entry, Refusal},
    streams,
};

/// Bytes of the values in one transaction, near enough.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// Longer than the server lets a statement run: past it the connection is as good as lost.
const PATIENCE: Duration = Duration::from_secs(40);

/// How often somebody else may be further before the rows are given back: each time they have got something done.
const CONTESTS: usize = 20;

/// Which server this is and on which timeline: another one may lack rows that were committed.
const HISTORY: &str = "SELECT system_identifier::text || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) \
    FROM pg_control_system()";

/// A stream's number and a partition's.
type Place = (i32, i32);

/// Writes what comes until the store is dropped.
pub(crate) async fn run(
    database: Database,
    assignments: Arc<AtomicU64>,
    batch_rows: usize,
    mut queue: mpsc::Receiver<Entry>,
) {
    let mut writer =
        Writer { database, assignments, seen: 0, link: None, history: String::new(), chains: HashMap::new() };
    while let Some(first) = queue.recv().await {
        // Whoever is about to append gets on board; nobody is waited for.
        tokio::task::yield_now().await;
        let mut bytes = first.row.bytes();
        let mut batch = vec![first];
        while batch.len() < batch_rows && bytes < BATCH_BYTES {
            let Ok(entry) = queue.try_recv() else { break };
            bytes += entry.row.bytes();
            batch.push(entry);
        }
        writer.store(batch).await;
    }
}

struct Writer {
    database: Database,
    assignments: Arc<AtomicU64>,
    seen: u64,
    link: Option<Link>,
    history: String,
    chains: HashMap<Place, Known>,
}

/// A connection with its statements.
struct Link {
    client: Client,
    statements: Statements,
}

/// What this writer knows of a partition.
struct Known {
    chain: Chain,
    /// The progress in Postgres; the chain may be further where it met what somebody else has stored.
    written: i64,
    /// Whether Postgres may be elsewhere by now.
    stale: bool,
}

impl Writer {
    /// Stores a batch and answers every entry. Values that Postgres will not take are found by halving.
    async fn store(&mut self, batch: Vec<Entry>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            match self.attempt(&part).await {
                Ok(()) => answer(part, &Ok(())),
                Err(DatabaseError::Values(problem)) if part.len() == 1 => {
                    parts.extend(
                        part.pop().and_then(|entry| as_bytes(entry, &problem)).map(|entry| vec![entry]),
                    );
                }
                Err(DatabaseError::Values(_)) => {
                    let rest = part.split_off(part.len() / 2);
                    parts.extend([rest, part]);
                }
                Err(error) => {
                    self.disconnect();
                    let refusal = Err(Refusal::World(error.to_string().into()));
                    parts.drain(..).chain([part]).for_each(|part| answer(part, &refusal));
                }
            }
        }
    }

    /// Writes a batch, as often as somebody else is further.
    async fn attempt(&mut self, batch: &[Entry]) -> Result<(), DatabaseError> {
        for _ in 0..CONTESTS {
            let outcome = timeout(PATIENCE, self.write(batch)).await;
            match outcome.map_err(|_| DatabaseError::Away(format!("no answer within {PATIENCE:?}")))? {
                Err(DatabaseError::Contested) => self.distrust(),
                outcome => return outcome,
            }
        }
        Err(DatabaseError::Contested)
    }

    /// Writes a batch and the progress it makes in one transaction.
    async fn write(&mut self, batch: &[Entry]) -> Result<(), DatabaseError> {
        let assignments = self.assignments.load(Ordering::Acquire);
        if assignments != self.seen {
            self.seen = assignments;
            self.distrust();
        }
        self.connect().await?;
        let Some(link) = &self.link else { return Err(DatabaseError::Away("not connected".to_owned())) };
        refresh(&mut self.chains, &link.client, batch).await?;
        let missing = |entry: &&Entry| {
            let known = self.chains.get(&place(entry));
            known.is_none_or(|known| entry.row.origin.offset >= known.written)
        };
        let mut rows: Vec<&Entry> = batch.iter().filter(missing).collect();
        // One order for everybody: two that store the same rows wait for each other, never both ways.
        rows.sort_unstable_by_key(|entry| (place(entry), entry.row.origin.offset));
        if rows.is_empty() {
            return Ok(());
        }
        let (chains, moves) = self.moved(&rows);
        link.statements.commit(&link.client, &Rows::of(rows.into_iter()), &moves).await?;
        for (place, chain) in chains {
            let written = chain.next();
            self.chains.insert(place, Known { chain, written, stale: false });
        }
        Ok(())
    }

    /// The chains as they are once these rows are stored, and the progress that makes.
    fn moved(&self, rows: &[&Entry]) -> (HashMap<Place, Chain>, Moves) {
        let mut chains: HashMap<Place, Chain> = HashMap::new();
        let chain_at =
            |place: &Place| self.chains.get(place).map(|known| known.chain.clone()).unwrap_or_default();
        for entry in rows {
            let origin = &entry.row.origin;
            let bytes = i64::try_from(entry.row.bytes()).unwrap_or(i64::MAX);
            let chain = chains.entry(place(entry)).or_insert_with_key(chain_at);
            chain.add(origin.follows, origin.offset, Fingerprint { time_ms: origin.time_ms, bytes });
        }
        let mut moves = Moves::default();
        for (place, chain) in &chains {
            let expected = self.chains.get(place).map_or(0, |known| known.written);
            if let Some(last) = chain.last().filter(|_| chain.next() > expected) {
                moves.push(*place, expected, chain.next(), last);
            }
        }
        (chains, moves)
    }

    /// Connects if there is no connection. On another server, or on this one after it was set back, nothing that was
    /// stored beyond the progress is sure to be there.
    async fn connect(&mut self) -> Result<(), DatabaseError> {
        if self.link.as_ref().is_some_and(|link| !link.client.is_closed()) {
            return Ok(());
        }
        self.disconnect();
        let client = self.database.connect().await?;
        let history: String = client.query_one(HISTORY, &[]).await?.try_get(0)?;
        if history != self.history {
            self.chains.clear();
            self.history = history;
        }
        let statements = Statements::prepare(&client).await?;
        self.link = Some(Link { client, statements });
        Ok(())
    }

    /// Lets go of the connection, and of what cannot be known without it.
    fn disconnect(&mut self) {
        self.link = None;
        self.distrust();
    }

    /// Progress may be elsewhere by now.
    fn distrust(&mut self) {
        self.chains.values_mut().for_each(|known| known.stale = true);
    }
}

/// Reads how far the batch's partitions are, where that is not known.
async fn refresh(
    chains: &mut HashMap<Place, Known>,
    client: &Client,
    batch: &[Entry],
) -> Result<(), DatabaseError> {
    for entry in batch {
        let place = place(entry);
        if chains.get(&place).is_some_and(|known| !known.stale) {
            continue;
        }
        let next = streams::next_offset(client, place.0, place.1).await?;
        let known = chains.entry(place).or_insert_with(|| Known {
            chain: Chain::at(next),
            written: next,
            stale: false,
        });
        if next < known.written {
            // Set back: what was stored since may be gone.
            known.chain = Chain::at(next);
        }
        known.chain.moved_to(next);
        (known.written, known.stale) = (next, false);
    }
    Ok(())
}

/// The partition an entry belongs to.
fn place(entry: &Entry) -> Place {
    (entry.stream, entry.row.origin.partition)
}

/// The entry with its JSON kept as bytes. If even those are refused it is answered, and gone.
fn as_bytes(entry: Entry, problem: &str) -> Option<Entry> {
    let Entry { stream, row, done } = entry;
    let Some(row) = row.into_bytes(problem) else {
        let _ = done.send(Err(Refusal::Row(problem.into())));
        return None;
    };
    Some(Entry { stream, row, done })
}

/// Tells everybody whose row was in the batch.
fn answer(batch: Vec<Entry>, result: &Result<(), Refusal>) {
    for entry in batch {
        let _ = entry.done.send(result.clone());
    }
}
