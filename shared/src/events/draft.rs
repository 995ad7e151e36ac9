//! The section that draft adds: a reply with its sources and its bill, or the reason for none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What every reply says last: that a machine wrote it, and how to reach a person.
pub const DISCLOSURE: &str =
    "This reply was written by our automated assistant; answer it to reach a person.";

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
