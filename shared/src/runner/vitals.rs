//! How a worker is: what `/healthz` and `/readyz` answer.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use crate::bus::Pulse;

/// A poll loop that has not come round for this long is stuck.
const BEAT_LIMIT_MS: u64 = 30_000;

/// A partition with records waiting and none finished for this long is stuck.
pub(super) const STALL_LIMIT: Duration = Duration::from_secs(60);

/// What the runner knows about itself, shared with whoever asks.
#[derive(Default)]
pub struct Vitals {
    pulse: Mutex<Option<Arc<Pulse>>>,
    ready: AtomicBool,
    notes: Mutex<Notes>,
}

/// What changes as it runs.
#[derive(Default)]
struct Notes {
    waiting_for: Option<String>,
    stalled: Vec<String>,
    partitions: usize,
}

/// An answer to "how are you?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether a restart would not help.
    pub healthy: bool,
    /// Whether it has joined its group and can answer events.
    pub ready: bool,
    /// Partitions owned.
    pub partitions: usize,
    /// What it waits for, in words, while nothing succeeds.
    pub waiting_for: Option<String>,
    /// Partitions with records and no progress for a minute.
    pub stalled: Vec<String>,
}

impl Vitals {
    /// The poll loop to watch.
    pub(super) fn watch(&self, pulse: Arc<Pulse>) {
        *lock(&self.pulse) = Some(pulse);
    }

    /// It owns this many partitions now.
    pub(super) fn joined(&self, partitions: usize) {
        lock(&self.notes).partitions = partitions;
        self.ready.store(true, Ordering::Relaxed);
    }

    /// It stops.
    pub(super) fn leaving(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    /// What it waits for, before it runs or while nothing succeeds; `None`: nothing.
    pub fn waits_for(&self, what: Option<String>) {
        lock(&self.notes).waiting_for = what;
    }

    /// Which partitions make no progress.
    pub(super) fn stalled(&self, partitions: Vec<String>) {
        lock(&self.notes).stalled = partitions;
    }

    /// How it is. An outage of the world is not a reason to be restarted; a stuck loop is.
    pub fn report(&self) -> Report {
        let (beats, ill) = lock(&self.pulse)
            .as_ref()
            .map_or((true, false), |pulse| (pulse.age_ms() < BEAT_LIMIT_MS, pulse.ill()));
        let notes = lock(&self.notes);
        let bus = ill.then(|| "the bus: no broker answers".to_owned());
        let waiting_for = notes.waiting_for.clone().or(bus);
        Report {
            healthy: beats && (notes.stalled.is_empty() || waiting_for.is_some()),
            ready: self.ready.load(Ordering::Relaxed) && waiting_for.is_none(),
            partitions: notes.partitions,
            waiting_for,
            stalled: notes.stalled.clone(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stalled_partition_is_unhealthy_and_an_outage_is_not() {
        let vitals = Vitals::default();
        vitals.joined(2);
        assert!(vitals.report().healthy && vitals.report().ready);
        vitals.stalled(vec!["tickets.received/3".to_owned()]);
        assert!(!vitals.report().healthy);
        vitals.waits_for(Some("postgres is away".to_owned()));
        assert!(vitals.report().healthy && !vitals.report().ready);
    }
}
