//! Topics and their logs.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use super::{super::types::now_ms, Fingerprint, Record, Seat, origin};
use crate::envelope::Headers;

/// A record as kept.
struct Stored {
    key: Option<Vec<u8>>,
    headers: Headers,
    payload: Option<Vec<u8>>,
    time_ms: i64,
}

/// One partition's records, from `base` on.
#[derive(Default)]
struct Log {
    base: i64,
    records: VecDeque<Stored>,
}

impl Log {
    fn end(&self) -> i64 {
        self.base + self.records.len() as i64
    }

    /// How many records stand before `offset`.
    fn before(&self, offset: i64) -> usize {
        usize::try_from(offset - self.base).unwrap_or(0)
    }
}

/// A topic: one log a partition.
pub(super) struct Topic {
    logs: Vec<Log>,
}

impl Topic {
    pub(super) fn new(partitions: usize) -> Self {
        Self { logs: (0..partitions).map(|_| Log::default()).collect() }
    }

    pub(super) fn partitions(&self) -> i32 {
        i32::try_from(self.logs.len()).unwrap_or(i32::MAX)
    }

    /// The partition that all records of a key go to.
    pub(super) fn partition_of(&self, key: &[u8]) -> i32 {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let number = hasher.finish() % self.logs.len().max(1) as u64;
        i32::try_from(number).unwrap_or(0)
    }

    /// Appends a record and returns its offset.
    pub(super) fn push(
        &mut self,
        number: i32,
        key: Option<Vec<u8>>,
        headers: Headers,
        payload: Option<Vec<u8>>,
    ) -> i64 {
        let time_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX);
        let Some(log) = self.log_mut(number) else { return -1 };
        log.records.push_back(Stored { key, headers, payload, time_ms });
        log.end() - 1
    }

    /// The offset after the last record.
    pub(super) fn end(&self, number: i32) -> i64 {
        self.log(number).map_or(0, Log::end)
    }

    /// Forgets the records before an offset.
    pub(super) fn trim(&mut self, number: i32, below: i64) {
        if let Some(log) = self.log_mut(number) {
            let gone = log.before(below).min(log.records.len());
            log.records.drain(..gone);
            log.base += gone as i64;
        }
    }

    /// Up to `most` records from `offset` on.
    pub(super) fn fetch(
        &self,
        name: &Arc<str>,
        number: i32,
        offset: i64,
        most: usize,
        seat: Seat,
    ) -> Vec<Record> {
        let Some(log) = self.log(number) else { return Vec::new() };
        let skip = log.before(offset);
        let records = log.records.iter().zip(log.base..).skip(skip).take(most);
        records
            .map(|(stored, at)| Record {
                seat,
                origin: origin(name, number, at, stored.time_ms),
                key: stored.key.clone(),
                headers: stored.headers.clone(),
                payload: stored.payload.clone(),
            })
            .collect()
    }

    /// What is at an offset.
    pub(super) fn fingerprint(&self, number: i32, offset: i64) -> Option<Fingerprint> {
        let log = self.log(number).filter(|log| offset >= log.base)?;
        let stored = log.records.get(log.before(offset))?;
        let bytes = stored.payload.as_ref().map_or(0, Vec::len) as i64;
        Some(Fingerprint { time_ms: stored.time_ms, bytes })
    }

    fn log(&self, number: i32) -> Option<&Log> {
        self.logs.get(usize::try_from(number).ok()?)
    }

    fn log_mut(&mut self, number: i32) -> Option<&mut Log> {
        self.logs.get_mut(usize::try_from(number).ok()?)
    }
}
