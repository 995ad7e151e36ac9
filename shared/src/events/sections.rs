//! The sections the workers add, each with all that explaining a decision needs later.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ticket::{Priority, Sentiment};

/// What every reply says last: that a machine wrote it, and how to reach a person.
pub const DISCLOSURE: &str =
    "This reply was written by our automated assistant; answer it to reach a person.";

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
        /// Dollars that the call would have cost, estimated before it was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saved: Option<f64>,
        /// What providers billed all the same: a refusal, an answer of no use.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
}

impl Draft {
    /// No reply, and nothing billed or saved.
    pub fn withheld(reason: impl Into<String>) -> Self {
        Self::Withheld { reason: reason.into(), saved: None, usage: None }
    }

    /// What providers billed for it, whatever came of it.
    pub fn usage(&self) -> Option<&Usage> {
        match self {
            Self::Reply(reply) => reply.usage.as_ref(),
            Self::Withheld { usage, .. } => usage.as_ref(),
        }
    }
}

/// A reply that rests on its sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reply {
    /// Who wrote it: `local`, `anthropic`, `openai`.
    pub provider: String,
    /// The provider's name of the model that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// In the order they are read.
    pub sentences: Vec<Sentence>,
    /// Share of the sentences that rest on a passage or on policy, 0 to 1; greeting and sign-off apart.
    pub grounded: f64,
    /// The code granted, if policy has an offer for this ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// Commitments, figures, links, codes and names in it that no source carries; any of them bars auto.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbacked: Vec<String>,
    /// What a person should look at before it goes out, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
    /// What the provider billed; absent if nobody bills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// What a provider billed for one ticket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// The key of the call in the ledger.
    pub call: String,
    /// The provider's own id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Tokens read, without those of the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the provider's cache.
    #[serde(default)]
    pub cache_read_tokens: u64,
    /// Tokens written to the provider's cache.
    #[serde(default)]
    pub cache_write_tokens: u64,
    /// All of that at the policy's prices.
    pub dollars: f64,
}

impl Reply {
    /// Whether its last word is [`DISCLOSURE`], unaltered and resting on nothing else.
    pub fn has_disclosure(&self) -> bool {
        self.sentences.last().is_some_and(|last| last.text == DISCLOSURE && last.sources.is_empty())
    }

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
