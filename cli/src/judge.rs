//! `switchyard judge`: labelled tickets through the line, and whether each drafted resolution is right.

mod table;
mod workers;

use std::{
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use shared::{
    Event,
    events::{Received, Ticket},
    process::Logs,
};

use crate::{
    labelled::{self, Labelled, Truth, Witness},
    output,
};
use table::Table;
use workers::Workers;

/// Tickets under way at once.
const AT_ONCE: usize = 64;

/// Sends labelled tickets through classify, retrieve, draft (local) and route in this process, and says of each whether
/// the drafted resolution is right: the ticket is in scope, its intent was found, no hazard was missed, and the reply
/// rests on a resolved ticket of that intent or on an offer. Writes what `fit` and `certify` read, and ends with a table:
/// by file and by what the tickets are, how many went where and how many of those that went out by themselves were wrong.
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
            let set = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            cases.extend(read(file)?.into_iter().map(|case| (set.clone(), case)));
        }
        let workers = Workers::open(&self.resolved, self.policy.as_deref()).await?;
        let bar = output::bar(cases.len() as u64, "tickets");
        let (mut out, mut table) = (self.writer()?, Table::default());
        let judging = cases.into_iter().map(|(set, case)| judged(&workers, set, case));
        let mut judging = stream::iter(judging).buffered(AT_ONCE);
        while let Some((set, row)) = judging.try_next().await? {
            writeln!(out, "{}", serde_json::to_string(&row)?)?;
            table.count(&set, &row);
            bar.inc(1);
        }
        out.flush()?;
        bar.finish_and_clear();
        eprint!("{table}");
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

async fn judged(workers: &Workers, set: String, case: Case) -> anyhow::Result<(String, Labelled)> {
    let Case { ticket, truth } = case;
    let routed = workers.routed(ticket).await?;
    let right = labelled::follows(&truth, &routed);
    Ok((set, Labelled { routed, right, by: Witness::Labels, truth: Some(truth) }))
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
