//! A server process that does not outlive us.

use std::{
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::place::pause;

/// A running server with its log; killed when dropped.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
    /// Ends the server when this process ends without dropping it: its stdin is then closed.
    guard: Child,
}

impl Server {
    /// Starts `command` with its output added to `log`. A `passing` folder is removed if we end without drop.
    pub(crate) fn spawn(
        name: &'static str,
        mut command: Command,
        log: &Path,
        passing: Option<&Path>,
    ) -> Result<Self> {
        let out = File::options().create(true).append(true).open(log);
        let out = out.with_context(|| format!("cannot write {}", log.display()))?;
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).process_group(0);
        let child = command.spawn().map_err(|error| missing(&program, &error))?;
        let guard = guard(child.id(), passing).context("cannot start sh")?;
        Ok(Self { name, child, log: log.to_owned(), guard })
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `answers`, at most `limit`.
    pub(crate) fn until(&mut self, limit: Duration, answers: impl Fn() -> bool) -> Result<()> {
        let begin = Instant::now();
        while !answers() {
            if let Some(status) = self.child.try_wait().context("cannot look at the child")? {
                bail!(
                    "{} ended with {status}; the last lines of {}:\n{}",
                    self.name,
                    self.log.display(),
                    tail(&self.log)
                );
            }
            if begin.elapsed() > limit {
                bail!("{} does not answer after {limit:?}; its last lines:\n{}", self.name, tail(&self.log));
            }
            pause(20);
        }
        Ok(())
    }

    /// Asks it to end with `signal`, and kills it when it has not done so after `limit`.
    pub(crate) fn end(mut self, signal: Signal, limit: Duration) {
        let begin = Instant::now();
        self.signal(signal);
        while matches!(self.child.try_wait(), Ok(None)) && begin.elapsed() < limit {
            pause(10);
        }
    }

    /// Sends a signal to the server.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let log = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n")
}

/// A shell that waits for our end, which closes its stdin, and then cleans up.
pub(crate) fn guard(pid: u32, passing: Option<&Path>) -> io::Result<Child> {
    let script = r#"read _; kill -KILL "$1"; [ -z "$2" ] || rm -rf "$2""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, "guard", &pid.to_string()]).arg(passing.unwrap_or(Path::new("")));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()
}

/// Runs a program to its end and gives what it said when it fails.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let out = command.stdin(Stdio::null()).output().map_err(|error| missing(&program, &error))?;
    if !out.status.success() {
        let said = [out.stdout, out.stderr].concat();
        bail!("{program} ended with {}:\n{}", out.status, String::from_utf8_lossy(&said));
    }
    Ok(())
}

/// Says what to install when a program cannot be started.
pub(crate) fn missing(program: &str, error: &io::Error) -> anyhow::Error {
    let advice = match program {
        "java" => "install a Java runtime, 17 or newer, or set KAFKA_BOOTSTRAP_SERVERS",
        "mvn" => "install Apache Maven (it fetches Apache Kafka once), or set KAFKA_BOOTSTRAP_SERVERS",
        "openssl" => "install openssl",
        _ => "is it installed?",
    };
    anyhow::anyhow!("cannot start {program}: {error}; {advice}")
}
