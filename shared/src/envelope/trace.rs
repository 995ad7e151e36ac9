//! W3C trace context, as far as one header goes.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// A `traceparent`: which trace, and which span within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// 16 bytes, not all zero.
    pub trace: u128,
    /// 8 bytes, not all zero.
    pub span: u64,
    /// Whether the caller records it.
    pub sampled: bool,
}

impl Trace {
    /// The trace of an event that came without one: derived from its root, so that a re-run joins the same trace.
    pub fn of(root: Uuid) -> Self {
        Self { trace: root.as_u128().max(1), span: low_half(root).max(1), sampled: true }
    }

    /// The same trace, at the span that made the event `id`.
    pub fn child(self, id: Uuid) -> Self {
        Self { span: low_half(id).max(1), ..self }
    }
}

/// The random half of an id.
fn low_half(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

impl FromStr for Trace {
    type Err = ();

    /// Version 00, or a later one of at least that form.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().split('-');
        let version = hex(parts.next(), 2)?;
        let trace = hex(parts.next(), 32)?;
        let span = hex(parts.next(), 16)?;
        let flags = hex(parts.next(), 2)?;
        let whole = version != 0xff && trace != 0 && span != 0 && (version != 0 || parts.next().is_none());
        let span = u64::try_from(span).map_err(|_| ())?;
        if whole { Ok(Self { trace, span, sampled: flags & 1 == 1 }) } else { Err(()) }
    }
}

/// Exactly `digits` lower-case hex digits.
fn hex(part: Option<&str>, digits: usize) -> Result<u128, ()> {
    let part = part.ok_or(())?;
    let exact = part.len() == digits && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if exact { u128::from_str_radix(part, 16).map_err(|_| ()) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_back_as_written() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(text.parse::<Trace>().unwrap().to_string(), text);
    }

    #[test]
    fn a_broken_traceparent_is_refused() {
        for text in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert!(text.parse::<Trace>().is_err(), "{text}");
        }
    }
}
