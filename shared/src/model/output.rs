//! What a model answers for one text.

use std::{sync::Arc, time::Duration};

use super::ModelError;

/// What a model answers for one text.
#[derive(Debug, Clone)]
pub struct Output {
    pub(super) names: Arc<[String]>,
    pub(super) rows: Vec<Vec<f32>>,
    /// Tokens the model read; those that two windows of a long text share count twice.
    pub tokens: u32,
    /// Whether the text was longer than that: then its beginning and its end were read.
    pub truncated: bool,
    /// How long it stood in the queue.
    pub waited: Duration,
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
