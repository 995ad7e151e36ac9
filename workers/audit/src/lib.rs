#![doc = include_str!("../README.md")]

mod chain;
mod insert;
mod row;
mod schema;
mod store;
mod streams;
mod writer;

use std::collections::HashSet;

use clap::Args;
use secrecy::SecretString;
use shared::{
    Envelope, Failure, StartError, Worker,
    bus::{Partition, Peek},
    database::Database,
    events::{AnyEvent, Nothing},
};

pub use row::{Body, Row};
pub use schema::{database, migrate};
pub use store::{Limits, Refusal, Store};
pub use streams::{Mark, Topic};

/// Settings of the audit.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where the rows go: postgres://user:password@host:port/database; sslmode=require checks the server's certificate
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,
    /// Rows in one transaction, at most
    #[arg(long, env = "SWITCHYARD_AUDIT_BATCH", default_value_t = 500)]
    pub audit_batch: usize,
    /// Connections that write side by side; each partition keeps to one of them
    #[arg(long, env = "SWITCHYARD_AUDIT_CONNECTIONS", default_value_t = 2)]
    pub audit_connections: usize,
}

impl Config {
    /// The limits, if they can be used.
    fn limits(&self) -> Result<Limits, StartError> {
        let within = |setting: &str, value: usize, most: usize| {
            let problem = format!("is {value}, expected 1 to {most}");
            if (1..=most).contains(&value) { Ok(value) } else { Err(StartError::setting(setting, problem)) }
        };
        let (rows, connections) = StartError::both(
            within("SWITCHYARD_AUDIT_BATCH", self.audit_batch, 5_000),
            within("SWITCHYARD_AUDIT_CONNECTIONS", self.audit_connections, 32),
        )?;
        Ok(Limits { rows, connections })
    }

    /// The database, if its URL can be used.
    fn database(&self) -> Result<Database, StartError> {
        let missing = || StartError::setting("DATABASE_URL", "is not set; it says where the rows go");
        let url = self.database_url.as_ref().ok_or_else(missing)?;
        schema::database(url).map_err(|error| StartError::setting("DATABASE_URL", error))
    }
}

impl shared::Config for Config {
    type Worker = Audit;

    async fn start(&self) -> Result<Audit, StartError> {
        let (database, limits) = StartError::both(self.database(), self.limits())?;
        migrate(&database).await.map_err(StartError::world)?;
        Ok(Audit { store: Store::open(database, limits) })
    }
}

/// Writes one row for every event there is.
pub struct Audit {
    store: Store,
}

impl Worker for Audit {
    const NAME: &'static str = "audit";
    const ORDERED: bool = false;
    type Input = AnyEvent;
    type Output = Nothing;

    async fn handle(&self, event: Envelope<AnyEvent>) -> Result<Nothing, Failure> {
        match self.store.append(Row::of(event)).await {
            Ok(()) => Ok(Nothing),
            Err(refusal @ Refusal::World(_)) => Err(Failure::retry(refusal)),
            Err(refusal @ Refusal::Row(_)) => Err(Failure::reject(refusal)),
        }
    }

    /// The progress kept with the rows, as long as the topic is the one it was made on.
    async fn positions(&self, assigned: &[Partition], peek: &Peek) -> Result<Vec<Option<i64>>, Failure> {
        let cluster = peek.cluster().await.map_err(Failure::retry)?;
        let names: HashSet<_> = assigned.iter().map(|partition| partition.topic.clone()).collect();
        let mut topics = Vec::with_capacity(names.len());
        for topic in self.store.topics(&cluster, names).await.map_err(Failure::retry)? {
            let found = peek.at(&topic.places()).await.map_err(Failure::retry)?;
            topics.push(if topic.is_still(&found) { topic } else { topic.anew() });
        }
        self.store.settle(&cluster, &topics, assigned).await.map_err(Failure::retry)
    }
}
