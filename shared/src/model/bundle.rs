//! A bundle: model, tokenizer and what they say about themselves, each file pinned by its digest.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Head, Output, text};

/// The layout of a bundle folder that this code reads.
const FORMAT: u32 = 1;

/// Largest difference of a golden example's probability.
const PROBABILITY_SLACK: f64 = 0.02;

/// Largest difference of a golden example's vector, in each place.
const VECTOR_SLACK: f32 = 0.01;

/// What a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text in, one row of logits a question out.
    Classifier,
    /// Text in, a vector of length one out.
    Encoder,
}

impl Kind {
    /// The setting that names its folder.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Classifier => "SWITCHYARD_CLASSIFIER",
            Self::Encoder => "SWITCHYARD_ENCODER",
        }
    }

    /// Where it is looked for without the setting.
    pub fn default_folder(self) -> &'static str {
        match self {
            Self::Classifier => "models/classifier",
            Self::Encoder => "models/encoder",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classifier => "classifier",
            Self::Encoder => "encoder",
        })
    }
}

/// What `bundle.json` says; keys this code does not know are left alone.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    /// The bundle's name.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// The folder's layout.
    pub format: u32,
    /// How a text is prepared before the tokenizer: [`text::VERSION`].
    pub preprocessing: u32,
    /// Digest of every file, `sha256:` and hex.
    pub files: BTreeMap<String, String>,
    /// Tokens the model reads at most, its own marks included.
    pub max_tokens: usize,
    /// The questions it answers; none for an encoder.
    #[serde(default)]
    pub heads: BTreeMap<String, Head>,
    /// Length of an encoder's vector.
    #[serde(default)]
    pub dimension: Option<usize>,
    /// ISO 639-1 code of the language it was trained on.
    pub language: String,
    /// Texts with the answer the trainer saw.
    #[serde(default)]
    pub golden: Vec<Golden>,
}

/// A text with the answer the trainer saw.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Golden {
    /// Of a classifier.
    Intent {
        /// The text.
        text: String,
        /// The most probable intent.
        top: String,
        /// Its calibrated probability.
        probability: f64,
    },
    /// Of an encoder.
    Vector {
        /// The text.
        text: String,
        /// The vector's first places.
        first: Vec<f32>,
    },
}

impl Golden {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Intent { text, .. } | Self::Vector { text, .. } => text,
        }
    }
}

/// A bundle whose files are what its card says.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What it says about itself.
    pub card: Card,
    /// `sha256:` and the hex digest of `bundle.json`, which pins all other files.
    pub digest: String,
    folder: PathBuf,
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
        let path = folder.join("bundle.json");
        let bytes = read(&path)?;
        let card: Card =
            serde_json::from_slice(&bytes).map_err(|source| BundleError::Card { path: path.clone(), source })?;
        if let Some(problem) = unusable(&card, kind) {
            return Err(BundleError::Unusable { path, problem });
        }
        for (file, expected) in &card.files {
            let path = folder.join(file);
            let found = digest(&read(&path)?);
            if &found != expected {
                return Err(BundleError::Digest { path, found, expected: expected.clone() });
            }
        }
        Ok(Self { card, digest: digest(&bytes), folder: folder.to_owned() })
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

    /// Holds an answer against the trainer's, and every head against the model's outputs.
    pub(super) fn check(&self, golden: &Golden, output: &Output) -> Result<(), BundleError> {
        for (name, head) in &self.card.heads {
            let width = output.row(name).map_err(|error| self.failed(error))?.len();
            if width != head.labels.len() {
                let labels = head.labels.len();
                return Err(self.failed(format!("output '{name}' has {width} places for {labels} labels")));
            }
        }
        match golden {
            Golden::Intent { text, top, probability } => self.check_intent(text, top, *probability, output),
            Golden::Vector { text, first } => self.check_vector(text, first, output),
        }
    }

    fn check_intent(&self, text: &str, top: &str, probability: f64, output: &Output) -> Result<(), BundleError> {
        let logits = output.row("intent").map_err(|error| self.failed(error))?;
        let head = self.card.heads.get("intent").ok_or_else(|| self.failed("there is no head 'intent'"))?;
        let ranked = head.ranked(logits);
        let (label, found) = ranked.first().map_or(("nothing", 0.0), |(label, found)| (*label, *found));
        if label == top && (found - probability).abs() <= PROBABILITY_SLACK {
            return Ok(());
        }
        Err(self.wrong(text, format!("{top} {probability:.3}"), format!("{label} {found:.3}")))
    }

    fn check_vector(&self, text: &str, first: &[f32], output: &Output) -> Result<(), BundleError> {
        let vector = output.row("embedding").map_err(|error| self.failed(error))?;
        if let Some(dimension) = self.card.dimension
            && dimension != vector.len()
        {
            return Err(self.failed(format!("its vectors have {} places, not {dimension}", vector.len())));
        }
        let found = vector.get(..first.len()).unwrap_or(vector);
        let same = found.len() == first.len()
            && found.iter().zip(first).all(|(found, expected)| (found - expected).abs() <= VECTOR_SLACK);
        if same { Ok(()) } else { Err(self.wrong(text, format!("{first:?}"), format!("{found:?}"))) }
    }

    fn wrong(&self, text: &str, expected: String, found: String) -> BundleError {
        BundleError::Golden { folder: self.folder.clone(), text: text.to_owned(), expected, found }
    }
}

fn unusable(card: &Card, kind: Kind) -> Option<String> {
    let needed = ["model.onnx", "tokenizer.json"];
    if card.format != FORMAT {
        Some(format!("format {} is not known, only {FORMAT}", card.format))
    } else if card.preprocessing != text::VERSION {
        Some(format!("preprocessing {} is not known, only {}", card.preprocessing, text::VERSION))
    } else if card.kind != kind {
        Some(format!("is a bundle of kind {}, not {kind}", card.kind))
    } else if card.max_tokens < 8 {
        Some(format!("max_tokens {} is too few", card.max_tokens))
    } else if let Some(file) = needed.iter().find(|file| !card.files.contains_key(**file)) {
        Some(format!("files has no digest of {file}"))
    } else if card.golden.is_empty() {
        Some("has no golden examples".to_owned())
    } else {
        card.heads.iter().find_map(|(name, head)| head.unusable(name))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, BundleError> {
    std::fs::read(path).map_err(|source| BundleError::Unreadable { path: path.to_owned(), source })
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}
