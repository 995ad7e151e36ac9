//! A private single-node Apache Kafka.

use std::{
    env, fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::Signal;

use crate::{
    child::{Server, run},
    libs::Libs,
    place::{Folder, free_port},
};

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(15);

/// What every private broker is set to: one node, quick to join, quick to notice a death.
const PROPERTIES: &str = include_str!("server.properties");

/// A Kafka cluster to work with: a private one that ends with us, or one that was there before.
pub struct Broker {
    bootstrap: String,
    private: Option<Private>,
}

struct Private {
    libs: Libs,
    folder: Folder,
    port: u16,
    server: Option<Server>,
}

impl Broker {
    /// The cluster at `KAFKA_BOOTSTRAP_SERVERS` if that is set, else a private one.
    ///
    /// # Errors
    /// As [`Self::private`].
    pub fn provided_or_private() -> Result<Self> {
        match env::var("KAFKA_BOOTSTRAP_SERVERS") {
            Ok(bootstrap) if !bootstrap.is_empty() => Ok(Self { bootstrap, private: None }),
            _ => Self::private(),
        }
    }

    /// A private cluster with nothing in it, in a temporary folder.
    ///
    /// # Errors
    /// When `java` or `mvn` is missing, or the broker does not start: then with its log's last lines.
    pub fn private() -> Result<Self> {
        Self::open(Folder::passing("switchyard-kafka-")?, "")
    }

    /// A private cluster that keeps its data in `folder`, with what an earlier one left there.
    ///
    /// # Errors
    /// As [`Self::private`].
    pub fn at(folder: &Path) -> Result<Self> {
        Self::open(Folder::Kept(std::path::absolute(folder)?), "")
    }

    /// A private cluster with more listeners and properties.
    pub(crate) fn open(folder: Folder, more: &str) -> Result<Self> {
        let libs = Libs::ready()?;
        if !libs.archive().is_file() {
            Private::prepare(Libs::ready()?, Folder::passing("switchyard-kafka-")?, "")?.archive_classes()?;
        }
        let private = Private::prepare(libs, folder, more)?;
        let mut broker = Self { bootstrap: format!("127.0.0.1:{}", private.port), private: Some(private) };
        broker.restart()?;
        Ok(broker)
    }

    /// What a client sets as `KAFKA_BOOTSTRAP_SERVERS`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Whether it is ours to stop and kill.
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// The number of its process, if it is private and runs.
    pub fn id(&self) -> Option<u32> {
        self.private.as_ref()?.server.as_ref().map(Server::id)
    }

    /// The broker's log, if it is private.
    pub fn log(&self) -> Option<PathBuf> {
        self.private.as_ref().map(Private::log)
    }

    /// Stops it as an operator does: SIGTERM, and waits for its end.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(server) = self.ours()?.server.take() {
            server.end(Signal::SIGTERM, STOP_LIMIT);
        }
        Ok(())
    }

    /// Kills it where it stands.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn kill(&mut self) -> Result<()> {
        self.ours()?.server = None;
        Ok(())
    }

    /// Freezes it (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn freeze(&mut self) -> Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on after [`Self::freeze`].
    ///
    /// # Errors
    /// When it is not ours.
    pub fn thaw(&mut self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Starts it on the same data and the same port, after a stop if it still runs.
    ///
    /// # Errors
    /// As [`Self::private`]; when it is not ours.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.ours()?.start()
    }

    /// Runs one of Kafka's own tools by its class, for example `kafka.admin.ConfigCommand`.
    ///
    /// # Errors
    /// When it is not ours, or with what the tool said when it fails.
    pub fn tool(&self, class: &str, arguments: &[&str]) -> Result<()> {
        let private = self.private.as_ref().ok_or_else(not_ours)?;
        let mut java = private.libs.java(&[]);
        java.arg(class).args(["--bootstrap-server", &self.bootstrap]).args(arguments);
        run(java).with_context(|| format!("{class} failed"))
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        match &self.ours()?.server {
            Some(server) => server.signal(signal),
            None => bail!("the broker does not run"),
        }
        Ok(())
    }

    fn ours(&mut self) -> Result<&mut Private> {
        self.private.as_mut().ok_or_else(not_ours)
    }
}

fn not_ours() -> anyhow::Error {
    anyhow!("the cluster was given by KAFKA_BOOTSTRAP_SERVERS and is not ours to touch")
}

impl Private {
    /// Formats a folder and writes its settings. `more`: a line of listeners to add, then lines of properties.
    fn prepare(libs: Libs, folder: Folder, more: &str) -> Result<Self> {
        let (port, controller) = (free_port()?, free_port()?);
        let data = folder.path().join("data");
        if !data.join("meta.properties").is_file() {
            libs.format(&data)?;
        }
        let (extra, more) = more.split_once('\n').unwrap_or_default();
        let own = format!(
            "controller.quorum.voters=1@127.0.0.1:{controller}\nlog.dirs={}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{extra}\n{more}",
            data.display()
        );
        fs::write(folder.path().join("server.properties"), format!("{PROPERTIES}{own}"))?;
        Ok(Self { libs, folder, port, server: None })
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("broker.log")
    }

    fn start(&mut self) -> Result<()> {
        let archive = format!("-XX:SharedArchiveFile={}", self.libs.archive().display());
        self.server = Some(self.spawn(archive)?);
        Ok(())
    }

    fn spawn(&self, option: String) -> Result<Server> {
        let mut java = self.libs.java(&[option]);
        java.arg("kafka.Kafka").arg(self.folder.path().join("server.properties"));
        let passing = self.folder.is_passing().then(|| self.folder.path());
        let mut server = Server::spawn("the broker", java, &self.log(), passing)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        server.until(START_LIMIT, || metadata(address).unwrap_or(false))?;
        Ok(server)
    }

    /// Runs once, so that the JVM writes down the classes it loaded: the next start takes half the time.
    fn archive_classes(&self) -> Result<()> {
        let coming = self.folder.path().join("kafka.jsa");
        let server = self.spawn(format!("-XX:ArchiveClassesAtExit={}", coming.display()))?;
        server.end(Signal::SIGTERM, START_LIMIT);
        self.libs.keep_archive(&coming)
    }
}

/// Whether the broker answers a metadata request (version 1, no topics) with at least one broker.
fn metadata(address: SocketAddr) -> Result<bool> {
    let limit = Duration::from_secs(2);
    let begin = Instant::now();
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(&[0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0])?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let [_, _, _, _, _, _, _, correlation, brokers @ ..] = head;
    Ok(correlation == 7 && i32::from_be_bytes(brokers) > 0 && begin.elapsed() < limit)
}
