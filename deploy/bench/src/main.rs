//! `make bench`: measures, prints a table and writes it to `target/bench/`. Arguments name the measurements to make;
//! without any, all of them. `ROUNDS` is how often each is repeated.

use std::{env, io::Write};

use anyhow::{Result, ensure};
use bench::{
    auditing, classifying, latency, memory, passing,
    report::{Finding, Report},
    stage::{Stage, root},
    takeover, watch,
};

type Measure = fn(&Stage) -> Result<Vec<Finding>>;

const MEASURES: [(&str, Measure); 6] = [
    ("passing", passing::measure),
    ("auditing", auditing::measure),
    ("classifying", classifying::measure),
    ("latency", latency::measure),
    ("memory", memory::measure),
    ("takeover", takeover::measure),
];

fn main() -> Result<()> {
    let chosen: Vec<String> = env::args().skip(1).collect();
    let known = |name: &String| MEASURES.iter().any(|(known, _)| known == name);
    ensure!(chosen.iter().all(known), "the measurements are: {}", MEASURES.map(|(name, _)| name).join(", "));
    let rounds = env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    let mut report = Report { rounds, findings: Vec::new() };
    for (name, measure) in MEASURES {
        if chosen.is_empty() || chosen.iter().any(|chosen| chosen == name) {
            say(&format!("{name} …"))?;
            // Servers of its own, so that no measurement lives with what another one left behind.
            let found = measure(&Stage::set(rounds)?)?;
            report
                .findings
                .extend(found.into_iter().map(|finding| Finding { load: watch::load(), ..finding }));
            report.write(&root().join("target/bench"))?;
        }
    }
    say(&format!("\n{}", report.table()))
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
