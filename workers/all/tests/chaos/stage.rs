//! The servers, and the workers as processes.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use local::{Broker, Postgres, Process, built, pause, program};
use rand::{Rng, rngs::StdRng, seq::IteratorRandom};
use tempfile::TempDir;

use crate::ledger::Ledger;

/// The kinds of worker, in the order of the line.
pub const KINDS: [&str; 5] = ["classify", "retrieve", "draft", "route", "audit"];

/// Workers of each kind to begin with.
const OF_EACH: usize = 2;

/// How long a member may be silent before its partitions go to others.
pub const SESSION: Duration = Duration::from_secs(3);

/// A worker that was asked to end has to have done so by then, whatever else is broken.
const LEAVE_LIMIT: Duration = Duration::from_secs(40);

/// A worker's process and what was done to it.
struct Hand {
    name: String,
    kind: &'static str,
    process: Process,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Works,
    Frozen,
    /// SIGTERM was sent then.
    Leaves(Instant),
}

pub struct Stage {
    hands: Vec<Hand>,
    started: usize,
    /// What must not happen: said in the end, so that the rest can be seen too.
    pub wrongs: Vec<String>,
    pub ledger: Ledger,
    pub broker: Broker,
    pub postgres: Postgres,
    index: TempDir,
    logs: PathBuf,
    seed: u64,
}

impl Stage {
    /// Servers, topics, index and workers.
    pub fn set(seed: u64) -> Self {
        for program in KINDS.iter().chain(&["switchyard"]) {
            built(program).unwrap_or_else(|error| panic!("{error}"));
        }
        let (broker, postgres) =
            (Broker::provided_or_private().unwrap(), Postgres::provided_or_private().unwrap());
        for (what, variable, ours) in [
            ("broker", "KAFKA_BOOTSTRAP_SERVERS", broker.is_private()),
            ("Postgres", "DATABASE_URL", postgres.is_private()),
        ] {
            if !ours {
                println!(
                    "{variable} is set: this {what} is NOT stopped and started; workers are killed instead"
                );
            }
        }
        let logs = tempfile::Builder::new().prefix("switchyard-chaos-").tempdir().unwrap().keep();
        let ledger = Ledger::open(postgres.url(), broker.bootstrap());
        let index = tempfile::tempdir().unwrap();
        let mut stage = Self {
            hands: Vec::new(),
            started: 0,
            wrongs: Vec::new(),
            ledger,
            broker,
            postgres,
            index,
            logs,
            seed,
        };
        stage.ledger.expect_nothing();
        stage.fill_index();
        for kind in KINDS {
            (0..OF_EACH).for_each(|_| stage.start(kind));
        }
        stage
    }

    pub fn bootstrap(&self) -> &str {
        self.broker.bootstrap()
    }

    /// Fills the index with `switchyard ingest`.
    fn fill_index(&self) {
        let mut command = self.command("switchyard");
        command.args(["ingest", "deploy/demo/resolved.jsonl"]);
        let log = self.logs.join("ingest.log");
        let mut ingest = Process::spawn(command, &log).unwrap();
        let code = ingest.wait(Duration::from_secs(120)).and_then(|status| status.code());
        assert_eq!(code, Some(0), "switchyard ingest: {}", fs::read_to_string(&log).unwrap());
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program(name, &self.broker, &self.postgres).unwrap();
        command
            .env("SWITCHYARD_INDEX_DIR", self.index.path())
            .env("SWITCHYARD_SESSION_TIMEOUT_MS", SESSION.as_millis().to_string());
        command
    }

    /// Starts a worker.
    pub fn start(&mut self, kind: &'static str) {
        self.started += 1;
        let name = format!("{kind}-{}", self.started);
        let log = self.logs.join(format!("{name}.log"));
        let process = Process::spawn(self.command(kind), &log).unwrap();
        self.hands.push(Hand { name, kind, process, state: State::Works });
    }

    /// How many of a kind are at work.
    pub fn at_work(&self, kind: &str) -> usize {
        self.hands.iter().filter(|hand| hand.kind == kind && hand.state == State::Works).count()
    }

    fn choose(&self, kind: &str, random: &mut StdRng) -> Option<usize> {
        let working =
            self.hands.iter().enumerate().filter(|(_, hand)| hand.kind == kind && hand.state == State::Works);
        working.map(|(at, _)| at).choose(random)
    }

    /// kill -9; the name of who was hit.
    pub fn kill(&mut self, kind: &str, random: &mut StdRng) -> Option<String> {
        let mut hand = self.hands.swap_remove(self.choose(kind, random)?);
        hand.process.kill();
        Some(hand.name)
    }

    /// SIGTERM.
    pub fn terminate(&mut self, kind: &str, random: &mut StdRng) -> Option<String> {
        let at = self.choose(kind, random)?;
        self.hands[at].leave();
        Some(self.hands[at].name.clone())
    }

    /// SIGSTOP.
    pub fn freeze(&mut self, kind: &str, random: &mut StdRng) -> Option<String> {
        let at = self.choose(kind, random)?;
        let hand = &mut self.hands[at];
        hand.process.freeze();
        hand.state = State::Frozen;
        Some(hand.name.clone())
    }

    /// SIGCONT.
    pub fn thaw(&mut self, name: &str) {
        for hand in self.hands.iter_mut().filter(|hand| hand.name == name) {
            hand.process.thaw();
            hand.state = State::Works;
        }
    }

    /// Sees who has ended, and starts anew who must not have.
    pub fn look_after(&mut self) {
        let mut at = 0;
        while at < self.hands.len() {
            let Some(ended) = self.hands[at].over() else {
                at += 1;
                continue;
            };
            let hand = self.hands.swap_remove(at);
            if let Err(wrong) = ended {
                println!("         {wrong}");
                self.wrongs.push(wrong);
                if hand.state == State::Works {
                    self.start(hand.kind);
                }
            }
        }
    }

    /// SIGTERM to all; waits for them; nothing may have gone wrong.
    pub fn close(&mut self) {
        self.hands.iter_mut().for_each(Hand::leave);
        while !self.hands.is_empty() {
            self.look_after();
            pause(20);
        }
        assert!(self.wrongs.is_empty(), "{}", self.wrongs.join("\n"));
    }
}

impl Hand {
    fn leave(&mut self) {
        self.process.terminate();
        self.state = State::Leaves(Instant::now());
    }

    /// Whether it has ended, and as it should.
    fn over(&mut self) -> Option<Result<(), String>> {
        let (name, log) = (&self.name, self.process.log().display().to_string());
        match (self.process.ended(), self.state) {
            (Some(status), State::Leaves(_)) if status.code() == Some(0) => Some(Ok(())),
            (Some(status), State::Leaves(_)) => {
                Some(Err(format!("{name} was asked to end and did with {status}: {log}")))
            }
            (Some(status), _) => Some(Err(format!("{name} ended by itself with {status}: {log}"))),
            (None, State::Leaves(since)) if since.elapsed() > LEAVE_LIMIT => {
                self.process.kill();
                Some(Err(format!("{name} did not end within {LEAVE_LIMIT:?} of SIGTERM: {log}")))
            }
            _ => None,
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.logs);
            return;
        }
        for (log, name) in [(self.broker.log(), "broker.log"), (self.postgres.log(), "postgres.log")] {
            if let Some(log) = log {
                let _ = fs::copy(log, self.logs.join(name));
            }
        }
        println!(
            "the logs are in {}; SWITCHYARD_SEED={} draws the same again",
            self.logs.display(),
            self.seed
        );
    }
}

/// A moment between `from` and `to` milliseconds.
pub fn moment(random: &mut StdRng, from: u64, to: u64) -> Duration {
    Duration::from_millis(random.random_range(from..to))
}
