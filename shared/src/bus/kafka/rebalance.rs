//! What librdkafka tells a client: who owns what, what became of commits, how the brokers are.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rdkafka::{
    ClientContext, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol},
    error::{KafkaError, KafkaResult},
    types::RDKafkaRespErr,
};

use super::stats;
use crate::bus::{Partition, Pulse};

/// A change of who owns what.
#[derive(Debug)]
pub(super) enum Change {
    Assigned(Vec<Partition>),
    Revoked(Vec<Partition>),
    Lost(Vec<Partition>),
}

/// Collects what librdkafka says between two polls. The callbacks run inside `poll`, on the polling thread.
#[derive(Default)]
pub(super) struct Context {
    pulse: Arc<Pulse>,
    changes: Mutex<Vec<Change>>,
    reason: Mutex<Option<String>>,
    closing: AtomicBool,
}

impl Context {
    pub(super) fn new(pulse: Arc<Pulse>) -> Self {
        Self { pulse, ..Self::default() }
    }

    /// What changed since the last call.
    pub(super) fn changes(&self) -> Vec<Change> {
        mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The last error in librdkafka's own words.
    pub(super) fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// From now on partitions are let go of at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    fn note(&self, change: Change) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}

/// Tells the group that a member has taken its new share. The member's own assignment stays empty, for another
/// client reads: librdkafka stops every partition of a member while one of them waits to be let go.
pub(super) fn accept(member: &BaseConsumer<Context>) -> KafkaResult<()> {
    let nothing = TopicPartitionList::new();
    match member.rebalance_protocol() {
        RebalanceProtocol::Cooperative => member.incremental_assign(&nothing),
        _ => member.assign(&nothing),
    }
}

/// Tells the group that a member has let go of what was asked back.
pub(super) fn let_go(member: &BaseConsumer<Context>) -> KafkaResult<()> {
    match member.rebalance_protocol() {
        RebalanceProtocol::Cooperative => member.incremental_unassign(&TopicPartitionList::new()),
        _ => member.unassign(),
    }
}

/// The partitions of librdkafka's list.
fn named(list: &TopicPartitionList) -> Vec<Partition> {
    let elements = list.elements();
    elements.iter().map(|one| Partition { topic: one.topic().into(), number: one.partition() }).collect()
}

impl ConsumerContext for Context {
    fn rebalance(&self, member: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions = named(list);
        let result = if what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.note(Change::Assigned(partitions));
            accept(member)
        } else if self.closing.load(Ordering::Relaxed) || member.assignment_lost() {
            self.note(Change::Lost(partitions));
            let_go(member)
        } else {
            // Answered by `let_go` once everything in flight is settled.
            self.note(Change::Revoked(partitions));
            Ok(())
        };
        if let Err(error) = result {
            *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("rebalance: {error}"));
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        stats::read(statistics, &self.pulse);
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }
}

/// librdkafka's own log: for looking closely only, since each failure is reported by the runner once.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    tracing::debug!(target: "librdkafka", ?level, facility, "{message}");
}
