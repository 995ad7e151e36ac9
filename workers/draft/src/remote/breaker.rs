//! A provider that is out is left alone, then tried with one ticket.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Trouble;
use crate::counts;

/// Failures in a row after which a provider counts as out.
const FAILURES: u32 = 5;

/// The first rest; it doubles from there.
const FIRST_REST: Duration = Duration::from_secs(1);

/// The rest when money is spent or a key is not taken: no ticket can change that.
pub(super) const LONG: Duration = Duration::from_secs(300);

/// Closed: calls are made. Open: none. Half open: one.
#[derive(Debug)]
pub(super) struct Breaker {
    provider: &'static str,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    failures: u32,
    /// When it is tried again; `None` while it is closed.
    rests: Option<Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
    /// Whether the one ticket is under way.
    probed: bool,
}

/// Leave to make one call; gives the probe back if the call ends without a verdict.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(super) fn new(provider: &'static str) -> Self {
        counts::breaker(provider, 0);
        Self { provider, state: Mutex::new(State { failures: 0, rests: None }) }
    }

    /// Leave to make one call.
    pub(super) fn admit(&self) -> Result<Pass<'_>, Trouble> {
        let mut state = self.lock();
        match &mut state.rests {
            None => Ok(Pass { breaker: self, probe: false }),
            Some(rest) if rest.until <= Instant::now() && !rest.probed => {
                rest.probed = true;
                counts::breaker(self.provider, 1);
                Ok(Pass { breaker: self, probe: true })
            }
            Some(_) => Err(Trouble::Closed("out of order".to_owned())),
        }
    }

    /// Whether no call would be admitted now.
    pub(super) fn is_open(&self) -> bool {
        self.lock().rests.is_some_and(|rest| rest.probed || rest.until > Instant::now())
    }

    /// No call until a first rest has passed, unless it is left alone already.
    pub(super) fn trip(&self, most: Duration) {
        let mut state = self.lock();
        if state.rests.is_none() {
            self.rest(&mut state, FIRST_REST.min(most));
        }
    }

    fn rest(&self, state: &mut State, length: Duration) {
        if state.rests.is_none() {
            tracing::warn!(provider = self.provider, ?length, "the provider is out; the next one steps in");
        }
        state.rests = Some(Rest { until: Instant::now() + length, length, probed: false });
        counts::breaker(self.provider, 2);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// The provider answered.
    pub(super) fn success(mut self) {
        let mut state = self.breaker.lock();
        state.failures = 0;
        if self.probe && state.rests.take().is_some() {
            tracing::info!(provider = self.breaker.provider, "the provider is back");
            counts::breaker(self.breaker.provider, 0);
        }
        self.probe = false;
    }

    /// The provider is not well; it rests after too many of these, and up to `most` longer after each probe. Calls that were
    /// made before it was known say nothing new.
    pub(super) fn failure(mut self, most: Duration) {
        let mut state = self.breaker.lock();
        state.failures += 1;
        match state.rests {
            Some(rest) if self.probe && rest.probed => {
                self.breaker.rest(&mut state, (rest.length * 2).min(most));
            }
            None if state.failures >= FAILURES => self.breaker.rest(&mut state, FIRST_REST.min(most)),
            _ => {}
        }
        self.probe = false;
    }

    /// No call for so long.
    pub(super) fn trip(mut self, length: Duration) {
        self.breaker.rest(&mut self.breaker.lock(), length);
        self.probe = false;
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.probe {
            return;
        }
        if let Some(rest) = &mut self.breaker.lock().rests {
            rest.probed = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MOST: Duration = Duration::from_secs(10);

    fn broken() -> Breaker {
        let breaker = Breaker::new("test");
        for _ in 0..FAILURES {
            breaker.admit().unwrap().failure(MOST);
        }
        breaker
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_one_success_between_them_does_not() {
        let breaker = Breaker::new("test");
        for _ in 0..FAILURES - 1 {
            breaker.admit().unwrap().failure(MOST);
        }
        breaker.admit().unwrap().success();
        breaker.admit().unwrap().failure(MOST);
        assert!(!breaker.is_open());
        assert!(broken().is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_rest_one_ticket_tries_and_its_success_closes_it() {
        let breaker = broken();
        assert!(breaker.admit().is_err());
        advance(FIRST_REST).await;
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err(), "only one");
        probe.success();
        assert!(breaker.admit().is_ok() && !breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn rests_double_up_to_the_longest() {
        let breaker = broken();
        for seconds in [1, 2, 4, 8, 10, 10] {
            advance(Duration::from_millis(seconds * 1000 - 1)).await;
            assert!(breaker.admit().is_err(), "{seconds}");
            advance(Duration::from_millis(1)).await;
            breaker.admit().unwrap().failure(MOST);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_given_up_gives_its_place_back() {
        let breaker = broken();
        advance(FIRST_REST).await;
        drop(breaker.admit().unwrap());
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn late_failures_of_calls_made_before_do_not_lengthen_the_rest() {
        let breaker = Breaker::new("test");
        let passes: Vec<_> = (0..20).map(|_| breaker.admit().unwrap()).collect();
        passes.into_iter().for_each(|pass| pass.failure(MOST));
        advance(FIRST_REST).await;
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn late_failures_do_not_end_a_probe_that_is_under_way() {
        let breaker = Breaker::new("test");
        let late: Vec<_> = (0..20).map(|_| breaker.admit().unwrap()).collect();
        breaker.trip(MOST);
        advance(FIRST_REST).await;
        let probe = breaker.admit().unwrap();
        for pass in late {
            breaker.trip(MOST);
            pass.failure(MOST);
        }
        advance(MOST).await;
        assert!(breaker.admit().is_err(), "there is one already");
        probe.failure(MOST);
        advance(FIRST_REST * 2).await;
        assert!(breaker.admit().is_ok(), "the next rest is twice the first");
    }
}
