//! The way of a row into the database: it joins a batch and comes back committed.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use shared::{
    bus::Partition,
    database::{Database, DatabaseError},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    row::Row,
    streams::{self, Topic},
    writer,
};

/// How the store writes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows in one transaction, at most.
    pub rows: usize,
    /// Connections that write side by side.
    pub connections: usize,
}

/// Why a row is not stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// Not now.
    #[error("{0}")]
    World(Arc<str>),
    /// Never.
    #[error("{0}")]
    Row(Arc<str>),
}

/// A row on its way.
pub(crate) struct Entry {
    pub stream: i32,
    pub row: Row,
    pub done: oneshot::Sender<Result<(), Refusal>>,
}

/// Rows that wait for one writer.
const QUEUE: usize = 1024;

/// The rows and the progress in Postgres. Each partition keeps to one of its writers.
pub struct Store {
    database: Database,
    streams: RwLock<HashMap<Arc<str>, i32>>,
    /// Counts up when partitions are assigned: others may have stored them meanwhile.
    assignments: Arc<AtomicU64>,
    writers: Vec<mpsc::Sender<Entry>>,
}

impl Store {
    /// Starts the writers; they connect when the first row comes.
    pub fn open(database: Database, limits: Limits) -> Self {
        let assignments = Arc::new(AtomicU64::new(0));
        let start = |_| {
            let (sender, queue) = mpsc::channel(QUEUE);
            tokio::spawn(writer::run(database.clone(), Arc::clone(&assignments), limits.rows, queue));
            sender
        };
        let writers = (0..limits.connections.max(1)).map(start).collect();
        Self { database, streams: RwLock::default(), assignments, writers }
    }

    /// Returns when the row is committed, or was already.
    ///
    /// # Errors
    /// Says whether the same row may well be stored later.
    pub async fn append(&self, row: Row) -> Result<(), Refusal> {
        let Some(stream) = self.stream(&row.origin.topic) else {
            return Err(Refusal::World(
                format!("nobody has asked yet how far {} is", row.origin.topic).into(),
            ));
        };
        let lost = || Refusal::World("the writer has stopped".into());
        let turn = i64::from(stream) + i64::from(row.origin.partition);
        let turn = usize::try_from(turn).unwrap_or_default() % self.writers.len().max(1);
        let (done, answer) = oneshot::channel();
        let writer = self.writers.get(turn).ok_or_else(lost)?;
        writer.send(Entry { stream, row, done }).await.map_err(|_| lost())?;
        answer.await.map_err(|_| lost())?
    }

    /// The latest incarnation of these topics of a cluster.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn topics(&self, cluster: &str, names: HashSet<Arc<str>>) -> Result<Vec<Topic>, DatabaseError> {
        streams::topics(&self.database.connect().await?, cluster, names).await
    }

    /// From now on rows of these topics belong to these incarnations; how far each assigned partition is there.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn settle(
        &self,
        cluster: &str,
        topics: &[Topic],
        assigned: &[Partition],
    ) -> Result<Vec<Option<i64>>, DatabaseError> {
        let client = self.database.connect().await?;
        for topic in topics {
            let stream = streams::stream_id(&client, cluster, topic).await?;
            let mut known = self.streams.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(Arc::clone(&topic.name), stream);
        }
        let mut positions = Vec::with_capacity(assigned.len());
        for partition in assigned {
            positions.push(match self.stream(&partition.topic) {
                Some(stream) => Some(streams::next_offset(&client, stream, partition.number).await?),
                None => None,
            });
        }
        self.assignments.fetch_add(1, Ordering::Release);
        Ok(positions)
    }

    /// The stream that a topic's rows belong to.
    fn stream(&self, topic: &str) -> Option<i32> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).get(topic).copied()
    }
}
