//! Golden examples: a machine must answer what the trainer saw, or the bundle is not used.

use super::{
    Output,
    bundle::{Bundle, BundleError},
    card::Golden,
};

/// Largest difference of a golden example's probability.
const PROBABILITY_SLACK: f64 = 0.02;

/// Largest difference of a golden example's vector, in each place.
const VECTOR_SLACK: f32 = 0.01;

impl Bundle {
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

    fn check_intent(
        &self,
        text: &str,
        top: &str,
        probability: f64,
        output: &Output,
    ) -> Result<(), BundleError> {
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
