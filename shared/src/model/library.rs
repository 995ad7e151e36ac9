//! ONNX Runtime's library, opened once for the process.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ort::environment::Environment;

/// The setting that names the library's file.
pub const LIBRARY_SETTING: &str = "ORT_DYLIB_PATH";

/// Why ONNX Runtime's library is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// No such file.
    #[error("{} is not there; it must be ONNX Runtime 1.24 or later", .0.display())]
    Missing(PathBuf),
    /// The file is there but is not ONNX Runtime, or is too old.
    #[error("{} is not a usable ONNX Runtime library (1.24 or later): {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The loader's words.
        reason: String,
    },
    /// A process has one runtime.
    #[error("{} cannot be opened beside {}, which this process already uses", asked.display(), open.display())]
    Second {
        /// The file asked for.
        asked: PathBuf,
        /// The file in use.
        open: PathBuf,
    },
}

static OPEN: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// The process's runtime, from this library; opened by the first who asks.
///
/// # Errors
/// When the file is missing or is no such library, or another one is open already.
pub fn environment(path: &Path) -> Result<Environment, LibraryError> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let path = path.canonicalize().map_err(|_| LibraryError::Missing(path.to_owned()))?;
    match &*open {
        Some((known, environment)) if *known == path => Ok(environment.clone()),
        Some((known, _)) => Err(LibraryError::Second { asked: path, open: known.clone() }),
        None => {
            let environment = load(&path)?;
            *open = Some((path, environment.clone()));
            Ok(environment)
        }
    }
}

fn load(path: &Path) -> Result<Environment, LibraryError> {
    let unusable = |reason: String| LibraryError::Unusable { path: path.to_owned(), reason };
    let builder = ort::init_from(path).map_err(|error| unusable(error.to_string()))?;
    builder.with_telemetry(false).build().map_err(|error| unusable(error.to_string()))
}
