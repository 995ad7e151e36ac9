//! `switchyard certify`: the thresholds above which P(wrong | auto) is small, or that there are none.

mod claims;
mod ltt;
mod picture;
mod population;
mod report;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use chrono::{TimeDelta, Utc};
use clap::Args;
use shared::{
    certificate::{Certificate, Data},
    policy::{Policy, locate},
    statistics::{Judged, curve},
};

use crate::{
    figures,
    labelled::{self, Bundles, File, Labelled, Part, Witness},
};
use population::Population;

/// Finds, from labelled decisions, the scores above which P(wrong | auto) is at most alpha with confidence 1 - delta,
/// overall and by intent, and writes a certificate that a policy can require. Exit code 2: not certifiable, and why.
#[derive(Debug, Args)]
pub struct Certify {
    /// Labelled decisions, as `switchyard judge` writes them; `-` for standard input
    labelled: PathBuf,

    /// The policy that decides
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The most that P(wrong | auto) may be
    #[arg(long, default_value_t = 0.02, value_parser = inside_unit)]
    alpha: f64,

    /// How probable it may be that a claim is false
    #[arg(long, default_value_t = 0.05, value_parser = inside_unit)]
    delta: f64,

    /// Rows to test on: those that the score was not fitted on. The others say where to begin
    #[arg(long, default_value = "second")]
    part: Part,

    /// Days until the certificate expires
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3650))]
    days: i64,

    /// Where the certificate goes; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Where the risk-coverage curve goes, as SVG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

/// The exit code of an answer that is no.
const NOT_CERTIFIABLE: u8 = 2;

impl Certify {
    /// Tests, writes the certificate and the picture, and prints the tables on standard error.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = labelled::open(&self.labelled)?;
        let path = locate(self.policy.as_deref())?;
        let policy = Policy::open(&path).with_context(|| path.display().to_string())?;
        let rows: Vec<&Labelled> = file.rows.iter().collect();
        let bundles = labelled::bundles(&rows)?;
        self.is_honest(&policy, &file, &bundles)?;
        let population = Population::of(&policy, &file.rows, self.part);
        let certificate = self.certificate(&policy, &file, bundles, &population);
        let points = curve(&population.judged);
        eprint!("{}", report::text(&certificate, &points));
        if let Some(path) = &self.picture {
            let picture = picture::svg(&points, certificate.alpha, certificate.overall.threshold);
            write(path, &picture)?;
        }
        let json = serde_json::to_string_pretty(&certificate)? + "\n";
        match &self.out {
            Some(path) => write(path, &json)?,
            None => print!("{json}"),
        }
        Ok(match report::refusal(&certificate) {
            None => ExitCode::SUCCESS,
            Some(reason) => {
                eprintln!("\nnot certifiable: {reason}");
                ExitCode::from(NOT_CERTIFIABLE)
            }
        })
    }

    /// Rows that the score was fitted on would flatter it, and a score fitted on another bundle's figures is not this
    /// one's.
    fn is_honest(&self, policy: &Policy, file: &File, bundles: &Bundles) -> anyhow::Result<()> {
        let Some(fitted) = &policy.score.fitted else { return Ok(()) };
        if fitted.bundle != bundles.classifier {
            bail!(
                "the score was fitted on decisions of {}, these are of {}; `switchyard fit` them first",
                fitted.bundle,
                bundles.classifier
            );
        }
        if fitted.data == file.digest && self.part != Part::Second {
            bail!(
                "the score was fitted on rows of this very file; certify on the other half, with --part second"
            );
        }
        Ok(())
    }

    fn certificate(
        &self,
        policy: &Policy,
        file: &File,
        bundles: Bundles,
        population: &Population,
    ) -> Certificate {
        let created = Utc::now();
        let by_people =
            file.rows.iter().filter(|row| self.part.holds(row) && row.by == Witness::Person).count() as u64;
        let asked = claims::Asked { alpha: self.alpha, delta: self.delta, loosest: policy.thresholds.auto };
        Certificate {
            created,
            expires: created + TimeDelta::days(self.days),
            alpha: self.alpha,
            delta: self.delta,
            data: Data { digest: file.digest.clone(), rows: population.rows, by_people },
            bundle: bundles.classifier,
            encoder: bundles.encoder,
            policy: policy.digest.clone(),
            terms: policy.terms.clone(),
            overall: asked.overall(population),
            intents: asked.by_intent(population),
            figures: figures::of(&population.judged),
        }
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn inside_unit(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().map_err(|error| error.to_string())?;
    if number > 0.0 && number < 1.0 { Ok(number) } else { Err("is not between 0 and 1".to_owned()) }
}

/// How a curve's rows are judged: the score, and what became of it.
type Rows = Vec<Judged>;
