//! The policy and the certificate that a decision names by digest.

use std::path::{Path, PathBuf};

use anyhow::Context;
use shared::{
    certificate::Signed,
    events::Decision,
    policy::{Policy, locate},
};

/// What a decision was made by.
#[derive(Debug)]
pub enum Found {
    /// The policy, with its certificate.
    Policy(Box<Policy>),
    /// In words, what is not at hand.
    Missing(String),
}

/// Looks for the policy of a decision: the file at hand, then every `.yaml` of `folder`. Its certificate is looked for
/// where the policy says, then among every `.json` of `folder`.
///
/// # Errors
/// If the folder cannot be read.
pub fn find(decision: &Decision, named: Option<&Path>, folder: Option<&Path>) -> anyhow::Result<Found> {
    let at_hand = locate(named).ok();
    let kept = folder.map(files).transpose()?.unwrap_or_default();
    let found = at_hand.iter().chain(&kept).find_map(|path| {
        let policy = Policy::parse(&std::fs::read_to_string(path).ok()?).ok()?;
        (policy.digest == decision.policy).then_some((path, policy))
    });
    let Some((path, mut policy)) = found else {
        return Ok(Found::Missing(no_policy(decision, at_hand.as_deref(), folder)));
    };
    let Some(wanted) = decision.certificate.as_deref() else { return Ok(Found::Policy(Box::new(policy))) };
    let beside = policy.certificate_beside(path);
    let signed =
        beside.iter().chain(&kept).find_map(|path| Signed::read(path).ok().filter(|it| it.digest == wanted));
    let Some(signed) = signed else {
        return Ok(Found::Missing(format!(
            "the decision was made under {wanted}, which is not at hand; put it into the folder that \
             SWITCHYARD_POLICIES names"
        )));
    };
    policy.certified = Some(signed);
    Ok(Found::Policy(Box::new(policy)))
}

fn no_policy(decision: &Decision, at_hand: Option<&Path>, folder: Option<&Path>) -> String {
    let here = at_hand.map_or_else(
        || "no policy file is at hand".to_owned(),
        |path| match std::fs::read_to_string(path).map(|text| Policy::parse(&text)) {
            Ok(Ok(policy)) => format!("{} is {}", path.display(), policy.digest),
            _ => format!("{} cannot be used", path.display()),
        },
    );
    let there = folder.map_or_else(
        || "SWITCHYARD_POLICIES names no folder with earlier ones".to_owned(),
        |folder| format!("{} does not hold it", folder.display()),
    );
    format!("the decision was made under {}; {here}, and {there}", decision.policy)
}

/// The files of a folder, by name.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let named = || format!("cannot read the folder {}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(named)? {
        paths.push(entry.with_context(named)?.path());
    }
    paths.sort();
    Ok(paths)
}
