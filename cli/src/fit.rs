//! `switchyard fit`: the score's weights from labelled decisions.

mod logistic;
mod report;
mod section;

use std::path::PathBuf;

use anyhow::{Context, bail};
use chrono::Utc;
use clap::Args;
use sha2::{Digest as _, Sha256};
use shared::{
    policy::{Facts, Feature, Features, Fitted, Policy, ScoreTerms, locate},
    statistics::Judged,
};

use crate::labelled::{self, File, Labelled, Part};
use logistic::Row;

/// Fits the score to labelled decisions: a logistic regression with weights that are not negative. Prints what was found
/// and what it is worth, and the `score` section of the policy.
#[derive(Debug, Args)]
pub struct Fit {
    /// Labelled decisions, as `switchyard judge` writes them; `-` for standard input
    labelled: PathBuf,

    /// The policy whose ramps are used and whose score it is compared with
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Rows to fit on; with a half, the other one judges the fit and is free for `certify`
    #[arg(long, default_value = "first")]
    part: Part,

    /// What stays together in cross-validation
    #[arg(long, default_value = "customer")]
    by: Group,

    /// Folds of the cross-validation by customer
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(2..=100))]
    folds: u64,

    /// How much large weights are held down: half of it times the sum of their squares is added to the log loss
    #[arg(long, default_value_t = 1.0, value_name = "L2")]
    penalty: f64,

    /// Put the section into the policy file, and leave the rest of the file as it is
    #[arg(long)]
    write: bool,
}

/// What stays together in cross-validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    /// A customer's tickets.
    Customer,
    /// A tenant's tickets: how well does the fit do for a tenant it has not seen?
    Tenant,
}

impl Fit {
    /// Fits, reports on standard error, and prints or writes the section.
    pub async fn run(self) -> anyhow::Result<()> {
        let file = labelled::open(&self.labelled)?;
        let path = locate(self.policy.as_deref())?;
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let old = Policy::parse(&text).with_context(|| path.display().to_string())?;
        let (fitting, checking) = parts(&file.rows, self.part);
        let new = self.fitted(&file, &fitting, &old)?;
        let section = section::text(&new.score);
        let report = report::Report { fitting: &fitting, checking: &checking, old: &old, new: &new };
        eprint!("{}", report.text(&self.cross_validated(&fitting, &old)));
        if self.write {
            let replaced =
                section::replaced(&text, &section).context("the policy has no `score:` section")?;
            Policy::parse(&replaced).context("the policy with the new section")?;
            std::fs::write(&path, replaced).with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("\nthe score is in {}", path.display());
        } else {
            print!("{section}");
        }
        Ok(())
    }

    /// The policy with the fitted score.
    fn fitted(&self, file: &File, fitting: &[&Labelled], old: &Policy) -> anyhow::Result<Policy> {
        let of = |right: bool| fitting.iter().filter(|row| row.right == right).count();
        if of(true) < 20 || of(false) < 20 {
            bail!(
                "{} right and {} wrong decisions are too few to fit on: 20 of each at least",
                of(true),
                of(false)
            );
        }
        let bundles = labelled::bundles(fitting)?;
        let fit = logistic::fit(&rows(fitting, old), 6, self.penalty);
        let provenance = Fitted {
            on: Utc::now().date_naive(),
            rows: fitting.len() as u64,
            data: file.digest.clone(),
            bundle: bundles.classifier,
        };
        let score = terms(&fit, &old.score, Some(provenance));
        Ok(Policy { score, ..old.clone() })
    }

    /// Each row's probability by a fit that has not seen its group.
    fn cross_validated(&self, fitting: &[&Labelled], old: &Policy) -> Vec<Judged> {
        let folds = self.folds_of(fitting);
        let last = folds.iter().copied().max().unwrap_or(0);
        let mut judged = Vec::new();
        for fold in 0..=last {
            let (inside, outside): (Vec<_>, Vec<_>) =
                fitting.iter().zip(&folds).partition(|(_, of_row)| **of_row == fold);
            let outside: Vec<&Labelled> = outside.into_iter().map(|(row, _)| *row).collect();
            let fit = logistic::fit(&rows(&outside, old), 6, self.penalty);
            let unseen = Policy { score: terms(&fit, &old.score, None), ..old.clone() };
            judged.extend(inside.into_iter().map(|(row, _)| judged_by(&unseen, row)));
        }
        judged
    }

    /// The fold of each row.
    fn folds_of(&self, rows: &[&Labelled]) -> Vec<u64> {
        let mut tenants: Vec<&str> = rows.iter().map(|row| &*row.routed.ticket.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let of_tenant =
            |row: &Labelled| tenants.iter().position(|tenant| *tenant == row.routed.ticket.tenant);
        let fold = |row: &&Labelled| match self.by {
            Group::Tenant => of_tenant(row).unwrap_or(0) as u64,
            Group::Customer => hash(&customer(row)) % self.folds,
        };
        rows.iter().map(fold).collect()
    }
}

/// The rows to fit on and the rows to judge the fit on. A ticket with a danger in it is never decided by score.
fn parts(rows: &[Labelled], part: Part) -> (Vec<&Labelled>, Vec<&Labelled>) {
    let scored = rows.iter().filter(|row| row.routed.classification.hazards.is_empty());
    let (inside, outside): (Vec<_>, Vec<_>) = scored.partition(|row| part.holds(row));
    (inside, outside)
}

/// What the regression sees of the rows: each feature on its ramp.
fn rows(rows: &[&Labelled], policy: &Policy) -> Vec<Row> {
    let features = policy.score.features.each();
    let values = |row: &Labelled| {
        let raw = facts(row).features().each();
        features.iter().zip(raw).map(|((_, feature), (_, raw))| feature.value(raw)).collect()
    };
    rows.iter().map(|row| Row { values: values(row), right: row.right }).collect()
}

/// The section that a fit makes, to four decimals.
fn terms(fit: &logistic::Fit, old: &ScoreTerms, fitted: Option<Fitted>) -> ScoreTerms {
    let weight = |at: usize, feature: Feature| Feature {
        weight: to_four(fit.weights.get(at).copied().unwrap_or(0.0)),
        ..feature
    };
    let Features { confidence, margin, in_scope, similarity, agreement, grounded } = old.features;
    let features = Features {
        confidence: weight(0, confidence),
        margin: weight(1, margin),
        in_scope: weight(2, in_scope),
        similarity: weight(3, similarity),
        agreement: weight(4, agreement),
        grounded: weight(5, grounded),
    };
    ScoreTerms { intercept: to_four(fit.intercept), features, fitted }
}

fn to_four(figure: f64) -> f64 {
    (figure * 1e4).round() / 1e4 + 0.0
}

fn facts(row: &Labelled) -> Facts<'_> {
    let routed = &row.routed;
    Facts::new(&routed.ticket, &routed.classification, &routed.retrieval, &routed.draft)
}

/// A row as a policy's probability judges it.
fn judged_by(policy: &Policy, row: &Labelled) -> Judged {
    Judged::new(policy.assess(&facts(row)).probability, row.right)
}

/// Who wrote: the customer, or the ticket if nobody knows.
fn customer(row: &Labelled) -> String {
    let ticket = &row.routed.ticket;
    let id = if ticket.customer.id.is_empty() { &ticket.id } else { &ticket.customer.id };
    format!("{}/{id}", ticket.tenant)
}

fn hash(text: &str) -> u64 {
    Sha256::digest(text).iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
