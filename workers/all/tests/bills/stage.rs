//! The servers, the provider's stand-in, and the draft workers as processes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use clap::Parser;
use local::{Broker, Postgres, Process, built};
use rand::{Rng, rngs::StdRng};
use rdkafka::{
    ClientConfig,
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use shared::bus::{Lane, kafka::KafkaSettings};
use standins::{StandIn, Terms};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::{NoTls, Row};

use crate::{pause, tickets::Tickets};

/// Draft workers.
const WORKERS: usize = 2;

/// Time the provider takes: long enough that kills hit calls under way.
const LATENCY: Duration = Duration::from_millis(250);

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

pub struct Stage {
    workers: Vec<Process>,
    started: usize,
    pub tickets: Tickets,
    producer: ThreadedProducer<DefaultProducerContext>,
    pub provider: StandIn,
    runtime: Runtime,
    pub broker: Broker,
    postgres: Postgres,
    folder: TempDir,
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    kafka: KafkaSettings,
}

impl Stage {
    pub fn set() -> Self {
        built("draft").unwrap_or_else(|error| panic!("{error}"));
        let (broker, postgres) = (Broker::private().unwrap(), Postgres::private().unwrap());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bus = Cli::parse_from(["test", "--bootstrap-servers", broker.bootstrap()]).kafka.open().unwrap();
        runtime.block_on(bus.create_topics(Lane::Live)).unwrap();
        let provider =
            runtime.block_on(StandIn::start(Terms { latency: LATENCY, ..Terms::default() })).unwrap();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", broker.bootstrap())
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .create()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let policy = fs::read_to_string(root().join("deploy/policy.yaml")).unwrap();
        let ample = policy.replace("dollars_a_day: 20.0", "dollars_a_day: 100000.0");
        assert_ne!(policy, ample, "the policy's budget is written otherwise by now");
        fs::write(folder.path().join("policy.yaml"), ample).unwrap();
        let mut stage = Self {
            workers: Vec::new(),
            started: 0,
            tickets: Tickets::new(),
            producer,
            provider,
            runtime,
            broker,
            postgres,
            folder,
        };
        (0..WORKERS).for_each(|_| stage.start());
        stage
    }

    /// Starts a worker.
    fn start(&mut self) {
        self.started += 1;
        let mut command = Command::new(built("draft").unwrap());
        command
            .current_dir(root())
            .env("KAFKA_BOOTSTRAP_SERVERS", self.broker.bootstrap())
            .env("DATABASE_URL", self.postgres.url())
            .env_remove("OPENAI_BASE_URL")
            .env("ANTHROPIC_API_KEY", standins::KEY)
            .env("ANTHROPIC_BASE_URL", self.provider.url())
            .env("SWITCHYARD_POLICY", self.folder.path().join("policy.yaml"))
            .env("SWITCHYARD_SESSION_TIMEOUT_MS", "3000")
            .env("SWITCHYARD_LEDGER_LEASE_MS", "2000")
            .env("SWITCHYARD_LOG", "info");
        let log = self.folder.path().join(format!("draft-{}.log", self.started));
        self.workers.push(Process::spawn(command, &log).unwrap());
    }

    /// Sends the next ticket.
    pub fn send(&mut self) {
        let (key, value) = self.tickets.next();
        let record = BaseRecord::to("tickets.retrieved").key(&key).payload(&value);
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
    }

    /// All that was sent is in the log.
    pub fn flush(&self) {
        self.producer.flush(Duration::from_secs(30)).unwrap();
    }

    /// Nobody may have ended by itself.
    pub fn look_after(&mut self) {
        for worker in &mut self.workers {
            if let Some(status) = worker.ended() {
                panic!("a worker ended by itself with {status}: {}", log_of(worker));
            }
        }
    }

    /// kill -9, and another one in its place; how many of its calls were under way.
    pub fn kill(&mut self, random: &mut StdRng) -> i64 {
        let mut worker = self.workers.swap_remove(random.random_range(0..self.workers.len()));
        // It stands still first, so that what is counted is what the kill hits.
        worker.freeze();
        pause(60);
        let under_way = owner(&worker).map_or(0, |owner| {
            let query = format!("SELECT count(*) FROM calls WHERE state = 'sent' AND owner = '{owner}'");
            self.rows(&query)[0].get(0)
        });
        worker.kill();
        self.start();
        under_way
    }

    /// The rows of a query.
    pub fn rows(&self, query: &str) -> Vec<Row> {
        self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(self.postgres.url(), NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            let rows = client.query(query, &[]).await.unwrap();
            connection.abort();
            rows
        })
    }

    /// Ends every worker as an operator does.
    pub fn close(&mut self) {
        for mut worker in self.workers.drain(..) {
            worker.terminate();
            let begun = Instant::now();
            let code = worker.wait(Duration::from_secs(20)).and_then(|status| status.code());
            assert_eq!(code, Some(0), "after {:?}: {}", begun.elapsed(), log_of(&worker));
        }
    }

    /// The last lines of every worker's log.
    pub fn logs(&self) -> String {
        self.workers.iter().map(log_of).collect::<Vec<_>>().join("\n---\n")
    }
}

/// The number under which the ledger knows a worker, if it came as far as saying it.
fn owner(worker: &Process) -> Option<String> {
    let log = fs::read_to_string(worker.log()).unwrap_or_default();
    let line = log.lines().find(|line| line.contains("the ledger is open"))?;
    let hex = |c: char| !(c.is_ascii_hexdigit() || c == '-');
    line.split(hex).find(|word| word.len() == 36).map(str::to_owned)
}

fn log_of(worker: &Process) -> String {
    let log = fs::read_to_string(worker.log()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
