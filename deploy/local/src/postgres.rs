//! A private Postgres.

use std::{
    env, fs,
    hash::{BuildHasher, RandomState},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use nix::{
    sys::signal::Signal,
    unistd::{Uid, User},
};

use crate::{
    child::{Server, run},
    place::{Folder, free_port},
};

const LIMIT: Duration = Duration::from_secs(30);

/// A Postgres to work with: a private one that ends with us, or one that was there before.
pub struct Postgres {
    url: String,
    private: Option<Private>,
}

struct Private {
    binaries: PathBuf,
    folder: Folder,
    port: u16,
    user: Option<User>,
    server: Option<Server>,
}

impl Postgres {
    /// The database at `DATABASE_URL` if that is set, else a private one.
    ///
    /// # Errors
    /// As [`Self::private`].
    pub fn provided_or_private() -> Result<Self> {
        match env::var("DATABASE_URL") {
            Ok(url) if !url.is_empty() => Ok(Self { url, private: None }),
            _ => Self::private(),
        }
    }

    /// A new database with nothing in it, on one server for all of this process: that of
    /// [`Self::provided_or_private`]. Its URL.
    ///
    /// # Errors
    /// When there is no server, or no `psql`, or it may not make a database.
    pub fn empty_database() -> Result<String> {
        static SERVER: OnceLock<Result<Postgres, String>> = OnceLock::new();
        let server = SERVER.get_or_init(|| Self::provided_or_private().map_err(|error| format!("{error:#}")));
        let url = &server.as_ref().map_err(|error| anyhow!("{error}"))?.url;
        let name = format!("empty_{:016x}", RandomState::new().hash_one(url));
        let mut psql = Command::new("psql");
        psql.args([url, "-qc", &format!("CREATE DATABASE {name}")]);
        run(psql).context("cannot make a database")?;
        let (before, _) = url.rsplit_once('/').context("the URL of Postgres names no database")?;
        Ok(format!("{before}/{name}"))
    }

    /// A private cluster with nothing in it, in a temporary folder.
    ///
    /// # Errors
    /// When Postgres is not installed or does not start: then with its log's last lines.
    pub fn private() -> Result<Self> {
        Self::open(Folder::passing("switchyard-postgres-")?)
    }

    /// A private cluster that keeps its data in `folder`, with what an earlier one left there.
    ///
    /// # Errors
    /// As [`Self::private`].
    pub fn at(folder: &Path) -> Result<Self> {
        Self::open(Folder::Kept(std::path::absolute(folder)?))
    }

    fn open(folder: Folder) -> Result<Self> {
        let binaries = binaries()?;
        let user = someone_else()?;
        fs::create_dir_all(folder.path())
            .with_context(|| format!("cannot make {}", folder.path().display()))?;
        if let Some(user) = &user {
            chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let port = free_port()?;
        let private = Private { binaries, folder, port, user, server: None };
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let mut postgres = Self { url, private: Some(private) };
        postgres.ours()?.format()?;
        postgres.ours()?.start()?;
        Ok(postgres)
    }

    /// What a client sets as `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is ours to stop and kill.
    pub fn is_private(&self) -> bool {
        self.private.is_some()
    }

    /// The server's log, if it is private.
    pub fn log(&self) -> Option<PathBuf> {
        self.private.as_ref().map(Private::log)
    }

    /// Stops it as an operator does: ends the sessions, writes a checkpoint (SIGINT, "fast").
    ///
    /// # Errors
    /// When it is not ours.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(server) = self.ours()?.server.take() {
            server.end(Signal::SIGINT, LIMIT);
        }
        Ok(())
    }

    /// Ends it at once without a checkpoint (SIGQUIT, "immediate"): the next start recovers as after a crash.
    ///
    /// # Errors
    /// When it is not ours.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(server) = self.ours()?.server.take() {
            server.end(Signal::SIGQUIT, Duration::from_secs(5));
        }
        Ok(())
    }

    /// Starts it on the same data and the same port, after a stop if it still runs.
    ///
    /// # Errors
    /// As [`Self::private`]; when it is not ours.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.ours()?.start()
    }

    fn ours(&mut self) -> Result<&mut Private> {
        let private = self.private.as_mut();
        private.ok_or_else(|| anyhow!("the database was given by DATABASE_URL and is not ours to touch"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A killed postmaster leaves its sessions and its shared memory behind for a while.
        if self.is_private() {
            let _ = self.kill();
        }
    }
}

impl Private {
    fn log(&self) -> PathBuf {
        self.folder.path().join("postgres.log")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of Postgres's programs, run as somebody it accepts.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.current_dir(self.folder.path()).env("LC_ALL", "C").env_remove("PGDATA");
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    fn format(&self) -> Result<()> {
        if self.data().join("PG_VERSION").is_file() {
            return Ok(());
        }
        let mut initdb = self.program("initdb");
        initdb.arg("-D").arg(self.data());
        initdb.args(["-U", "postgres", "--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync"]);
        run(initdb).context("cannot make a Postgres cluster")
    }

    fn start(&mut self) -> Result<()> {
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-c", "shared_buffers=32MB"]);
        let passing = self.folder.is_passing().then(|| self.folder.path());
        let mut server = Server::spawn("postgres", command, &self.log(), passing)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        server.until(LIMIT, || accepts(address).unwrap_or(false))?;
        self.server = Some(server);
        Ok(())
    }
}

/// Whether it takes a session: the answer to a start-up message is `R` (authentication), not `E`.
fn accepts(address: SocketAddr) -> Result<bool> {
    let limit = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    let hello = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";
    stream.write_all(&u32::try_from(hello.len() + 4)?.to_be_bytes())?;
    stream.write_all(hello)?;
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    Ok(kind == *b"R")
}

/// The folder of `initdb` and `postgres`: the newest of Debian's, else what `pg_config` says.
fn binaries() -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    if let Ok(out) = Command::new("pg_config").arg("--bindir").output() {
        found.push((0, PathBuf::from(String::from_utf8_lossy(&out.stdout).trim())));
    }
    found.sort();
    let usable = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let Some((_, folder)) = found.into_iter().rev().find(|(_, folder)| usable(folder)) else {
        bail!("no Postgres server is installed (package postgresql); install one or set DATABASE_URL");
    };
    Ok(folder)
}

/// Somebody to run it as when we are root, whom Postgres refuses.
fn someone_else() -> Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    let known = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
    known.map(Some).ok_or_else(|| anyhow!("Postgres refuses root, and there is no user postgres or nobody"))
}
