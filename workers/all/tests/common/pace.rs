//! Tickets at an even pace.

use std::time::{Duration, Instant};

use local::pause;

/// Sends so many a second for as long; `meanwhile` is called again and again. How many were sent.
pub fn send_for<S>(
    stage: &mut S,
    rate: u32,
    time: Duration,
    mut send: impl FnMut(&mut S),
    mut meanwhile: impl FnMut(&mut S),
) -> u32 {
    let (begin, mut sent) = (Instant::now(), 0);
    while begin.elapsed() < time {
        let due = (begin.elapsed().as_secs_f64() * f64::from(rate)) as u32;
        while sent < due {
            send(stage);
            sent += 1;
        }
        meanwhile(stage);
        pause(20);
    }
    sent
}
