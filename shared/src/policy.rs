//! The policy file: what may be decided without a person, and what may be promised.
//!
//! `deploy/policy.yaml` explains each entry. A file is taken whole or not at all: every value is checked, and
//! everything that is wrong with it is said at once.

mod ambiguous;
mod file;
mod providers;
mod terms;
mod validate;

use std::fmt::Write as _;

use serde::Deserialize as _;
use sha2::{Digest as _, Sha256};

pub use ambiguous::{AmbiguousTerms, OnAmbiguous};
pub use file::{PolicyFile, locate};
pub use providers::{Budgets, Compute, ModelTerms, Models, ProviderKind, ProviderTerms, Tokens};
pub use terms::{Cap, DraftTerms, Feature, Features, HazardRule, Offer, Policy, When};

/// The dangers a classifier can name; policy says what happens for each.
pub const HAZARDS: [&str; 7] =
    ["legal", "health_safety", "self_harm", "violence", "fraud", "privacy", "press"];

/// Why a policy file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read from disk.
    #[error("cannot be read: {0}")]
    Unread(#[from] std::io::Error),
    /// Not YAML, or not of this shape; the text has line and column where they are known.
    #[error("{0}")]
    Shape(#[from] serde_yaml_ng::Error),
    /// Values that make no sense, each with the path of its field.
    #[error("{}", .0.join("; "))]
    Values(Vec<String>),
}

impl PolicyError {
    /// Everything that is wrong, one line each.
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Values(problems) => problems.clone(),
            other => vec![other.to_string()],
        }
    }
}

impl Policy {
    /// Reads and checks a policy, and gives it its digest.
    ///
    /// # Errors
    /// [`PolicyError::Shape`] for what is not a policy at all, else every unusable value at once.
    pub fn parse(yaml: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::deserialize(serde_yaml_ng::Deserializer::from_str(yaml))?;
        let problems = validate::problems(&policy);
        if !problems.is_empty() {
            return Err(PolicyError::Values(problems));
        }
        policy.digest = digest(yaml.as_bytes());
        Ok(policy)
    }
}

/// `policy@` and the first 12 hexadecimal digits of the file's SHA-256.
fn digest(bytes: &[u8]) -> String {
    let mut digest = "policy@".to_owned();
    for byte in Sha256::digest(bytes).iter().take(6) {
        // Writing into a String cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

#[cfg(test)]
mod tests;
