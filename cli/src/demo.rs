//! `switchyard demo`: the line at work, on a bus in memory and a private Postgres.

mod show;
mod way;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use all::Overrides;
use anyhow::{Context, bail};
use clap::Args;
use console::style;
use shared::{
    bus::{Bus, Lane, memory::MemoryBus},
    process::Logs,
    runner::Settings,
    start::find,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{
    line::{House, Law},
    output,
    send::Sender,
    tickets::{self, Parsed},
};

/// No ticket takes this long.
const PATIENCE: Duration = Duration::from_secs(120);

/// Five tickets one by one, then a day's queue, through every worker.
#[derive(Debug, Args)]
pub struct Demo {
    /// Tickets whose way is shown [default: deploy/demo/five.jsonl]
    #[arg(long)]
    five: Option<PathBuf>,

    /// Tickets that follow [default: deploy/demo/tickets.jsonl]
    #[arg(long)]
    tickets: Option<PathBuf>,

    /// Resolved tickets to search [default: deploy/demo/resolved.jsonl]
    #[arg(long)]
    resolved: Option<PathBuf>,

    #[command(flatten)]
    logs: DemoLogs,
}

/// As every process's logs, but quiet by default.
#[derive(Debug, Args)]
struct DemoLogs {
    /// What is logged: off, error, warn, info, debug
    #[arg(long, env = "SWITCHYARD_LOG", default_value = "error")]
    log: String,
}

impl Demo {
    /// Shows the five, runs the rest, and ends with the law.
    pub async fn run(self) -> anyhow::Result<()> {
        Logs { log_format: shared::process::LogFormat::Text, log: self.logs.log.clone() }.install();
        let five = read(self.five.as_ref(), "deploy/demo/five.jsonl")?;
        let rest = read(self.tickets.as_ref(), "deploy/demo/tickets.jsonl")?;
        let resolved = located(self.resolved.as_ref(), "deploy/demo/resolved.jsonl")?;
        let index = tempfile::tempdir().context("a folder for the index")?;
        let folder = index.path().to_string_lossy().into_owned();
        crate::ingest::quietly(&resolved, index.path()).await?;
        let bus = Bus::Memory(MemoryBus::new(6));
        let starting = output::spinner("starting Postgres and six workers");
        let overrides = Overrides::default().with("index-dir", folder);
        let settings = Settings::default();
        let house = House::open(&bus, &settings, None, overrides, CancellationToken::new()).await?;
        starting.finish_and_clear();
        let mut sender = Sender::open(&bus)?;
        let shown = show_five(&house, &mut sender, &five).await;
        let law = match shown {
            Ok(()) => run_rest(&house, &mut sender, &rest, five.len()).await,
            Err(error) => Err(error),
        };
        house.close().await?;
        law
    }
}

/// A file given, or the one that comes with the product.
fn located(given: Option<&PathBuf>, default: &str) -> anyhow::Result<PathBuf> {
    let found = given.cloned().or_else(|| find(default));
    found.with_context(|| format!("there is no {default} here or above the executable"))
}

/// The tickets of a file, good and bad.
fn read(given: Option<&PathBuf>, default: &str) -> anyhow::Result<Vec<Parsed>> {
    let path = located(given, default)?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(tickets::parse_all(&text))
}

/// Sends tickets and waits until the bus has them; a line that is none ends the demo.
async fn send(sender: &mut Sender, parsed: &[Parsed]) -> anyhow::Result<()> {
    for event in parsed {
        match event {
            Ok(event) => sender.send(tickets::record(Lane::Live, event)?).await?,
            Err(bad) => bail!("{bad}"),
        }
    }
    Ok(sender.finish().await?)
}

/// Each of the five: where it went and why.
async fn show_five(house: &House, sender: &mut Sender, five: &[Parsed]) -> anyhow::Result<()> {
    send(sender, five).await?;
    settled(house, five.len(), |_| {}).await?;
    for event in five.iter().flatten() {
        let way = way::of(house.audit(), &event.ticket.tenant, &event.ticket.id).await?;
        show::way(&event.ticket, &way);
    }
    Ok(())
}

/// All the others, then the law.
async fn run_rest(house: &House, sender: &mut Sender, rest: &[Parsed], before: usize) -> anyhow::Result<()> {
    let begun = Instant::now();
    let bar = output::bar(rest.len() as u64, format!("{} more tickets", rest.len()));
    send(sender, rest).await?;
    let done = |law: Law| {
        bar.set_position(u64::try_from(law.routed + law.rejected).unwrap_or(0).saturating_sub(before as u64))
    };
    let law = settled(house, before + rest.len(), done).await?;
    bar.finish_and_clear();
    let took = begun.elapsed();
    show::routes(&way::routes(house.audit()).await?);
    let holds = law.received == law.routed + law.rejected && law.open == 0;
    let verdict = if holds { style("the law holds").green() } else { style("the law is broken").red() };
    println!("{} tickets in {:.1} s, audited in Postgres", rest.len(), took.as_secs_f64());
    println!(
        "received {} = routed {} + rejected {}   {}",
        law.received,
        law.routed,
        law.rejected,
        verdict.bold()
    );
    if holds { Ok(()) } else { bail!("received, routed and rejected do not add up: {law:?}") }
}

/// Waits until so many tickets are received and none is open.
async fn settled(house: &House, tickets: usize, seen: impl Fn(Law)) -> anyhow::Result<Law> {
    let begun = Instant::now();
    loop {
        let law = house.law("live").await?;
        seen(law);
        if law.open == 0 && law.received >= tickets as i64 {
            return Ok(law);
        }
        if begun.elapsed() > PATIENCE {
            bail!("after {} s there are still {} tickets open: {law:?}", PATIENCE.as_secs(), law.open);
        }
        sleep(Duration::from_millis(50)).await;
    }
}
