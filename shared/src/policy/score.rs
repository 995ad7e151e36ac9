//! The score: how probable it is that the drafted resolution is right, then made more careful.
//!
//! A logistic regression over six values from 0 to 1 whose weights are not negative, so that no value that rises
//! can lower the score; sentiment and priority then take log-odds away, as policy says.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Facts;

/// Six decimals: what a table shows is what was added.
pub fn rounded(figure: f64) -> f64 {
    // Adding 0 turns -0 into 0.
    (figure * 1e6).round() / 1e6 + 0.0
}

/// The probability of these log-odds, `1 / (1 + e^-x)`, to six decimals.
pub fn probability(log_odds: f64) -> f64 {
    rounded(1.0 / (1.0 + (-log_odds).exp()))
}

/// One of each for the six figures that the score is fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Features")]
pub struct Features<T> {
    /// Raw: the intent's calibrated probability, 0 to 1.
    pub confidence: T,
    /// Raw: the first intent's probability less the second's, 0 to 1.
    pub margin: T,
    /// Raw: the probability that some intent fits, 0 to 1.
    pub in_scope: T,
    /// Raw: the best passage's cosine, -1 to 1; of those with the ticket's intent if there are any.
    pub similarity: T,
    /// Raw: the share of the passages' similarity that belongs to the ticket's intent, 0 to 1.
    pub agreement: T,
    /// Raw: the share of the reply's sentences that rest on a source, 0 to 1; 0 without a reply.
    pub grounded: T,
}

impl<T: Copy> Features<T> {
    /// Each with its name, in the order in which they are added.
    pub fn each(&self) -> [(&'static str, T); 6] {
        [
            ("confidence", self.confidence),
            ("margin", self.margin),
            ("in_scope", self.in_scope),
            ("similarity", self.similarity),
            ("agreement", self.agreement),
            ("grounded", self.grounded),
        ]
    }
}

/// How a raw value becomes points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Log-odds at most, 0 or more.
    pub weight: f64,
    /// The raw value that counts 0, and the one that counts 1; linear between them, flat outside.
    pub ramp: [f64; 2],
}

/// What a mood or a haste takes away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Caution {
    /// Log-odds taken at most, 0 or more.
    pub most: f64,
    /// The raw value that takes all of it, and the one that takes nothing; linear between them, flat outside.
    pub ramp: [f64; 2],
}

/// The fitted part of the score. `switchyard fit` writes this section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreTerms {
    /// Log-odds when every value is 0.
    pub intercept: f64,
    /// What each value adds.
    pub features: Features<Feature>,
    /// Where the figures come from; absent if they were set by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitted: Option<Fitted>,
}

/// Where fitted figures come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    /// The day.
    pub on: NaiveDate,
    /// Labelled tickets they were fitted on.
    pub rows: u64,
    /// Digest of these tickets.
    pub data: String,
    /// Digest of the classifier bundle that read them.
    pub bundle: String,
}

/// What makes the score more careful.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Care {
    /// Raw: the expected level, from -1 (furious) to 1 (delighted).
    pub sentiment: Caution,
    /// Raw: 0 (low) to 3 (urgent); its ramp falls.
    pub priority: Caution,
}

impl Feature {
    /// The raw value on the scale from 0 (careful) to 1 (safe). What is not a number is not safe.
    pub fn value(&self, raw: f64) -> f64 {
        on_ramp(self.ramp, raw)
    }

    /// Value and points, to six decimals.
    pub fn points(&self, raw: f64) -> (f64, f64) {
        let value = self.value(raw);
        (value, rounded(value * self.weight))
    }
}

impl Caution {
    /// Value, from 0 (takes all) to 1 (takes nothing), and points, 0 or less, to six decimals.
    pub fn points(&self, raw: f64) -> (f64, f64) {
        let value = on_ramp(self.ramp, raw);
        (value, rounded((value - 1.0) * self.most))
    }
}

fn on_ramp([from, to]: [f64; 2], raw: f64) -> f64 {
    let value = (raw - from) / (to - from);
    if value.is_nan() { 0.0 } else { rounded(value.clamp(0.0, 1.0)) }
}

/// The figures of a decision before they are put into words.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The intercept, in log-odds.
    pub intercept: f64,
    /// Value and points of each feature.
    pub features: Features<(f64, f64)>,
    /// The fitted probability that the drafted resolution is right.
    pub probability: f64,
    /// Value and points of the sentiment.
    pub sentiment: (f64, f64),
    /// Value and points of the priority.
    pub priority: (f64, f64),
    /// The probability less what care takes: what the thresholds cut.
    pub score: f64,
}

impl Assessment {
    /// Works out the score: points are rounded first, and added in the order of [`Features::each`], so that the
    /// points that a decision shows give its score bit for bit.
    pub fn of(terms: &ScoreTerms, care: &Care, raw: Features<f64>, mood: f64, haste: f64) -> Self {
        let intercept = rounded(terms.intercept);
        let Features { confidence, margin, in_scope, similarity, agreement, grounded } = terms.features;
        let features = Features {
            confidence: confidence.points(raw.confidence),
            margin: margin.points(raw.margin),
            in_scope: in_scope.points(raw.in_scope),
            similarity: similarity.points(raw.similarity),
            agreement: agreement.points(raw.agreement),
            grounded: grounded.points(raw.grounded),
        };
        let fitted = features.each().iter().fold(intercept, |sum, (_, (_, points))| sum + points);
        let sentiment = care.sentiment.points(mood);
        let priority = care.priority.points(haste);
        let score = probability(fitted + sentiment.1 + priority.1);
        Self { intercept, features, probability: probability(fitted), sentiment, priority, score }
    }
}

impl super::Policy {
    /// The score of a ticket.
    pub fn assess(&self, facts: &Facts<'_>) -> Assessment {
        self.assess_raw(facts, facts.features())
    }

    /// The best score that a reply could still give this ticket: that of one with every sentence grounded.
    pub fn reachable(&self, facts: &Facts<'_>) -> f64 {
        self.assess_raw(facts, Features { grounded: 1.0, ..facts.features() }).score
    }

    fn assess_raw(&self, facts: &Facts<'_>, raw: Features<f64>) -> Assessment {
        let read = facts.classification;
        let haste = f64::from(read.attention.priority as u8);
        Assessment::of(&self.score, &self.care, raw, read.mood.score, haste)
    }
}
