//! From an event to its row: only values that a column takes.

use chrono::{DateTime, Datelike, Utc};
use shared::{Envelope, bus::Origin, events::AnyEvent};
use uuid::Uuid;

/// Characters of a tenant's or a ticket's id that are kept; an index entry has little room.
const NAME_CHARS: usize = 256;

/// What is written about one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Where it was read.
    pub origin: Origin,
    /// This event.
    pub event: Uuid,
    /// The received event it all began with.
    pub root: Uuid,
    /// The event before.
    pub cause: Uuid,
    /// The tenant, as its key has it.
    pub tenant: String,
    /// The ticket's id, as its key has it.
    pub ticket: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The trace it belongs to, 32 hex digits.
    pub trace: String,
    /// What it holds.
    pub body: Body,
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// JSON.
    Json(String),
    /// Anything else.
    Bytes {
        /// As it came.
        bytes: Vec<u8>,
        /// Why it is not kept as JSON.
        problem: String,
    },
}

impl Row {
    /// The row of an event.
    pub fn of(event: Envelope<AnyEvent>) -> Self {
        let (tenant, ticket) = (name(event.tenant()), name(event.ticket()));
        let body = match event.data {
            AnyEvent::Readable { json } => Body::Json(json),
            AnyEvent::Unreadable { bytes, reason } => Body::Bytes { bytes, problem: text(&reason) },
        };
        Self {
            tenant,
            ticket,
            time: storable(event.time).unwrap_or_else(|| time_of(&event.origin)),
            trace: format!("{:032x}", event.trace.trace),
            event: event.id,
            root: event.root,
            cause: event.cause,
            origin: event.origin,
            body,
        }
    }

    /// When the record was written, by its broker.
    pub fn record_time(&self) -> DateTime<Utc> {
        time_of(&self.origin)
    }

    /// The event's name: the last part of its topic's.
    pub fn kind(&self) -> &str {
        self.origin.topic.rsplit_once('.').map_or(&*self.origin.topic, |(_, kind)| kind)
    }

    /// Which stream of tickets it is in.
    pub fn lane(&self) -> &'static str {
        if self.origin.topic.starts_with("replay.") { "replay" } else { "live" }
    }

    /// The value's length.
    pub fn bytes(&self) -> usize {
        match &self.body {
            Body::Json(json) => json.len(),
            Body::Bytes { bytes, .. } => bytes.len(),
        }
    }

    /// The same row with its JSON kept as bytes; `None` if it is that already.
    pub(crate) fn into_bytes(self, problem: &str) -> Option<Self> {
        let Body::Json(json) = self.body else { return None };
        Some(Self { body: Body::Bytes { bytes: json.into_bytes(), problem: text(problem) }, ..self })
    }
}

/// A text without NUL, which no column takes.
fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// A name without NUL and of a bounded length.
fn name(name: &str) -> String {
    name.chars().take(NAME_CHARS).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

/// A time as it can be stored: a foreign event may claim any.
fn storable(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    Some(time).filter(|time| (1..=9999).contains(&time.year()))
}

/// A record's time; the beginning of 1970 if it has none that could be one.
fn time_of(origin: &Origin) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(origin.time_ms).and_then(storable).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::envelope::Meta;

    fn envelope(topic: &str, key: &str, time_ms: i64) -> Envelope<AnyEvent> {
        let origin = Origin { topic: topic.into(), partition: 2, offset: 9, follows: 9, time_ms };
        let json = AnyEvent::Readable { json: "{}".to_owned() };
        Meta::of_place(&origin).envelope(key.to_owned(), origin, json)
    }

    #[test]
    fn a_topics_name_says_kind_and_lane() {
        let live = Row::of(envelope("tickets.routed", "acme/7", 5));
        assert_eq!((live.kind(), live.lane()), ("routed", "live"));
        let replay = Row::of(envelope("replay.tickets.received", "acme/7", 5));
        assert_eq!((replay.kind(), replay.lane()), ("received", "replay"));
        assert_eq!((&*replay.tenant, &*replay.ticket), ("acme", "7"));
    }

    #[test]
    fn a_hostile_key_fits_its_columns() {
        let row = Row::of(envelope("tickets.received", &format!("a\0b/{}", "x".repeat(5_000)), 5));
        assert_eq!((&*row.tenant, row.ticket.len()), ("a\u{fffd}b", 256));
    }

    #[test]
    fn a_time_outside_the_calendar_is_not_stored() {
        for time_ms in [i64::MAX, i64::MIN, -9_999_999_999_999_999] {
            assert_eq!(
                Row::of(envelope("tickets.received", "a/b", time_ms)).record_time(),
                DateTime::<Utc>::default()
            );
        }
        let mut far = envelope("tickets.received", "a/b", 86_400_000);
        far.time = DateTime::<Utc>::MAX_UTC;
        assert_eq!(Row::of(far).time.timestamp_millis(), 86_400_000);
    }
}
