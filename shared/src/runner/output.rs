//! From a worker's answer to a record.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::Utc;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    bus::{Lane, Outgoing, Record},
    envelope::{Envelope, Meta, Trace, derived_id},
    events::{DecodeError, Event, Fault, MAX_EVENT_BYTES, Rejected},
};

/// Why and after how many attempts an event was given up.
pub(super) struct Verdict {
    pub fault: Fault,
    pub reason: String,
    pub attempts: u32,
}

/// What an output has to know of the event it answers, kept while the handler has that.
pub(super) struct Cause {
    id: Uuid,
    root: Uuid,
    trace: Trace,
    key: String,
}

impl Cause {
    pub(super) fn of<E>(envelope: &Envelope<E>) -> Self {
        Self { id: envelope.id, root: envelope.root, trace: envelope.trace, key: envelope.key.clone() }
    }

    /// What an output says about where it comes from.
    fn meta(&self, worker: &str) -> Meta {
        let id = derived_id(self.id, worker);
        Meta {
            id,
            root: self.root,
            cause: self.id,
            source: format!("/switchyard/{worker}"),
            time: Utc::now(),
            trace: self.trace.child(id),
        }
    }
}

/// The record of a worker's answer; `None` for a sink's.
///
/// # Errors
/// If the answer cannot be written as JSON, or is larger than the next worker reads.
pub(super) fn answer<E: Event>(
    worker: &str,
    lane: Lane,
    cause: Cause,
    event: &E,
) -> Result<Option<Outgoing>, String> {
    let Some(topic) = E::TOPICS.first() else { return Ok(None) };
    let payload = serde_json::to_vec(event).map_err(|error| error.to_string())?;
    if payload.len() > MAX_EVENT_BYTES {
        return Err(DecodeError::Oversize { bytes: payload.len() }.to_string());
    }
    let headers = cause.meta(worker).write::<E>();
    Ok(Some(Outgoing { topic: lane.name(topic), key: cause.key.into_bytes(), headers, payload }))
}

/// The record of a rejection: place and bytes of the original, and what is wrong with it.
///
/// # Errors
/// If it cannot be written as JSON.
pub(super) fn rejection(
    worker: &str,
    lane: Lane,
    record: &Arc<Record>,
    verdict: Verdict,
) -> Result<Outgoing, serde_json::Error> {
    let origin = &record.origin;
    let value = record.payload.as_deref().unwrap_or_default();
    let kept = value.get(..Rejected::KEPT_BYTES).unwrap_or(value);
    let event = Rejected {
        worker: worker.to_owned(),
        fault: verdict.fault,
        reason: verdict.reason,
        topic: origin.topic.to_string(),
        partition: origin.partition,
        offset: origin.offset,
        attempts: verdict.attempts,
        key: record.key.as_ref().map(|key| STANDARD.encode(key)),
        payload: record.payload.as_ref().map(|_| STANDARD.encode(kept)),
        payload_bytes: value.len() as u64,
        payload_sha256: format!("{:x}", Sha256::digest(value)),
    };
    let place = || format!("{}/{}/{}", origin.topic, origin.partition, origin.offset).into_bytes();
    let key = record.key.clone().filter(|key| !key.is_empty()).unwrap_or_else(place);
    let Meta { id, root, trace, .. } = Meta::salvage(&record.headers, origin);
    let headers = Cause { id, root, trace, key: String::new() }.meta(worker).write::<Rejected>();
    let topic = Rejected::TOPICS.first().copied().unwrap_or_default();
    Ok(Outgoing { topic: lane.name(topic), key, headers, payload: serde_json::to_vec(&event)? })
}
