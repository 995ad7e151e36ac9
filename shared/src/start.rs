//! From settings to a worker: what each worker's `Config` promises the process around it.

use std::{fmt::Display, path::PathBuf};

use crate::worker::Worker;

/// A worker's settings; one clap struct, so that `--help` is the reference.
pub trait Config: clap::Args + Send + Sync {
    /// What they are the settings of.
    type Worker: Worker;

    /// Opens models, connects to stores, reads the policy. Called again after [`StartError::World`].
    ///
    /// # Errors
    /// All unusable settings at once, or what in the world is not there yet.
    fn start(&self) -> impl Future<Output = Result<Self::Worker, StartError>> + Send;
}

/// Why a worker cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// These settings cannot be used; starting again would not help (exit code 64).
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Settings(Vec<Misset>),
    /// Something outside is not there yet; it is tried again.
    #[error("{0:#}")]
    World(anyhow::Error),
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct Misset {
    /// Its name, as the environment and `--help` have it.
    pub setting: String,
    /// What is wrong with its value and what to do about it.
    pub problem: String,
}

impl StartError {
    /// One setting that cannot be used.
    pub fn setting(setting: impl Into<String>, problem: impl Display) -> Self {
        Self::Settings(vec![Misset { setting: setting.into(), problem: problem.to_string() }])
    }

    /// Something outside is not there yet.
    pub fn world(problem: impl Display) -> Self {
        Self::World(anyhow::anyhow!("{problem}"))
    }

    /// Both values, or every setting that is wrong in either.
    ///
    /// # Errors
    /// The errors of both, added up; a setting's before the world's.
    pub fn both<A, B>(a: Result<A, Self>, b: Result<B, Self>) -> Result<(A, B), Self> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(Self::Settings(mut a)), Err(Self::Settings(b))) => {
                a.extend(b);
                Err(Self::Settings(a))
            }
            (Err(Self::World(_)), Err(b @ Self::Settings(_))) => Err(b),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

/// What comes with the product, by its relative path: in the working directory or above it, or else above the executable.
pub fn find(relative: &str) -> Option<PathBuf> {
    let places = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    let above = places.iter().flatten().flat_map(|place| place.ancestors());
    above.map(|folder| folder.join(relative)).find(|path| path.exists())
}
