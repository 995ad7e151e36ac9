//! Logs, as text for people or as JSON for machines, on standard error.

use clap::{Args, ValueEnum};
use tracing_subscriber::{EnvFilter, fmt};

use crate::runner::quiet_panics;

/// What is logged, and how.
#[derive(Debug, Clone, Args)]
pub struct Logs {
    /// Logs as text or as JSON
    #[arg(long, env = "SWITCHYARD_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// What is logged: off, error, warn, info, debug, or per module, as in `warn,shared=debug`
    #[arg(long, env = "SWITCHYARD_LOG", default_value = "info")]
    pub log: String,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Logs {
    /// Begins to log. A panic says where it was and nothing of what it held: see [`quiet_panics`].
    pub fn install(&self) {
        let lines = fmt().with_env_filter(EnvFilter::new(&self.log)).with_writer(std::io::stderr);
        match self.log_format {
            LogFormat::Text => drop(lines.try_init()),
            LogFormat::Json => drop(lines.json().flatten_event(true).try_init()),
        }
        quiet_panics();
    }
}
