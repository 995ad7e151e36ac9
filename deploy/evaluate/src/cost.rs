//! What a text costs in CPU time: measured once, kept in the bundle, so that an event says the same on every machine.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use classify::Classify;
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::value::RawValue;
use shared::model::Cost;

use crate::answers::ticket;

/// Rounds of which the least disturbed counts.
const ROUNDS: usize = 3;

/// Texts of one length measured together.
const TEXTS: usize = 96;

/// Lengths, in times a sentence of about sixteen tokens.
const LENGTHS: [usize; 5] = [1, 2, 4, 8, 15];

/// CPU time of this process's threads so far, in nanoseconds (`/proc/self/task/*/schedstat`, first field).
fn cpu_ns() -> Result<u64> {
    let mut sum = 0;
    for task in
        fs::read_dir("/proc/self/task").context("cannot read /proc/self/task; cost is measured on Linux")?
    {
        // A thread may end between the listing and the reading.
        let Ok(line) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        sum += line.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
    }
    ensure!(sum > 0, "/proc/self/task/*/schedstat says nothing; the kernel lacks CONFIG_SCHED_INFO");
    Ok(sum)
}

/// Measures by thread CPU time: texts of several lengths, a straight line through what each length took.
///
/// # Errors
/// When the model fails or the system tells no CPU time.
pub async fn measure(worker: &Classify) -> Result<Cost> {
    let mut least: Vec<(f64, f64)> = Vec::new();
    for length in LENGTHS {
        let text = "The kettle that I ordered on the third of March has not come yet. ".repeat(length);
        let mut rounds = Vec::new();
        for _ in 0..=ROUNDS {
            rounds.push(round(worker, &text).await?);
        }
        // The first one warms up; interruptions only ever add to the others.
        let best = rounds.into_iter().skip(1).min_by(|a, b| a.1.total_cmp(&b.1));
        least.extend(best);
    }
    let (cpu_ms_a_text, cpu_ms_a_token) = line(&least);
    let measured_on = processor();
    Ok(Cost { cpu_ms_a_text: rounded(cpu_ms_a_text), cpu_ms_a_token: rounded(cpu_ms_a_token), measured_on })
}

/// Tokens and CPU milliseconds of one text.
async fn round(worker: &Classify, text: &str) -> Result<(f64, f64)> {
    let ticket = ticket(text);
    let before = cpu_ns()?;
    let reading = futures::stream::iter(0..TEXTS).map(|_| worker.first(&ticket));
    let read: Vec<_> = reading.buffered(TEXTS).try_collect().await?;
    let took = (cpu_ns()? - before) as f64 / 1e6;
    let tokens = read.first().map_or(0, |first| first.tokens);
    Ok((f64::from(tokens), took / TEXTS as f64))
}

/// Least squares: where the line begins and how it rises. One that would begin below zero begins there.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len().max(1) as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let rise = rise(points, (x, y));
    let start = y - rise * x;
    if start >= 0.0 { (start, rise) } else { (0.0, self::rise(points, (0.0, 0.0))) }
}

/// How steeply the best line through this point rises.
fn rise(points: &[(f64, f64)], (x, y): (f64, f64)) -> f64 {
    let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let under: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if under > 0.0 { (over / under).max(0.0) } else { 0.0 }
}

fn rounded(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

/// The processor's own name.
fn processor() -> String {
    let told = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

/// Puts the cost into a bundle's card. All else stays as it stands, letter for letter; the bundle's digest is that of the
/// card, so it changes.
///
/// # Errors
/// When the card cannot be read or written.
pub fn write(bundle: &Path, cost: &Cost) -> Result<()> {
    let path = bundle.join("bundle.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut card: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
    let said = serde_json::to_string_pretty(cost)?.replace('\n', "\n  ");
    card.insert("cost".to_owned(), RawValue::from_string(said)?);
    let entries: Vec<String> = card.iter().map(|(key, value)| format!("  {key:?}: {value}")).collect();
    let part = bundle.join(".bundle.json.part");
    fs::write(&part, format!("{{\n{}\n}}\n", entries.join(",\n")))
        .and_then(|()| fs::rename(&part, &path))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points_on_a_line_is_that_line() {
        let (start, rise) = line(&[(10.0, 1.5), (20.0, 2.5), (40.0, 4.5)]);
        assert!((start - 0.5).abs() < 1e-12 && (rise - 0.1).abs() < 1e-12);
        let (start, rise) = line(&[(10.0, 0.5), (20.0, 2.0)]);
        assert!(start == 0.0 && (rise - 0.09).abs() < 1e-12);
    }

    #[test]
    fn nothing_else_in_the_card_changes() {
        let folder = tempfile::tempdir().unwrap();
        let card = "{\n  \"a\": 0.6579999923706055,\n  \"heads\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n";
        fs::write(folder.path().join("bundle.json"), card).unwrap();
        let cost = Cost { cpu_ms_a_text: 0.1, cpu_ms_a_token: 0.04, measured_on: "here".to_owned() };
        write(folder.path(), &cost).unwrap();
        let first = fs::read_to_string(folder.path().join("bundle.json")).unwrap();
        let added = "  \"cost\": {\n    \"cpu_ms_a_text\": 0.1,\n    \"cpu_ms_a_token\": 0.04,\n    \"measured_on\": \"here\"\n  },\n";
        assert_eq!(first.replace(added, ""), card);
        write(folder.path(), &cost).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("bundle.json")).unwrap(), first);
    }
}
