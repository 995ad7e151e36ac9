//! The end-to-end test: five kinds of worker as processes, a real Apache Kafka, a real Postgres, thousands of tickets
//! with poison among them, and whatever can happen to any of it. Then the law.
//!
//! `SWITCHYARD_SEED=<seed>` draws the same tickets and the same strikes again; `SWITCHYARD_SOAK_MINUTES=<n>` goes on for
//! that long with random strikes; `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` name empty servers to use instead of
//! private ones.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "../common/law.rs"]
mod law;
mod ledger;
#[path = "../common/reader.rs"]
mod reader;
mod sender;
mod stage;
mod strikes;
mod tickets;
mod verdict;

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use local::{number, pause, soak};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{sender::Sender, stage::Stage, strikes::Schedule, tickets::Flood};

/// The usual run.
const RUN: Duration = Duration::from_secs(75);

/// Good tickets and poison of the usual run; a soak has as many a second.
const GOOD: usize = 3_100;
const POISON: usize = 220;

#[test]
fn whatever_happens_every_ticket_is_decided_or_rejected_once_and_in_order() {
    let begin = Instant::now();
    let seed = number("SWITCHYARD_SEED").unwrap().unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let soak = soak().unwrap();
    let time = soak.unwrap_or(RUN);
    let times = |count: usize| (count as f64 * time.as_secs_f64() / RUN.as_secs_f64()) as usize;
    println!("seed {seed}: SWITCHYARD_SEED={seed} repeats these tickets and strikes; {time:?}");
    let mut random = StdRng::seed_from_u64(seed);

    let mut stage = Stage::set(seed);
    println!(
        "{:>5.1} s  the servers run, the index is filled, ten workers are starting",
        begin.elapsed().as_secs_f64()
    );
    let flood = Flood::draw(StdRng::from_rng(&mut random), times(GOOD), times(POISON));
    let sender = Sender::new(stage.bootstrap());
    let mut schedule =
        if soak.is_some() { Schedule::random(random, time) } else { Schedule::complete(random, time) };

    let sent = thread::scope(|scope| {
        let sending = scope.spawn(|| sender.send(flood, time));
        while !schedule.is_over() || !sending.is_finished() {
            schedule.act(&mut stage, sender.count.load(Ordering::Relaxed));
            pause(20);
        }
        sending.join().unwrap()
    });
    println!(
        "{:>5.1} s  {} records sent, {} strikes",
        begin.elapsed().as_secs_f64(),
        sent.len(),
        schedule.struck
    );
    verdict::wait(&mut stage, sent.len(), begin);
    stage.close();
    println!("{:>5.1} s  every worker has left; looking at what they wrote", begin.elapsed().as_secs_f64());
    verdict::give(&stage, &sent);
    println!("{:>5.1} s  the law holds", begin.elapsed().as_secs_f64());
}
