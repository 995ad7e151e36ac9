//! From bytes to an event, with a reason that a person understands and that quotes nothing of the bytes.

use super::{Event, problem};

/// Bytes of a record's value beyond which it is not read.
pub const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// Characters of one message beyond which nobody has typed it.
pub const MAX_BODY_CHARS: usize = 100_000;

/// Why bytes are not an event. The words go into logs and reasons, so they hold no value that was found: the bytes are
/// kept beside them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The record has no value, or an empty one.
    #[error("the record has no value")]
    Empty,
    /// The record has no key, so its order is not defined.
    #[error("the record has no key; it must be tenant/ticket id")]
    NoKey,
    /// The key is not the ticket's.
    #[error("the record's key, of {bytes} bytes, is not the tenant/id of its ticket")]
    Key {
        /// Bytes of the key found.
        bytes: usize,
    },
    /// Too large to be read.
    #[error("the record's value has {bytes} bytes, more than the {MAX_EVENT_BYTES} allowed")]
    Oversize {
        /// Bytes found.
        bytes: usize,
    },
    /// Not UTF-8.
    #[error("the value is not UTF-8 from byte {at}")]
    Utf8 {
        /// Where the first wrong byte is.
        at: usize,
    },
    /// JSON, but not of this schema, or not JSON at all.
    #[error("the value is not {event}: {reason}")]
    Json {
        /// What was expected.
        event: &'static str,
        /// What was expected instead, with line and column.
        reason: String,
    },
    /// A type or version this worker does not know.
    #[error("the event says it is {found}, expected '{expected}'")]
    Type {
        /// `ce_type` found, in quotes if it is one of ours.
        found: String,
        /// `ce_type` expected.
        expected: String,
    },
    /// A header that cannot be read.
    #[error("header {name} cannot be read; it has {bytes} bytes")]
    Header {
        /// The header's name.
        name: &'static str,
        /// Bytes of its value.
        bytes: usize,
    },
    /// A field that the schema allows and no worker could use.
    #[error("{field} {problem}")]
    Field {
        /// Path of the field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl DecodeError {
    /// A field that no worker could use.
    pub fn field(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Field { field, problem: problem.into() }
    }
}

/// Reads JSON and checks it; the value of every event but [`super::AnyEvent`].
pub(super) fn json<E: Event>(bytes: &[u8]) -> Result<E, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() > MAX_EVENT_BYTES {
        return Err(DecodeError::Oversize { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| DecodeError::Utf8 { at: error.valid_up_to() })?;
    let event: E = serde_json::from_str(text).map_err(|error| DecodeError::Json {
        event: E::NAME,
        reason: excerpt(&problem::said(&error), 300),
    })?;
    event.check()?;
    Ok(event)
}

/// The first `chars` characters, so that a hostile value cannot fill a log line.
fn excerpt(text: &str, chars: usize) -> String {
    let mut cut: String = text.chars().take(chars).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(chars).is_some() {
        cut.push('…');
    }
    cut
}

/// A tenant or an id: it becomes part of a key, so it is short, has no slash in front and no control characters.
pub(super) fn check_name(field: &'static str, name: &str) -> Result<(), DecodeError> {
    if name.trim().is_empty() {
        return Err(DecodeError::field(field, "is empty"));
    }
    if name.len() > 200 {
        return Err(DecodeError::field(field, format!("has {} bytes, more than 200", name.len())));
    }
    if let Some(bad) =
        name.chars().find(|c| c.is_control() || c.is_whitespace() || (*c == '/' && field.ends_with("tenant")))
    {
        return Err(DecodeError::field(field, format!("holds {bad:?}, which a key cannot")));
    }
    Ok(())
}

/// A text: bounded, and without NUL, which no database column takes.
pub(super) fn check_text(field: &'static str, text: &str, max_chars: usize) -> Result<(), DecodeError> {
    if text.contains('\0') {
        return Err(DecodeError::field(field, "holds a NUL character"));
    }
    let chars = if text.len() > max_chars { text.chars().count() } else { 0 };
    if chars > max_chars {
        return Err(DecodeError::field(field, format!("has {chars} characters, more than {max_chars}")));
    }
    Ok(())
}
