//! What a policy file says, type by type, in the order of the file.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer};

use super::{AmbiguousTerms, Budgets, Compute, Models, ProviderTerms};
use crate::events::{Classification, Priority, Route, Sentiment, Thresholds, Tier};

/// What may be decided without a person, and what may be promised.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `policy@` and 12 hexadecimal digits of the file's SHA-256.
    #[serde(skip)]
    pub digest: String,
    /// Where the routes part.
    #[serde(deserialize_with = "thresholds")]
    pub thresholds: Thresholds,
    /// What the score is made of.
    pub features: Features,
    /// What goes to people whatever the score; the first that applies decides.
    pub hazards: Vec<HazardRule>,
    /// The most a route may be.
    pub caps: Vec<Cap>,
    /// How a reply is composed.
    pub draft: DraftTerms,
    /// Who may write a reply, in this order.
    pub providers: Vec<ProviderTerms>,
    /// What their models cost and take.
    #[serde(default)]
    pub models: Models,
    /// Dollars that may be spent on them.
    #[serde(default)]
    pub budgets: Budgets,
    /// What is done about a call whose answer was lost.
    #[serde(default)]
    pub ambiguous: AmbiguousTerms,
    /// What computing costs.
    #[serde(default)]
    pub compute: Option<Compute>,
    /// What may be granted.
    #[serde(default)]
    pub offers: Vec<Offer>,
}

/// The features of the score; their weights add up to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// Raw: the intent's calibrated probability, 0 to 1.
    pub confidence: Feature,
    /// Raw: the best passage's cosine, -1 to 1.
    pub similarity: Feature,
    /// Raw: the expected level, -1 (furious) to 1 (delighted).
    pub sentiment: Feature,
    /// Raw: 0 (low) to 3 (urgent); its ramp falls.
    pub priority: Feature,
}

/// How a raw value becomes points.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Points at most, 0 to 1.
    pub weight: f64,
    /// The raw value that counts 0, and the one that counts 1; linear between them, flat outside.
    pub ramp: [f64; 2],
}

impl Feature {
    /// The raw value on the scale from 0 (careful) to 1 (safe). What is not a number is not safe.
    pub fn value(&self, raw: f64) -> f64 {
        let [from, to] = self.ramp;
        let value = (raw - from) / (to - from);
        if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
    }
}

/// What happens when a danger is named.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HazardRule {
    /// One of [`HAZARDS`](super::HAZARDS).
    pub kind: String,
    /// Never auto.
    pub route: Route,
    /// Why, in words.
    pub reason: String,
}

/// The most a route may be under a condition.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Its name, unique in the file.
    pub name: String,
    /// When it applies.
    pub when: When,
    /// Suggest or escalate.
    pub at_most: Route,
    /// Why, in words.
    pub reason: String,
}

/// Conditions that must all hold; those left out are not asked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The intent is one of these.
    pub intents: Option<Vec<String>>,
    /// The tenant is one of these.
    pub tenants: Option<Vec<String>>,
    /// The probability that no intent fits is above this.
    pub out_of_scope_above: Option<f64>,
    /// The intent's probability is below this.
    pub confidence_below: Option<f64>,
    /// The first intent's probability less the second's is below this.
    pub margin_below: Option<f64>,
    /// The best passage's cosine is below this; no passage counts as 0.
    pub similarity_below: Option<f64>,
    /// The share of grounded sentences is below this; no reply counts as 0.
    pub grounded_below: Option<f64>,
    /// Whether the bundle was trained on the ticket's language.
    pub language_supported: Option<bool>,
    /// Whether the text was longer than the model reads.
    pub truncated: Option<bool>,
    /// The priority is this or higher.
    pub priority_from: Option<Priority>,
    /// The sentiment is this or worse.
    pub sentiment_to: Option<Sentiment>,
    /// What was promised to the customer.
    pub tier: Option<Tier>,
}

/// How a reply is composed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftTerms {
    /// Cosine from which a passage is worth quoting, 0 to 1.
    pub similarity_from: f64,
    /// Sentences taken from passages at most, 2 to 5.
    pub sentences: usize,
    /// Hosts that a reply may link to, and their subdomains.
    #[serde(default)]
    pub links: Vec<String>,
}

/// What may be granted, to whom, and until when.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Its name, unique in the file.
    pub name: String,
    /// The intent that asks for it.
    pub intent: String,
    /// The code to enter.
    pub code: String,
    /// What it takes off, in percent.
    pub percent: f64,
    /// Whose customers may have it.
    pub tenants: Vec<String>,
    /// First day, UTC.
    pub from: NaiveDate,
    /// Last day, UTC.
    pub until: NaiveDate,
    /// The sentence of the reply that grants it; names the code.
    pub text: String,
    /// Whether a customer gets it for one ticket only.
    #[serde(default = "yes")]
    pub once_per_customer: bool,
}

fn yes() -> bool {
    true
}

impl Policy {
    /// The hard rule for a ticket with a hazard: the first in the order of the file.
    pub fn hazard(&self, classification: &Classification) -> Option<&HazardRule> {
        self.hazards.iter().find(|rule| classification.hazards.iter().any(|hazard| hazard.kind == rule.kind))
    }

    /// The first offer for this intent of this tenant that is valid at `time`, the ticket's own.
    pub fn offer(&self, intent: &str, tenant: &str, time: DateTime<Utc>) -> Option<&Offer> {
        let day = time.date_naive();
        self.offers.iter().find(|offer| {
            offer.intent == intent
                && offer.tenants.iter().any(|name| name == tenant)
                && (offer.from..=offer.until).contains(&day)
        })
    }

    /// Whether this intent is one that only an offer answers.
    pub fn asks_for_an_offer(&self, intent: &str) -> bool {
        self.offers.iter().any(|offer| offer.intent == intent)
    }
}

/// The event's type, with the strictness of the file.
fn thresholds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Thresholds, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        auto: f64,
        suggest: f64,
    }
    let Strict { auto, suggest } = Strict::deserialize(deserializer)?;
    Ok(Thresholds { auto, suggest })
}
