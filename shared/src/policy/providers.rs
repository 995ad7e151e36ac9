//! Who may write a reply, at what price and within what limits.

use std::{collections::BTreeMap, time::Duration};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Policy;

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
    /// Seconds without an answer to anything asked, after which the provider is taken to be out.
    #[serde(default = "four")]
    pub silence_seconds: f64,
    /// Seconds at most before a provider that is out is tried again with one ticket.
    #[serde(default = "ten")]
    pub rest_seconds: f64,
    /// Calls under way at once, in one process.
    #[serde(default = "eight")]
    pub concurrency: usize,
    /// Times one call is repeated after an error that was not billed.
    #[serde(default = "two")]
    pub retries: u32,
}

impl ProviderTerms {
    /// From the request to the last byte.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.timeout_seconds).unwrap_or(Duration::from_secs(30))
    }

    /// Without an answer to anything.
    pub fn silence(&self) -> Duration {
        Duration::try_from_secs_f64(self.silence_seconds).unwrap_or(Duration::from_secs(4))
    }

    /// Before it is tried again, at most.
    pub fn rest(&self) -> Duration {
        Duration::try_from_secs_f64(self.rest_seconds).unwrap_or(Duration::from_secs(10))
    }
}

fn thirty() -> f64 {
    30.0
}

fn four() -> f64 {
    4.0
}

fn ten() -> f64 {
    10.0
}

fn eight() -> usize {
    8
}

fn two() -> u32 {
    2
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

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Read, without those of the cache.
    pub input: u64,
    /// Written.
    pub output: u64,
    /// Read from the provider's cache.
    pub cache_read: u64,
    /// Written to the provider's cache.
    pub cache_write: u64,
}

impl ModelTerms {
    /// What these tokens cost, in dollars; `batch`: in the batch lane.
    pub fn dollars(&self, tokens: Tokens, batch: bool) -> f64 {
        let millionths = tokens.input as f64 * self.input
            + tokens.output as f64 * self.output
            + tokens.cache_read as f64 * self.cache_read
            + tokens.cache_write as f64 * self.cache_write;
        let share = if batch { 1.0 - self.batch_discount } else { 1.0 };
        millionths / 1e6 * share
    }
}

/// A field and what is wrong with it.
type Problem = (&'static str, String);

/// What is wrong with providers, models, budgets and compute, as path and text.
pub(super) fn problems(policy: &Policy) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if policy.providers.is_empty() {
        let text = "is empty, so nobody would ever write a reply; list `kind: local`";
        found.push(("providers".to_owned(), text.to_owned()));
    }
    for (at, terms) in policy.providers.iter().enumerate() {
        let problems = terms.problems(&policy.models);
        found.extend(problems.map(|(field, text)| (format!("providers[{at}].{field}"), text)));
    }
    for (name, model) in &policy.models {
        found.extend(model.problems().map(|(field, text)| (format!("models.{name}.{field}"), text)));
    }
    let budgets = policy
        .budgets
        .tenants
        .iter()
        .map(|(tenant, dollars)| (format!("budgets.tenants.{tenant}"), *dollars));
    let whole = policy.budgets.dollars_a_day.map(|dollars| ("budgets.dollars_a_day".to_owned(), dollars));
    let hour = policy.compute.map(|of| ("compute.dollars_a_core_hour".to_owned(), of.dollars_a_core_hour));
    let amounts = budgets.chain(whole).chain(hour);
    found.extend(amounts.filter_map(|(path, dollars)| Some((path, not_an_amount(dollars)?))));
    found
}

fn not_an_amount(dollars: f64) -> Option<String> {
    (!(dollars.is_finite() && dollars >= 0.0)).then(|| format!("{dollars} is no amount of dollars"))
}

impl ProviderTerms {
    fn problems(&self, models: &Models) -> impl Iterator<Item = Problem> {
        let model = match (self.kind, &self.model) {
            (ProviderKind::Local, None) => None,
            (ProviderKind::Local, Some(name)) => Some(format!("'{name}' has no meaning for local")),
            (_, None) => Some("is missing".to_owned()),
            (_, Some(name)) => {
                (!models.contains_key(name)).then(|| format!("'{name}' does not stand under models"))
            }
        };
        let seconds = |value: f64| {
            (!(value > 0.0 && value <= 600.0)).then(|| format!("{value} is not above 0 and up to 600"))
        };
        let concurrency = (!(1..=1024).contains(&self.concurrency))
            .then(|| format!("{} is not between 1 and 1024", self.concurrency));
        let retries = (self.retries > 5).then(|| format!("{} is above 5", self.retries));
        named([
            ("model", model),
            ("timeout_seconds", seconds(self.timeout_seconds)),
            ("silence_seconds", seconds(self.silence_seconds)),
            ("rest_seconds", seconds(self.rest_seconds)),
            ("concurrency", concurrency),
            ("retries", retries),
        ])
    }
}

impl ModelTerms {
    fn problems(&self) -> impl Iterator<Item = Problem> {
        let discount = (!(0.0..=1.0).contains(&self.batch_discount))
            .then(|| format!("{} is not between 0 and 1", self.batch_discount));
        let tokens = (!(64..=128_000).contains(&self.max_tokens))
            .then(|| format!("{} is not between 64 and 128000", self.max_tokens));
        let efforts = ["low", "medium", "high", "xhigh", "max"];
        let effort = self.effort.as_deref().filter(|effort| !efforts.contains(effort));
        named([
            ("input", not_an_amount(self.input)),
            ("output", not_an_amount(self.output)),
            ("cache_read", not_an_amount(self.cache_read)),
            ("cache_write", not_an_amount(self.cache_write)),
            ("batch_discount", discount),
            ("max_tokens", tokens),
            ("effort", effort.map(|effort| format!("'{effort}' is none of {}", efforts.join(", ")))),
        ])
    }
}

fn named<const N: usize>(fields: [(&'static str, Option<String>); N]) -> impl Iterator<Item = Problem> {
    fields.into_iter().filter_map(|(field, text)| Some((field, text?)))
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
