//! `switchyard policy check`.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use console::style;
use serde_json::Value;
use shared::{policy::Known, start::find};

/// Exit code 64 if anything is wrong; warnings alone do not fail.
#[derive(Debug, Args)]
pub struct Check {
    /// The policy file
    file: Option<PathBuf>,

    /// The classifier's bundle, whose intents are the known ones; without it the bundle that comes with the product
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let file = super::named(self.file)?;
        let (policy, text) = super::read(&file)?;
        let bundle = self.bundle.or_else(|| find("models/classifier"));
        let intents = bundle.as_deref().and_then(intents).unwrap_or_default();
        if intents.is_empty() {
            eprintln!("the classifier's bundle is not here, so the names of intents are not checked");
        }
        let known = Known { intents, today: chrono::Utc::now().date_naive() };
        let warnings = policy.warnings(&text, &known);
        for warning in &warnings {
            println!("{} {}:{}: {}", style("warning:").yellow(), file.display(), warning.line, warning.text);
        }
        println!(
            "{} is good: {} rules, {} hazards, {} offers, {} warnings",
            policy.digest,
            policy.rules.len(),
            policy.hazards.len(),
            policy.offers.len(),
            warnings.len()
        );
        Ok(())
    }
}

/// The intents that a bundle's card names.
fn intents(folder: &Path) -> Option<BTreeSet<String>> {
    let text = std::fs::read_to_string(folder.join("bundle.json")).ok()?;
    let card: Value = serde_json::from_str(&text).ok()?;
    let labels = card.pointer("/heads/intent/labels")?.as_array()?;
    Some(labels.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
