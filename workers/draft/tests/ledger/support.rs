//! A database for each test, and calls to ask for.

use std::time::Duration;

use draft::{Ask, Call, CallKey, Claim, Go, Ledger, Limits, Money, Stored};
use local::Postgres;
use shared::{bus::Lane, database::Database, events::Usage, policy::OnAmbiguous};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

pub async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// An empty database with the schema, and a connection to look into it.
pub struct World {
    pub database: Database,
    pub sql: Client,
}

pub const LEASE: Duration = Duration::from_millis(600);

impl World {
    pub async fn new() -> Self {
        let world = Self::bare().await;
        draft::migrate(&world.database).await.unwrap();
        world
    }

    pub async fn bare() -> Self {
        Self::at(&Postgres::empty_database().unwrap()).await
    }

    pub async fn at(url: &str) -> Self {
        let database = draft::database(&url.into()).unwrap();
        Self { database, sql: client(url).await }
    }

    /// As a process would open it; a second one is another process to it.
    pub fn ledger(&self) -> Ledger {
        let limits = Limits { connections: 2, lease: LEASE, patience: Duration::from_secs(20) };
        Ledger::open(&self.database, limits)
    }

    pub async fn number(&self, query: &str) -> i64 {
        self.sql.query_one(query, &[]).await.unwrap().get(0)
    }

    pub async fn text(&self, query: &str) -> String {
        self.sql.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Held, spent and in doubt, in billionths of a dollar.
    pub async fn budget(&self) -> (i64, i64, i64) {
        let query = "SELECT coalesce(sum(held), 0)::bigint, coalesce(sum(spent), 0)::bigint, \
            coalesce(sum(doubtful), 0)::bigint FROM budgets";
        let row = self.sql.query_one(query, &[]).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    /// Requests, billed, ambiguous, repeated, doubled, as the view has them.
    pub async fn bills(&self) -> (i64, i64, i64, i64, i64) {
        let query = "SELECT sum(requests)::bigint, sum(billed)::bigint, sum(ambiguous)::bigint, \
            sum(repeated)::bigint, sum(doubled)::bigint FROM bills";
        let row = self.sql.query_one(query, &[]).await.unwrap();
        (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))
    }
}

/// Dollars held for a call, and billed for it.
pub const HELD: i64 = 1_000_000;
pub const BILLED: i64 = 400_000;

pub fn key(number: u128) -> CallKey<'static> {
    CallKey {
        tenant: "harbor",
        root: Uuid::from_u128(number),
        cause: Uuid::from_u128(number + 1_000_000),
        prompt: [7; 32],
        provider: "anthropic",
        model: "small",
        params: "",
    }
}

pub fn ask(number: u128) -> Ask<'static> {
    Ask {
        key: key(number),
        estimate: Money::nano(HELD),
        budget: None,
        lane: Lane::Live,
        ambiguous: OnAmbiguous::Retry,
    }
}

pub fn usage() -> Usage {
    Usage {
        call: String::new(),
        request_id: Some("req_1".to_owned()),
        input_tokens: 1000,
        output_tokens: 100,
        cache_read_tokens: 30,
        cache_write_tokens: 4,
        dollars: Money::nano(BILLED).as_dollars(),
    }
}

pub async fn ours(ledger: &Ledger, ask: &Ask<'_>) -> Call {
    match ledger.claim(ask).await.unwrap() {
        Claim::Ours(call) => call,
        other => panic!("not ours: {other:?}"),
    }
}

pub async fn sent(ledger: &Ledger, ask: &Ask<'_>) -> Call {
    let mut call = ours(ledger, ask).await;
    assert!(matches!(call.sent().await.unwrap(), Go::Send));
    call
}

pub async fn found(ledger: &Ledger, ask: &Ask<'_>) -> Stored {
    match ledger.claim(ask).await.unwrap() {
        Claim::Done(stored) => stored,
        other => panic!("not done: {other:?}"),
    }
}

/// A process with a ledger, as far as the ledger is concerned: its tasks and connections.
pub struct Process {
    runtime: Option<tokio::runtime::Runtime>,
    pub ledger: Ledger,
}

impl Process {
    pub fn start(world: &World) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let ledger = {
            let _within = runtime.enter();
            world.ledger()
        };
        Self { runtime: Some(runtime), ledger }
    }

    /// kill -9 with these calls under way: none of its tasks does anything any more.
    pub fn crash(mut self, calls: impl IntoIterator<Item = Call>) {
        calls.into_iter().for_each(std::mem::forget);
        self.runtime.take().unwrap().shutdown_background();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
