//! Why a call has no answer.

use std::time::Duration;

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
}

impl Trouble {
    /// Whether the same may be asked again, and after what time if the provider named one. What may have been billed is
    /// not asked again here.
    pub(crate) fn again(&self) -> Option<Option<Duration>> {
        match self {
            Self::Unsent(_) => Some(None),
            Self::TurnedAway { again, .. } => *again,
            Self::Closed(_) | Self::Spent(_) | Self::Lost(_) => None,
        }
    }

    pub(crate) fn is_spent(&self) -> bool {
        matches!(self, Self::Spent(_))
    }

    /// Whether it says that the provider is not well.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(self, Self::Unsent(_) | Self::Lost(_) | Self::TurnedAway { outage: true, .. })
    }

    /// For the metrics.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::Closed(_) => "not_made",
            Self::Unsent(_) => "not_reached",
            Self::Spent(_) => "spent",
            Self::TurnedAway { .. } => "turned_away",
            Self::Lost(_) => "lost",
        }
    }
}
