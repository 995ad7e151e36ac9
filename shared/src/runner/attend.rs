//! One record: decode, handle, try again, give up.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug_span, warn};

use super::{
    lanes::Lane as KeyLane,
    metrics::Metrics,
    output::{self, Cause, Verdict},
    panics,
    weather::Weather,
};
use crate::{
    bus::{Lane, Outgoing, Record, Token},
    envelope::{Envelope, Meta, type_of},
    events::{DecodeError, Event, Fault},
    worker::{Failure, Worker},
};

/// What attending needs beside the record.
pub(super) struct Desk<W> {
    pub worker: Arc<W>,
    pub lane: Lane,
    pub weather: Weather,
    pub metrics: Metrics,
    pub stop: CancellationToken,
}

/// A record has been attended to.
pub(super) struct Done {
    pub token: Token,
    pub lane: Option<KeyLane>,
    pub result: Attended,
}

/// What came of it.
pub(super) enum Attended {
    /// To be sent; `None`: nothing is to be sent.
    Output(Option<Outgoing>),
    /// The worker stops before an answer was found; the record stays for the next one.
    Abandoned,
}

/// Attends to one record until there is an output: the worker's, or a rejection.
pub(super) async fn attend<W: Worker>(
    desk: Arc<Desk<W>>,
    record: Arc<Record>,
    token: Token,
    lane: Option<KeyLane>,
) -> Done {
    let begun = Instant::now();
    let span = debug_span!("event", worker = W::NAME, topic = %record.origin.topic, partition = record.origin.partition,
        offset = record.origin.offset);
    let found = answer(&desk, &record).instrument(span).await;
    let took = begun.elapsed();
    let result = match found {
        Ok(output) => {
            desk.metrics.handled(took);
            Attended::Output(output)
        }
        Err(None) => Attended::Abandoned,
        Err(Some(verdict)) => {
            desk.metrics.rejected(took);
            Attended::Output(desk.reject(&record, verdict))
        }
    };

    Done { token, lane, result }
}

/// The worker's output for a record, or why it was given up; `None` if the worker stops first.
async fn answer<W: Worker>(desk: &Desk<W>, record: &Record) -> Result<Option<Outgoing>, Option<Verdict>> {
    let verdict = |fault, reason, attempts| Some(Verdict { fault, reason, attempts });
    let mut patience = desk.weather.patience();
    loop {
        let event =
            open::<W::Input>(record).map_err(|error| verdict(Fault::Unreadable, error.to_string(), 1))?;
        let cause = Cause::of(&event);
        patience.attempts += 1;
        let attempts = patience.attempts;
        match AssertUnwindSafe(desk.worker.handle(event)).catch_unwind().await {
            Ok(Ok(event)) => {
                desk.weather.success();
                return output::answer(W::NAME, desk.lane, cause, &event)
                    .map_err(|reason| verdict(Fault::Refused, reason, attempts));
            }
            Ok(Err(Failure::Reject(error))) => {
                return Err(verdict(Fault::Refused, format!("{error:#}"), attempts));
            }
            Err(panic) => return Err(verdict(Fault::Panic, panics::said(&*panic), attempts)),
            Ok(Err(Failure::Retry(error))) => {
                let complaint = format!("{error:#}");
                desk.weather.failure(&complaint);
                let Some(wait) = patience.wait(&desk.weather) else {
                    return Err(verdict(Fault::Exhausted, complaint, attempts));
                };
                desk.metrics.retry();
                if desk.stop.run_until_cancelled(sleep(wait)).await.is_none() {
                    return Err(None);
                }
            }
        }
    }
}

/// The record as an event, checked.
fn open<E: Event>(record: &Record) -> Result<Envelope<E>, DecodeError> {
    let origin = record.origin.clone();
    let value = record.payload.as_deref();
    if E::TOLERANT {
        let key = record.key.as_deref().map(|key| String::from_utf8_lossy(key).replace('\0', "\u{fffd}"));
        let data = E::decode(value.unwrap_or_default())?;
        return Ok(Meta::salvage(&record.headers, &origin).envelope(key.unwrap_or_default(), origin, data));
    }
    let meta = Meta::read(&record.headers, &origin, &type_of::<E>())?;
    let data = E::decode(value.ok_or(DecodeError::Empty)?)?;
    let key = record.key.as_deref().filter(|key| !key.is_empty()).ok_or(DecodeError::NoKey)?;
    let key = String::from_utf8_lossy(key);
    if let Some((tenant, id)) = data.about()
        && key != format!("{tenant}/{id}")
    {
        return Err(DecodeError::Key { bytes: key.len() });
    }
    Ok(meta.envelope(key.into_owned(), origin, data))
}

impl<W: Worker> Desk<W> {
    /// The rejection's record. One log line for each; the reason stands in the event.
    pub(super) fn reject(&self, record: &Arc<Record>, verdict: Verdict) -> Option<Outgoing> {
        let (origin, fault, attempts) = (&record.origin, verdict.fault, verdict.attempts);
        warn!(worker = W::NAME, topic = %origin.topic, partition = origin.partition, offset = origin.offset, ?fault,
            attempts, "event rejected");
        output::rejection(W::NAME, self.lane, record, verdict).ok()
    }
}
