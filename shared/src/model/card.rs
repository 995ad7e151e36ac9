//! What a bundle says about itself: `bundle.json`.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Head, text};

/// The layout of a bundle folder that this code reads.
const FORMAT: u32 = 1;

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
    /// What a text costs, if it was measured.
    #[serde(default)]
    pub cost: Option<Cost>,
}

/// What a text costs in CPU time, measured once: an event says the same on every machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Milliseconds of CPU time for each text.
    pub cpu_ms_a_text: f64,
    /// Milliseconds of CPU time for each of its tokens.
    pub cpu_ms_a_token: f64,
    /// The processor it was measured on.
    pub measured_on: String,
}

impl Cost {
    fn unusable(&self) -> Option<String> {
        let fine = |value: f64| value.is_finite() && value >= 0.0;
        let used = fine(self.cpu_ms_a_text) && fine(self.cpu_ms_a_token);
        (!used).then(|| {
            format!("cost {} and {} ms: not numbers from 0 on", self.cpu_ms_a_text, self.cpu_ms_a_token)
        })
    }

    /// Milliseconds of CPU time of one text.
    pub fn cpu_ms(&self, tokens: u32) -> f64 {
        self.cpu_ms_a_text + self.cpu_ms_a_token * f64::from(tokens)
    }
}

impl Card {
    /// Why this code cannot use it, if so.
    pub(super) fn unusable(&self, kind: Kind) -> Option<String> {
        let needed = ["model.onnx", "tokenizer.json"];
        if self.format != FORMAT {
            Some(format!("format {} is not known, only {FORMAT}", self.format))
        } else if self.preprocessing != text::VERSION {
            Some(format!("preprocessing {} is not known, only {}", self.preprocessing, text::VERSION))
        } else if self.kind != kind {
            Some(format!("is a bundle of kind {}, not {kind}", self.kind))
        } else if self.max_tokens < 8 {
            Some(format!("max_tokens {} is too few", self.max_tokens))
        } else if let Some(file) = needed.iter().find(|file| !self.files.contains_key(**file)) {
            Some(format!("files has no digest of {file}"))
        } else if self.golden.is_empty() {
            Some("has no golden examples".to_owned())
        } else {
            let heads = self.heads.iter().find_map(|(name, head)| head.unusable(name));
            heads.or_else(|| self.cost.as_ref().and_then(Cost::unusable))
        }
    }
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
