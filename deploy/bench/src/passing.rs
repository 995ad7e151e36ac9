//! The runner against a bare loop of librdkafka: the same records, the same settings, both as processes.

use std::time::Duration;

use anyhow::Result;
use local::Process;

use crate::{
    event::{COPIED, PASSED, TAKEN, Taken, headers},
    records::Records,
    report::{Finding, Goal, median},
    stage::Stage,
    watch,
};

const RECORDS: usize = 200_000;
const LIMIT: Duration = Duration::from_secs(90);

/// What one run of one of them came to.
#[derive(Default)]
struct Runs {
    rates: Vec<f64>,
    cpu_us: Vec<f64>,
    broker_cpu_us: Vec<f64>,
}

/// Measures both in turn; the first round is not counted.
///
/// # Errors
/// When one of them does not finish its records.
pub fn measure(stage: &Stage) -> Result<Vec<Finding>> {
    let records = Records::at(stage.broker.bootstrap())?;
    records.create(&stage.runtime, &[TAKEN, PASSED, COPIED])?;
    let (mut ours, mut bare) = (Runs::default(), Runs::default());
    for round in 0..=stage.rounds {
        fill(&records, round)?;
        if round % 2 == 0 {
            run_ours(stage, &records, &mut ours)?;
            run_bare(stage, &records, &mut bare)?;
        } else {
            run_bare(stage, &records, &mut bare)?;
            run_ours(stage, &records, &mut ours)?;
        }
        if round == 0 {
            (ours, bare) = (Runs::default(), Runs::default());
        }
    }
    let broker = format!(
        "the broker beside it: {:.1} µs a record with the bare loop, {:.1} with ours",
        median(&bare.broker_cpu_us),
        median(&ours.broker_cpu_us)
    );
    Ok(vec![
        Finding::beside(
            "pass-through of 512 B events",
            "records/s",
            &ours.rates,
            &bare.rates,
            Goal::RatioAtLeast(0.5),
        )
        .note(format!(
            "{RECORDS} records a round, 6 partitions, nine headers each; limit: a bare loop of librdkafka"
        )),
        Finding::beside("its processor time", "µs a record", &ours.cpu_us, &bare.cpu_us, Goal::None)
            .note(broker),
    ])
}

fn fill(records: &Records, round: usize) -> Result<()> {
    let sender = records.sender(5)?;
    for number in 0..RECORDS {
        let (key, value) = Taken::numbered(round * RECORDS + number)?;
        sender.send(TAKEN, &key, Some(&headers(number)), &value)?;
    }
    sender.flush()
}

fn run_ours(stage: &Stage, records: &Records, runs: &mut Runs) -> Result<()> {
    let (before, broker) = (records.ends(PASSED)?, stage.broker_cpu_us()?);
    let hand = stage.start("bench-pass")?;
    records.await_more(PASSED, &before, RECORDS, LIMIT)?;
    let cpu = watch::cpu_us(hand.process.id())?;
    runs.note(cpu, stage.broker_cpu_us()? - broker);
    records.await_committed("pass", TAKEN)?;
    hand.stop()?;
    runs.rates.push(records.rate(PASSED, &before, RECORDS)?);
    Ok(())
}

fn run_bare(stage: &Stage, records: &Records, runs: &mut Runs) -> Result<()> {
    let (before, broker) = (records.ends(COPIED)?, stage.broker_cpu_us()?);
    let mut command = stage.command("bench-bare")?;
    command.arg(RECORDS.to_string());
    let mut process = Process::spawn(command, &stage.log("bench-bare"))?;
    records.await_more(COPIED, &before, RECORDS, LIMIT)?;
    let cpu = watch::cpu_us(process.id())?;
    runs.note(cpu, stage.broker_cpu_us()? - broker);
    records.await_committed("bare", TAKEN)?;
    process.wait(LIMIT);
    runs.rates.push(records.rate(COPIED, &before, RECORDS)?);
    Ok(())
}

impl Runs {
    fn note(&mut self, cpu_us: f64, broker_cpu_us: f64) {
        self.cpu_us.push(cpu_us / RECORDS as f64);
        self.broker_cpu_us.push(broker_cpu_us / RECORDS as f64);
    }
}
