//! `make evaluate`: reads every text with the shipped bundle and writes `models/classifier/report/` and the card's figures.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Parser;
use classify::Classify;
use evaluate::{answers, card, cost, report::Report, sets::Texts, tickets};
use indicatif::{ProgressBar, ProgressStyle};
use shared::{
    model::{Bundle, Kind, ModelSettings},
    policy::Policy,
    start::find,
};

/// What the shipped classifier is worth on texts that it was not trained on.
#[derive(Parser)]
struct Arguments {
    /// Folder of the classifier bundle [default: models/classifier, here or above]
    #[arg(long, env = "SWITCHYARD_CLASSIFIER", value_name = "FOLDER")]
    classifier: Option<PathBuf>,

    /// Folder with Bitext's 4,514 release, or any release's CSV file; without it only what the repository holds is read
    #[arg(long, env = "SWITCHYARD_BITEXT_DIR", value_name = "PATH")]
    data: Option<PathBuf>,

    /// Policy whose price of a core hour is used [default: deploy/policy.yaml, here or above]
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Measure the CPU time of a text anew; else that is done only if the bundle does not say it
    #[arg(long)]
    cost: bool,

    /// Write the texts as labelled tickets into this folder, for `switchyard judge`, and nothing else
    #[arg(long, value_name = "FOLDER", conflicts_with = "cost")]
    tickets: Option<PathBuf>,

    /// The model runtime.
    #[command(flatten)]
    model: ModelSettings,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let root = find("training/data")
        .context("there is no training/data here or above; run this in the repository")?;
    let root = root.ancestors().nth(2).unwrap_or(Path::new(".")).to_owned();
    let folder = arguments.classifier.clone().unwrap_or_else(|| root.join("models/classifier"));
    let mut texts = Texts::of_the_repository(&root)?;
    match &arguments.data {
        Some(data) => texts.add_bitext(data)?,
        None => say("without SWITCHYARD_BITEXT_DIR there are no figures on Bitext")?,
    }
    if let Some(tickets) = &arguments.tickets {
        return tickets::write(&texts.sets, tickets);
    }
    if arguments.cost || Bundle::load(&folder, Kind::Classifier)?.card.cost.is_none() {
        measure(&folder, &arguments.model).await?;
    }
    let bundle = Bundle::load(&folder, Kind::Classifier)?;
    let worker = Classify::open(Some(&folder), &arguments.model).await?;
    let bar = bar(texts.sets.values().map(Vec::len).sum())?;
    let answers = answers::read(&worker, &texts.sets, || bar.inc(1)).await?;
    bar.finish_and_clear();
    let price = price(&root, arguments.policy.as_deref())?;
    let report = Report::of(&texts, &answers, &bundle.digest, bundle.card.cost.as_ref(), price)?;
    report.write(&folder.join("report"))?;
    card::refresh(&folder, &report.metrics)?;
    say(&format!("{} texts; figures in {}", bar.position(), folder.join("report/report.md").display()))
}

/// Measures what a text costs and keeps it in the bundle.
async fn measure(folder: &Path, settings: &ModelSettings) -> Result<()> {
    say("measuring the CPU time of a text …")?;
    let worker = Classify::open(Some(folder), settings).await?;
    let found = cost::measure(&worker).await?;
    cost::write(folder, &found)?;
    say(&format!(
        "{} ms a text and {} ms a token, kept in bundle.json",
        found.cpu_ms_a_text, found.cpu_ms_a_token
    ))
}

/// Dollars a core hour, if the policy names them.
fn price(root: &Path, policy: Option<&Path>) -> Result<Option<f64>> {
    let path = policy.map_or_else(|| root.join("deploy/policy.yaml"), Path::to_owned);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Policy::parse(&text)?.compute.map(|price| price.dollars_a_core_hour))
}

fn bar(texts: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} texts, {eta} left")?;
    Ok(ProgressBar::new(texts as u64).with_style(style))
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
