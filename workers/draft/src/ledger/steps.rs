//! The steps by name, with their values and what they answer.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use shared::{
    database::{Database, DatabaseError},
    events::Usage,
    policy::OnAmbiguous,
};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    Ask, Grant, LedgerError, Money, Stored, hex,
    queue::{self, Entry, Step, Value},
};

/// The connections and what waits for each.
pub(super) struct Steps(Vec<mpsc::Sender<Entry>>);

/// What a step answers; see the type `ledger_answer`.
pub(super) struct Told {
    pub outcome: String,
    pub epoch: i32,
    pub amount: i64,
    row: Row,
}

impl Steps {
    pub(super) fn start(database: &Database, connections: usize) -> Self {
        let start = |_| {
            let (sender, waiting) = mpsc::channel(queue::QUEUE);
            tokio::spawn(queue::run(database.clone(), waiting));
            sender
        };
        Self((0..connections.max(1)).map(start).collect())
    }

    pub(super) async fn reserve(
        &self,
        key: &str,
        ask: &Ask<'_>,
        owner: Uuid,
        lease: Duration,
    ) -> Result<Told, LedgerError> {
        let again = ask.ambiguous == OnAmbiguous::Retry;
        let values: Vec<Value> = vec![
            Box::new(key.to_owned()),
            Box::new(ask.key.tenant.to_owned()),
            Box::new(ask.key.root),
            Box::new(ask.key.cause),
            Box::new(hex(&ask.key.prompt)),
            Box::new(ask.key.provider.to_owned()),
            Box::new(ask.key.model.to_owned()),
            Box::new(ask.lane.label()),
            Box::new(ask.estimate.as_nano()),
            Box::new(ask.budget.map(Money::as_nano)),
            Box::new(again),
            Box::new(owner),
            Box::new(milliseconds(lease)),
        ];
        Told::of(self.take(Step::Reserve, ask.key.tenant, values).await?)
    }

    pub(super) async fn sent(
        &self,
        tenant: &str,
        key: &str,
        epoch: i32,
        lease: Duration,
    ) -> Result<Told, LedgerError> {
        let values: Vec<Value> =
            vec![Box::new(key.to_owned()), Box::new(epoch), Box::new(milliseconds(lease))];
        Told::of(self.take(Step::Sent, tenant, values).await?)
    }

    pub(super) async fn done(
        &self,
        tenant: &str,
        key: &str,
        epoch: i32,
        answer: &[u8],
        usage: &Usage,
    ) -> Result<Told, LedgerError> {
        let tokens = |count: u64| -> Value { Box::new(i64::try_from(count).unwrap_or(i64::MAX)) };
        let values: Vec<Value> = vec![
            Box::new(key.to_owned()),
            Box::new(epoch),
            Box::new(answer.to_vec()),
            Box::new(usage.request_id.clone()),
            tokens(usage.input_tokens),
            tokens(usage.output_tokens),
            tokens(usage.cache_read_tokens),
            tokens(usage.cache_write_tokens),
            Box::new(Money::dollars(usage.dollars).as_nano()),
        ];
        Told::of(self.take(Step::Done, tenant, values).await?)
    }

    /// `failed` or `lost`.
    pub(super) async fn give_up(
        &self,
        step: Step,
        tenant: &str,
        key: &str,
        epoch: i32,
        problem: &'static str,
    ) -> Result<Told, LedgerError> {
        let values: Vec<Value> = vec![Box::new(key.to_owned()), Box::new(epoch), Box::new(problem)];
        Told::of(self.take(step, tenant, values).await?)
    }

    pub(super) async fn extend(
        &self,
        keys: Vec<String>,
        epochs: Vec<i32>,
        lease: Duration,
    ) -> Result<i64, LedgerError> {
        let values: Vec<Value> = vec![Box::new(keys), Box::new(epochs), Box::new(milliseconds(lease))];
        let row = self.take(Step::Extend, "", values).await?;
        Ok(row.try_get("extended").map_err(DatabaseError::from)?)
    }

    pub(super) async fn grant(&self, grant: &Grant<'_>, take: bool) -> Result<Option<Uuid>, LedgerError> {
        let values: Vec<Value> = vec![
            Box::new(grant.lane.label()),
            Box::new(grant.tenant.to_owned()),
            Box::new(grant.customer.to_owned()),
            Box::new(grant.offer.to_owned()),
            Box::new(grant.root),
            Box::new(take),
        ];
        let row = self.take(Step::Grant, grant.tenant, values).await?;
        Ok(row.try_get("holder").map_err(DatabaseError::from)?)
    }

    async fn take(&self, step: Step, tenant: &str, values: Vec<Value>) -> Result<Row, LedgerError> {
        let stopped = || LedgerError::Away(DatabaseError::Away("the ledger has stopped".to_owned()));
        let mut hash = DefaultHasher::new();
        tenant.hash(&mut hash);
        let turn = usize::try_from(hash.finish() % self.0.len().max(1) as u64).unwrap_or_default();
        let (reply, answer) = oneshot::channel();
        let line = self.0.get(turn).ok_or_else(stopped)?;
        let entry = Entry { step, tenant: tenant.to_owned(), values, reply };
        line.send(entry).await.map_err(|_| stopped())?;
        Ok(answer.await.map_err(|_| stopped())??)
    }
}

impl Told {
    fn of(row: Row) -> Result<Self, LedgerError> {
        let read = || -> Result<(String, i32, i64), tokio_postgres::Error> {
            let number = row.try_get::<_, Option<i64>>("amount")?;
            let epoch = row.try_get::<_, Option<i32>>("epoch")?;
            Ok((row.try_get("outcome")?, epoch.unwrap_or_default(), number.unwrap_or_default()))
        };
        let (outcome, epoch, amount) = read().map_err(DatabaseError::from)?;
        Ok(Self { outcome, epoch, amount, row })
    }

    /// The answer that is kept.
    pub(super) fn stored(&self, call: String) -> Result<Stored, LedgerError> {
        let read = || -> Result<Stored, tokio_postgres::Error> {
            let count = |name: &str| {
                let number = self.row.try_get::<_, Option<i64>>(name)?;
                Ok::<u64, tokio_postgres::Error>(number.unwrap_or_default().unsigned_abs())
            };
            let price = self.row.try_get::<_, Option<i64>>("nanodollars")?.unwrap_or_default();
            let usage = Usage {
                call,
                request_id: self.row.try_get("request_id")?,
                input_tokens: count("input_tokens")?,
                output_tokens: count("output_tokens")?,
                cache_read_tokens: count("cache_read_tokens")?,
                cache_write_tokens: count("cache_write_tokens")?,
                dollars: Money::nano(price).as_dollars(),
            };
            Ok(Stored { answer: self.row.try_get("answer")?, usage })
        };
        Ok(read().map_err(DatabaseError::from)?)
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
