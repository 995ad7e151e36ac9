//! `switchyard classify`: what the classifier reads in tickets, without a bus.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
};

use anyhow::{Context, bail};
use clap::Args;
use console::style;
use serde_json::json;
use shared::{
    Config,
    events::{Classification, Ticket},
    process::Logs,
};

use crate::{output, tickets};

/// Tickets in, one JSON line each out: the `classification` section. Plain text on a terminal.
#[derive(Debug, Args)]
pub struct Classify {
    /// Tickets, one JSON object a line; `-` for standard input
    #[arg(default_value = "-")]
    file: PathBuf,

    #[command(flatten)]
    config: classify::Config,

    #[command(flatten)]
    logs: Logs,
}

impl Classify {
    /// Classifies every good line and names every bad one; fails if any was bad.
    pub async fn run(self) -> anyhow::Result<()> {
        self.logs.install();
        let worker = self.config.start().await?;
        let mut out = std::io::stdout().lock();
        let for_people = out.is_terminal();
        let mut bad = 0;
        for parsed in tickets::open(&self.file)? {
            match parsed.with_context(|| format!("cannot read {}", self.file.display()))? {
                Ok(event) => {
                    let read = worker.read(&event.ticket).await?;
                    writeln!(
                        out,
                        "{}",
                        if for_people { plain(&event.ticket, &read) } else { line(&event.ticket, &read) }
                    )?;
                }
                Err(line) => {
                    bad += 1;
                    eprintln!("{line}");
                }
            }
        }
        if bad > 0 { bail!("{bad} lines are no tickets") } else { Ok(()) }
    }
}

/// One line for machines.
fn line(ticket: &Ticket, read: &Classification) -> String {
    json!({ "tenant": ticket.tenant, "id": ticket.id, "classification": read }).to_string()
}

/// Three lines for people.
fn plain(ticket: &Ticket, read: &Classification) -> String {
    let others: Vec<String> =
        read.top.iter().skip(1).map(|one| format!("{} {:.2}", one.label, one.probability)).collect();
    let hazards: Vec<String> =
        read.hazards.iter().map(|one| format!("{} {:.2}", one.kind, one.probability)).collect();
    format!(
        "{}  {}\n  {} {:.3}   then {}   out of scope {:.3}\n  {:?}, {:?}, {}{}",
        style(&ticket.id).bold(),
        output::safe(&ticket.text(), 90),
        style(&read.intent).green(),
        read.confidence,
        others.join(", "),
        read.out_of_scope,
        read.mood.sentiment,
        read.attention.priority,
        read.language.code,
        if hazards.is_empty() {
            String::new()
        } else {
            format!("   hazards: {}", style(hazards.join(", ")).red())
        },
    )
}
