//! What is done about a call that left and whose answer was lost: it may have been billed, and nobody can ask.

use serde::Deserialize;

use crate::bus::Lane;

/// By lane. A customer of today waits for an answer; a historical ticket waits for nobody, so no cent is risked on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AmbiguousTerms {
    /// Tickets of today.
    pub live: OnAmbiguous,
    /// Historical tickets.
    pub replay: OnAmbiguous,
}

/// What is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
