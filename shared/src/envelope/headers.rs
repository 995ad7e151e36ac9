//! Headers on the wire, and what they mean.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

use super::{Envelope, Trace, foreign_id, record_id, type_of};
use crate::{
    bus::Origin,
    events::{DecodeError, Event, excerpt},
};

/// The header names that are read and written; others are left alone.
pub mod names {
    /// CloudEvents version, `1.0`.
    pub const SPEC: &str = "ce_specversion";
    /// The event's id.
    pub const ID: &str = "ce_id";
    /// `switchyard.<name>.v1`.
    pub const TYPE: &str = "ce_type";
    /// Who made it.
    pub const SOURCE: &str = "ce_source";
    /// When it happened, RFC 3339.
    pub const TIME: &str = "ce_time";
    /// The received event it all began with.
    pub const ROOT: &str = "ce_rootid";
    /// The event before.
    pub const CAUSE: &str = "ce_causeid";
    /// W3C trace context.
    pub const TRACE: &str = "traceparent";
    /// `application/json`.
    pub const CONTENT: &str = "content-type";
    /// All of them.
    pub const ALL: [&str; 9] = [SPEC, ID, TYPE, SOURCE, TIME, ROOT, CAUSE, TRACE, CONTENT];
}

/// The known headers of one record, in the order they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(&'static str, Box<[u8]>)>);

impl Headers {
    /// Room for every known header.
    pub fn new() -> Self {
        Self(Vec::with_capacity(names::ALL.len()))
    }

    /// Keeps a header if its name is known.
    pub fn keep(&mut self, name: &str, value: &[u8]) {
        if let Some(known) = names::ALL.iter().find(|known| **known == name) {
            self.0.push((known, value.into()));
        }
    }

    /// Adds a header.
    fn put(&mut self, name: &'static str, value: String) {
        self.0.push((name, value.into_bytes().into_boxed_slice()));
    }

    /// A header's value as text.
    ///
    /// # Errors
    /// If it is there and not UTF-8.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, DecodeError> {
        let Some((_, value)) = self.0.iter().find(|(known, _)| *known == name) else { return Ok(None) };
        std::str::from_utf8(value).map(Some).map_err(|_| wrong(name, &String::from_utf8_lossy(value)))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.0.iter().map(|(name, value)| (*name, &**value))
    }
}

/// A header that cannot be read.
fn wrong(name: &'static str, value: &str) -> DecodeError {
    DecodeError::Header { name, value: excerpt(value, 80) }
}

/// Reads a header into its type.
fn parsed<T: FromStr>(headers: &Headers, name: &'static str) -> Result<Option<T>, DecodeError> {
    let Some(text) = headers.text(name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| wrong(name, text))
}

/// What the headers say, with what they leave out filled in from the record's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// This event.
    pub id: Uuid,
    /// The received event it all began with.
    pub root: Uuid,
    /// The event before.
    pub cause: Uuid,
    /// Who made it.
    pub source: String,
    /// When it happened.
    pub time: DateTime<Utc>,
    /// The trace it belongs to.
    pub trace: Trace,
}

impl Meta {
    /// Reads the headers of an event of type `expected`.
    ///
    /// # Errors
    /// Names the header that cannot be read, or the type that is not `expected`.
    pub fn read(headers: &Headers, origin: &Origin, expected: &str) -> Result<Self, DecodeError> {
        if let Some(found) = headers.text(names::TYPE)?.filter(|found| *found != expected) {
            return Err(DecodeError::Type { found: excerpt(found, 80), expected: expected.to_owned() });
        }
        if let Some(found) = headers.text(names::SPEC)?.filter(|found| *found != "1.0") {
            return Err(wrong(names::SPEC, found));
        }
        // W3C: a traceparent that cannot be read is as good as none. All else has to be what it says.
        for name in [names::SOURCE, names::ID] {
            headers.text(name)?;
        }
        parsed::<Uuid>(headers, names::ROOT)?;
        parsed::<Uuid>(headers, names::CAUSE)?;
        parsed::<DateTime<Utc>>(headers, names::TIME)?;
        Ok(Self::salvage(headers, origin))
    }

    /// What is known of a record whose headers say nothing, or nothing that can be read.
    pub fn of_place(origin: &Origin) -> Self {
        let id = record_id(origin);
        Self {
            id,
            root: id,
            cause: id,
            source: format!("/topics/{}", origin.topic),
            time: DateTime::from_timestamp_millis(origin.time_ms).unwrap_or_default(),
            trace: Trace::of(id),
        }
    }

    /// What can be read of the headers, whatever the rest looks like: for a record that is rejected or audited.
    pub fn salvage(headers: &Headers, origin: &Origin) -> Self {
        let mut meta = Self::of_place(origin);
        let source = headers.text(names::SOURCE).ok().flatten();
        meta.adopt(
            headers.text(names::ID).ok().flatten().map(|id| foreign_id(source.unwrap_or_default(), id)),
        );
        meta.root = parsed(headers, names::ROOT).ok().flatten().unwrap_or(meta.root);
        meta.cause = parsed(headers, names::CAUSE).ok().flatten().unwrap_or(meta.cause);
        meta.time = parsed(headers, names::TIME).ok().flatten().unwrap_or(meta.time);
        meta.source = source.map_or(meta.source, str::to_owned);
        meta.trace = parsed(headers, names::TRACE).ok().flatten().unwrap_or_else(|| Trace::of(meta.root));
        meta
    }

    /// Takes over an id that came along; without root and cause of its own the event is its own.
    fn adopt(&mut self, id: Option<Uuid>) {
        if let Some(id) = id {
            (self.id, self.root, self.cause) = (id, id, id);
        }
    }

    /// The headers that say all this about an event of type `E`.
    pub fn write<E: Event>(&self) -> Headers {
        let mut headers = Headers::new();
        headers.put(names::SPEC, "1.0".to_owned());
        headers.put(names::ID, self.id.to_string());
        headers.put(names::TYPE, type_of::<E>());
        headers.put(names::SOURCE, self.source.clone());
        headers.put(names::TIME, self.time.to_rfc3339_opts(SecondsFormat::Millis, true));
        headers.put(names::ROOT, self.root.to_string());
        headers.put(names::CAUSE, self.cause.to_string());
        headers.put(names::TRACE, self.trace.to_string());
        headers.put(names::CONTENT, "application/json".to_owned());
        headers
    }

    /// The envelope of `data`, read at `origin` under `key`.
    pub fn envelope<E>(self, key: String, origin: Origin, data: E) -> Envelope<E> {
        let Self { id, root, cause, source, time, trace } = self;
        Envelope { id, root, cause, key, source, time, trace, origin, data }
    }
}
