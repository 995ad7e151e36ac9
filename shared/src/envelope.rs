//! An event with its ids, its place and its time: what travels in headers (CloudEvents 1.0, binary mode) and in
//! the record's key.

mod headers;
mod trace;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{bus::Origin, events::Event};

pub use headers::{Headers, Meta, names};
pub use trace::Trace;

/// An event and what is known about it from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<E> {
    /// This event: UUIDv5 of its cause and the worker that made it.
    pub id: Uuid,
    /// The received event it all began with.
    pub root: Uuid,
    /// The event before; itself for a received one.
    pub cause: Uuid,
    /// `tenant/ticket id`.
    pub key: String,
    /// Who made it, as a URI reference.
    pub source: String,
    /// When it happened. A handler takes this for "now", so that a re-run answers the same.
    pub time: DateTime<Utc>,
    /// The trace it belongs to.
    pub trace: Trace,
    /// Where it was read.
    pub origin: Origin,
    /// The event.
    pub data: E,
}

impl<E: Event> Envelope<E> {
    /// The tenant: the key up to its first slash.
    pub fn tenant(&self) -> &str {
        self.key.split_once('/').map_or("", |(tenant, _)| tenant)
    }

    /// The ticket's id: the key after its first slash.
    pub fn ticket(&self) -> &str {
        self.key.split_once('/').map_or(self.key.as_str(), |(_, id)| id)
    }
}

/// The CloudEvents type of an event: `switchyard.<name>.v1`.
pub fn type_of<E: Event>() -> String {
    format!("switchyard.{}.v1", E::NAME)
}

/// Names for ids: what Switchyard derives is told apart from anybody else's UUIDv5.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_2f0e_7f6b_5c4b_9d53_2b1f_4c1e_9a70);

/// The id of what `worker` makes of the event `cause`: the same on every re-run.
pub fn derived_id(cause: Uuid, worker: &str) -> Uuid {
    Uuid::new_v5(&cause, worker.as_bytes())
}

/// The id of a record that came without one. The broker's time tells a topic from one made anew under its name.
pub fn record_id(origin: &Origin) -> Uuid {
    let name = format!("{}/{}/{}@{}", origin.topic, origin.partition, origin.offset, origin.time_ms);
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// A foreign event's id: CloudEvents lets it be any text that is unique for its source.
pub fn foreign_id(source: &str, id: &str) -> Uuid {
    Uuid::parse_str(id).unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, format!("{source} {id}").as_bytes()))
}
