//! The scripted worker of the runner's tests as a process of its own: a ticket's body tells it what to do, and while a
//! file is there the world is away.

#[path = "../tests/support/mod.rs"]
mod support;

use std::{path::PathBuf, sync::atomic::Ordering};

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Classified, Received},
};
use support::Scripted;

/// Settings of the scripted worker.
#[derive(Debug, clap::Args)]
struct Config {
    /// While this file is there every event fails for want of the world
    #[arg(long, env = "SCRIPTED_OUTAGE")]
    outage: Option<PathBuf>,
}

impl shared::Config for Config {
    type Worker = Process;

    async fn start(&self) -> Result<Process, StartError> {
        Ok(Process { scripted: Scripted::default(), outage: self.outage.clone() })
    }
}

/// The scripted worker, with an outage that can be switched from outside.
struct Process {
    scripted: Scripted,
    outage: Option<PathBuf>,
}

impl Worker for Process {
    const NAME: &'static str = Scripted::NAME;
    type Input = Received;
    type Output = Classified;

    async fn handle(&self, event: Envelope<Received>) -> Result<Classified, Failure> {
        let away = self.outage.as_ref().is_some_and(|file| file.exists());
        self.scripted.outage.store(away, Ordering::Relaxed);
        self.scripted.handle(event).await
    }
}

fn main() -> std::process::ExitCode {
    shared::process::main::<Config>()
}
