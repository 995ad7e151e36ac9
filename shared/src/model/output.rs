//! What a model answers for one text.

use std::sync::Arc;

use super::ModelError;

/// What a model answers for one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub(super) names: Arc<[String]>,
    pub(super) rows: Vec<Vec<f32>>,
    /// Tokens the model read.
    pub tokens: u32,
    /// Whether the text was longer than that: its beginning and its end were read.
    pub truncated: bool,
}

impl Output {
    /// The raw numbers of one output.
    ///
    /// # Errors
    /// When the model has no output of this name.
    pub fn row(&self, name: &str) -> Result<&[f32], ModelError> {
        let found = self.names.iter().zip(&self.rows).find(|(known, _)| known.as_str() == name);
        found.map(|(_, row)| row.as_slice()).ok_or_else(|| ModelError::NoOutput(name.to_owned()))
    }
}
