//! Where model and library are, and how many sessions run.

use std::{
    path::{Path, PathBuf},
    thread::available_parallelism,
};

use super::{Kind, LIBRARY_SETTING};
use crate::{StartError, start::find};

/// Where the library is looked for without the setting.
const LIBRARY: &str = ".local/onnxruntime/libonnxruntime.so";

/// What every worker with a model is told.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ModelSettings {
    /// Sessions of one thread each [default: one a core]
    #[arg(long, env = "SWITCHYARD_SESSIONS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub sessions: Option<u16>,

    /// ONNX Runtime's library, 1.24 or later [default: .local/onnxruntime/libonnxruntime.so, here or above the executable]
    #[arg(long = "onnxruntime", env = "ORT_DYLIB_PATH", value_name = "FILE")]
    pub library: Option<PathBuf>,
}

impl ModelSettings {
    /// How many sessions run.
    pub fn sessions(&self) -> usize {
        let cores = || available_parallelism().map_or(1, usize::from);
        self.sessions.map_or_else(cores, usize::from)
    }

    pub(super) fn library(&self) -> Result<PathBuf, StartError> {
        found(
            LIBRARY_SETTING,
            self.library.as_deref(),
            LIBRARY,
            "run deploy/local/onnxruntime.sh or name the file",
        )
    }
}

pub(super) fn bundle(kind: Kind, given: Option<&Path>) -> Result<PathBuf, StartError> {
    found(kind.setting(), given, kind.default_folder(), "run `make train` or name a bundle's folder")
}

fn found(setting: &str, given: Option<&Path>, default: &str, advice: &str) -> Result<PathBuf, StartError> {
    match given {
        Some(path) => Ok(path.to_owned()),
        None => find(default).ok_or_else(|| {
            let problem = format!(
                "not set, and there is no {default} here or above, nor above the executable; {advice}"
            );
            StartError::setting(setting, problem)
        }),
    }
}
