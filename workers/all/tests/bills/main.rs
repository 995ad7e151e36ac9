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
#[path = "../common/pace.rs"]
mod pace;
#[path = "../common/reader.rs"]
mod reader;
mod stage;
mod tickets;
#[path = "../common/workers.rs"]
mod workers;

use std::time::{Duration, Instant};

use local::{number, soak};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    books::{Books, Extra},
    pace::send_for,
    stage::Stage,
};

/// Tickets a second.
const RATE: u32 = 20;

const PEACE: Duration = Duration::from_secs(8);
const WAR: Duration = Duration::from_secs(25);

#[test]
fn no_bill_is_missed_and_each_that_a_kill_may_have_doubled_is_flagged() {
    let seed = number("SWITCHYARD_SEED").unwrap().unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let war = soak().unwrap().unwrap_or(WAR);
    println!("seed {seed}: SWITCHYARD_SEED={seed} draws the same moments again");
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::set();

    let sent = send_for(&mut stage, RATE, PEACE, Stage::send, |stage| stage.workers.look_after());
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
    send_for(&mut stage, RATE, war, Stage::send, |stage| {
        stage.workers.look_after();
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
    stage.workers.close();
}
