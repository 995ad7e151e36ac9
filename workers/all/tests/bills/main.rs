//! The bill: draft workers as processes on a real Apache Kafka and a real Postgres, and a provider that keeps books of its
//! own. First in peace, then with a kill -9 every few seconds. In the end its books and ours are laid side by side:
//! every bill is in our ledger to the token, but for calls that were under way at a kill, and each of those is flagged.
//!
//! `SWITCHYARD_SOAK_MINUTES=<n>` goes on killing for that long; `SWITCHYARD_SEED=<seed>` draws the same moments again.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod books;
mod drafted;
mod stage;
mod tickets;

use std::{
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    books::{Books, Extra},
    stage::Stage,
};

/// Tickets a second.
const RATE: u32 = 20;

const PEACE: Duration = Duration::from_secs(8);
const WAR: Duration = Duration::from_secs(25);

#[allow(clippy::disallowed_methods, reason = "waits for other processes, with a real clock")]
fn pause(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: '{text}' is not a whole number")))
}

#[test]
fn no_bill_is_missed_and_each_that_a_kill_may_have_doubled_is_flagged() {
    let seed = number("SWITCHYARD_SEED").unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let war = number("SWITCHYARD_SOAK_MINUTES").map_or(WAR, |minutes| Duration::from_secs(minutes * 60));
    println!("seed {seed}: SWITCHYARD_SEED={seed} draws the same moments again");
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::set();

    let sent = send_for(&mut stage, PEACE, |_| {});
    drafted::wait(&mut stage);
    let books = Books::open(&stage);
    books.print("in peace");
    assert_eq!(books.extra, [], "nothing was killed");
    assert_eq!((books.ambiguous, books.billed), (0, i64::from(sent)), "one bill for each ticket");
    assert_eq!(books.requests, books.billed);
    books.add_up(&stage);

    let (mut kills, mut in_flight) = (0, 0);
    let mut next = Duration::from_secs(1);
    let begin = Instant::now();
    send_for(&mut stage, war, |stage| {
        if begin.elapsed() >= next {
            next = begin.elapsed() + Duration::from_millis(random.random_range(1_500..4_500));
            kills += 1;
            in_flight += stage.kill(&mut random);
        }
    });
    drafted::wait(&mut stage);
    let books = Books::open(&stage);
    books.print(&format!("{kills} kills, {in_flight} calls under way at them"));
    books.add_up(&stage);
    let extra = i64::try_from(books.extra.len()).unwrap();
    assert!(kills > 3 && in_flight > 0, "{kills} kills with {in_flight} calls under way prove nothing");
    assert!(extra <= books.ambiguous, "{extra} bills that we know nothing of, {} flagged", books.ambiguous);
    assert!(books.ambiguous <= in_flight, "{} flagged, {in_flight} were under way", books.ambiguous);
    for Extra { request, digest, flagged } in &books.extra {
        assert!(*flagged, "{request} was billed for {digest}, and no call says that it may have been");
    }
    drafted::the_same_each_time(&stage);
    stage.close();
}

/// Sends tickets at an even pace for as long; `meanwhile` is called again and again. How many were sent.
fn send_for(stage: &mut Stage, time: Duration, mut meanwhile: impl FnMut(&mut Stage)) -> u32 {
    let (begin, mut sent) = (Instant::now(), 0);
    while begin.elapsed() < time {
        let due = (begin.elapsed().as_secs_f64() * f64::from(RATE)) as u32;
        while sent < due {
            stage.send();
            sent += 1;
        }
        stage.look_after();
        meanwhile(stage);
        pause(20);
    }
    sent
}
