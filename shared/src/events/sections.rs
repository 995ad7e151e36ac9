//! The sections the workers add, each with all that explaining a decision needs later.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ticket::{Priority, Sentiment};

/// A label and how sure its model is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Scored {
    /// The label.
    pub label: String,
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
}

/// What the classifier reads in a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Classification {
    /// Digest of the bundle that answered.
    pub model: String,
    /// The most probable intent.
    pub intent: String,
    /// Its calibrated probability, 0 to 1.
    pub confidence: f64,
    /// The three most probable intents, best first.
    pub top: Vec<Scored>,
    /// Probability of the first less that of the second.
    pub margin: f64,
    /// A second, lesser request in the same ticket, if the text holds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary: Option<Scored>,
    /// Probability that no intent fits, 0 to 1.
    pub out_of_scope: f64,
    /// How the customer feels.
    pub mood: Mood,
    /// How soon somebody has to act.
    pub attention: Attention,
    /// What language it is in.
    pub language: Language,
    /// Dangers named in the text, likeliest first.
    pub hazards: Vec<Hazard>,
    /// The largest probability of any danger, named above or not, 0 to 1.
    #[serde(default)]
    pub danger: f64,
    /// Tokens the model read.
    pub tokens: u32,
    /// Whether the text was longer than the model reads.
    pub truncated: bool,
    /// CPU time of these tokens, in milliseconds, by the bundle's own measurement; 0 if it has none.
    #[serde(default)]
    pub cpu_ms: f64,
}

/// How the customer feels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mood {
    /// The most probable level.
    pub sentiment: Sentiment,
    /// Its probability, 0 to 1.
    pub probability: f64,
    /// Expected level, from -1 (furious) to 1 (delighted).
    pub score: f64,
}

/// How soon somebody has to act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attention {
    /// The higher of what the help desk said and what the text says.
    pub priority: Priority,
    /// The model's own level.
    pub urgency: Priority,
    /// Its probability, 0 to 1.
    pub probability: f64,
}

/// What language a ticket is in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Language {
    /// ISO 639-1 code.
    pub code: String,
    /// How sure, 0 to 1; 1 if the help desk said so.
    pub confidence: f64,
    /// Whether the bundle was trained on it.
    pub supported: bool,
}

/// A danger named in the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hazard {
    /// legal, health_safety, self_harm, violence, fraud, privacy or press.
    pub kind: String,
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
}

/// What resolved tickets are like this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retrieval {
    /// Digest of the encoder bundle that searched.
    pub model: String,
    /// The index that was searched.
    pub index: String,
    /// Up to five, most similar first.
    pub passages: Vec<Passage>,
}

/// A resolved ticket like this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Passage {
    /// The resolved ticket's id.
    pub id: String,
    /// Cosine similarity to the ticket, -1 to 1.
    pub score: f64,
    /// Its intent, if it was labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// Its subject line.
    pub subject: String,
    /// What the agent replied.
    pub reply: String,
    /// When it was resolved.
    pub resolved_at: DateTime<Utc>,
}

/// Who acts on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// A supervisor.
    Escalate,
    /// A person, with the draft at hand.
    Suggest,
    /// Nobody: the draft goes out.
    Auto,
}

/// What the gate decided, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// Who acts.
    pub route: Route,
    /// The one score, 0 to 1, that the thresholds cut: `1 / (1 + e^-x)`, x being the sum of the points.
    pub score: f64,
    /// The score before sentiment and priority made it more careful: the fitted probability that the drafted
    /// resolution is right.
    #[serde(default)]
    pub probability: f64,
    /// What decided: a hard rule, a cap, or the thresholds.
    pub rule: Rule,
    /// What each feature adds to the score.
    pub contributions: Vec<Contribution>,
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// Whether it would have been auto, had chance not sent it to a person for comparison.
    #[serde(default)]
    pub holdout: bool,
    /// Where the intent is in the shadow: what the route would have been. A person answers without the draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Route>,
    /// What the ticket has cost.
    #[serde(default)]
    pub cost: Cost,
    /// Digest of the certificate that allowed auto, where policy asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Digest of the policy in force.
    pub policy: String,
}

/// What a ticket has cost, in dollars at the policy's prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// CPU time of the models.
    pub compute: f64,
    /// Tokens of the provider.
    pub tokens: f64,
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its name in the policy.
    pub name: String,
    /// Why, in words.
    pub reason: String,
}

/// What one feature adds to the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contribution {
    /// The feature's name.
    pub feature: String,
    /// Its value on a scale from 0 (careful) to 1 (safe).
    pub value: f64,
    /// Its weight in the policy, in log-odds.
    pub weight: f64,
    /// What it adds to the log-odds of the score.
    pub points: f64,
    /// What it means here, in words.
    pub reason: String,
}

/// Where the routes part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Thresholds {
    /// Above it: auto.
    pub auto: f64,
    /// From it up to `auto`: suggest; below it: escalate.
    pub suggest: f64,
}
