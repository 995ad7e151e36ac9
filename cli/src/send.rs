//! `switchyard send`: tickets to the line.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use shared::{
    bus::{Bus, BusError, Lane, Outgoing, Producer, Seat, Token, kafka::KafkaSettings},
    process::Logs,
};
use tokio::time::{sleep, timeout};

use crate::{output, tickets};

/// Records sent and not acknowledged, at the most.
const WINDOW: u64 = 10_000;

/// A broker that acknowledges nothing for so long is away.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tickets from a file to the line.
#[derive(Debug, Args)]
pub struct Send {
    /// Tickets, one JSON object a line; `-` for standard input
    file: PathBuf,

    /// Which stream of tickets
    #[arg(long, env = "SWITCHYARD_LANE", value_enum, default_value_t = Lane::Live)]
    lane: Lane,

    #[command(flatten)]
    bus: KafkaSettings,

    #[command(flatten)]
    logs: Logs,
}

impl Send {
    /// Sends every good line and names every bad one; fails if any was bad.
    pub async fn run(self) -> anyhow::Result<()> {
        self.logs.install();
        let bus = Bus::Kafka(self.bus.open()?);
        let mut sender = Sender::open(&bus)?;
        let progress = output::spinner("sending");
        let mut bad = 0;
        for parsed in tickets::open(&self.file)? {
            match parsed.with_context(|| format!("cannot read {}", self.file.display()))? {
                Ok(event) => sender.send(tickets::record(self.lane, &event)?).await?,
                Err(line) => {
                    bad += 1;
                    progress.suspend(|| eprintln!("{line}"));
                }
            }
            progress.set_message(format!("{} sent, {bad} bad", sender.sent));
        }
        sender.finish().await?;
        progress.finish_and_clear();
        println!("{} tickets sent and acknowledged, {bad} bad lines left out", sender.sent);
        if bad > 0 { bail!("{bad} lines are no tickets") } else { Ok(()) }
    }
}

/// A producer that waits for its acknowledgements.
pub struct Sender {
    producer: Producer,
    /// Records sent so far.
    pub sent: u64,
    acknowledged: u64,
}

impl Sender {
    /// Opens a producer.
    ///
    /// # Errors
    /// When the bus's settings cannot be used.
    pub fn open(bus: &Bus) -> Result<Self, BusError> {
        Ok(Self { producer: bus.producer()?, sent: 0, acknowledged: 0 })
    }

    /// Sends a record, in the order of the calls.
    ///
    /// # Errors
    /// When an earlier record was not acknowledged.
    pub async fn send(&mut self, mut record: Outgoing) -> Result<(), BusError> {
        while self.sent - self.acknowledged >= WINDOW {
            self.acknowledge().await?;
        }
        let token = Token { seat: Seat(0), sequence: self.sent };
        while let Err(back) = self.producer.send(record, token) {
            record = back;
            sleep(Duration::from_millis(2)).await;
        }
        self.sent += 1;
        Ok(())
    }

    /// Waits until everything sent is acknowledged.
    ///
    /// # Errors
    /// When one record was not.
    pub async fn finish(&mut self) -> Result<(), BusError> {
        while self.acknowledged < self.sent {
            self.acknowledge().await?;
        }
        Ok(())
    }

    async fn acknowledge(&mut self) -> Result<(), BusError> {
        let silent = || BusError::Unreachable(format!("no acknowledgement for {} s", PATIENCE.as_secs()));
        let ack = timeout(PATIENCE, self.producer.acks.recv()).await.ok().flatten().ok_or_else(silent)?;
        self.acknowledged += 1;
        ack.result
    }
}
