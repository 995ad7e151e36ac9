//! How careful and how greedy the runner is.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::bus::Lane;

/// Settings of the runner, the same for every worker.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Which stream of tickets: the live one, or historical tickets sent again
    #[arg(long, env = "SWITCHYARD_LANE", value_enum, default_value_t = Lane::Live)]
    pub lane: Lane,

    /// What a crash may repeat: events with the same id, or nothing at all (transactions)
    #[arg(long, env = "SWITCHYARD_DELIVERY", value_enum, default_value_t = Delivery::AtLeastOnce)]
    pub delivery: Delivery,

    /// Events under way at once; beyond, the worker stops reading
    #[arg(long, env = "SWITCHYARD_MAX_IN_FLIGHT", default_value_t = 1024, value_parser = positive)]
    pub max_in_flight: usize,

    /// Bytes of events under way at once; beyond, the worker stops reading
    #[arg(long, env = "SWITCHYARD_MAX_IN_FLIGHT_BYTES", default_value_t = 16 * 1024 * 1024, value_parser = positive)]
    pub max_in_flight_bytes: usize,

    /// Milliseconds between commits
    #[arg(long, env = "SWITCHYARD_COMMIT_MS", default_value_t = 200)]
    pub commit_ms: u64,

    /// Milliseconds that events under way get to finish when the worker stops or gives a partition away
    #[arg(long, env = "SWITCHYARD_DRAIN_MS", default_value_t = 8_000)]
    pub drain_ms: u64,

    /// Attempts after which an event is given up, if others succeed meanwhile
    #[arg(long, env = "SWITCHYARD_RETRY_ATTEMPTS", default_value_t = 8)]
    pub retry_attempts: u32,

    /// Milliseconds before the first repeat; it doubles from there
    #[arg(long, env = "SWITCHYARD_RETRY_FIRST_MS", default_value_t = 100)]
    pub retry_first_ms: u64,

    /// Milliseconds between repeats at the most
    #[arg(long, env = "SWITCHYARD_RETRY_MOST_MS", default_value_t = 10_000)]
    pub retry_most_ms: u64,
}

/// A whole number above zero.
fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("'{text}' is not a number above 0"))
}

/// What a crash may repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Delivery {
    /// Outputs at least once, with ids that make a repeat visible.
    AtLeastOnce,
    /// Outputs and offsets in one transaction.
    ExactlyOnce,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lane: Lane::Live,
            delivery: Delivery::AtLeastOnce,
            max_in_flight: 1024,
            max_in_flight_bytes: 16 * 1024 * 1024,
            commit_ms: 200,
            drain_ms: 8_000,
            retry_attempts: 8,
            retry_first_ms: 100,
            retry_most_ms: 10_000,
        }
    }
}

impl Settings {
    /// Time between commits.
    pub(super) fn commit_every(&self) -> Duration {
        Duration::from_millis(self.commit_ms.max(1))
    }

    /// Time that events under way get.
    pub(super) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}
