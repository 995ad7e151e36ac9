//! A worker, a policy and a stand-in, set up for one test.

use std::{path::PathBuf, time::Duration};

use draft::{Config, DraftWorker, LedgerSettings};
use local::Postgres;
use serde_json::{Value, json};
use shared::{
    Config as _, Envelope, Worker,
    bus::Origin,
    envelope::Trace,
    events::{Draft, Reply, Retrieved},
};
use standins::{KEY, StandIn, Terms};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// The policy of the product with other providers.
pub fn policy(providers: &str) -> String {
    let text = include_str!("../../../../deploy/policy.yaml");
    let (before, rest) = text.split_once("\nproviders:\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let models =
        "\nmodels:\n  gpt-standin: { as_of: 2026-11-20, input: 0.2, output: 0.8, max_tokens: 512 }\n";
    format!("{before}\nproviders:\n{providers}\n\n{}", after.replacen("\nmodels:\n", models, 1))
}

pub const ANTHROPIC: &str = "  - { kind: anthropic, model: claude-haiku-5-5, timeout_seconds: 2, silence_seconds: 1, rest_seconds: 1, concurrency: 8 }\n";
pub const OPENAI: &str = "  - { kind: openai, model: gpt-standin, timeout_seconds: 2, silence_seconds: 1, rest_seconds: 1, concurrency: 8 }\n";
pub const LOCAL: &str = "  - { kind: local }\n";

pub async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A worker at a stand-in, with a ledger of its own.
pub struct Bench {
    pub stand_in: StandIn,
    pub worker: DraftWorker,
    pub database: String,
    _folder: TempDir,
}

impl Bench {
    pub async fn new(providers: &str) -> Self {
        Self::with(providers, Terms::default()).await
    }

    pub async fn with(providers: &str, terms: Terms) -> Self {
        let (stand_in, database) =
            (StandIn::start(terms).await.unwrap(), Postgres::empty_database().unwrap());
        let (worker, folder) = worker(providers, &stand_in, KEY, &database).await;
        Self { stand_in, worker, database, _folder: folder }
    }

    /// Another process at the same stand-in and ledger.
    pub async fn another(&self, providers: &str) -> (DraftWorker, TempDir) {
        worker(providers, &self.stand_in, KEY, &self.database).await
    }

    pub async fn draft(&self, number: u32) -> Draft {
        draft(&self.worker, ticket(number)).await
    }

    pub async fn reply(&self, number: u32) -> Reply {
        match self.draft(number).await {
            Draft::Reply(reply) => reply,
            Draft::Withheld { reason, .. } => panic!("withheld: {reason}"),
        }
    }
}

pub async fn worker(
    providers: &str,
    stand_in: &StandIn,
    key: &str,
    database: &str,
) -> (DraftWorker, TempDir) {
    let config = Config {
        anthropic_api_key: Some(key.into()),
        anthropic_base_url: Some(stand_in.url()),
        openai_api_key: Some(key.into()),
        openai_base_url: Some(stand_in.url()),
        ledger: LedgerSettings { database_url: Some(database.into()), ..LedgerSettings::default() },
        ..Config::default()
    };
    start(providers, config).await
}

pub async fn start(providers: &str, config: Config) -> (DraftWorker, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("policy.yaml");
    std::fs::write(&path, policy(providers)).unwrap();
    let config = Config { policy: Some(path), ..config };
    (config.start().await.unwrap(), folder)
}

pub async fn draft(worker: &DraftWorker, event: Envelope<Retrieved>) -> Draft {
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, worker.handle(event))
        .await
        .expect("in time")
        .expect("never a failure")
        .draft
}

pub const REPLY: &str = "Dear Mr Obi,\n\nThank you for your message about order 50127. You can follow every step of the journey \
    in your account under orders. If a parcel shows no movement for three working days, please tell us and we open a trace \
    with the carrier. I apologise for the silence.\n\nKind regards, Henrik";

/// A ticket as the draft worker reads it.
pub fn ticket(number: u32) -> Envelope<Retrieved> {
    event(
        &format!("HB-{number}"),
        "Where is my parcel? It was due on Monday, order 48213.",
        "track_order",
        json!([]),
    )
}

pub fn event(id: &str, body: &str, intent: &str, hazards: Value) -> Envelope<Retrieved> {
    let data: Retrieved = serde_json::from_value(json!({
        "ticket": {
            "tenant": "harbor", "id": id, "subject": "Parcel", "body": body, "created_at": "2026-11-20T09:00:00Z",
            "customer": { "id": "c-1", "name": "Imani Holt" }
        },
        "classification": {
            "model": "m", "intent": intent, "confidence": 0.95, "top": [], "margin": 0.9, "out_of_scope": 0.01,
            "mood": { "sentiment": "neutral", "probability": 0.9, "score": 0.0 },
            "attention": { "priority": "normal", "urgency": "normal", "probability": 0.9 },
            "language": { "code": "en", "confidence": 1.0, "supported": true },
            "hazards": hazards, "tokens": 40, "truncated": false
        },
        "retrieval": { "model": "e", "index": "memory", "passages": [
            { "id": "HB-R-1", "score": 0.8, "intent": intent, "subject": "", "reply": REPLY, "resolved_at": "2026-09-01T08:00:00Z" },
            { "id": "HB-R-2", "score": 0.7, "intent": intent, "subject": "", "resolved_at": "2026-09-01T08:00:00Z",
              "reply": "Hello,\n\nParcels are brought to the door between eight and eighteen on working days.\n\nCheers, Malik" }
        ] }
    }))
    .unwrap();
    let key = format!("harbor/{id}");
    let uuid = Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes());
    Envelope {
        id: uuid,
        root: uuid,
        cause: uuid,
        key,
        source: "/test".to_owned(),
        time: "2026-11-20T09:00:01Z".parse().unwrap(),
        trace: Trace::of(uuid),
        origin: Origin { topic: "tickets.retrieved".into(), partition: 0, offset: 0, time_ms: 0, follows: 0 },
        data,
    }
}
