//! One ticket's events one after the other.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
};

use crate::bus::{Seat, Token};

/// Which records wait for an earlier one of the same key. Keys are told apart by a hash: two that share one merely
/// wait for each other.
#[derive(Default)]
pub(super) struct Lanes {
    waiting: HashMap<(Seat, u64), VecDeque<Token>>,
    hashing: RandomState,
}

/// A key's lane within one partition.
pub(super) type Lane = (Seat, u64);

impl Lanes {
    /// The lane of a key.
    pub(super) fn lane(&self, seat: Seat, key: &[u8]) -> Lane {
        (seat, self.hashing.hash_one(key))
    }

    /// A record enters its lane; whether it may start at once.
    pub(super) fn enter(&mut self, lane: Lane, token: Token) -> bool {
        match self.waiting.get_mut(&lane) {
            Some(queue) => {
                queue.push_back(token);
                false
            }
            None => {
                self.waiting.insert(lane, VecDeque::new());
                true
            }
        }
    }

    /// The record in front has left; which one may start now.
    pub(super) fn leave(&mut self, lane: Lane) -> Option<Token> {
        let next = self.waiting.get_mut(&lane)?.pop_front();
        if next.is_none() {
            self.waiting.remove(&lane);
        }
        next
    }

    /// A partition is gone, and all its lanes with it.
    pub(super) fn forget(&mut self, seat: Seat) {
        self.waiting.retain(|(of, _), _| *of != seat);
    }
}
