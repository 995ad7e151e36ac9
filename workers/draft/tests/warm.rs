//! The first ticket waits for nothing that could have been made ready before. A process of its own, so that it is the first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[allow(dead_code, reason = "the tests of the providers use the rest")]
#[path = "providers/bench.rs"]
mod bench;

use std::time::{Duration, Instant};

use bench::{ANTHROPIC, Bench, LOCAL};

#[tokio::test]
async fn the_first_ticket_is_drafted_about_as_fast_as_the_next_ones() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    let mut times = Vec::new();
    for number in 0..40 {
        let began = Instant::now();
        bench.reply(number).await;
        times.push(began.elapsed());
    }
    let first = times.remove(0);
    times.sort();
    println!("first {first:?}, then median {:?}, slowest {:?}", times[19], times[38]);
    // It also opens the connections to provider and ledger.
    assert!(first < times[38] * 5 + Duration::from_millis(25), "{first:?} against {:?}", times[38]);
}
