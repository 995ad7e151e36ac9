//! How many calls the ledger takes in a second on this machine: claim, sent and done, each committed before the next.
//!
//! ```sh
//! cargo run --release -p draft --example ledger_speed -- 256 4 10
//! ```
//! The numbers are calls under way at once, tenants, and seconds.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement")]

use std::time::{Duration, Instant};

use draft::{Ask, CallKey, Claim, Go, Ledger, Limits, Money};
use local::Postgres;
use shared::{bus::Lane, events::Usage, policy::OnAmbiguous};
use uuid::Uuid;

#[tokio::main]
async fn main() {
    let mut given = std::env::args().skip(1).map(|text| text.parse::<u64>().unwrap());
    let mut next = |usual| given.next().unwrap_or(usual);
    let (at_once, tenants, seconds) = (next(256), next(4), next(10));
    let postgres = tokio::task::spawn_blocking(Postgres::provided_or_private).await.unwrap().unwrap();
    let database = draft::database(&postgres.url().into()).unwrap();
    draft::migrate(&database).await.unwrap();
    let ledger = Ledger::open(&database, Limits::default());
    let begin = Instant::now();
    let until = begin + Duration::from_secs(seconds);
    let line = |_| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                times.push(call(&ledger, tenants).await);
            }
            times
        })
    };
    let mut times = Vec::new();
    for line in (0..at_once).map(line).collect::<Vec<_>>() {
        times.extend(line.await.unwrap());
    }
    let rate = times.len() as f64 / begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{rate:.0} calls/s with {at_once} at once of {tenants} tenants; claim + sent + done: p50 {:?}, p99 {:?}",
        at(0.5),
        at(0.99)
    );
}

async fn call(ledger: &Ledger, tenants: u64) -> Duration {
    let event = Uuid::new_v4();
    let tenant = format!("tenant-{}", event.as_u128() as u64 % tenants);
    let key = CallKey {
        tenant: &tenant,
        root: event,
        cause: event,
        prompt: [7; 32],
        provider: "anthropic",
        model: "small",
        params: "",
    };
    let estimate = Money::dollars(0.001);
    let ask = Ask {
        key,
        estimate,
        budget: Some(Money::dollars(1e6)),
        lane: Lane::Live,
        ambiguous: OnAmbiguous::Retry,
    };
    let begin = Instant::now();
    let Claim::Ours(mut call) = ledger.claim(&ask).await.unwrap() else { return Duration::ZERO };
    assert!(matches!(call.sent().await.unwrap(), Go::Send));
    let usage = Usage {
        call: String::new(),
        request_id: Some("req_0123456789abcdef01234567".to_owned()),
        input_tokens: 1_800,
        output_tokens: 180,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        dollars: 0.000_27,
    };
    call.done(vec![b'x'; 1_500], usage).await.unwrap();
    begin.elapsed()
}
