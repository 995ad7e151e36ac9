//! A bundle: model, tokenizer and what they say about themselves, each file pinned by its digest.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::card::{Card, Kind};

/// A bundle whose files are what its card says.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What it says about itself.
    pub card: Arc<Card>,
    /// `sha256:` and the hex digest of `bundle.json`, which pins all other files.
    pub digest: String,
    pub(super) folder: PathBuf,
}

/// What is in a bundle's files, as it was when their digests were taken: a file that changes later is not read
/// again.
pub(super) struct Contents(BTreeMap<String, Vec<u8>>);

impl Contents {
    /// One file's bytes; none of a file that the card does not list.
    pub(super) fn of(&self, file: &str) -> &[u8] {
        self.0.get(file).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Why a bundle is not used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file is missing or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// `bundle.json` is not what it has to be.
    #[error("{}: {source}", path.display())]
    Card {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// `bundle.json` says something that cannot be used.
    #[error("{}: {problem}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file is not the one that was bundled.
    #[error("{} has digest {found}, but bundle.json says {expected}; copy the whole bundle again", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
        /// The digest of what is there.
        found: String,
        /// The digest of what was bundled.
        expected: String,
    },
    /// The model answers otherwise than it did where it was trained.
    #[error("{} fails its golden example '{text}': expected {expected}, got {found}", folder.display())]
    Golden {
        /// The bundle's folder.
        folder: PathBuf,
        /// The example.
        text: String,
        /// What the trainer saw.
        expected: String,
        /// What this machine says.
        found: String,
    },
}

impl Bundle {
    /// Reads the card and checks every file against it.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn load(folder: &Path, kind: Kind) -> Result<Self, BundleError> {
        Self::read(folder, kind).map(|(bundle, _)| bundle)
    }

    /// The same, with what the files hold.
    pub(super) fn read(folder: &Path, kind: Kind) -> Result<(Self, Contents), BundleError> {
        let path = folder.join("bundle.json");
        let bytes = read(&path)?;
        let card: Card = serde_json::from_slice(&bytes)
            .map_err(|source| BundleError::Card { path: path.clone(), source })?;
        if let Some(problem) = card.unusable(kind) {
            return Err(BundleError::Unusable { path, problem });
        }
        let mut contents = BTreeMap::new();
        for (file, expected) in &card.files {
            let path = folder.join(file);
            let held = read(&path)?;
            let found = digest(&held);
            if &found != expected {
                return Err(BundleError::Digest { path, found, expected: expected.clone() });
            }
            contents.insert(file.clone(), held);
        }
        let bundle = Self { card: Arc::new(card), digest: digest(&bytes), folder: folder.to_owned() };
        Ok((bundle, Contents(contents)))
    }

    /// Where one of its files is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Name and the digest's first twelve hex digits.
    pub fn name(&self) -> String {
        let hex = self.digest.trim_start_matches("sha256:");
        format!("{}@{}", self.card.name, hex.get(..12).unwrap_or(hex))
    }

    /// Something is wrong with its model file.
    pub(super) fn failed(&self, problem: impl fmt::Display) -> BundleError {
        BundleError::Unusable { path: self.file("model.onnx"), problem: problem.to_string() }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BundleError> {
    std::fs::read(path).map_err(|source| BundleError::Unreadable { path: path.to_owned(), source })
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}
