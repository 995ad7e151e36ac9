//! `switchyard policy`: checks a policy file, runs its cases, and shows what a change would change.

mod cases;
mod check;
mod diff;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use shared::{
    Misset, StartError,
    policy::{Policy, PolicyError, locate},
};

/// What may be decided without a person: check the file, run its cases, compare two.
#[derive(Debug, Args)]
pub struct PolicyCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Name everything wrong with a policy file, line by line, and warn of what is hardly meant
    Check(check::Check),
    /// Run cases (YAML) against a policy file: tickets, and the route and rule that are expected
    Test(cases::Test),
    /// Show whose route differs between two policy files
    Diff(diff::Diff),
}

impl PolicyCommand {
    /// Runs the subcommand.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Check(check) => check.run(),
            Command::Test(test) => test.run(),
            Command::Diff(diff) => diff.run(),
        }
    }
}

/// A policy file and its text; what is wrong with it is said with file and line.
fn read(file: &Path) -> anyhow::Result<(Policy, String)> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let policy = Policy::parse(&text).map_err(|error| unusable(file, &error))?;
    Ok((policy, text))
}

fn unusable(file: &Path, error: &PolicyError) -> StartError {
    let misset = |problem: &shared::policy::Problem| Misset {
        setting: format!("{}:{}", file.display(), problem.line),
        problem: problem.text.clone(),
    };
    match error {
        PolicyError::Text(problems) => StartError::Settings(problems.iter().map(misset).collect()),
        PolicyError::Unread(_) => StartError::setting(file.display().to_string(), error),
    }
}

/// The file named, else the policy in use.
fn named(file: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    Ok(locate(file.as_deref())?)
}
