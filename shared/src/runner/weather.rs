//! Is it this event, or is it the world? An outage must not empty the queue into the rejected topic.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff};

use super::settings::Settings;

/// What the last attempts say about the world.
pub(super) struct Weather {
    successes: AtomicU64,
    failures_in_a_row: AtomicU64,
    complaint: Mutex<Option<String>>,
    attempts: u32,
    first: Duration,
    most: Duration,
}

/// Failures without a success between them, from which on the world is called ill.
const ILL_AFTER: u64 = 4;

impl Weather {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            successes: AtomicU64::new(0),
            failures_in_a_row: AtomicU64::new(0),
            complaint: Mutex::new(None),
            attempts: settings.retry_attempts.max(1),
            first: Duration::from_millis(settings.retry_first_ms.max(1)),
            most: Duration::from_millis(settings.retry_most_ms.max(1)),
        }
    }

    /// Something succeeded.
    pub(super) fn success(&self) {
        self.successes.fetch_add(1, Ordering::Relaxed);
        if self.failures_in_a_row.swap(0, Ordering::Relaxed) > 0 {
            *self.complaint() = None;
        }
    }

    /// The world failed an attempt.
    pub(super) fn failure(&self, complaint: &str) {
        self.failures_in_a_row.fetch_add(1, Ordering::Relaxed);
        *self.complaint() = Some(complaint.to_owned());
    }

    /// Whether nothing succeeds at present.
    pub(super) fn ill(&self) -> bool {
        self.failures_in_a_row.load(Ordering::Relaxed) >= ILL_AFTER
    }

    /// What the world last failed with, while nothing has succeeded since.
    pub(super) fn last_complaint(&self) -> Option<String> {
        self.complaint().clone()
    }

    /// The start of one event's retries.
    pub(super) fn patience(&self) -> Patience {
        let waits = ExponentialBackoffBuilder::new()
            .with_initial_interval(self.first)
            .with_max_interval(self.most)
            .with_multiplier(2.0)
            .with_randomization_factor(0.5)
            .with_max_elapsed_time(None)
            .build();
        Patience {
            waits,
            attempts: 0,
            fair_attempts: 0,
            successes_before: self.successes.load(Ordering::Relaxed),
        }
    }

    fn complaint(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.complaint.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often one event was tried, and how the others fared meanwhile.
pub(super) struct Patience {
    waits: ExponentialBackoff,
    pub attempts: u32,
    /// Attempts that failed although another event had succeeded since the one before: only they say something about
    /// this event and not about the world.
    fair_attempts: u32,
    successes_before: u64,
}

impl Patience {
    /// How long to wait before the next attempt; `None` once the event is to be given up.
    pub(super) fn wait(&mut self, weather: &Weather) -> Option<Duration> {
        let successes = weather.successes.load(Ordering::Relaxed);
        if successes > self.successes_before {
            self.successes_before = successes;
            self.fair_attempts += 1;
        }
        (self.fair_attempts < weather.attempts).then(|| self.pause(weather))
    }

    /// How long to wait before the next attempt at something that is never given up.
    pub(super) fn pause(&mut self, weather: &Weather) -> Duration {
        self.waits.next_backoff().unwrap_or(weather.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weather() -> Weather {
        Weather::new(&Settings { retry_attempts: 3, ..Settings::default() })
    }

    #[test]
    fn an_event_is_given_up_only_when_others_succeed() {
        let weather = weather();
        let mut patience = weather.patience();
        for _ in 0..50 {
            patience.attempts += 1;
            weather.failure("away");
            assert!(patience.wait(&weather).is_some());
        }
        let mut tried = 0;
        loop {
            weather.success();
            weather.failure("away");
            tried += 1;
            if patience.wait(&weather).is_none() {
                break;
            }
        }
        assert_eq!(tried, 3, "given up after three attempts while others succeeded");
    }

    #[test]
    fn two_outages_with_successes_between_them_are_no_reason_to_give_up() {
        let weather = Weather::new(&Settings::default());
        let mut patience = weather.patience();
        for _ in 0..2 {
            for _ in 0..20 {
                weather.failure("away");
                assert!(patience.wait(&weather).is_some());
            }
            for _ in 0..100 {
                weather.success();
            }
        }
        weather.failure("away");
        assert!(patience.wait(&weather).is_some());
    }

    #[test]
    fn one_success_clears_the_sky() {
        let weather = weather();
        for _ in 0..ILL_AFTER {
            weather.failure("away");
        }
        assert!(weather.ill());
        weather.success();
        assert!(!weather.ill());
        assert_eq!(weather.last_complaint(), None);
    }
}
