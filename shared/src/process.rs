//! A worker's process: settings, logs, the bus, signals and the health port. Each worker's `main` is one call of
//! [`main`].

mod arguments;
mod http;
mod logs;
mod signals;

use std::{process::ExitCode, sync::Arc, time::Duration};

use backoff::{ExponentialBackoffBuilder, backoff::Backoff};
use clap::{CommandFactory, Parser};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use self::{
    arguments::read as read_arguments,
    http::serve,
    logs::{LogFormat, Logs},
    signals::stop_on_signal,
};
use crate::{
    bus::{Bus, BusError, kafka::KafkaSettings},
    events::Event,
    runner::{self, Settings, Vitals},
    start::{Config, StartError},
    worker::Worker,
};

/// Exit code for settings that cannot be used (`EX_USAGE`).
pub const EXIT_SETTINGS: u8 = 64;

/// Everything a worker's process can be told
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments<C: Config> {
    #[command(flatten)]
    config: C,
    #[command(flatten)]
    bus: KafkaSettings,
    #[command(flatten)]
    runner: Settings,
    #[command(flatten)]
    logs: Logs,

    /// Address of /healthz, /readyz and /metrics; port 0 takes a free one
    #[arg(long, env = "SWITCHYARD_HTTP", default_value = "127.0.0.1:0")]
    http: std::net::SocketAddr,
}

/// Runs a worker's process to its end.
pub fn main<C: Config>() -> ExitCode {
    let about = format!(
        "The {0} worker: reads {1:?}, writes {2:?}",
        C::Worker::NAME,
        <C::Worker as Worker>::Input::TOPICS,
        <C::Worker as Worker>::Output::TOPICS
    );
    let command = Arguments::<C>::command().name(C::Worker::NAME).about(about);
    let arguments: Arguments<C> = match arguments::read(command) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    arguments.logs.install();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("cannot start: {error}")),
    };
    let code = runtime.block_on(async {
        let stop = CancellationToken::new();
        tokio::select! {
            code = work(arguments, stop.clone()) => code,
            () = stop_on_signal(stop) => ExitCode::from(130),
        }
    });
    // A second signal must not wait for a handler that hangs.
    runtime.shutdown_timeout(Duration::from_millis(100));
    code
}

/// Starts the worker and runs it until told to stop.
async fn work<C: Config>(arguments: Arguments<C>, stop: CancellationToken) -> ExitCode {
    let bus = arguments.bus.open().map(Bus::Kafka);
    let vitals = Arc::new(Vitals::default());
    vitals.waits_for(Some("starting".to_owned()));
    let http = http::serve(arguments.http, Arc::clone(&vitals), stop.clone()).await;
    let settings = StartError::both(bus, http);
    let bus = match settings {
        Ok((bus, _)) => bus,
        // The worker's own settings are checked too, so that all that is wrong is said at once.
        Err(error) => {
            return refuse(StartError::both(Err::<(), _>(error), arguments.config.start().await).err());
        }
    };
    let worker = match start(&arguments.config, &vitals, &stop).await {
        Ok(Some(worker)) => worker,
        Ok(None) => return ExitCode::SUCCESS,
        Err(error) => return refuse(Some(error)),
    };
    vitals.waits_for(None);
    info!(worker = C::Worker::NAME, "ready");
    match runner::run(Arc::new(worker), &bus, arguments.runner, vitals, stop).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(BusError::Settings(problem)) => failed(&problem),
        Err(error) => {
            error!(worker = C::Worker::NAME, %error, "stopped");
            ExitCode::FAILURE
        }
    }
}

/// Starts a worker; waits for the world as long as it takes. `None`: told to stop meanwhile.
///
/// # Errors
/// Settings that cannot be used.
pub async fn start<C: Config>(
    config: &C,
    vitals: &Vitals,
    stop: &CancellationToken,
) -> Result<Option<C::Worker>, StartError> {
    let mut waits = ExponentialBackoffBuilder::new()
        .with_initial_interval(Duration::from_millis(200))
        .with_max_interval(Duration::from_secs(10))
        .with_max_elapsed_time(None)
        .build();
    loop {
        match config.start().await {
            Ok(worker) => return Ok(Some(worker)),
            Err(StartError::World(problem)) => {
                let problem = format!("{problem:#}");
                warn!(worker = C::Worker::NAME, problem, "cannot start yet, will try again");
                vitals.waits_for(Some(problem));
            }
            Err(error) => return Err(error),
        }
        let wait = waits.next_backoff().unwrap_or(Duration::from_secs(10));
        if stop.run_until_cancelled(sleep(wait)).await.is_none() {
            return Ok(None);
        }
    }
}

/// Prints help and version to standard output, and whatever clap finds wrong to standard error.
fn usage(error: &clap::Error) -> ExitCode {
    drop(error.print());
    if error.use_stderr() { ExitCode::from(EXIT_SETTINGS) } else { ExitCode::SUCCESS }
}

/// Says which settings cannot be used.
fn refuse(error: Option<StartError>) -> ExitCode {
    failed(&error.map(|error| error.to_string()).unwrap_or_default())
}

/// Says what is wrong, one line each, and returns the exit code for it.
#[allow(clippy::print_stderr, reason = "settings are wrong before there is a log to write to")]
#[must_use]
pub fn failed(problems: &str) -> ExitCode {
    for problem in problems.lines() {
        eprintln!("error: {problem}");
    }
    ExitCode::from(EXIT_SETTINGS)
}
