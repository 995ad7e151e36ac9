//! The two events that are not one: every event, for the audit, and none, for a sink.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DecodeError, Event, problem};

/// Any record of any topic, readable or not. Decoding it never fails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "form", rename_all = "snake_case")]
pub enum AnyEvent {
    /// JSON, kept as it came.
    Readable {
        /// The JSON text.
        json: String,
    },
    /// Something else, kept as it came.
    Unreadable {
        /// The value; empty if the record had none.
        bytes: Vec<u8>,
        /// Why it is not JSON.
        reason: String,
    },
}

impl Event for AnyEvent {
    const NAME: &'static str = "any";
    const TOLERANT: bool = true;
    const TOPICS: &'static [&'static str] = &[
        "tickets.received",
        "tickets.classified",
        "tickets.retrieved",
        "tickets.drafted",
        "tickets.routed",
        "tickets.rejected",
        "tickets.resolved",
    ];

    fn about(&self) -> Option<(&str, &str)> {
        None
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Ok(match readable(bytes) {
            Ok(json) => Self::Readable { json: json.to_owned() },
            Err(reason) => Self::Unreadable { bytes: bytes.to_vec(), reason },
        })
    }
}

/// JSON that a database takes: UTF-8, well formed, no NUL (raw or escaped), no lone surrogates.
fn readable(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let _: serde_json::Value = serde_json::from_str(text).map_err(|error| problem::said(&error))?;
    if text.contains("\\u0000") {
        return Err("holds an escaped NUL".to_owned());
    }
    Ok(text)
}

/// What a sink answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nothing;

impl Event for Nothing {
    const NAME: &'static str = "nothing";
    const TOPICS: &'static [&'static str] = &[];

    fn about(&self) -> Option<(&str, &str)> {
        None
    }
}
