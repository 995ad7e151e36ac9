//! The policy file: what may be decided without a person, and what may be promised.
//!
//! `deploy/policy.yaml` explains each entry. A file is taken whole or not at all: every value is checked, and
//! everything that is wrong with it is said at once, with its line.

mod ambiguous;
mod autonomy;
mod domain;
mod expression;
mod facts;
mod file;
mod inspect;
mod lines;
mod money;
mod providers;
mod rules;
mod schema;
mod score;
mod terms;
mod validate;
mod variables;
mod warnings;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::Deserialize as _;

pub use ambiguous::{AmbiguousTerms, OnAmbiguous};
pub use autonomy::{Autonomy, Override, PartialThresholds, TenantTerms};
pub use expression::Expression;
pub use facts::Facts;
pub use file::{PolicyFile, locate};
pub use providers::{Budgets, Compute, ModelTerms, Models, ProviderKind, ProviderTerms, Tokens};
pub use schema::schema;
pub use score::{Assessment, Care, Caution, Feature, Features, Fitted, ScoreTerms, probability, rounded};
pub use terms::{CertificateTerms, DraftTerms, HazardRule, Holdout, Offer, Policy, RuleTerms};
pub use variables::{Kind, LEVELS, VARIABLES, Variable};
pub use warnings::Known;

use crate::certificate::{self, Signed};

/// The dangers a classifier can name; policy says what happens for each.
pub const HAZARDS: [&str; 7] =
    ["legal", "health_safety", "self_harm", "violence", "fraud", "privacy", "press"];

/// Something wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, beginning with the path of its entry.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// Why a policy file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read from disk.
    #[error("cannot be read: {0}")]
    Unread(#[from] std::io::Error),
    /// Everything that is wrong with its text.
    #[error("{}", said(.0).join("; "))]
    Text(Vec<Problem>),
}

fn said(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(Problem::to_string).collect()
}

impl PolicyError {
    /// Everything that is wrong, one line each.
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Text(problems) => said(problems),
            Self::Unread(_) => vec![self.to_string()],
        }
    }
}

impl Policy {
    /// Reads and checks a policy, and gives it its digest.
    ///
    /// # Errors
    /// [`PolicyError::Text`] with everything that is wrong, line by line.
    pub fn parse(yaml: &str) -> Result<Self, PolicyError> {
        let value = serde_yaml_ng::from_str(yaml).map_err(not_yaml)?;
        located(yaml, schema::misfits(&value))?;
        let mut policy = Self::deserialize(serde_yaml_ng::Deserializer::from_str(yaml)).map_err(not_yaml)?;
        located(yaml, validate::problems(&policy))?;
        policy.digest = certificate::digest("policy", yaml.as_bytes());
        policy.terms = certificate::terms(yaml).map_err(not_yaml)?;
        Ok(policy)
    }

    /// Reads a policy file, and the certificate that it names, looked up beside it. One that cannot be read is logged and is
    /// as good as none; the policy says what that means.
    ///
    /// # Errors
    /// As [`Policy::parse`], or that the file cannot be read.
    pub fn open(path: &Path) -> Result<Self, PolicyError> {
        let mut policy = Self::parse(&std::fs::read_to_string(path)?)?;
        let Some(file) = policy.certificate_beside(path) else { return Ok(policy) };
        match Signed::read(&file) {
            Ok(signed) => policy.certified = Some(signed),
            Err(error) => tracing::warn!(path = %file.display(), %error, "the certificate cannot be used"),
        }
        Ok(policy)
    }

    /// The certificate file that the policy in the file `path` names.
    pub fn certificate_beside(&self, path: &Path) -> Option<PathBuf> {
        self.certificate.as_ref().map(|terms| path.with_file_name(&terms.file))
    }
}

fn not_yaml(error: serde_yaml_ng::Error) -> PolicyError {
    let line = error.location().map_or(1, |place| place.line());
    PolicyError::Text(vec![Problem { line, text: error.to_string() }])
}

/// Problems with their lines, in the order of the file; none is good.
fn located(yaml: &str, problems: Vec<(String, String)>) -> Result<(), PolicyError> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(PolicyError::Text(in_order(yaml, problems)))
}

fn in_order(yaml: &str, found: Vec<(String, String)>) -> Vec<Problem> {
    let lines = lines::Lines::of(yaml);
    let problem = |(path, text): (String, String)| {
        let line = lines.line(&path);
        Problem { line, text: if path.is_empty() { text } else { format!("{path} {text}") } }
    };
    let mut problems: Vec<Problem> = found.into_iter().map(problem).collect();
    problems.sort_by_key(|problem| problem.line);
    problems
}

#[cfg(test)]
mod tests;
