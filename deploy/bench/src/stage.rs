//! The servers, the topics and the workers as processes.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use local::{Broker, Postgres, Process, built};
use shared::bus::{
    Lane,
    kafka::{KafkaBus, KafkaSettings},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::watch;

/// Everything a measurement needs.
pub struct Stage {
    /// The broker.
    pub broker: Broker,
    /// The database.
    pub postgres: Postgres,
    /// How often each measurement is repeated.
    pub rounds: usize,
    /// For what is asynchronous.
    pub runtime: Runtime,
    folder: TempDir,
}

/// A worker's process.
pub struct Hand {
    /// The process.
    pub process: Process,
    /// Port of `/readyz` and `/metrics`.
    pub port: u16,
    /// When it was started.
    pub begin: Instant,
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    kafka: KafkaSettings,
}

impl Stage {
    /// Starts the servers, makes the topics of the line and fills the index.
    ///
    /// # Errors
    /// When a server does not start or a program was not built.
    pub fn set(rounds: usize) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (broker, postgres) = (Broker::private()?, Postgres::private()?);
        let folder = tempfile::Builder::new().prefix("switchyard-bench-").tempdir()?;
        let stage = Self { broker, postgres, rounds, runtime, folder };
        stage.runtime.block_on(stage.bus()?.create_topics(Lane::Live))?;
        let mut ingest = stage.command("switchyard")?;
        ingest.args(["ingest", "deploy/demo/resolved.jsonl"]);
        let mut ingest = Process::spawn(ingest, &stage.log("ingest"))?;
        let ended = ingest.wait(Duration::from_secs(120)).is_some_and(|status| status.success());
        ensure!(ended, "switchyard ingest: {}", std::fs::read_to_string(stage.log("ingest"))?);
        Ok(stage)
    }

    /// The cluster.
    ///
    /// # Errors
    /// When its settings cannot be used.
    pub fn bus(&self) -> Result<KafkaBus> {
        Ok(self.kafka().open()?)
    }

    /// The settings of its clients.
    pub fn kafka(&self) -> KafkaSettings {
        Cli::parse_from(["bench", "--bootstrap-servers", self.broker.bootstrap()]).kafka
    }

    /// Processor time the broker has used, microseconds.
    ///
    /// # Errors
    /// When it is gone.
    pub fn broker_cpu_us(&self) -> Result<f64> {
        watch::cpu_us(self.broker.id().context("the broker is not ours")?)
    }

    /// A program of the workspace with this stage's servers in its environment.
    ///
    /// # Errors
    /// When it was not built.
    pub fn command(&self, program: &str) -> Result<Command> {
        let mut command = Command::new(built(program)?);
        command
            .current_dir(root())
            .env("KAFKA_BOOTSTRAP_SERVERS", self.broker.bootstrap())
            .env("DATABASE_URL", self.postgres.url())
            .env("SWITCHYARD_INDEX_DIR", self.folder.path().join("index"));
        if std::env::var_os("ORT_DYLIB_PATH").is_none() {
            command.env("ORT_DYLIB_PATH", root().join(".local/onnxruntime/libonnxruntime.so"));
        }
        Ok(command)
    }

    /// Starts a worker.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, worker: &str) -> Result<Hand> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = self.command(worker)?;
        command.env("SWITCHYARD_HTTP", format!("127.0.0.1:{port}"));
        let begin = Instant::now();
        let process = Process::spawn(command, &self.log(worker))?;
        Ok(Hand { process, port, begin })
    }

    /// Where a program's output goes.
    pub fn log(&self, program: &str) -> PathBuf {
        self.folder.path().join(format!("{program}.log"))
    }
}

impl Hand {
    /// Waits until it is ready; the time since it was started.
    ///
    /// # Errors
    /// When it is not after a minute.
    pub fn ready(&self) -> Result<Duration> {
        watch::ready(self.port, self.begin)
    }

    /// Stops it as an operator does.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(mut self) -> Result<()> {
        self.process.terminate();
        self.process.wait(Duration::from_secs(20)).context("the worker does not end")?;
        Ok(())
    }
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}
