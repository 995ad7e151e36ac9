//! Topics and their logs.

use std::{
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

/// A topic: one log a partition.
pub(super) struct Topic {
    logs: Vec<Vec<Stored>>,
}

impl Topic {
    pub(super) fn new(partitions: usize) -> Self {
        Self { logs: (0..partitions).map(|_| Vec::new()).collect() }
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
        let Some(log) = usize::try_from(number).ok().and_then(|number| self.logs.get_mut(number)) else {
            return -1;
        };
        log.push(Stored { key, headers, payload, time_ms });
        log.len() as i64 - 1
    }

    /// The offset after the last record.
    pub(super) fn end(&self, number: i32) -> i64 {
        self.log(number).len() as i64
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
        let skip = usize::try_from(offset).unwrap_or(0);
        let records = self.log(number).iter().enumerate().skip(skip).take(most);
        records
            .map(|(at, stored)| Record {
                seat,
                origin: origin(name, number, at as i64, stored.time_ms),
                key: stored.key.clone(),
                headers: stored.headers.clone(),
                payload: stored.payload.clone(),
            })
            .collect()
    }

    /// What is at an offset.
    pub(super) fn fingerprint(&self, number: i32, offset: i64) -> Option<Fingerprint> {
        let stored = self.log(number).get(usize::try_from(offset).ok()?)?;
        let bytes = stored.payload.as_ref().map_or(0, Vec::len) as i64;
        Some(Fingerprint { time_ms: stored.time_ms, bytes })
    }

    fn log(&self, number: i32) -> &[Stored] {
        usize::try_from(number).ok().and_then(|number| self.logs.get(number)).map_or(&[], Vec::as_slice)
    }
}
