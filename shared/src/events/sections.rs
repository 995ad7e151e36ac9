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
    /// Tokens the model read.
    pub tokens: u32,
    /// Whether the text was longer than the model reads.
    pub truncated: bool,
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

/// A reply, or the reason for none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Draft {
    /// A reply that rests on its sources.
    Reply(Reply),
    /// No reply, and why.
    Withheld {
        /// In words.
        reason: String,
    },
}

/// A reply that rests on its sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// Who wrote it: `local`, `anthropic`, `openai`.
    pub provider: String,
    /// In the order they are read.
    pub sentences: Vec<Sentence>,
    /// Share of the sentences that rest on a passage or on policy, 0 to 1; greeting and sign-off apart.
    pub grounded: f64,
    /// The code granted, if policy has an offer for this ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
}

impl Reply {
    /// The reply as one text.
    pub fn text(&self) -> String {
        self.sentences.iter().map(|sentence| sentence.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// One sentence of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// What it rests on; empty only for greeting and sign-off.
    pub sources: Vec<Source>,
}

/// What a sentence rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// A passage's id, or `policy:` and the offer's name.
    pub id: String,
    /// The words there that carry it.
    pub quote: String,
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
    /// The one score, 0 to 1: the sum of the contributions.
    pub score: f64,
    /// What decided: a hard rule, a cap, or the thresholds.
    pub rule: Rule,
    /// What each feature adds to the score.
    pub contributions: Vec<Contribution>,
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// Digest of the policy in force.
    pub policy: String,
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
    /// Its weight in the policy; the weights add up to 1.
    pub weight: f64,
    /// Value times weight.
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
