//! What is done about a call that left and whose answer was lost: it may have been billed, and nobody can ask.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::bus::Lane;

/// By lane. A customer of today waits for an answer; a historical ticket waits for nobody, so no cent is risked on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AmbiguousTerms {
    /// Tickets of today.
    pub live: OnAmbiguous,
    /// Historical tickets.
    pub replay: OnAmbiguous,
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnAmbiguous {
    /// Asked once more, and counted as a possible second bill; after a second loss a person answers.
    Retry,
    /// No reply is written, so a person answers.
    Person,
}

impl Default for AmbiguousTerms {
    fn default() -> Self {
        Self { live: OnAmbiguous::Retry, replay: OnAmbiguous::Person }
    }
}

impl AmbiguousTerms {
    /// What is done in this lane.
    pub fn of(self, lane: Lane) -> OnAmbiguous {
        match lane {
            Lane::Live => self.live,
            Lane::Replay => self.replay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const GOOD: &str = include_str!("../../../deploy/policy.yaml");

    fn said(yaml: &str) -> Result<AmbiguousTerms, serde_yaml_ng::Error> {
        serde_yaml_ng::from_str(yaml)
    }

    #[test]
    fn each_lane_has_its_own_word_and_what_is_not_said_is_as_usual() {
        let terms = said("live: person").unwrap();
        assert_eq!(terms.of(Lane::Live), OnAmbiguous::Person);
        assert_eq!(terms.of(Lane::Replay), OnAmbiguous::Person);
        assert_eq!(said("{}").unwrap(), AmbiguousTerms::default());
        assert!(said("live: twice").is_err() && said("batch: retry").is_err());
    }

    #[test]
    fn the_policy_that_comes_with_the_product_says_it_and_grants_offers_once() {
        let policy = Policy::parse(GOOD).unwrap();
        assert_eq!(policy.ambiguous, AmbiguousTerms::default());
        assert!(policy.offers.iter().all(|offer| offer.once_per_customer));
        let freely = Policy::parse(
            &GOOD.replace("    code: PINE10", "    code: PINE10\n    once_per_customer: false"),
        );
        assert!(freely.unwrap().offers.iter().any(|offer| !offer.once_per_customer));
    }
}
