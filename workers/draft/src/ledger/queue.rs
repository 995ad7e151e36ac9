//! Steps on their way to Postgres: those that wait together are one transaction and one round trip.

use std::time::Duration;

use shared::database::{Database, DatabaseError};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_postgres::{Client, Row, Statement, types::ToSql};

/// Steps in one transaction, at most.
const TOGETHER: usize = 256;

/// Longer than the server lets a statement run: past it the connection is as good as lost.
const PATIENCE: Duration = Duration::from_secs(40);

/// Steps that wait for one connection.
pub(super) const QUEUE: usize = 4096;

/// What can be done, each a function of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Reserve,
    Done,
    Failed,
    Grant,
    Sent,
    Lost,
    Extend,
}

/// In the order of [`Step`].
const STATEMENTS: [&str; 7] = [
    "SELECT * FROM ledger_reserve($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    "SELECT * FROM ledger_done($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    "SELECT * FROM ledger_failed($1, $2, $3)",
    "SELECT ledger_grant($1, $2, $3, $4, $5, $6) AS holder",
    "SELECT * FROM ledger_sent($1, $2, $3)",
    "SELECT * FROM ledger_lost($1, $2, $3)",
    "SELECT ledger_extend($1, $2, $3) AS extended",
];

impl Step {
    /// Whether it locks a budget: those come first in a transaction, so that nobody waits for each other.
    fn locks_a_budget(self) -> bool {
        matches!(self, Self::Reserve | Self::Done | Self::Failed)
    }

    fn metric(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Grant => "grant",
            Self::Sent => "sent",
            Self::Lost => "lost",
            Self::Extend => "extend",
        }
    }
}

/// A value of a step.
pub(super) type Value = Box<dyn ToSql + Send + Sync>;

/// A step on its way.
pub(super) struct Entry {
    pub step: Step,
    /// Whose money: a tenant's steps keep to one order and one connection.
    pub tenant: String,
    pub values: Vec<Value>,
    pub reply: oneshot::Sender<Result<Row, DatabaseError>>,
}

/// A connection with its statements.
struct Link {
    client: Client,
    statements: Vec<Statement>,
}

/// Does what comes until the ledger is dropped.
pub(super) async fn run(database: Database, mut queue: mpsc::Receiver<Entry>) {
    let mut link = None;
    while let Some(first) = queue.recv().await {
        // Whoever is about to ask gets on board; nobody is waited for.
        tokio::task::yield_now().await;
        let mut batch = vec![first];
        while batch.len() < TOGETHER {
            let Ok(entry) = queue.try_recv() else { break };
            batch.push(entry);
        }
        // Who no longer waits wants nothing any more.
        batch.retain(|entry| !entry.reply.is_closed());
        batch.sort_by(|a, b| {
            let rank = |entry: &Entry| !entry.step.locks_a_budget();
            rank(a).cmp(&rank(b)).then_with(|| a.tenant.cmp(&b.tenant))
        });
        work(&database, &mut link, batch).await;
    }
}

/// Does a batch and answers everybody. If a step is refused, nothing of the batch has happened, and each is done alone.
async fn work(database: &Database, link: &mut Option<Link>, mut batch: Vec<Entry>) {
    if batch.len() > 1 {
        match attempt(database, link, &batch).await {
            Ok(rows) => {
                return batch.into_iter().zip(rows).for_each(|(entry, row)| answer(entry, Ok(row)));
            }
            Err(error) if link.is_none() => {
                return batch.into_iter().for_each(|entry| answer(entry, Err(error.clone())));
            }
            Err(_) => {}
        }
    }
    for entry in batch.drain(..) {
        let row = attempt(database, link, std::slice::from_ref(&entry)).await;
        let missing = || DatabaseError::Away("it answered nothing".to_owned());
        answer(entry, row.and_then(|rows| rows.into_iter().next().ok_or_else(missing)));
    }
}

fn answer(entry: Entry, row: Result<Row, DatabaseError>) {
    super::metrics::METRICS.step(entry.step.metric(), row.is_ok());
    let _ = entry.reply.send(row);
}

/// One transaction. No link afterwards: the connection is lost, and whether it happened is not known.
async fn attempt(
    database: &Database,
    link: &mut Option<Link>,
    batch: &[Entry],
) -> Result<Vec<Row>, DatabaseError> {
    let late = || DatabaseError::Away(format!("no answer within {PATIENCE:?}"));
    let Ok(done) = timeout(PATIENCE, transaction(database, link, batch)).await else {
        *link = None;
        return Err(late());
    };
    if done.is_err() && link.as_ref().is_none_or(|link| link.client.is_closed()) {
        *link = None;
    }
    done
}

async fn transaction(
    database: &Database,
    link: &mut Option<Link>,
    batch: &[Entry],
) -> Result<Vec<Row>, DatabaseError> {
    if link.as_ref().is_none_or(|link| link.client.is_closed()) {
        *link = Some(connect(database).await?);
    }
    let Some(link) = link else { return Ok(Vec::new()) };
    let steps = futures::future::join_all(batch.iter().map(|entry| one(link, entry)));
    if batch.len() == 1 {
        return steps.await.into_iter().collect();
    }
    // All of it is on its way before the first answer is there.
    let (begun, rows, committed) =
        tokio::join!(biased; link.client.batch_execute("BEGIN"), steps, link.client.batch_execute("COMMIT"));
    begun?;
    let rows = rows.into_iter().collect::<Result<Vec<Row>, _>>();
    committed?;
    rows
}

async fn one(link: &Link, entry: &Entry) -> Result<Row, DatabaseError> {
    let missing = || DatabaseError::Away("a statement is not prepared".to_owned());
    let statement = link.statements.get(entry.step as usize).ok_or_else(missing)?;
    let values: Vec<&(dyn ToSql + Sync)> = entry.values.iter().map(|value| &**value as _).collect();
    Ok(link.client.query_one(statement, &values).await?)
}

async fn connect(database: &Database) -> Result<Link, DatabaseError> {
    let client = database.connect().await?;
    let mut statements = Vec::with_capacity(STATEMENTS.len());
    for statement in STATEMENTS {
        statements.push(client.prepare(statement).await?);
    }
    Ok(Link { client, statements })
}
