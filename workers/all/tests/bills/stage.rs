//! The servers, the provider's stand-in, and the draft workers as processes.

use std::{fs, time::Duration};

use local::{Broker, Postgres, Process, built, pause, program, root};
use rand::{Rng, rngs::StdRng};
use rdkafka::{
    ClientConfig,
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use standins::{StandIn, Terms};
use tempfile::TempDir;
use tokio_postgres::Row;

use crate::{reader::Reader, tickets::Tickets, workers::Workers};

/// Draft workers.
const WORKERS: usize = 2;

/// Time the provider takes: long enough that kills hit calls under way.
const LATENCY: Duration = Duration::from_millis(250);

pub struct Stage {
    pub workers: Workers,
    started: usize,
    pub tickets: Tickets,
    producer: ThreadedProducer<DefaultProducerContext>,
    pub provider: StandIn,
    pub reader: Reader,
    broker: Broker,
    postgres: Postgres,
    folder: TempDir,
}

impl Stage {
    pub fn set() -> Self {
        built("draft").unwrap_or_else(|error| panic!("{error}"));
        let (broker, postgres) = (Broker::private().unwrap(), Postgres::private().unwrap());
        let reader = Reader::open(postgres.url(), broker.bootstrap());
        let terms = Terms { latency: LATENCY, ..Terms::default() };
        let provider = reader.block_on(StandIn::start(terms)).unwrap();
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
        // A machine with much else to do is not to be taken for an outage.
        let patient = ample.replace("silence_seconds: 4", "silence_seconds: 30");
        assert_ne!(ample, patient, "the policy's silence is written otherwise by now");
        fs::write(folder.path().join("policy.yaml"), patient).unwrap();
        let mut stage = Self {
            workers: Workers::default(),
            started: 0,
            tickets: Tickets::new(),
            producer,
            provider,
            reader,
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
        let mut command = program("draft", &self.broker, &self.postgres).unwrap();
        command
            .env("ANTHROPIC_API_KEY", standins::KEY)
            .env("ANTHROPIC_BASE_URL", self.provider.url())
            .env("SWITCHYARD_POLICY", self.folder.path().join("policy.yaml"))
            .env("SWITCHYARD_SESSION_TIMEOUT_MS", "3000")
            .env("SWITCHYARD_LEDGER_LEASE_MS", "2000")
            .env("SWITCHYARD_LOG", "info");
        let log = self.folder.path().join(format!("draft-{}.log", self.started));
        self.workers.start(command, &log);
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

    /// kill -9, and another one in its place; how many of its calls were under way.
    pub fn kill(&mut self, random: &mut StdRng) -> i64 {
        let mut worker = self.workers.0.swap_remove(random.random_range(0..self.workers.0.len()));
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
        self.reader.rows(query).unwrap()
    }
}

/// The number under which the ledger knows a worker, if it came as far as saying it.
fn owner(worker: &Process) -> Option<String> {
    let log = fs::read_to_string(worker.log()).unwrap_or_default();
    let line = log.lines().find(|line| line.contains("the ledger is open"))?;
    let hex = |c: char| !(c.is_ascii_hexdigit() || c == '-');
    line.split(hex).find(|word| word.len() == 36).map(str::to_owned)
}
