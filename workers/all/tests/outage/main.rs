//! The outage: the line as processes on a real Apache Kafka and a real Postgres, tickets at an even pace, and a provider
//! that first hangs, then answers 529, then is gone. Every ticket goes on within five seconds (a bound of the
//! long form), with the next provider or to people; soon after it is back the provider writes again; and no consumer group has dealt out its partitions anew.
//!
//! `SWITCHYARD_SOAK_MINUTES=<n>` makes the outage that long.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod groups;
#[path = "../common/law.rs"]
mod law;
#[path = "../common/pace.rs"]
mod pace;
mod provider;
#[path = "../common/reader.rs"]
mod reader;
mod stage;
mod tickets;
mod verdict;
#[path = "../common/workers.rs"]
mod workers;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use local::soak;

use crate::{
    provider::Outage,
    stage::Stage,
    verdict::{Ticket, print, texts_of_the_provider},
};

/// Every text twice.
const PEACE: Duration = Duration::from_secs(7);

/// The usual outage.
const OUTAGE: Duration = Duration::from_secs(18);

/// Longer than a provider rests in the policy: by then each worker has tried it again.
const AFTER: Duration = Duration::from_secs(13);

/// A ticket goes on by then, whatever the provider does: four seconds of silence, and one for the rest of the line.
const MOST_MS: i64 = 5_000;

/// The short form holds on a busy machine too, and still shows that nobody waits for the provider's `timeout_seconds`, 30.
const MOST_MS_BUSY: i64 = 15_000;

/// The provider writes again by then.
const RECOVERY_MS: i64 = 30_000;

/// Milliseconds since 1970.
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// When what happened, milliseconds since 1970.
struct Times {
    peace: i64,
    outages: Vec<(Outage, i64)>,
    back: i64,
    end: i64,
}

#[test]
fn with_the_provider_out_no_ticket_waits_and_when_it_is_back_it_writes_again() {
    let outage = soak().unwrap().unwrap_or(OUTAGE);
    let mut stage = Stage::set();
    let before = stage.warm_up();
    let times = run(&mut stage, outage);
    stage.all_routed();

    let tickets = verdict::tickets(&stage.reader);
    assert_eq!(tickets.len(), stage.tickets.sent(), "one decision for each");
    let texts = stage.tickets.texts();
    let tickets = &tickets[texts..];
    // The last of them may have been under way when it ended.
    let provider =
        texts_of_the_provider(between(tickets, times.peace, times.outages[0].1 - 1_000).into_iter(), texts);
    println!("of {texts} texts the provider answers {} in peace", provider.len());
    assert!(provider.len() * 3 > texts, "too few for an outage to be felt");
    let of_the_provider = |ticket: &&Ticket| provider.contains(&(ticket.number % texts));

    in_time(tickets, &times);
    let after: Vec<&Ticket> =
        between(tickets, times.back, times.end).into_iter().filter(of_the_provider).collect();
    recovered(&after, &times);
    verdict::print_calls(&stage.reader);

    assert_eq!(stage.groups(), before, "a group has dealt out its partitions anew");
    stage.close();
    let left = stage.groups();
    assert!(
        before.iter().all(|(name, group)| left[name].dealt > group.dealt),
        "it would not be seen: {left:?}"
    );
}

/// Peace, one outage after the other, and the time after.
fn run(stage: &mut Stage, outage: Duration) -> Times {
    let mut times = Times { peace: now(), outages: Vec::new(), back: 0, end: 0 };
    stage.send_for(PEACE);
    for way in [Outage::Hang, Outage::Overloaded, Outage::Gone] {
        stage.provider.go(way);
        times.outages.push((way, now()));
        stage.send_for(outage / 3);
    }
    stage.provider.come_back();
    times.back = now();
    stage.send_for(AFTER);
    times.end = now();
    times
}

/// Those that came in from then until then.
fn between(tickets: &[Ticket], from: i64, until: i64) -> Vec<&Ticket> {
    tickets.iter().filter(|ticket| (from..until).contains(&ticket.received)).collect()
}

/// No ticket waits, and none is the provider's while it is out.
fn in_time(tickets: &[Ticket], times: &Times) {
    print("in peace", &between(tickets, times.peace, times.outages[0].1));
    let ends = times.outages.iter().skip(1).map(|(_, begin)| *begin).chain([times.back]);
    for ((way, begin), end) in times.outages.iter().zip(ends) {
        let during = between(tickets, *begin, end);
        print(&format!("{way:?} for {} s", (end - begin) / 1000), &during);
        assert!(during.iter().any(|ticket| ticket.writer.as_deref() == Some("local")), "nobody stepped in");
        assert!(!during.iter().any(|ticket| ticket.is_by_the_provider()), "it was not out");
    }
    print("in all", &tickets.iter().collect::<Vec<_>>());
    let most = if soak().unwrap().is_some() { MOST_MS } else { MOST_MS_BUSY };
    let late: Vec<&Ticket> = tickets.iter().filter(|ticket| ticket.took >= most).collect();
    assert!(late.is_empty(), "{} tickets took {most} ms or more: {late:?}", late.len());
}

/// The provider writes again in time, and in the end nobody writes for it.
fn recovered(after: &[&Ticket], times: &Times) {
    print("back", after);
    let first = after.iter().filter(|ticket| ticket.is_by_the_provider()).map(|ticket| ticket.drafted).min();
    let first = first.expect("it never wrote again") - times.back;
    let last = after.iter().filter(|ticket| !ticket.is_by_the_provider()).map(|ticket| ticket.received).max();
    let last = last.map_or(0, |last| last - times.back);
    println!(
        "the provider's first draft {first} ms after it is back, the last ticket without it came in at {last} ms"
    );
    assert!(first < RECOVERY_MS && last < RECOVERY_MS, "too late");
    let end = after.iter().filter(|ticket| ticket.received > times.end - 2_000);
    assert!(end.copied().all(Ticket::is_by_the_provider), "a worker still leaves it alone");
}
