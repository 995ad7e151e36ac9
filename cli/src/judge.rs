//! `switchyard judge`: labelled tickets through the line, and whether each drafted resolution is right.

mod workers;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use serde::Deserialize;
use shared::{
    Event,
    events::{Received, Route, Ticket},
    process::Logs,
};

use crate::{
    labelled::{self, Labelled, Truth, Witness},
    output,
};
use workers::Workers;

/// Sends labelled tickets through classify, retrieve, draft (local) and route in this process, and says of each whether
/// the drafted resolution is right: the ticket is in scope, its intent was found, no hazard was missed, and the reply
/// rests on a resolved ticket of that intent or on an offer. Writes what `fit` and `certify` read.
#[derive(Debug, Args)]
pub struct Judge {
    /// Labelled tickets, JSON lines: `{"ticket": …, "truth": {"intent": …, "hazards": […]}}`
    #[arg(required = true, value_name = "TICKETS")]
    files: Vec<PathBuf>,

    /// Resolved tickets that replies are drafted from
    #[arg(long, value_name = "FILE", default_value = "deploy/demo/resolved.jsonl")]
    resolved: PathBuf,

    /// The policy file; without it, deploy/policy.yaml here or in a folder above the executable
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Where the labelled decisions go; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    logs: Logs,
}

/// A ticket and what it really is.
#[derive(Debug, Deserialize)]
struct Case {
    ticket: Ticket,
    truth: Truth,
}

impl Judge {
    /// Judges every ticket, in order, and ends with a table on standard error.
    pub async fn run(self) -> anyhow::Result<()> {
        self.logs.install();
        let mut cases = Vec::new();
        for file in &self.files {
            cases.extend(read(file)?);
        }
        let workers = Workers::open(&self.resolved, self.policy.as_deref()).await?;
        let bar = output::bar(cases.len() as u64, "tickets");
        let mut out = self.writer()?;
        let mut rows = Vec::new();
        for Case { ticket, truth } in cases {
            let routed = workers.routed(ticket).await?;
            let right = labelled::follows(&truth, &routed);
            let row = Labelled { routed, right, by: Witness::Labels, truth: Some(truth) };
            writeln!(out, "{}", serde_json::to_string(&row)?)?;
            rows.push(row);
            bar.inc(1);
        }
        out.flush()?;
        bar.finish_and_clear();
        eprint!("{}", summary(&rows));
        Ok(())
    }

    fn writer(&self) -> anyhow::Result<Box<dyn Write + Send>> {
        let Some(path) = &self.out else { return Ok(Box::new(BufWriter::new(std::io::stdout()))) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Box::new(BufWriter::new(file)))
    }
}

/// The cases of a file.
fn read(path: &Path) -> anyhow::Result<Vec<Case>> {
    let named = || format!("cannot read {}", path.display());
    let file = std::fs::File::open(path).with_context(named)?;
    let mut cases = Vec::new();
    for (at, line) in BufReader::new(file).lines().enumerate() {
        let line = line.with_context(named)?;
        if line.trim().is_empty() {
            continue;
        }
        let place = || format!("{}: line {}", path.display(), at + 1);
        let case: Case = serde_json::from_str(&line).with_context(place)?;
        Received { ticket: case.ticket.clone() }.check().with_context(place)?;
        cases.push(case);
    }
    Ok(cases)
}

/// What became of them: right and wrong by route.
fn summary(rows: &[Labelled]) -> String {
    let mut by_route: BTreeMap<Route, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let (all, right) = by_route.entry(row.routed.decision.route).or_default();
        *all += 1;
        *right += u64::from(row.right);
    }
    let mut text = format!("{:<10} {:>7} {:>7} {:>7}\n", "route", "tickets", "right", "wrong");
    for (route, (all, right)) in by_route.into_iter().rev() {
        let name = format!("{route:?}").to_lowercase();
        text += &format!("{name:<10} {all:>7} {right:>7} {:>7}\n", all - right);
    }
    text
}
