//! A program of this workspace as a process of its own: for tests that strike it, and for measurements.

use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    Broker, Postgres,
    child::{guard, missing, tail},
    place::{pause, root},
};

/// The program `name` of the target folder that the calling test or bench was built into; an example is
/// `examples/<name>`.
///
/// # Errors
/// When it is not there: then with the command that builds it.
pub fn built(name: &str) -> Result<PathBuf> {
    let here = env::current_exe().context("cannot tell where this program lies")?;
    let folder = here.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    let path = folder.unwrap_or(Path::new(".")).join(name);
    if !path.is_file() {
        let release =
            if path.components().any(|part| part.as_os_str() == "release") { " --release" } else { "" };
        bail!(
            "{} is not there; build it with: cargo build --workspace --bins --examples{release}",
            path.display()
        );
    }
    Ok(path)
}

/// A program of this workspace, to be run in its folder on these servers. Whoever runs this may have a key: no ticket goes
/// out to a provider, and none is paid for, unless the caller sets one.
///
/// # Errors
/// As [`built`].
pub fn program(name: &str, broker: &Broker, postgres: &Postgres) -> Result<Command> {
    let mut command = Command::new(built(name)?);
    command
        .current_dir(root())
        .env("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap())
        .env("DATABASE_URL", postgres.url())
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("OPENAI_BASE_URL");
    if env::var_os("ORT_DYLIB_PATH").is_none() {
        command.env("ORT_DYLIB_PATH", root().join(".local/onnxruntime/libonnxruntime.so"));
    }
    Ok(command)
}

/// A running program with its log; killed when dropped, and when this process ends in whatever way.
pub struct Process {
    child: Child,
    /// Ends the program when this process ends without dropping it.
    guard: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with its output added to `log`.
    ///
    /// # Errors
    /// When it cannot be started or its log cannot be written.
    pub fn spawn(mut command: Command, log: &Path) -> Result<Self> {
        let out = File::options().create(true).append(true).open(log);
        let out = out.with_context(|| format!("cannot write {}", log.display()))?;
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().map_err(|error| missing(&program, &error))?;
        let guard = guard(child.id(), None).context("cannot start sh")?;
        Ok(Self { child, guard, log: log.to_owned() })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its output goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of its log.
    pub fn tail(&self) -> String {
        tail(&self.log)
    }

    /// Kills it where it stands (SIGKILL), and waits for that.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&mut self) {
        self.signal(Signal::SIGTERM);
    }

    /// Freezes it (SIGSTOP).
    pub fn freeze(&mut self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on after [`Self::freeze`].
    pub fn thaw(&mut self) {
        self.signal(Signal::SIGCONT);
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end, at most `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begin = Instant::now();
        loop {
            let ended = self.ended();
            if ended.is_some() || begin.elapsed() >= limit {
                return ended;
            }
            pause(5);
        }
    }

    /// A process that has been waited for gets no signal: its number may be another's by now.
    fn signal(&mut self, signal: Signal) {
        if let (None, Ok(pid)) = (self.ended(), i32::try_from(self.child.id())) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.guard.kill();
        let _ = self.guard.wait();
        self.kill();
    }
}
