//! Outputs and offsets in one transaction (KIP-447): one producer per member of the group.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, ClientContext, Message, Offset,
    config::RDKafkaLogLevel,
    consumer::ConsumerGroupMetadata,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, DeliveryResult, Producer, ProducerContext},
};

use super::{
    member::{Member, listed},
    problem,
    produce::record_of,
    rebalance::log,
};
use crate::bus::{BusError, Offsets, Outgoing, Partition};

/// How long each call to the broker may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How long the first call may take; it is made again.
const INIT_LIMIT: Duration = Duration::from_secs(5);

const COMMIT_TRIES: u32 = 3;

/// How long it is asked what became of a commit that was not answered.
const UNKNOWN_LIMIT: Duration = Duration::from_secs(30);

/// Why a transaction did not go through.
enum Failed {
    /// Nothing of it will be seen.
    Undone(BusError),
    /// The broker did not say whether it was committed.
    Unknown(BusError),
}

/// The first delivery that failed.
#[derive(Default)]
struct Deliveries(Mutex<Option<KafkaError>>);

impl Deliveries {
    fn failure(&self) -> Option<KafkaError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "transactional producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, message)) = result {
            tracing::debug!(%error, topic = message.topic(), "a record of a transaction was not written");
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
        }
    }
}

/// A transactional id that nobody else in this process has; free again when dropped.
struct Slot(String);

static TAKEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

impl Slot {
    fn take(name: &str) -> Self {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut id = name.to_owned();
        let mut number = 1;
        while !taken.insert(id.clone()) {
            number += 1;
            id = format!("{name}-{number}");
        }
        Self(id)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

pub(super) struct Transactor {
    config: ClientConfig,
    client: Option<BaseProducer<Deliveries>>,
    _slot: Slot,
}

impl Transactor {
    /// `config` makes a client of a transactional id; `name` is stable over restarts.
    pub(super) fn new(name: &str, config: impl Fn(&str) -> ClientConfig) -> Self {
        let slot = Slot::take(name);
        Self { config: config(&slot.0), client: None, _slot: slot }
    }

    /// Opens the producer; that ends what an earlier one under the same name left open.
    pub(super) fn ready(&mut self) -> Result<(), BusError> {
        if self.client.is_none() {
            let client: BaseProducer<Deliveries> =
                self.config.create_with_context(Deliveries::default()).map_err(|error| problem(&error))?;
            client.init_transactions(INIT_LIMIT).map_err(|error| problem(&error))?;
            self.client = Some(client);
        }
        Ok(())
    }

    /// Writes all or nothing, in the name of a member; `beat` is called while it is found out what became of it.
    pub(super) fn transact(
        &mut self,
        outputs: &[Outgoing],
        offsets: &Offsets,
        member: &Member,
        beat: impl Fn(),
    ) -> Result<(), BusError> {
        // The broker checks the member's generation, not whose partition it is.
        if let Some((partition, _)) = offsets.iter().find(|(partition, _)| !member.may_commit(partition)) {
            return Err(BusError::Fenced(partition.to_string()));
        }
        let Some(identity) = member.identity() else {
            return Err(BusError::Unreachable("the group is not joined".to_owned()));
        };
        match self.run(outputs, offsets, &identity) {
            Ok(()) => Ok(()),
            Err(Failed::Undone(error)) => Err(error),
            Err(Failed::Unknown(error)) => self.find_out(offsets, member, beat).unwrap_or(Err(error)),
        }
    }

    /// Whether a transaction went through whose commit was not answered: opening the producer again ends it one
    /// way or the other, and then the group's offsets tell. `None` if even that is not answered.
    fn find_out(
        &mut self,
        offsets: &Offsets,
        member: &Member,
        beat: impl Fn(),
    ) -> Option<Result<(), BusError>> {
        let begin = Instant::now();
        let partitions: Vec<Partition> = offsets.iter().map(|(partition, _)| partition.clone()).collect();
        while begin.elapsed() < UNKNOWN_LIMIT {
            beat();
            if let Ok(found) = self.ready().and_then(|()| member.committed(&partitions)) {
                let through = offsets.iter().zip(found).all(|((_, offset), found)| found == Some(*offset));
                let undone = || BusError::Unreachable("the transaction was not committed".to_owned());
                return Some(if through { Ok(()) } else { Err(undone()) });
            }
        }
        None
    }

    /// One attempt. After a failure the producer is opened anew, which aborts what was begun: cheaper
    /// to trust than an abort, after which librdkafka can fail the next transaction too.
    fn run(
        &mut self,
        outputs: &[Outgoing],
        offsets: &Offsets,
        identity: &ConsumerGroupMetadata,
    ) -> Result<(), Failed> {
        self.ready().map_err(Failed::Undone)?;
        let Some(client) = &self.client else { return Ok(()) };
        let ended = match write(client, outputs, offsets, identity) {
            Err(error) => Err(Failed::Undone(problem(&error))),
            Ok(()) => commit(client).map_err(|error| match &error {
                KafkaError::Transaction(inner) if inner.txn_requires_abort() => {
                    Failed::Undone(problem(&error))
                }
                _ => Failed::Unknown(problem(&error)),
            }),
        };
        if ended.is_err() {
            self.client = None;
            // At once, since readers wait for the end of an open transaction; if it fails, the next use tries again.
            let _ = self.ready();
        }
        ended
    }
}

/// Everything up to the commit.
fn write(
    client: &BaseProducer<Deliveries>,
    outputs: &[Outgoing],
    offsets: &Offsets,
    identity: &ConsumerGroupMetadata,
) -> Result<(), KafkaError> {
    client.begin_transaction()?;
    for output in outputs {
        let begin = Instant::now();
        while let Err((error, _)) = client.send(record_of(output, ())) {
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || begin.elapsed() > LIMIT {
                return Err(error);
            }
            client.poll(Duration::from_millis(1));
        }
    }
    drained(client)?;
    let next = offsets.iter().map(|(partition, offset)| (partition, Offset::Offset(*offset)));
    let list = listed(next);
    if list.count() > 0 {
        client.send_offsets_to_transaction(&list, identity, LIMIT)?;
    }
    Ok(())
}

/// Waits until every record was answered. (`flush` would wait in steps of 100 ms.)
fn drained(client: &BaseProducer<Deliveries>) -> Result<(), KafkaError> {
    let begin = Instant::now();
    while client.in_flight_count() > 0 {
        if begin.elapsed() > LIMIT + LIMIT {
            return Err(KafkaError::Flush(RDKafkaErrorCode::OperationTimedOut));
        }
        client.poll(Duration::from_millis(1));
    }
    client.context().failure().map_or(Ok(()), Err)
}

fn commit(client: &BaseProducer<Deliveries>) -> Result<(), KafkaError> {
    let mut tries = 1;
    loop {
        match client.commit_transaction(LIMIT) {
            Err(KafkaError::Transaction(error)) if error.is_retriable() && tries < COMMIT_TRIES => tries += 1,
            ended => return ended,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_members_in_one_process_have_ids_of_their_own_and_the_first_is_free_again() {
        let first = Slot::take("draft-a");
        assert_eq!((first.0.as_str(), Slot::take("draft-a").0.as_str()), ("draft-a", "draft-a-2"));
        drop(first);
        assert_eq!(Slot::take("draft-a").0, "draft-a");
    }
}
