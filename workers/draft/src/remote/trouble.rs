//! Why a call has no answer.

use std::time::Duration;

use crate::ledger::LedgerError;

/// Why a call has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Trouble {
    /// It was not made: the provider is out, or there was no seat in time.
    #[error("{0}")]
    Closed(String),
    /// It did not leave this machine.
    #[error("not reached: {0}")]
    Unsent(String),
    /// The account's money is spent, or the key is not taken.
    #[error("{0}")]
    Spent(String),
    /// It was turned away, and is not billed.
    #[error("{reason}")]
    TurnedAway {
        reason: String,
        /// Whether the same may be asked again, and after what time if the provider named one.
        again: Option<Option<Duration>>,
        /// Whether it says that the provider is not well.
        outage: bool,
    },
    /// It left and its answer was lost: it may have been billed.
    #[error("{0}")]
    Lost(String),
    /// It was not made, as it could not be written down before.
    #[error("{0}")]
    Ledger(LedgerError),
}

impl Trouble {
    /// Whether the same may be asked again, and after what time if the provider named one. What may have been billed is
    /// not asked again here.
    pub(crate) fn again(&self) -> Option<Option<Duration>> {
        match self {
            Self::Unsent(_) => Some(None),
            Self::TurnedAway { again, .. } => *again,
            Self::Closed(_) | Self::Spent(_) | Self::Lost(_) | Self::Ledger(_) => None,
        }
    }

    pub(crate) fn is_spent(&self) -> bool {
        matches!(self, Self::Spent(_))
    }

    /// Whether it says that the provider is not well.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Unsent(_) | Self::Lost(_) | Self::TurnedAway { outage: true, .. })
    }

    /// Whether it may have been billed.
    pub(crate) fn may_be_billed(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// For the metrics and the ledger.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Closed(_) => "not_made",
            Self::Unsent(_) => "not_reached",
            Self::Spent(_) => "spent",
            Self::TurnedAway { .. } => "turned_away",
            Self::Lost(_) => "lost",
            Self::Ledger(_) => "not_written_down",
        }
    }
}
