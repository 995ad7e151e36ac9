//! What a policy file says, type by type, in the order of the file.

use std::{collections::BTreeMap, path::PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{
    AmbiguousTerms, Autonomy, Budgets, Care, Compute, Expression, Models, Override, ProviderTerms,
    ScoreTerms, TenantTerms,
};
use crate::certificate::Signed;
use crate::events::{Classification, Route, Thresholds};

/// What may be decided without a person, and what may be promised.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `policy@` and 12 hexadecimal digits of the file's SHA-256.
    #[serde(skip)]
    pub digest: String,
    /// Digest of the sections that decide, which a certificate speaks for.
    #[serde(skip)]
    pub terms: String,
    /// The certificate that `certificate` names, if it can be read; found when the file is read.
    #[serde(skip)]
    pub certified: Option<Signed>,
    /// Whether every ticket goes to people, at once.
    #[serde(default)]
    pub kill_switch: bool,
    /// Where the routes part.
    #[serde(deserialize_with = "thresholds")]
    #[schemars(with = "Strict")]
    pub thresholds: Thresholds,
    /// How far the tickets of intents and tenants not named below may go by themselves.
    #[serde(default = "auto")]
    pub autonomy: Autonomy,
    /// What differs for an intent.
    #[serde(default)]
    pub intents: BTreeMap<String, Override>,
    /// What differs for a tenant.
    #[serde(default)]
    pub tenants: BTreeMap<String, TenantTerms>,
    /// Tickets that go to people though they could be answered, for comparison.
    #[serde(default)]
    pub holdout: Holdout,
    /// What has to be proven before anything goes out by itself.
    #[serde(default)]
    pub certificate: Option<CertificateTerms>,
    /// How the score is worked out. `switchyard fit` writes this section.
    pub score: ScoreTerms,
    /// What makes the score more careful.
    pub care: Care,
    /// What goes to people whatever the score; the first that applies gives the reason.
    pub hazards: Vec<HazardRule>,
    /// What lowers a route.
    pub rules: Vec<RuleTerms>,
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

fn auto() -> Autonomy {
    Autonomy::Auto
}

/// Tickets that go to people though they could be answered, so that answers can be compared.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Holdout {
    /// Their share of what would go out by itself, 0 to 1.
    pub share: f64,
    /// What the choice is mixed with: another salt chooses other tickets.
    pub salt: String,
}

/// What has to be proven before anything goes out by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateTerms {
    /// What `switchyard certify` wrote; a relative path is looked up beside the policy file.
    pub file: PathBuf,
    /// Whether nothing goes out by itself without it.
    #[serde(default)]
    pub required: bool,
}

/// What happens when a danger is named.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HazardRule {
    /// One of [`HAZARDS`](super::HAZARDS).
    pub kind: String,
    /// Never auto.
    pub route: Route,
    /// Why, in words.
    pub reason: String,
}

/// What lowers a route under a condition. It never raises one.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleTerms {
    /// Its name, unique in the file.
    pub name: String,
    /// When it applies.
    pub when: Expression,
    /// The most the route may be, suggest or escalate; a draft is written for the person who acts.
    #[serde(default)]
    pub at_most: Option<Route>,
    /// A hard rule: where the ticket goes whatever its score, suggest or escalate. No draft is written, so the
    /// condition may not ask about one.
    #[serde(default)]
    pub route: Option<Route>,
    /// Why, in words.
    pub reason: String,
}

/// How a reply is composed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
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
    let Strict { auto, suggest } = Strict::deserialize(deserializer)?;
    Ok(Thresholds { auto, suggest })
}

/// Where the routes part.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Thresholds")]
struct Strict {
    /// Above it: auto.
    auto: f64,
    /// From it up to `auto`: suggest; below it: escalate.
    suggest: f64,
}
