//! `switchyard policy diff`: whose route differs between two policies.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;
use shared::{
    events::{Decision, Drafted, Route},
    policy::Policy,
};

use crate::output::safe;

/// Tickets of the table at most.
const SHOWN: usize = 50;

/// Decides every event under both policies, and shows those whose route differs.
#[derive(Debug, Args)]
pub struct Diff {
    /// The policy as it is
    old: PathBuf,

    /// The policy as it might be
    new: PathBuf,

    /// Drafted or routed events, one JSON object a line
    #[arg(long, value_name = "FILE")]
    on: PathBuf,
}

/// What differs.
#[derive(Debug, Default)]
struct Changes {
    events: usize,
    /// Events by old and new route.
    routes: BTreeMap<(Route, Route), usize>,
    rows: Vec<String>,
}

impl Diff {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let (old, _) = super::read(&self.old)?;
        let (new, _) = super::read(&self.new)?;
        let mut changes = Changes::default();
        for drafted in events(&self.on)? {
            changes.add(&old, &new, &drafted?);
        }
        if changes.events == 0 {
            bail!("{} holds no events", self.on.display());
        }
        println!("{}", changes.shown());
        Ok(())
    }
}

fn events(file: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Drafted>>> {
    let lines =
        BufReader::new(std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?);
    let name = file.display().to_string();
    let read = move |(at, line): (usize, std::io::Result<String>)| {
        let event = line.map_err(anyhow::Error::from).and_then(|line| event(&line));
        event.with_context(|| format!("{name}:{}", at + 1))
    };
    Ok(lines
        .lines()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Ok(line) if line.trim().is_empty()))
        .map(read))
}

/// An event, or the data of an envelope around one.
fn event(line: &str) -> anyhow::Result<Drafted> {
    let mut value: Value = serde_json::from_str(line)?;
    let data = value.get_mut("data").map(Value::take);
    serde_json::from_value(data.unwrap_or(value)).context("is no drafted event")
}

impl Changes {
    fn add(&mut self, old: &Policy, new: &Policy, drafted: &Drafted) {
        let Drafted { ticket, classification, retrieval, draft } = drafted;
        let [before, after] =
            [old, new].map(|policy| route::decide(policy, ticket, classification, retrieval, draft));
        self.events += 1;
        *self.routes.entry((before.route, after.route)).or_default() += 1;
        if before.route != after.route {
            let side = |it: &Decision| format!("{} {:.3} {}", word(it.route), it.score, it.rule.name);
            self.rows.push(format!(
                "{:<24} {:<24} {:<40} -> {}",
                safe(&ticket.key(), 24),
                safe(&classification.intent, 24),
                side(&before),
                side(&after)
            ));
        }
    }

    /// The table of those that change, then the counts.
    fn shown(&self) -> String {
        let mut lines: Vec<String> = self.rows.iter().take(SHOWN).cloned().collect();
        if self.rows.len() > SHOWN {
            lines.push(format!("and {} more", self.rows.len() - SHOWN));
        }
        for ((before, after), count) in self.routes.iter().filter(|((before, after), _)| before != after) {
            lines.push(format!("{count:>6}  {} -> {}", word(*before), word(*after)));
        }
        lines.push(format!("{} of {} routes differ", self.rows.len(), self.events));
        lines.join("\n")
    }
}

fn word(route: Route) -> &'static str {
    match route {
        Route::Auto => "auto",
        Route::Suggest => "suggest",
        Route::Escalate => "escalate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = include_str!("../../../deploy/policy.yaml");

    /// The examples of routed events, some in an envelope.
    fn examples() -> Vec<Drafted> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/examples/routed");
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let read = |(at, file): (usize, &PathBuf)| {
            let text = std::fs::read_to_string(file).unwrap();
            event(&if at % 2 == 0 { text } else { format!("{{\"data\": {text}}}") }).unwrap()
        };
        files.iter().enumerate().map(read).collect()
    }

    fn changes(find: &str, put: &str) -> Changes {
        assert!(POLICY.contains(find));
        let old = Policy::parse(POLICY).unwrap();
        let new = Policy::parse(&POLICY.replacen(find, put, 1)).unwrap();
        let mut changes = Changes::default();
        examples().iter().for_each(|drafted| changes.add(&old, &new, drafted));
        changes
    }

    #[test]
    fn a_policy_differs_from_itself_in_nothing() {
        let shown = changes("kill_switch: false", "kill_switch: false ").shown();
        assert!(shown.starts_with("0 of "), "{shown}");
    }

    #[test]
    fn a_kill_switch_sends_to_people_what_went_out_by_itself() {
        let changes = changes("kill_switch: false", "kill_switch: true");
        assert!(!changes.rows.is_empty());
        assert_eq!(changes.routes[&(Route::Auto, Route::Suggest)], changes.rows.len());
        assert!(changes.shown().contains("kill_switch"), "{}", changes.shown());
    }
}
