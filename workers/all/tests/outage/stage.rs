//! The servers, the line as processes, and a provider.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use local::{Broker, Postgres, built, pause, program};
use tempfile::TempDir;

use crate::{
    groups::{self, Groups},
    law::Law,
    pace::send_for,
    provider::Provider,
    reader::Reader,
    tickets::Tickets,
    workers::Workers,
};

/// The line. Two draft workers: each has to find out by itself how the provider is.
const LINE: [(&str, usize); 5] = [("classify", 1), ("retrieve", 1), ("draft", 2), ("route", 1), ("audit", 1)];

/// Tickets a second: in four seconds more for each draft worker than it may ask the provider at once.
const RATE: u32 = 10;

/// After the last ticket all are routed by then.
const LIMIT: Duration = Duration::from_secs(30);

pub struct Stage {
    workers: Workers,
    pub provider: Provider,
    pub tickets: Tickets,
    pub reader: Reader,
    broker: Broker,
    postgres: Postgres,
    folder: TempDir,
}

impl Stage {
    pub fn set() -> Self {
        for name in LINE.iter().map(|(kind, _)| *kind).chain(["switchyard", "standins"]) {
            built(name).unwrap_or_else(|error| panic!("{error}"));
        }
        let (broker, postgres) = (Broker::private().unwrap(), Postgres::private().unwrap());
        let folder = tempfile::Builder::new().prefix("switchyard-outage-").tempdir().unwrap();
        let mut stage = Self {
            workers: Workers::default(),
            provider: Provider::start(&folder.path().join("provider.log")),
            tickets: Tickets::open(broker.bootstrap()),
            reader: Reader::open(postgres.url(), broker.bootstrap()),
            broker,
            postgres,
            folder,
        };
        let ingest =
            stage.command("switchyard").args(["ingest", "deploy/demo/resolved.jsonl"]).output().unwrap();
        assert!(ingest.status.success(), "switchyard ingest: {}", String::from_utf8_lossy(&ingest.stderr));
        for (kind, count) in LINE {
            (0..count).for_each(|number| stage.start(kind, number));
        }
        stage
    }

    fn command(&self, name: &str) -> std::process::Command {
        let mut command = program(name, &self.broker, &self.postgres).unwrap();
        command.env("SWITCHYARD_INDEX_DIR", self.folder.path().join("index"));
        command
    }

    fn start(&mut self, kind: &str, number: usize) {
        let mut command = self.command(kind);
        command
            .env("ANTHROPIC_API_KEY", standins::KEY)
            .env("ANTHROPIC_BASE_URL", self.provider.url())
            .env("SWITCHYARD_SESSION_TIMEOUT_MS", "3000");
        self.workers.start(command, &self.log(&format!("{kind}-{number}")));
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    /// Waits until every worker has its share and a ticket of each text has gone all the way.
    pub fn warm_up(&mut self) -> Groups {
        for _ in 0..self.tickets.texts() {
            self.tickets.send();
        }
        self.all_routed();
        groups::at_rest(&self.reader, &LINE)
    }

    /// Sends tickets for as long; everybody has to be there all the while.
    pub fn send_for(&mut self, time: Duration) {
        send_for(self, RATE, time, |stage| stage.tickets.send(), |stage| stage.workers.look_after());
    }

    /// Waits until every ticket is routed, and none is rejected.
    pub fn all_routed(&mut self) {
        self.tickets.flush();
        let (begin, sent) = (Instant::now(), i64::try_from(self.tickets.sent()).unwrap());
        let done = Law { received: sent, routed: sent, rejected: 0, open: 0, stray: 0 };
        loop {
            self.workers.look_after();
            // The audit may not have made its tables yet.
            let law = Law::read(&self.reader);
            if law.as_ref().is_ok_and(|law| *law == done) {
                return;
            }
            let rejected = law.as_ref().is_ok_and(|law| law.rejected > 0);
            assert!(!rejected && begin.elapsed() < LIMIT, "{law:?} of {sent}\n{}", self.workers.logs());
            pause(200);
        }
    }

    /// The groups as they are now.
    pub fn groups(&self) -> Groups {
        groups::look(&self.reader, &LINE)
    }

    /// Ends every worker as an operator does.
    pub fn close(&mut self) {
        self.workers.close();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            println!("the logs are in {}", self.folder.path().display());
        }
    }
}
