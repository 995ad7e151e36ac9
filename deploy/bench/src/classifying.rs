//! The classify worker from topic to topic against the same bundle called in a loop, with the same tickets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use classify::Classify;
use shared::{events::Ticket, model::ModelSettings, start::find};

use crate::{
    records::Records,
    report::{Finding, Goal, median},
    stage::Stage,
    tickets::Tickets,
    watch,
};

const TICKETS: usize = 4_000;
/// Tickets under way at once, as in the runner.
const IN_FLIGHT: usize = 1_024;
const CORES: f64 = 2.0;

/// What one run of one of them came to.
#[derive(Default)]
struct Runs {
    rates: Vec<f64>,
    cpu_ms: Vec<f64>,
    broker_ms: Vec<f64>,
    peaks: Vec<f64>,
}

/// Measures both in turn; the first round is not counted.
///
/// # Errors
/// When the bundle cannot be opened or the worker does not finish.
pub fn measure(stage: &Stage) -> Result<Vec<Finding>> {
    let library = std::env::var_os("ORT_DYLIB_PATH").map(Into::into);
    let settings = ModelSettings { library, sessions: None };
    let folder = find("models/classifier");
    let direct = Arc::new(stage.runtime.block_on(Classify::open(folder.as_deref(), &settings))?);
    let (records, tickets) = (Records::at(stage.broker.bootstrap())?, Tickets::read()?);
    let (mut ours, mut bare) = (Runs::default(), Runs::default());
    for round in 0..=stage.rounds {
        let run = format!("C{round}");
        fill(&records, &tickets, &run)?;
        if round % 2 == 0 {
            run_ours(stage, &records, &mut ours)?;
            run_direct(stage, &direct, &tickets, &mut bare)?;
        } else {
            run_direct(stage, &direct, &tickets, &mut bare)?;
            run_ours(stage, &records, &mut ours)?;
        }
        if round == 0 {
            (ours, bare) = (Runs::default(), Runs::default());
        }
    }
    Ok(findings(&ours, &bare))
}

fn findings(ours: &Runs, bare: &Runs) -> Vec<Finding> {
    let broker = median(&ours.broker_ms);
    // With the broker elsewhere its share of the two cores would be the worker's.
    let share = broker * median(&ours.rates) / 1000.0 / CORES;
    let apart: Vec<f64> = ours.rates.iter().map(|rate| rate / (1.0 - share)).collect();
    vec![
        Finding::beside(
            "classify, topic to topic",
            "tickets/s",
            &ours.rates,
            &bare.rates,
            Goal::RatioAtLeast(0.9),
        )
        .note(format!(
            "{TICKETS} tickets a round; limit: the same bundle called in a loop on the same cores"
        )),
        Finding::beside(
            "the same, the broker's share of the cores set apart",
            "tickets/s",
            &apart,
            &bare.rates,
            Goal::None,
        )
        .note(format!("the broker beside it: {broker:.3} ms a ticket, {:.0} % of the cores", 100.0 * share)),
        Finding::beside("its processor time", "ms a ticket", &ours.cpu_ms, &bare.cpu_ms, Goal::None),
        Finding::alone(
            "classify under load, resident at most",
            "MiB",
            median(&ours.peaks),
            Goal::AtMost(200.0),
        ),
    ]
}

fn fill(records: &Records, tickets: &Tickets, run: &str) -> Result<()> {
    let sender = records.sender(5)?;
    for number in 0..TICKETS {
        let (key, value) = tickets.record(run, number)?;
        sender.send("tickets.received", &key, None, &value)?;
    }
    sender.flush()
}

fn run_ours(stage: &Stage, records: &Records, runs: &mut Runs) -> Result<()> {
    let before = records.ends("tickets.classified")?;
    let hand = stage.start("classify")?;
    hand.ready()?;
    let (cpu, broker) = (watch::cpu_us(hand.process.id())?, stage.broker_cpu_us()?);
    records.await_more("tickets.classified", &before, TICKETS, Duration::from_secs(90))?;
    runs.note(watch::cpu_us(hand.process.id())? - cpu);
    runs.broker_ms.push((stage.broker_cpu_us()? - broker) / 1000.0 / TICKETS as f64);
    runs.peaks.push(watch::resident_mib(hand.process.id())?.1);
    hand.stop()?;
    runs.rates.push(records.rate("tickets.classified", &before, TICKETS)?);
    Ok(())
}

fn run_direct(stage: &Stage, direct: &Arc<Classify>, tickets: &Tickets, runs: &mut Runs) -> Result<()> {
    let tickets: Arc<[Ticket]> =
        (0..TICKETS).map(|number| tickets.ticket("C", number)).collect::<Result<Vec<_>>>()?.into();
    let cpu = watch::cpu_us(std::process::id())?;
    let mut times = stage.runtime.block_on(called(direct, &tickets))?;
    runs.note(watch::cpu_us(std::process::id())? - cpu);
    times.sort_unstable();
    let first = TICKETS / 20;
    let (Some(begin), Some(end)) = (times.get(first), times.last()) else { bail!("nothing was classified") };
    runs.rates.push((TICKETS - first) as f64 / (*end - *begin).as_secs_f64());
    Ok(())
}

/// When each ticket was read.
async fn called(direct: &Arc<Classify>, tickets: &Arc<[Ticket]>) -> Result<Vec<Instant>> {
    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..IN_FLIGHT).map(|_| {
        let (direct, tickets, next) = (Arc::clone(direct), Arc::clone(tickets), Arc::clone(&next));
        tokio::spawn(async move {
            let mut times = Vec::new();
            while let Some(ticket) = tickets.get(next.fetch_add(1, Ordering::Relaxed)) {
                direct.read(ticket).await?;
                times.push(Instant::now());
            }
            Ok::<_, shared::model::ModelError>(times)
        })
    });
    let mut times = Vec::new();
    for caller in futures::future::join_all(callers).await {
        times.extend(caller.context("a caller broke")??);
    }
    Ok(times)
}

impl Runs {
    fn note(&mut self, cpu_us: f64) {
        self.cpu_ms.push(cpu_us / 1000.0 / TICKETS as f64);
    }
}
