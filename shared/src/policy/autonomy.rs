//! How far a tenant's or an intent's tickets may go by themselves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Policy;
use crate::events::Thresholds;

/// How far tickets may go by themselves. An intent begins in the shadow and is promoted by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// A person answers without the draft; the event says what would have happened.
    Shadow,
    /// A person sees every draft before it goes out.
    Suggest,
    /// The score decides.
    Auto,
}

/// What differs for the tickets of a tenant, of an intent, or of both.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Override {
    /// How far they may go by themselves.
    pub autonomy: Option<Autonomy>,
    /// Where their routes part.
    pub thresholds: Option<PartialThresholds>,
}

/// Thresholds, of which those left out stay as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PartialThresholds {
    /// Above it: auto.
    pub auto: Option<f64>,
    /// From it up to `auto`: suggest; below it: escalate.
    pub suggest: Option<f64>,
}

/// What differs for a tenant.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TenantTerms {
    /// Whether all of its tickets go to people, at once.
    pub kill_switch: bool,
    /// How far its tickets may go by themselves.
    pub autonomy: Option<Autonomy>,
    /// Where their routes part.
    pub thresholds: Option<PartialThresholds>,
    /// What differs for its tickets of an intent.
    pub intents: BTreeMap<String, Override>,
}

impl Policy {
    /// How far a ticket may go by itself: by the entry for its tenant and intent if there is one, else by the more
    /// careful of its tenant's and its intent's, else by the file's.
    pub fn autonomy_of(&self, tenant: &str, intent: &str) -> Autonomy {
        let Layers { both, tenant, intent } = self.layers(tenant, intent);
        let either = [tenant.map(|it| it.autonomy), intent.map(|it| it.autonomy)];
        both.and_then(|it| it.autonomy)
            .or_else(|| either.into_iter().flatten().flatten().min())
            .unwrap_or(self.autonomy)
    }

    /// The thresholds of a ticket, each found as [`Policy::autonomy_of`] finds its answer; higher is more careful.
    pub fn thresholds_of(&self, tenant: &str, intent: &str) -> Thresholds {
        let Layers { both, tenant, intent } = self.layers(tenant, intent);
        let pick = |limit: fn(&PartialThresholds) -> Option<f64>, base: f64| {
            let of = |terms: Option<PartialThresholds>| terms.as_ref().and_then(limit);
            let either = [tenant.and_then(|it| of(it.thresholds)), intent.and_then(|it| of(it.thresholds))];
            both.and_then(|it| of(it.thresholds))
                .or_else(|| either.into_iter().flatten().max_by(f64::total_cmp))
                .unwrap_or(base)
        };
        let auto = pick(|it| it.auto, self.thresholds.auto);
        let suggest = pick(|it| it.suggest, self.thresholds.suggest);
        // Two entries may meet that make no sense together; the careful reading is that nothing is auto there.
        Thresholds { auto: auto.max(suggest), suggest }
    }

    /// Whether every ticket of this tenant goes to people, at once, and who says so.
    pub fn is_killed(&self, tenant: &str) -> Option<&'static str> {
        if self.kill_switch {
            return Some("everybody's");
        }
        self.tenants.get(tenant).filter(|terms| terms.kill_switch).map(|_| "this tenant's")
    }

    fn layers(&self, tenant: &str, intent: &str) -> Layers<'_> {
        let of_tenant = self.tenants.get(tenant);
        let both = of_tenant.and_then(|terms| terms.intents.get(intent));
        Layers { both, tenant: of_tenant, intent: self.intents.get(intent) }
    }
}

struct Layers<'p> {
    both: Option<&'p Override>,
    tenant: Option<&'p TenantTerms>,
    intent: Option<&'p Override>,
}
