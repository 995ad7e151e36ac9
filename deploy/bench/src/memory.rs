//! Memory of a worker and the time until it is ready.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::{
    records::{Records, Seen},
    report::{Finding, Goal, median},
    stage::{Hand, Stage},
    tickets::Tickets,
    watch::{self, pause},
};

const BACKLOG: usize = 200_000;
const DRAFTED: &str = "tickets.drafted";
const ROUTED: &str = "tickets.routed";
/// Tickets that go through the line to be copied for the backlog.
const ORIGINALS: usize = 200;

/// Measures `route`, a worker without a model, and `classify`.
///
/// # Errors
/// When a worker does not get ready or does not finish the backlog.
pub fn measure(stage: &Stage) -> Result<Vec<Finding>> {
    // The first group of a new cluster waits until the broker has made its topic of offsets.
    started(stage, "route")?;
    let (mut route, mut classify, mut idle, mut idle_classify) = (vec![], vec![], vec![], vec![]);
    for _ in 0..stage.rounds {
        let (ready, resident) = started(stage, "route")?;
        route.push(ready);
        idle.push(resident);
        let (ready, resident) = started(stage, "classify")?;
        classify.push(ready);
        idle_classify.push(resident);
    }
    let records = Records::at(stage.broker.bootstrap())?;
    let originals = originals(stage, &records)?;
    let mean = originals.iter().map(|one| one.value.len()).sum::<usize>() / originals.len().max(1);
    let before = records.ends(ROUTED)?;
    pile_up(&records, &originals)?;
    let hand = stage.start("route")?;
    records.await_more(ROUTED, &before, BACKLOG, Duration::from_secs(120))?;
    let (_, peak) = watch::resident_mib(hand.process.id())?;
    hand.stop()?;
    let rate = records.rate(ROUTED, &before, BACKLOG)?;
    Ok(vec![
        Finding::alone("route idle, resident", "MiB", median(&idle), Goal::AtMost(20.0)),
        Finding::alone("route with a backlog of 200,000, resident at most", "MiB", peak, Goal::AtMost(64.0))
            .note(format!("drafted events of {mean} B in the mean; {rate:.0} records/s meanwhile")),
        Finding::alone("classify idle, resident", "MiB", median(&idle_classify), Goal::AtMost(200.0)),
        Finding::alone("route ready after", "s", median(&route), Goal::AtMost(1.0)),
        Finding::alone("classify ready after", "s", median(&classify), Goal::AtMost(3.0)),
    ])
}

/// Seconds until it is ready, and MiB it holds three seconds later.
fn started(stage: &Stage, worker: &str) -> Result<(f64, f64)> {
    let hand = stage.start(worker)?;
    let ready = hand.ready()?.as_secs_f64();
    pause(3_000);
    let (now, _) = watch::resident_mib(hand.process.id())?;
    hand.stop()?;
    Ok((ready, now))
}

/// Drafted events as the line makes them.
fn originals(stage: &Stage, records: &Records) -> Result<Vec<Seen>> {
    let tickets = Tickets::read()?;
    let workers = ["classify", "retrieve", "draft", "route"];
    let hands = workers.iter().map(|worker| stage.start(worker)).collect::<Result<Vec<Hand>>>()?;
    let (before, routed) = (records.ends(DRAFTED)?, records.ends(ROUTED)?);
    let sender = records.sender(5)?;
    for number in 0..ORIGINALS {
        let (key, value) = tickets.record("M", number)?;
        sender.send("tickets.received", &key, None, &value)?;
    }
    sender.flush()?;
    records.await_more(ROUTED, &routed, ORIGINALS, Duration::from_secs(60))?;
    hands.into_iter().try_for_each(Hand::stop)?;
    let mut originals = Vec::new();
    records.scan(DRAFTED, &before, |seen| originals.push(seen))?;
    Ok(originals)
}

/// Copies them under new ids until there are enough.
fn pile_up(records: &Records, originals: &[Seen]) -> Result<()> {
    let sender = records.sender(5)?;
    for (number, original) in (0..BACKLOG).zip(originals.iter().cycle()) {
        let (tenant, id) = original.key.split_once('/').context("a key without a tenant")?;
        let new = format!("N-{number:07}");
        let value = std::str::from_utf8(&original.value)?;
        let value = value.replacen(&format!("\"{id}\""), &format!("\"{new}\""), 1);
        sender.send(DRAFTED, &format!("{tenant}/{new}"), None, value.as_bytes())?;
    }
    sender.flush()
}
