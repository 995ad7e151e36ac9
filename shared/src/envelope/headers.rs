//! Headers on the wire, and what they mean.

use std::{fmt::Display, io::Write, str::FromStr};

use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

use super::{Envelope, Trace, foreign_id, record_id, type_of};
use crate::{
    bus::Origin,
    events::{DecodeError, Event},
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

/// The known headers of one record, in the order they came; the values lie in one piece, since every record has all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    values: Vec<u8>,
    /// Names, and where in `values` each one's value ends.
    ends: Vec<(&'static str, usize)>,
}

/// Bytes of the values that an event of the line has.
const USUAL_BYTES: usize = 320;

impl Headers {
    /// Room for every known header.
    pub fn new() -> Self {
        Self { values: Vec::with_capacity(USUAL_BYTES), ends: Vec::with_capacity(names::ALL.len()) }
    }

    /// Keeps a header if its name is known.
    pub fn keep(&mut self, name: &str, value: &[u8]) {
        if let Some(known) = names::ALL.iter().find(|known| **known == name) {
            self.values.extend_from_slice(value);
            self.ends.push((known, self.values.len()));
        }
    }

    /// Adds a header.
    fn put(&mut self, name: &'static str, value: impl Display) {
        // Writing to memory does not fail.
        let _ = write!(self.values, "{value}");
        self.ends.push((name, self.values.len()));
    }

    /// A header's value as text.
    ///
    /// # Errors
    /// If it is there and not UTF-8.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, DecodeError> {
        let Some((_, value)) = self.iter().find(|(known, _)| *known == name) else { return Ok(None) };
        std::str::from_utf8(value).map(Some).map_err(|_| wrong(name, value))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let begins = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        let places = self.ends.iter().zip(begins);
        places.map(|((name, end), begin)| (*name, self.values.get(begin..*end).unwrap_or_default()))
    }
}

/// A header that cannot be read.
fn wrong(name: &'static str, value: &[u8]) -> DecodeError {
    DecodeError::Header { name, bytes: value.len() }
}

/// The type that an event says it is, if that has the form of ours; any other text may be anybody's.
fn shown(found: &str) -> String {
    let ours = found.strip_prefix("switchyard.").and_then(|rest| rest.split_once(".v")).is_some_and(
        |(name, version)| {
            name.len() <= 20
                && name.bytes().all(|b| b.is_ascii_lowercase())
                && version.len() <= 3
                && version.bytes().all(|b| b.is_ascii_digit())
        },
    );
    if ours { format!("'{found}'") } else { "another".to_owned() }
}

/// Reads a header into its type.
fn parsed<T: FromStr>(headers: &Headers, name: &'static str) -> Result<Option<T>, DecodeError> {
    let Some(text) = headers.text(name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| wrong(name, text.as_bytes()))
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

/// What headers say; what is not there is filled in from the record's place.
#[derive(Default)]
struct Said<'a> {
    id: Option<&'a str>,
    source: Option<&'a str>,
    root: Option<Uuid>,
    cause: Option<Uuid>,
    time: Option<DateTime<Utc>>,
    trace: Option<Trace>,
}

impl Meta {
    /// Reads the headers of an event of type `expected`.
    ///
    /// # Errors
    /// Names the header that cannot be read, or the type that is not `expected`.
    pub fn read(headers: &Headers, origin: &Origin, expected: &str) -> Result<Self, DecodeError> {
        if let Some(found) = headers.text(names::TYPE)?.filter(|found| *found != expected) {
            return Err(DecodeError::Type { found: shown(found), expected: expected.to_owned() });
        }
        if let Some(found) = headers.text(names::SPEC)?.filter(|found| *found != "1.0") {
            return Err(wrong(names::SPEC, found.as_bytes()));
        }
        let said = Said {
            id: headers.text(names::ID)?,
            source: headers.text(names::SOURCE)?,
            root: parsed(headers, names::ROOT)?,
            cause: parsed(headers, names::CAUSE)?,
            time: parsed(headers, names::TIME)?,
            // W3C: a traceparent that cannot be read is as good as none. All else has to be what it says.
            trace: parsed(headers, names::TRACE).ok().flatten(),
        };
        Ok(Self::filled(said, origin))
    }

    /// What is known of a record whose headers say nothing, or nothing that can be read.
    pub fn of_place(origin: &Origin) -> Self {
        Self::filled(Said::default(), origin)
    }

    /// What can be read of the headers, whatever the rest looks like: for a record that is rejected or audited.
    pub fn salvage(headers: &Headers, origin: &Origin) -> Self {
        let said = Said {
            id: headers.text(names::ID).ok().flatten(),
            source: headers.text(names::SOURCE).ok().flatten(),
            root: parsed(headers, names::ROOT).ok().flatten(),
            cause: parsed(headers, names::CAUSE).ok().flatten(),
            time: parsed(headers, names::TIME).ok().flatten(),
            trace: parsed(headers, names::TRACE).ok().flatten(),
        };
        Self::filled(said, origin)
    }

    /// Without root and cause of its own an event is its own.
    fn filled(said: Said<'_>, origin: &Origin) -> Self {
        let foreign = |id| foreign_id(said.source.unwrap_or_default(), id);
        let id = said.id.map_or_else(|| record_id(origin), foreign);
        let root = said.root.unwrap_or(id);
        let written = || DateTime::from_timestamp_millis(origin.time_ms).unwrap_or_default();
        Self {
            id,
            root,
            cause: said.cause.unwrap_or(id),
            source: said.source.map_or_else(|| format!("/topics/{}", origin.topic), str::to_owned),
            time: said.time.unwrap_or_else(written),
            trace: said.trace.unwrap_or_else(|| Trace::of(root)),
        }
    }

    /// The headers that say all this about an event of type `E`.
    pub fn write<E: Event>(&self) -> Headers {
        let mut headers = Headers::new();
        headers.put(names::SPEC, "1.0");
        headers.put(names::ID, self.id);
        headers.put(names::TYPE, type_of::<E>());
        headers.put(names::SOURCE, &self.source);
        headers.put(names::TIME, self.time.to_rfc3339_opts(SecondsFormat::Millis, true));
        headers.put(names::ROOT, self.root);
        headers.put(names::CAUSE, self.cause);
        headers.put(names::TRACE, self.trace);
        headers.put(names::CONTENT, "application/json");
        headers
    }

    /// The envelope of `data`, read at `origin` under `key`.
    pub fn envelope<E>(self, key: String, origin: Origin, data: E) -> Envelope<E> {
        let Self { id, root, cause, source, time, trace } = self;
        Envelope { id, root, cause, key, source, time, trace, origin, data }
    }
}
