//! Four hops and the audit at 100 tickets a second against one bare produce-consume hop at the same pace.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use crate::{
    records::{Records, Sender, by_key},
    report::{Finding, Goal, median, quantile},
    stage::{Hand, Stage},
    tickets::Tickets,
    watch::{self, pause},
};

const A_SECOND: usize = 100;
const TICKETS: usize = 1_000;
const HOP: &str = "bench.hop";
const LINE: [&str; 5] =
    ["tickets.received", "tickets.classified", "tickets.retrieved", "tickets.drafted", "tickets.routed"];
const WORKERS: [&str; 5] = ["classify", "retrieve", "draft", "route", "audit"];

/// Quantiles of the rounds.
#[derive(Default)]
struct Times {
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// How long the tickets of one round took, milliseconds.
struct Round {
    /// From handing a ticket to the producer to seeing it routed.
    outside: Vec<f64>,
    /// From the received record's time to the routed one's.
    whole: Vec<f64>,
    /// From record to record.
    steps: Vec<Vec<f64>>,
}

/// Measures both in turn; the first round is not counted.
///
/// # Errors
/// When a ticket does not come through.
pub fn measure(stage: &Stage) -> Result<Vec<Finding>> {
    let (records, tickets) = (Records::at(stage.broker.bootstrap())?, Tickets::read()?);
    records.create(&stage.runtime, &[HOP])?;
    let hands = WORKERS.iter().map(|worker| stage.start(worker)).collect::<Result<Vec<Hand>>>()?;
    hands.iter().try_for_each(|hand| hand.ready().map(drop))?;
    let (mut hop, mut line, mut outside) = (Times::default(), Times::default(), Times::default());
    let mut steps: Vec<Vec<f64>> = vec![Vec::new(); LINE.len() - 1];
    let sender = records.sender(0)?;
    for round in 0..=stage.rounds {
        let of_hop = one_hop(&records, &sender, &tickets, &format!("H{round}"))?;
        let of_line = whole_line(&records, &sender, &tickets, &format!("L{round}"))?;
        if round > 0 {
            hop.note(&of_hop);
            line.note(&of_line.whole);
            outside.note(&of_line.outside);
            steps.iter_mut().zip(of_line.steps).for_each(|(all, these)| all.extend(these));
        }
    }
    let why = format!("mean from record to record: {}; in the handler: {}", named(&steps), handling(&hands)?);
    hands.into_iter().try_for_each(Hand::stop)?;
    let limit = Goal::RatioAtMost(8.0);
    Ok(vec![
        Finding::beside("four hops at 100 tickets/s, p50", "ms", &line.p50, &hop.p50, limit)
            .note("from the received record's time to the routed one's; limit: one bare produce-consume hop"),
        Finding::beside("four hops at 100 tickets/s, p99", "ms", &line.p99, &hop.p99, limit).note(why),
        Finding::beside("the same from outside, p50", "ms", &outside.p50, &hop.p50, Goal::None)
            .note("from handing a ticket to the producer to seeing it routed: one hop more"),
        Finding::beside("the same from outside, p99", "ms", &outside.p99, &hop.p99, Goal::None),
    ])
}

/// The mean of each worker's step.
fn named(steps: &[Vec<f64>]) -> String {
    let mean = |times: &Vec<f64>| times.iter().sum::<f64>() / times.len().max(1) as f64;
    let named = WORKERS.iter().zip(steps).map(|(worker, times)| format!("{worker} {:.1}", mean(times)));
    named.collect::<Vec<String>>().join(", ")
}

/// The mean time in each worker's handler.
fn handling(hands: &[Hand]) -> Result<String> {
    let named = WORKERS.iter().zip(hands);
    let named = named.map(|(worker, hand)| Ok(format!("{worker} {:.1}", watch::handling_ms(hand.port)?)));
    Ok(named.collect::<Result<Vec<String>>>()?.join(", "))
}

impl Times {
    fn note(&mut self, values: &[f64]) {
        self.p50.push(median(values));
        self.p99.push(quantile(values, 0.99));
    }
}

/// Sends at an even pace; when each ticket was handed over.
fn paced(sender: &Sender, topic: &str, tickets: &Tickets, run: &str) -> Result<HashMap<String, Instant>> {
    let begin = Instant::now();
    let mut sent = HashMap::new();
    for number in 0..TICKETS {
        let (key, value) = tickets.record(run, number)?;
        let due = Duration::from_secs(1) * u32::try_from(number)? / u32::try_from(A_SECOND)?;
        pause(u64::try_from(due.saturating_sub(begin.elapsed()).as_millis())?);
        sent.insert(key.clone(), Instant::now());
        sender.send(topic, &key, None, &value)?;
    }
    sender.flush()?;
    Ok(sent)
}

fn one_hop(records: &Records, sender: &Sender, tickets: &Tickets, run: &str) -> Result<Vec<f64>> {
    let tail = records.tail(&[HOP])?;
    let sent = paced(sender, HOP, tickets, run)?;
    let times: Vec<f64> = tail
        .until_quiet(Duration::from_millis(500))
        .iter()
        .filter_map(|seen| Some(ms(seen.at.duration_since(*sent.get(&seen.key)?))))
        .collect();
    ensure!(times.len() == TICKETS, "{} of {TICKETS} records came over one hop", times.len());
    Ok(times)
}

fn whole_line(records: &Records, sender: &Sender, tickets: &Tickets, run: &str) -> Result<Round> {
    let tail = records.tail(&LINE)?;
    let sent = paced(sender, LINE[0], tickets, run)?;
    let seen = tail.until_quiet(Duration::from_millis(1_000));
    let found = by_key(&seen);
    let mut round = Round { outside: Vec::new(), whole: Vec::new(), steps: vec![Vec::new(); LINE.len() - 1] };
    for (key, begin) in &sent {
        let way = LINE.iter().map(|topic| found.get(&(*topic, key.as_str())));
        let Some(way) = way.collect::<Option<Vec<_>>>() else { bail!("{key} did not come through the line") };
        let ([first, ..], [.., last]) = (way.as_slice(), way.as_slice()) else { continue };
        round.outside.push(ms(last.at.duration_since(*begin)));
        round.whole.push((last.time_ms - first.time_ms) as f64);
        for (times, pair) in round.steps.iter_mut().zip(way.windows(2)) {
            if let [before, after] = pair {
                times.push((after.time_ms - before.time_ms) as f64);
            }
        }
    }
    Ok(round)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
