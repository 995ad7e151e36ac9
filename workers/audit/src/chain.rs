//! How far a partition is stored without a gap, when its records are stored in any order.

use std::collections::BTreeMap;

use shared::bus::Fingerprint;

/// The place a partition has been stored up to, and what is stored beyond it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Everything before this offset is stored.
    next: i64,
    /// The record just before `next`, if it was stored by us.
    last: Option<Fingerprint>,
    /// Stretches stored beyond: from their first offset to the one after their last, with the last record's print.
    beyond: BTreeMap<i64, (i64, Fingerprint)>,
}

impl Chain {
    /// Everything before `next` is stored.
    pub(crate) fn at(next: i64) -> Self {
        Self { next, ..Self::default() }
    }

    /// Everything before this offset is stored.
    pub(crate) fn next(&self) -> i64 {
        self.next
    }

    /// The record just before [`Self::next`], if the chain has moved.
    pub(crate) fn last(&self) -> Option<Fingerprint> {
        self.last
    }

    /// Notes that the record at `offset` is stored and that none lies between `follows` and it.
    pub(crate) fn add(&mut self, follows: i64, offset: i64, print: Fingerprint) {
        let after = offset.saturating_add(1);
        if after <= self.next {
            return;
        }
        let known = self.beyond.entry(follows).or_insert((after, print));
        if after > known.0 {
            *known = (after, print);
        }
        self.join(follows);
        self.advance();
    }

    /// Somebody else has stored everything before `next`.
    pub(crate) fn moved_to(&mut self, next: i64) {
        if next > self.next {
            (self.next, self.last) = (next, None);
            self.advance();
        }
    }

    /// Joins the stretch at `start` with the ones it touches, so that gaps are all that takes room.
    fn join(&mut self, start: i64) {
        let before = self.beyond.range(..start).next_back().map(|(at, (end, _))| (*at, *end));
        let start = match before {
            Some((at, end)) if end >= start => {
                if let Some(this) = self.beyond.remove(&start) {
                    self.extend(at, this);
                }
                at
            }
            _ => start,
        };
        while let Some((end, _)) = self.beyond.get(&start).copied() {
            let Some(touching) = self.beyond.range(start.saturating_add(1)..=end).next().map(|(at, _)| *at)
            else {
                break;
            };
            if let Some(following) = self.beyond.remove(&touching) {
                self.extend(start, following);
            }
        }
    }

    /// Lets the stretch at `start` reach as far as `other` does.
    fn extend(&mut self, start: i64, other: (i64, Fingerprint)) {
        if let Some(stretch) = self.beyond.get_mut(&start).filter(|stretch| stretch.0 < other.0) {
            *stretch = other;
        }
    }

    /// Moves along the stretches that begin at or before `next`.
    fn advance(&mut self) {
        while let Some(first) = self.beyond.first_entry().filter(|first| *first.key() <= self.next) {
            let (end, print) = first.remove();
            if end > self.next {
                (self.next, self.last) = (end, Some(print));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(offset: i64) -> Fingerprint {
        Fingerprint { time_ms: offset, bytes: offset }
    }

    fn chain(next: i64, records: &[(i64, i64)]) -> Chain {
        let mut chain = Chain::at(next);
        for (follows, offset) in records {
            chain.add(*follows, *offset, print(*offset));
        }
        chain
    }

    #[test]
    fn records_in_order_move_the_chain() {
        let chain = chain(0, &[(0, 0), (1, 1), (2, 5)]);
        assert_eq!((chain.next(), chain.last()), (6, Some(print(5))));
    }

    #[test]
    fn a_missing_record_holds_the_chain_until_it_comes() {
        let mut chain = chain(3, &[(4, 4), (6, 7), (5, 5)]);
        assert_eq!((chain.next(), chain.beyond.len()), (3, 1));
        chain.add(3, 3, print(3));
        assert_eq!((chain.next(), chain.last()), (8, Some(print(7))));
    }

    #[test]
    fn a_record_that_comes_again_changes_nothing() {
        let mut chain = chain(0, &[(0, 0), (1, 1), (3, 3)]);
        let before = chain.clone();
        for (follows, offset) in [(0, 0), (3, 3), (1, 1)] {
            chain.add(follows, offset, print(offset));
        }
        assert_eq!(chain, before);
    }

    #[test]
    fn somebody_elses_progress_is_taken_over() {
        let mut chain = chain(0, &[(1, 1), (9, 9), (20, 20)]);
        chain.moved_to(9);
        assert_eq!((chain.next(), chain.last(), chain.beyond.len()), (10, Some(print(9)), 1));
    }

    proptest::proptest! {
        #[test]
        fn in_any_order_the_chain_ends_just_before_the_first_missing_record(
            gaps in proptest::collection::vec(0_i64..3, 1..40),
            order in proptest::collection::vec(proptest::num::u32::ANY, 40),
            missing in 0_usize..40,
        ) {
            let mut at = 0;
            let mut records: Vec<(u32, i64, i64)> = Vec::new();
            for (gap, rank) in gaps.iter().zip(&order) {
                records.push((*rank, at, at + gap));
                at += gap + 1;
            }
            let hole = records.get(missing).map_or(at, |(_, follows, _)| *follows);
            if missing < records.len() {
                records.remove(missing);
            }
            records.sort_unstable();
            let places: Vec<(i64, i64)> = records.iter().map(|(_, follows, offset)| (*follows, *offset)).collect();
            let chain = chain(0, &places);
            proptest::prop_assert_eq!(chain.next(), hole);
            proptest::prop_assert!(missing < gaps.len() || chain.beyond.is_empty());
        }
    }
}
