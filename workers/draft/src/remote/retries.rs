//! How often and when the same is asked again.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff};

/// Retries earned by each call.
const SHARE: f64 = 0.1;

/// Retries that can be had before they are earned.
const ADVANCE: f64 = 2.0;

/// Retries that can be saved up.
const MOST: f64 = 20.0;

/// What may be asked again, over all calls: a tenth of them, so that a provider in trouble gets no second storm.
#[derive(Debug)]
pub(super) struct Budget(Mutex<Purse>);

#[derive(Debug)]
struct Purse {
    retries: f64,
    owed: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new(Purse { retries: ADVANCE, owed: ADVANCE }))
    }
}

impl Budget {
    /// A call is made: a tenth of a retry is earned.
    pub(super) fn asked(&self) {
        let mut purse = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if purse.owed > 0.0 {
            purse.owed -= SHARE;
        } else {
            purse.retries = (purse.retries + SHARE).min(MOST);
        }
    }

    /// Takes one retry, if there is one.
    pub(super) fn spend(&self) -> bool {
        let mut purse = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = purse.retries >= 1.0;
        if enough {
            purse.retries -= 1.0;
        }
        enough
    }
}

/// The waits of one call.
pub(super) struct Waits {
    left: u32,
    pauses: ExponentialBackoff,
}

impl Waits {
    /// Half a second, doubled up to eight, each with a quarter of jitter.
    pub(super) fn new(retries: u32) -> Self {
        let pauses = ExponentialBackoffBuilder::new()
            .with_initial_interval(Duration::from_millis(500))
            .with_max_interval(Duration::from_secs(8))
            .with_multiplier(2.0)
            .with_randomization_factor(0.25)
            .with_max_elapsed_time(None)
            .build();
        Self { left: retries, pauses }
    }

    /// The next wait: what the provider asked for, and a little more so that not all come at once, or else our own.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let own = self.pauses.next_backoff()?;
        Some(asked.map_or(own, |asked| asked + own / 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_at_most_a_tenth_of_the_calls() {
        let budget = Budget::default();
        let mut retries = 0;
        for _ in 0..1_000 {
            budget.asked();
            retries += (0..3).filter(|_| budget.spend()).count();
        }
        assert!((99..=100).contains(&retries), "{retries}");
    }

    #[test]
    fn what_is_saved_up_in_good_times_is_bounded() {
        let budget = Budget::default();
        (0..10_000).for_each(|_| budget.asked());
        assert_eq!((0..100).filter(|_| budget.spend()).count(), MOST as usize);
    }

    #[test]
    fn waits_grow_with_jitter_and_end() {
        let mut waits = Waits::new(3);
        for around in [0.5, 1.0, 2.0] {
            let wait = waits.next(None).unwrap().as_secs_f64();
            assert!((around * 0.74..=around * 1.26).contains(&wait), "{wait}");
        }
        assert_eq!(waits.next(None), None);
        let wait = Waits::new(1).next(Some(Duration::from_secs(7))).unwrap();
        assert!(wait > Duration::from_secs(7) && wait < Duration::from_millis(7_200), "{wait:?}");
    }
}
