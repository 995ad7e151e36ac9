//! The words the bus and the runner share.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::envelope::Headers;

/// One partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition {
    /// Physical topic name.
    pub topic: Arc<str>,
    /// Its number, from 0.
    pub number: i32,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.number)
    }
}

/// Where a record was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Physical topic name.
    pub topic: Arc<str>,
    /// Partition number.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// The offset that had to come next when it was read: less than `offset` where the log has a gap.
    pub follows: i64,
    /// The record's time, milliseconds since 1970.
    pub time_ms: i64,
}

/// One ownership of one partition: another number when the same partition is assigned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seat(pub u64);

/// A record as read.
#[derive(Debug, Clone)]
pub struct Record {
    /// The ownership under which it was read.
    pub seat: Seat,
    /// Where it was read.
    pub origin: Origin,
    /// The key, if it had one.
    pub key: Option<Vec<u8>>,
    /// The known headers.
    pub headers: Headers,
    /// The value, if it had one.
    pub payload: Option<Vec<u8>>,
}

impl Record {
    /// Bytes it occupies, near enough.
    pub fn bytes(&self) -> usize {
        self.payload.as_ref().map_or(0, Vec::len) + self.key.as_ref().map_or(0, Vec::len) + 256
    }
}

/// A record to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Physical topic name.
    pub topic: Arc<str>,
    /// The key: decides the partition.
    pub key: Vec<u8>,
    /// Headers.
    pub headers: Headers,
    /// The value.
    pub payload: Vec<u8>,
}

/// Ties an acknowledgement to what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    /// Whose record it answers.
    pub seat: Seat,
    /// Which one: counted from 0 within the seat.
    pub sequence: u64,
}

/// What became of a record that was sent.
#[derive(Debug)]
pub struct Ack {
    /// Which one.
    pub token: Token,
    /// Written to all in-sync replicas, or not.
    pub result: Result<(), BusError>,
}

/// Which partitions a consumer begins to read, and where.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The partition.
    pub partition: Partition,
    /// The number of this ownership.
    pub seat: Seat,
    /// The first offset; `None`: what the group committed, else the beginning.
    pub from: Option<i64>,
}

/// The next offset of each partition.
pub type Offsets = Vec<(Partition, i64)>;

/// Tells one record from another at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// The record's time, milliseconds since 1970.
    pub time_ms: i64,
    /// Bytes of its value.
    pub bytes: i64,
}

/// What the bus cannot do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BusError {
    /// It does not answer now.
    #[error("the bus does not answer: {0}")]
    Unreachable(String),
    /// It will never take this record.
    #[error("the bus refuses the record: {0}")]
    Refused(String),
    /// The partition is somebody else's now.
    #[error("the partition is no longer ours: {0}")]
    Fenced(String),
    /// The settings cannot be used.
    #[error("the bus's settings cannot be used: {0}")]
    Settings(String),
}

/// The beat of a poll loop, and the ends of the logs it reads.
#[derive(Debug, Default)]
pub struct Pulse {
    beat_ms: AtomicU64,
    ill: AtomicBool,
    ends: Mutex<HashMap<Partition, i64>>,
    starts: Mutex<HashMap<Partition, i64>>,
}

impl Pulse {
    /// The poll loop has come round.
    pub fn beat(&self) {
        self.beat_ms.store(now_ms(), Ordering::Relaxed);
    }

    /// Milliseconds since the last beat.
    pub fn age_ms(&self) -> u64 {
        now_ms().saturating_sub(self.beat_ms.load(Ordering::Relaxed))
    }

    /// Notes whether the brokers answer.
    pub fn set_ill(&self, ill: bool) {
        self.ill.store(ill, Ordering::Relaxed);
    }

    /// Whether no broker answers.
    pub fn ill(&self) -> bool {
        self.ill.load(Ordering::Relaxed)
    }

    /// Notes the offset after the last record of a partition.
    pub fn set_end(&self, partition: Partition, end: i64) {
        self.ends.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(partition, end);
    }

    /// Notes where reading a partition begins.
    pub fn set_start(&self, partition: Partition, start: i64) {
        self.starts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(partition, start);
    }

    /// Where reading a partition began, once it is known.
    pub fn start(&self, partition: &Partition) -> Option<i64> {
        self.starts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(partition).copied()
    }

    /// The offset after the last record of a partition, once it is known.
    pub fn end(&self, partition: &Partition) -> Option<i64> {
        self.ends.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(partition).copied()
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
