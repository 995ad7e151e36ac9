//! The policy file on disk: found, read, and read again when it changes.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use super::{Policy, PolicyError};
use crate::start::{Misset, StartError, find};

/// The setting that names the file.
const SETTING: &str = "SWITCHYARD_POLICY";

/// Where the file is looked for when no setting names it.
const DEFAULT: &str = "deploy/policy.yaml";

/// How often the file is looked at, at most.
const GLANCE: Duration = Duration::from_secs(1);

/// A policy file in force. A change is taken over within a second of its first use; one that cannot be used is
/// logged once, and the last good policy stays.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    policy: Arc<Policy>,
    stamp: Stamps,
    looked: Instant,
}

/// Of the policy file, and of the certificate that it names.
type Stamps = [Option<Stamp>; 2];

/// What tells a file from its changed self.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    bytes: u64,
}

impl PolicyFile {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// [`StartError::Settings`] with everything that is wrong with it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StartError> {
        let path = path.into();
        let policy = Policy::open(&path).map_err(|error| unusable(&path, &error))?;
        let stamp = stamps(&path, &policy);
        let state = State { policy: Arc::new(policy), stamp, looked: Instant::now() };
        Ok(Self { path, state: Mutex::new(state) })
    }

    /// The policy in force.
    pub fn current(&self) -> Arc<Policy> {
        let mut state = self.lock();
        if state.looked.elapsed() >= GLANCE {
            self.look(&mut state);
        }
        Arc::clone(&state.policy)
    }

    fn look(&self, state: &mut State) {
        state.looked = Instant::now();
        let stamp = stamps(&self.path, &state.policy);
        if stamp == state.stamp {
            return;
        }
        state.stamp = stamp;
        let path = self.path.display();
        match Policy::open(&self.path) {
            Ok(policy) => {
                state.stamp = stamps(&self.path, &policy);
                tracing::info!(%path, policy = policy.digest, "the policy file has changed and is in force");
                state.policy = Arc::new(policy);
            }
            Err(error) => {
                tracing::error!(%path, %error, kept = state.policy.digest, "the policy file cannot be used");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file to use: the one `named`, else `deploy/policy.yaml` where [`find`] finds it.
///
/// # Errors
/// [`StartError::Settings`] if none is named and none is found.
pub fn locate(named: Option<&Path>) -> Result<PathBuf, StartError> {
    let problem = || format!("is not set, and there is no {DEFAULT} here or above, nor above the executable");
    named.map(Path::to_owned).or_else(|| find(DEFAULT)).ok_or_else(|| StartError::setting(SETTING, problem()))
}

fn stamps(path: &Path, policy: &Policy) -> Stamps {
    [stamp(path), policy.certificate_beside(path).and_then(|certificate| stamp(&certificate))]
}

fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: found.modified().ok()?, bytes: found.len() })
}

fn unusable(path: &Path, error: &PolicyError) -> StartError {
    let misset =
        |problem| Misset { setting: SETTING.to_owned(), problem: format!("{}: {problem}", path.display()) };
    StartError::Settings(error.problems().into_iter().map(misset).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = include_str!("../../../deploy/policy.yaml");

    fn aged(file: &PolicyFile) -> Arc<Policy> {
        file.lock().looked = Instant::now().checked_sub(GLANCE).unwrap();
        file.current()
    }

    #[test]
    fn a_changed_file_is_in_force_and_a_bad_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        std::fs::write(&path, GOOD).unwrap();
        let file = PolicyFile::open(&path).unwrap();
        let first = file.current();

        std::fs::write(&path, format!("{GOOD}\n# a word more\n")).unwrap();
        assert_eq!(file.current().digest, first.digest, "looked at again within a second");
        let second = aged(&file);
        assert_ne!(second.digest, first.digest);

        std::fs::write(&path, "thresholds: {auto: 2}").unwrap();
        assert_eq!(aged(&file).digest, second.digest, "the last good policy is kept");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(aged(&file).digest, second.digest, "a file gone changes nothing");
        std::fs::write(&path, GOOD).unwrap();
        assert_eq!(aged(&file).digest, first.digest);
    }

    #[test]
    fn a_certificate_beside_the_file_is_read_with_it_and_again_when_it_changes() {
        const CERTIFICATE: &str = include_str!("../../../schemas/examples/certificate/shown.json");
        let folder = tempfile::tempdir().unwrap();
        let (path, certificate) = (folder.path().join("policy.yaml"), folder.path().join("certificate.json"));
        let named = GOOD.to_owned() + "\ncertificate: { file: certificate.json, required: true }\n";
        std::fs::write(&path, named).unwrap();
        let file = PolicyFile::open(&path).unwrap();
        assert_eq!(file.current().certified, None, "it is not there yet");

        std::fs::write(&certificate, CERTIFICATE).unwrap();
        let first = aged(&file).certified.clone().unwrap();
        std::fs::write(&certificate, CERTIFICATE.to_owned() + "\n").unwrap();
        assert_ne!(aged(&file).certified.clone().unwrap().digest, first.digest);
        std::fs::write(&certificate, "{}").unwrap();
        assert_eq!(aged(&file).certified, None, "one that cannot be read is as good as none");
    }

    #[test]
    fn everything_wrong_with_a_file_is_said_with_the_setting_and_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        let bad = GOOD.replace("auto: 0.85", "auto: 1.85").replace("percent: 10", "percent: -10");
        std::fs::write(&path, bad).unwrap();
        let StartError::Settings(missets) = PolicyFile::open(&path).unwrap_err() else {
            panic!("not a setting")
        };
        assert_eq!(missets.len(), 2);
        for misset in missets {
            assert_eq!(misset.setting, "SWITCHYARD_POLICY");
            assert!(misset.problem.contains("policy.yaml: "), "{misset}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = PolicyFile::open("no/such/policy.yaml").unwrap_err().to_string();
        assert!(error.starts_with("SWITCHYARD_POLICY: no/such/policy.yaml: cannot be read"), "{error}");
    }

    #[test]
    fn a_named_file_is_taken_and_the_default_is_found_above_the_executable() {
        assert_eq!(locate(Some(Path::new("mine.yaml"))).unwrap(), Path::new("mine.yaml"));
        assert!(locate(None).unwrap().ends_with(DEFAULT));
    }
}
