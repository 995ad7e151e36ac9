//! Who may write a reply, at what price and within what limits.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

/// A provider of replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// Sentences quoted from resolved tickets, in this process. No network, no bill.
    Local,
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI-compatible Chat Completions: vLLM, Ollama, a proxy.
    Openai,
}

/// One entry of the ordered list of those that may write; the next one steps in for one that cannot.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderTerms {
    /// Which protocol.
    pub kind: ProviderKind,
    /// A name of [`Models`]; none for `local`.
    #[serde(default)]
    pub model: Option<String>,
    /// Seconds from the request to the last byte of the answer.
    #[serde(default = "thirty")]
    pub timeout_seconds: f64,
    /// Calls under way at once, in one process.
    #[serde(default = "eight")]
    pub concurrency: usize,
}

fn thirty() -> f64 {
    30.0
}

fn eight() -> usize {
    8
}

/// Models by the provider's own name for them.
pub type Models = BTreeMap<String, ModelTerms>;

/// What a model costs and takes, on a date. Prices are dollars for a million tokens.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelTerms {
    /// The day these terms were read at their source.
    pub as_of: NaiveDate,
    /// Tokens read.
    pub input: f64,
    /// Tokens written.
    pub output: f64,
    /// Tokens read from the cache.
    #[serde(default)]
    pub cache_read: f64,
    /// Tokens written to the cache.
    #[serde(default)]
    pub cache_write: f64,
    /// Share of the price taken off in the batch lane, 0 to 1.
    #[serde(default)]
    pub batch_discount: f64,
    /// Tokens it may write for one reply.
    pub max_tokens: u32,
    /// How much it is to think, where the provider takes an effort: low, medium, high.
    #[serde(default)]
    pub effort: Option<String>,
}

/// Dollars that may be spent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// A tenant's dollars a day (UTC) unless it is named below; none: without limit.
    pub dollars_a_day: Option<f64>,
    /// By tenant.
    pub tenants: BTreeMap<String, f64>,
}

impl Budgets {
    /// What this tenant may spend in a day, in dollars.
    pub fn of(&self, tenant: &str) -> Option<f64> {
        self.tenants.get(tenant).copied().or(self.dollars_a_day)
    }
}

/// What computing costs.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compute {
    /// The day the price was read at its source.
    pub as_of: NaiveDate,
    /// Dollars for an hour of one CPU core.
    pub dollars_a_core_hour: f64,
}

impl Compute {
    /// Dollars for so many milliseconds of one core.
    pub fn dollars(&self, cpu_ms: f64) -> f64 {
        cpu_ms / 3_600_000.0 * self.dollars_a_core_hour
    }
}
