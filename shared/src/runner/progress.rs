//! How far one partition is: which records are under way, and up to where all are finished.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::bus::{Outgoing, Partition, Record, Seat, Token};

/// One ownership of one partition.
pub(super) struct Progress {
    pub partition: Partition,
    seat: Seat,
    /// Records admitted and not yet part of the finished prefix, in the order of their offsets.
    window: VecDeque<Slot>,
    /// Sequence number of the window's first slot.
    first: u64,
    /// The next offset to commit, once anything is finished.
    next: Option<i64>,
    committed: Option<i64>,
    /// Records started and not finished.
    pub started: usize,
    /// When it was asked back, and so by when it goes.
    pub leaves_by: Option<Instant>,
    /// Since when there is something to do and the prefix does not grow, and how far it was then.
    behind: Option<(Instant, Option<i64>)>,
}

/// One record under way.
struct Slot {
    record: Arc<Record>,
    finished: bool,
    staged: Option<Outgoing>,
}

impl Progress {
    pub(super) fn new(partition: Partition, seat: Seat) -> Self {
        Self {
            partition,
            seat,
            window: VecDeque::new(),
            first: 0,
            next: None,
            committed: None,
            started: 0,
            leaves_by: None,
            behind: None,
        }
    }

    /// Takes a record in.
    pub(super) fn admit(&mut self, record: Arc<Record>) -> Token {
        let token = Token { seat: self.seat, sequence: self.first + self.window.len() as u64 };
        self.window.push_back(Slot { record, finished: false, staged: None });
        token
    }

    /// The record behind a token, while it is under way.
    pub(super) fn record(&self, token: Token) -> Option<Arc<Record>> {
        self.slot(token).filter(|slot| !slot.finished).map(|slot| Arc::clone(&slot.record))
    }

    /// A record is finished; returns how many records and bytes leave the window.
    pub(super) fn finish(&mut self, token: Token) -> (usize, usize) {
        let Some(slot) = self.slot_mut(token).filter(|slot| !slot.finished) else { return (0, 0) };
        slot.finished = true;
        self.started -= 1;
        let mut left = (0, 0);
        while let Some(slot) = self.window.pop_front_if(|slot| slot.finished) {
            self.next = Some(slot.record.origin.offset + 1);
            self.first += 1;
            left = (left.0 + 1, left.1 + slot.record.bytes());
        }
        left
    }

    /// Keeps an output until its transaction.
    pub(super) fn stage(&mut self, token: Token, output: Option<Outgoing>) {
        if let Some(slot) = self.slot_mut(token) {
            slot.staged = Some(output.unwrap_or_else(empty));
        }
    }

    /// The staged prefix: its tokens, its outputs, and the next offset after it.
    pub(super) fn staged(&self) -> Option<(Vec<Token>, Vec<Outgoing>, i64)> {
        let prefix = self
            .window
            .iter()
            .zip(self.first..)
            .map_while(|(slot, at)| Some((slot, slot.staged.as_ref()?, at)));
        let (mut tokens, mut outputs, mut next) = (Vec::new(), Vec::new(), None);
        for (slot, output, sequence) in prefix {
            tokens.push(Token { seat: self.seat, sequence });
            if !output.topic.is_empty() {
                outputs.push(output.clone());
            }
            next = Some(slot.record.origin.offset + 1);
        }
        next.map(|next| (tokens, outputs, next))
    }

    /// The next offset, if more is finished than was committed; counts as committed from now on.
    pub(super) fn commit(&mut self) -> Option<i64> {
        let next = self.next.filter(|next| self.committed != Some(*next))?;
        self.committed = Some(next);
        Some(next)
    }

    /// The next offset to commit, once anything is finished.
    pub(super) fn next(&self) -> Option<i64> {
        self.next
    }

    /// How long it has made no progress with so many records to go; asked at every tick.
    pub(super) fn standstill(&mut self, lag: i64) -> Duration {
        let behind = self.behind.filter(|(_, next)| lag > 0 && *next == self.next);
        self.behind = (lag > 0).then(|| behind.unwrap_or_else(|| (Instant::now(), self.next)));
        self.behind.map_or(Duration::ZERO, |(since, _)| since.elapsed())
    }

    /// Records admitted and not part of the finished prefix, and their bytes.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.window.len(), self.window.iter().map(|slot| slot.record.bytes()).sum())
    }

    fn slot(&self, token: Token) -> Option<&Slot> {
        let at = token.sequence.checked_sub(self.first)?;
        self.window.get(usize::try_from(at).ok()?)
    }

    fn slot_mut(&mut self, token: Token) -> Option<&mut Slot> {
        let at = token.sequence.checked_sub(self.first)?;
        self.window.get_mut(usize::try_from(at).ok()?)
    }
}

/// A sink's output: nothing is sent for it.
fn empty() -> Outgoing {
    Outgoing { topic: "".into(), key: Vec::new(), headers: crate::bus::no_headers(), payload: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{Origin, no_headers};

    fn partition() -> Partition {
        Partition { topic: "t".into(), number: 0 }
    }

    fn record(offset: i64) -> Arc<Record> {
        let origin = Origin { topic: "t".into(), partition: 0, offset, follows: offset, time_ms: 0 };
        Arc::new(Record { seat: Seat(1), origin, key: None, headers: no_headers(), payload: None })
    }

    fn filled(offsets: &[i64]) -> (Progress, Vec<Token>) {
        let mut progress = Progress::new(partition(), Seat(1));
        let tokens = offsets.iter().map(|offset| progress.admit(record(*offset))).collect();
        progress.started = offsets.len();
        (progress, tokens)
    }

    #[test]
    fn the_commit_never_passes_a_gap() {
        let (mut progress, tokens) = filled(&[10, 11, 12]);
        progress.finish(tokens[1]);
        progress.finish(tokens[2]);
        assert_eq!(progress.commit(), None);
        progress.finish(tokens[0]);
        assert_eq!(progress.commit(), Some(13));
        assert_eq!(progress.commit(), None);
    }

    #[test]
    fn the_commit_is_the_next_offset_even_where_the_log_has_holes() {
        let (mut progress, tokens) = filled(&[3, 7, 20]);
        progress.finish(tokens[0]);
        progress.finish(tokens[1]);
        assert_eq!(progress.commit(), Some(8));
    }

    #[test]
    fn a_second_acknowledgement_changes_nothing() {
        let (mut progress, tokens) = filled(&[0, 1]);
        assert_eq!(progress.finish(tokens[0]).0, 1);
        assert_eq!(progress.finish(tokens[0]).0, 0);
        assert_eq!((progress.commit(), progress.started), (Some(1), 1));
    }
}
