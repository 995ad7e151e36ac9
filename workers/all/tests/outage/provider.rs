//! The provider's stand-in as a process that can be made ill, killed and started again at the same address.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use local::{Process, built, free_port, pause};
use serde_json::json;

/// How a provider can be out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outage {
    /// It takes requests and never answers.
    Hang,
    /// It answers 529.
    Overloaded,
    /// Nobody is there: the connection is refused.
    Gone,
}

pub struct Provider {
    process: Process,
    address: SocketAddr,
    log: PathBuf,
}

impl Provider {
    pub fn start(log: &Path) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port().unwrap()));
        Self { process: spawn(address, log), address, log: log.to_owned() }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it is out in this way.
    pub fn go(&mut self, outage: Outage) {
        match outage {
            Outage::Hang => self.weather("hang", 0),
            Outage::Overloaded => self.weather("status", 529),
            Outage::Gone => self.process.kill(),
        }
    }

    /// It is there again, and well.
    pub fn come_back(&mut self) {
        self.process.kill();
        self.process = spawn(self.address, &self.log);
    }

    fn weather(&self, kind: &str, code: u16) {
        let standing =
            if code == 0 { json!({ "kind": kind }) } else { json!({ "kind": kind, "code": code }) };
        let body = json!({ "standing": standing }).to_string();
        let mut stream = TcpStream::connect(self.address).unwrap();
        let head = "POST /weather HTTP/1.1\r\nhost: provider\r\nconnection: close\r\ncontent-length:";
        write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("so be it"), "{answer}");
    }
}

fn spawn(address: SocketAddr, log: &Path) -> Process {
    let mut command = Command::new(built("standins").unwrap());
    command.args(["--latency-ms", "250", "--port", &address.port().to_string()]);
    let process = Process::spawn(command, log).unwrap();
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "the provider does not listen:\n{}",
            process.tail()
        );
        pause(5);
    }
    process
}
