//! The scripted worker as a process.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    ops::{Deref, DerefMut},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use clap::ValueEnum;
use local::{Process, built};
use serde_json::Value;

use super::{SESSION, World, bootstrap, until};

/// A running scripted worker.
pub struct Worker {
    process: Process,
    address: Option<String>,
}

impl Worker {
    /// Starts one in a test's lane with more settings.
    pub fn start(world: &World, settings: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let log = world.folder.join(format!("scripted-{}.log", COUNT.fetch_add(1, Ordering::Relaxed)));
        let lane = world.lane.to_possible_value().unwrap();
        let mut command = Command::new(built("examples/scripted").unwrap());
        command
            .env("KAFKA_BOOTSTRAP_SERVERS", bootstrap())
            .env("SWITCHYARD_LANE", lane.get_name())
            .env("SWITCHYARD_SESSION_TIMEOUT_MS", SESSION.as_millis().to_string())
            .env("SWITCHYARD_LOG_FORMAT", "json")
            .env("SCRIPTED_OUTAGE", world.folder.join("outage"))
            .envs(settings.iter().copied());
        Self { process: Process::spawn(command, &log).unwrap(), address: None }
    }

    /// Starts one and waits until it has its share.
    pub fn ready(world: &World, settings: &[(&str, &str)]) -> Self {
        let mut worker = Self::start(world, settings);
        until("the worker is ready", || worker.get("/readyz").0 == 200);
        worker
    }

    /// What the worker answers to a GET: the status and the body.
    pub fn get(&mut self, path: &str) -> (u16, String) {
        let address = self.address();
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The status and the report of `/healthz` or `/readyz`.
    pub fn report(&mut self, path: &str) -> (u16, Value) {
        let (status, body) = self.get(path);
        (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
    }

    /// How many partitions it has.
    pub fn partitions(&mut self) -> u64 {
        self.report("/healthz").1["partitions"].as_u64().unwrap()
    }

    /// SIGTERM, and its exit code after at most `limit`.
    pub fn stop(mut self, limit: Duration) -> Option<i32> {
        self.terminate();
        self.wait(limit).and_then(|status| status.code())
    }

    /// Where it listens, as its log says.
    fn address(&mut self) -> String {
        if let Some(address) = &self.address {
            return address.clone();
        }
        let mut found = None;
        until("the worker listens", || {
            assert!(self.process.ended().is_none(), "{}", fs::read_to_string(self.process.log()).unwrap());
            let log = fs::read_to_string(self.process.log()).unwrap_or_default();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            found = lines
                .filter(|line| line["message"] == "listening")
                .find_map(|line| line["address"].as_str().map(str::to_owned));
            found.is_some()
        });
        self.address.insert(found.unwrap()).clone()
    }
}

impl Deref for Worker {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Worker {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}
