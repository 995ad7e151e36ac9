//! What the draft worker takes beyond the provider's own time: redaction, ledger, request, grounding.
//!
//! ```sh
//! cargo run --release -p draft --example overhead -- 64 10
//! ```
//! The numbers are tickets in flight and seconds. The stand-in of the provider answers after 150 ms, in a runtime of
//! its own; the ledger is on a real Postgres. A bare client that sends the same requests to the same stand-in takes its
//! turn before, for what it needs beyond the 150 ms is the network's and the stand-in's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement"
)]

#[allow(dead_code, reason = "shared with the tests")]
#[path = "../tests/providers/bench.rs"]
mod bench;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use shared::{Worker as _, events::Draft};
use standins::{KEY, StandIn, Terms};
use tokio::runtime::{Builder, Runtime};

/// The provider's own time.
const OWN: Duration = Duration::from_millis(150);

const PROVIDERS: &str =
    "  - { kind: anthropic, model: claude-haiku-5-5, timeout_seconds: 10, concurrency: 256 }\n";

fn main() {
    let mut given = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let (at_once, seconds) = (given.next().unwrap_or(64), given.next().unwrap_or(10));
    let (there, here) = (runtime(1), runtime(2));
    let stand_in = there.block_on(StandIn::start(Terms { latency: OWN, ..Terms::default() })).unwrap();
    here.block_on(measure(&stand_in, at_once, Duration::from_secs(seconds)));
}

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap()
}

async fn measure(stand_in: &StandIn, at_once: u64, time: Duration) {
    let database = local::Postgres::empty_database().unwrap();
    let (worker, _folder) = bench::worker(PROVIDERS, stand_in, KEY, &database).await;
    let (worker, serial) = (Arc::new(worker), Arc::new(AtomicU32::new(0)));
    let handle = move || {
        let (worker, event) = (Arc::clone(&worker), bench::ticket(serial.fetch_add(1, Ordering::Relaxed)));
        async move {
            let draft = worker.handle(event).await.unwrap().draft;
            assert!(matches!(&draft, Draft::Reply(reply) if reply.provider == "anthropic"), "{draft:?}");
        }
    };
    in_flight(at_once, Duration::from_secs(2), handle.clone()).await;
    let (body, client) = (stand_in.requests().pop().unwrap(), reqwest::Client::new());
    let url = format!("{}/v1/messages", stand_in.url());
    let ask = move || {
        let request = client.post(&url).header("x-api-key", KEY).header("anthropic-version", "2023-06-01");
        let request = request.header("content-type", "application/json").body(body.clone());
        async move { drop(request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap()) }
    };
    in_flight(at_once, Duration::from_secs(1), ask.clone()).await;
    print("a bare client", in_flight(at_once, time, ask).await);
    print("the handler", in_flight(at_once, time, handle).await);
}

/// Milliseconds that each took beyond the provider's own, with so many in flight at once.
async fn in_flight<F>(at_once: u64, time: Duration, one: impl Fn() -> F + Clone + Send + 'static) -> Vec<f64>
where
    F: Future<Output = ()> + Send,
{
    let until = Instant::now() + time;
    let lines = (0..at_once).map(|line| {
        let one = one.clone();
        // Spread over the provider's time, as tickets come, not all at once.
        let first = OWN.mul_f64(line as f64 / at_once as f64);
        tokio::spawn(async move {
            tokio::time::sleep(first).await;
            let mut times = Vec::new();
            while Instant::now() < until {
                let begun = Instant::now();
                one().await;
                times.push((begun.elapsed().as_secs_f64() - OWN.as_secs_f64()) * 1_000.0);
            }
            times
        })
    });
    let times = futures::future::join_all(lines.collect::<Vec<_>>()).await;
    times.into_iter().flat_map(Result::unwrap).collect()
}

fn print(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{what:14} {:6} answers; beyond the provider's {OWN:?}: p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms",
        times.len(),
        at(0.5),
        at(0.9),
        at(0.99)
    );
}
