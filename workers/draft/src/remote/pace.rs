//! Seats: how many calls are under way at once. The provider's rate headers take seats away before it has to turn
//! anybody away.

mod headers;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use reqwest::header::HeaderMap;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{Trouble, breaker::Breaker};
use headers::Allowance;

/// Below this share of an allowance the seats grow fewer.
const SCARCE: f64 = 0.2;

/// The seats at one provider.
#[derive(Debug, Default)]
pub(super) struct Pace {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    seated: usize,
    /// Seats that the headers leave; `None`: all.
    seats: Option<usize>,
    /// Calls that may begin before the next word from the provider.
    calls: Option<u64>,
    /// Until when no call may begin.
    held: Option<Instant>,
}

/// A seat, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat<'a>(&'a Pace);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.seated = state.seated.saturating_sub(1);
        drop(state);
        self.0.wake();
    }
}

impl Pace {
    /// Takes a seat, waits for one until `deadline`, and leaves at once when the provider is out or asks for more time than
    /// there is.
    pub(super) async fn enter(
        &self,
        most: usize,
        deadline: Instant,
        breaker: &Breaker,
    ) -> Result<Seat<'_>, Trouble> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if breaker.is_open() {
                return Err(Trouble::Closed("out of order".to_owned()));
            }
            let wake = match self.take(most) {
                Ok(seat) => return Ok(seat),
                Err(wake) => wake,
            };
            if wake.is_some_and(|wake| wake >= deadline) {
                return Err(Trouble::Closed("asks to wait longer than the ticket can".to_owned()));
            }
            tokio::select! {
                () = changed => {}
                () = sleep_until(wake.unwrap_or(deadline)) => {
                    if Instant::now() >= deadline {
                        return Err(Trouble::Closed("had no room in time".to_owned()));
                    }
                }
            }
        }
    }

    /// A seat, or when to look again if that is known.
    fn take(&self, most: usize) -> Result<Seat<'_>, Option<Instant>> {
        let mut state = self.lock();
        let now = Instant::now();
        if let Some(until) = state.held.filter(|until| *until > now) {
            return Err(Some(until));
        }
        // With nobody under way there is no next word to wait for.
        let calls = if state.seated == 0 { u64::MAX } else { state.calls.unwrap_or(u64::MAX) };
        if state.seated >= state.seats.unwrap_or(most).min(most) || calls == 0 {
            return Err(None);
        }
        state.seated += 1;
        state.calls = state.calls.map(|calls| calls.saturating_sub(1));
        Ok(Seat(self))
    }

    /// Reads the rate headers of a response.
    pub(super) fn learn(&self, headers: &HeaderMap, most: usize) {
        let allowances = Allowance::all(headers);
        let mut state = self.lock();
        let others = state.seated.saturating_sub(1) as u64;
        let share = allowances.iter().map(Allowance::share).fold(1.0, f64::min);
        let seats = (most as f64 * share / SCARCE).ceil().max(1.0) as usize;
        state.seats = (share < SCARCE).then_some(seats);
        let calls = allowances.iter().filter_map(Allowance::calls).min();
        state.calls = calls.map(|calls| calls.saturating_sub(others));
        let pause = allowances.iter().filter_map(Allowance::pause).max();
        drop(state);
        if let Some(pause) = pause {
            self.hold(pause);
        }
        self.wake();
    }

    /// No call begins for so long.
    pub(super) fn hold(&self, pause: Duration) {
        let mut state = self.lock();
        let until = Instant::now() + pause;
        state.held = Some(state.held.map_or(until, |held| held.max(until)));
    }

    /// Those who wait look again.
    pub(super) fn wake(&self) {
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
