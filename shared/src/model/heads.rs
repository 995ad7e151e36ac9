//! From logits to calibrated probabilities.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A question a classifier answers: its labels, in the order of the output, and its calibration.
#[derive(Debug, Clone, Deserialize)]
pub struct Head {
    /// In the order of the output.
    pub labels: Vec<String>,
    /// What logits are divided by before they become probabilities.
    pub temperature: f64,
    /// From which probability on a label counts, where labels are independent.
    #[serde(default)]
    pub thresholds: BTreeMap<String, f64>,
}

impl Head {
    /// Every label with its probability, likeliest first; for labels of which exactly one holds.
    pub fn ranked(&self, logits: &[f32]) -> Vec<(&str, f64)> {
        let mut ranked = self.in_order(softmax(logits, self.temperature));
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    /// Every label with its probability, in the order of the output; for labels of which exactly one holds.
    pub fn exclusive(&self, logits: &[f32]) -> Vec<(&str, f64)> {
        self.in_order(softmax(logits, self.temperature))
    }

    /// Every label with its probability, in the order of the output; for labels that are independent.
    pub fn independent(&self, logits: &[f32]) -> Vec<(&str, f64)> {
        self.in_order(sigmoid(logits, self.temperature))
    }

    /// The independent labels that reach their threshold, likeliest first.
    pub fn raised(&self, logits: &[f32]) -> Vec<(&str, f64)> {
        let mut raised = self.independent(logits);
        raised.retain(|(label, probability)| *probability >= self.threshold(label));
        raised.sort_by(|a, b| b.1.total_cmp(&a.1));
        raised
    }

    /// From which probability on a label counts; one half if the bundle does not say.
    pub fn threshold(&self, label: &str) -> f64 {
        self.thresholds.get(label).copied().unwrap_or(0.5)
    }

    fn in_order(&self, probabilities: Vec<f64>) -> Vec<(&str, f64)> {
        self.labels.iter().map(String::as_str).zip(probabilities).collect()
    }

    pub(super) fn unusable(&self, name: &str) -> Option<String> {
        if self.labels.is_empty() {
            Some(format!("heads.{name} has no labels"))
        } else if !self.temperature.is_finite() || self.temperature <= 0.0 {
            Some(format!("heads.{name}.temperature {} is not above zero", self.temperature))
        } else {
            let unknown = self.thresholds.keys().find(|label| !self.labels.contains(*label));
            unknown.map(|label| format!("heads.{name}.thresholds has '{label}', which is not a label"))
        }
    }
}

/// Probabilities that add up to one.
pub fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let scaled: Vec<f64> = logits.iter().map(|logit| f64::from(*logit) / temperature).collect();
    let largest = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scaled.iter().map(|value| (value - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// Each logit's own probability.
pub fn sigmoid(logits: &[f32], temperature: f64) -> Vec<f64> {
    logits.iter().map(|logit| 1.0 / (1.0 + (-f64::from(*logit) / temperature).exp())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(temperature: f64) -> Head {
        Head {
            labels: ["a", "b", "c"].map(str::to_owned).to_vec(),
            temperature,
            thresholds: BTreeMap::from([("b".to_owned(), 0.2)]),
        }
    }

    #[test]
    fn probabilities_of_exclusive_labels_add_up_to_one_even_for_huge_logits() {
        let found = softmax(&[1e30, 3.0, -1e30], 0.5);
        assert_eq!(found, [1.0, 0.0, 0.0]);
        assert!((softmax(&[0.3, 0.2, 9.0], 1.3).iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_higher_temperature_makes_less_sure() {
        let sure = |temperature| head(temperature).ranked(&[0.0, 2.0, 1.0])[0].1;
        assert!(sure(0.5) > sure(1.0) && sure(1.0) > sure(2.0));
    }

    #[test]
    fn labels_are_ranked_likeliest_first() {
        let ranked: Vec<_> =
            head(1.0).ranked(&[0.0, 2.0, 1.0]).into_iter().map(|(label, _)| label.to_owned()).collect();
        assert_eq!(ranked, ["b", "c", "a"]);
    }

    #[test]
    fn a_label_is_raised_at_its_own_threshold_or_at_one_half() {
        let head = head(1.0);
        let raised: Vec<_> = head.raised(&[-0.1, -1.2, 3.0]).into_iter().map(|(label, _)| label).collect();
        assert_eq!(raised, ["c", "b"]);
    }

    #[test]
    fn a_temperature_of_zero_is_unusable() {
        assert_eq!(head(0.0).unusable("intent").unwrap(), "heads.intent.temperature 0 is not above zero");
    }
}
