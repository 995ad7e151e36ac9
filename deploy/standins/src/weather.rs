//! What can go wrong with a request.

use serde::{Deserialize, Serialize};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Weather {
    /// It is answered.
    #[default]
    Fair,
    /// It is turned away with a status and the body that goes with it.
    Status {
        /// The HTTP status.
        code: u16,
        /// Seconds in `retry-after`, if it is sent.
        #[serde(default)]
        retry_after: Option<u64>,
        /// `x-should-retry`, if it is sent.
        #[serde(default)]
        should_retry: Option<bool>,
    },
    /// The account's spend limit is reached: 429 without `retry-after`.
    SpendLimit,
    /// It is read and never answered.
    Hang,
    /// The answer comes byte by byte with pauses.
    Drip {
        /// Milliseconds between bytes.
        millis: u64,
    },
    /// The connection ends in the middle of the answer.
    Cut,
    /// The body of a 200 is no JSON.
    Garbled,
    /// The text of the answer is not of the schema.
    OffSchema,
    /// The model refuses.
    Refusal,
    /// The answer ends where its tokens end.
    MaxTokens,
    /// No block of text.
    Empty,
    /// The body of a 200 has this many mebibytes.
    Flood {
        /// Mebibytes.
        mib: usize,
    },
    /// A redirect to somewhere else.
    Redirect,
    /// The request is repeated: by an error with this status, or in a 200 that is no answer.
    Echo {
        /// The HTTP status.
        code: u16,
    },
    /// The sentences hold placeholders that stand for nothing, and the request's own where they do not belong.
    Placeholders,
}

impl Weather {
    /// A status without a `retry-after`.
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None, should_retry: None }
    }

    /// A status with a `retry-after`, in seconds.
    pub fn retry_after(code: u16, seconds: u64) -> Self {
        Self::Status { code, retry_after: Some(seconds), should_retry: None }
    }
}

/// Weather to come.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forecast {
    /// From now on.
    pub standing: Option<Weather>,
    /// For the next requests, one each.
    pub next: Vec<Weather>,
    /// Whether the stand-in does what the ticket asks.
    pub hostile: Option<bool>,
}
