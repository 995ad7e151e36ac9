//! A consumer group: who owns which partition, and how far the group is. Ownership moves cooperatively: a partition
//! is asked back, released, and only then given to its next owner; the others never stop.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::{Partition, Signal};

/// A member's number within the cluster.
pub(super) type MemberId = u64;

/// One group.
#[derive(Default)]
pub(super) struct Group {
    members: BTreeMap<MemberId, Seats>,
    committed: HashMap<Partition, i64>,
    next: MemberId,
}

/// What one member has.
#[derive(Default)]
struct Seats {
    subscribed: BTreeSet<Partition>,
    owned: BTreeSet<Partition>,
    leaving: BTreeSet<Partition>,
    signals: Vec<Signal>,
}

impl Group {
    /// A new member, interested in these partitions.
    pub(super) fn join(&mut self, partitions: BTreeSet<Partition>) -> MemberId {
        self.next += 1;
        self.members.insert(self.next, Seats { subscribed: partitions, ..Seats::default() });
        self.balance();
        self.next
    }

    /// A member is gone; its partitions are free at once.
    pub(super) fn leave(&mut self, member: MemberId) {
        self.members.remove(&member);
        self.balance();
    }

    /// What a member has to be told.
    pub(super) fn signals(&mut self, member: MemberId) -> Vec<Signal> {
        self.members.get_mut(&member).map(|seats| std::mem::take(&mut seats.signals)).unwrap_or_default()
    }

    /// A member lets go of partitions it was asked for.
    pub(super) fn release(&mut self, member: MemberId, partitions: &[Partition]) {
        if let Some(seats) = self.members.get_mut(&member) {
            for partition in partitions {
                seats.owned.remove(partition);
                seats.leaving.remove(partition);
            }
        }
        self.balance();
    }

    /// Asks a member for a partition, whatever the balance says.
    pub(super) fn ask_back(&mut self, member: MemberId, partition: &Partition) {
        if let Some(seats) = self.members.get_mut(&member)
            && seats.owned.contains(partition)
            && seats.leaving.insert(partition.clone())
        {
            seats.signals.push(Signal::Revoked(vec![partition.clone()]));
        }
    }

    /// Takes a partition from a member without asking, and gives it back: what was not committed comes again.
    pub(super) fn lose(&mut self, member: MemberId, partition: &Partition) {
        if let Some(seats) = self.members.get_mut(&member)
            && !seats.leaving.contains(partition)
            && seats.owned.remove(partition)
        {
            seats.signals.push(Signal::Lost(vec![partition.clone()]));
        }
        self.balance();
    }

    /// Whether a member may speak for a partition.
    pub(super) fn owns(&self, member: MemberId, partition: &Partition) -> bool {
        self.members.get(&member).is_some_and(|seats| seats.owned.contains(partition))
    }

    /// Writes down how far the group is; a member that does not own the partition is not heard.
    pub(super) fn commit(&mut self, member: MemberId, offsets: &[(Partition, i64)]) {
        for (partition, next) in offsets {
            if self.owns(member, partition) {
                self.committed.insert(partition.clone(), *next);
            }
        }
    }

    /// Whether the group reads a partition.
    pub(super) fn reads(&self, partition: &Partition) -> bool {
        self.members.values().any(|seats| seats.subscribed.contains(partition))
            || self.committed.contains_key(partition)
    }

    pub(super) fn committed(&self, partition: &Partition) -> Option<i64> {
        self.committed.get(partition).copied()
    }

    /// Gives free partitions to whoever has fewest, then evens out by asking the richest for one at a time.
    fn balance(&mut self) {
        let wanted: BTreeSet<Partition> =
            self.members.values().flat_map(|seats| seats.subscribed.clone()).collect();
        for partition in wanted {
            if !self.members.values().any(|seats| seats.owned.contains(&partition)) {
                self.give(partition);
            }
        }
        while self.even_out() {}
    }

    fn give(&mut self, partition: Partition) {
        let interested = self.members.values_mut().filter(|seats| seats.subscribed.contains(&partition));
        if let Some(seats) = interested.min_by_key(|seats| seats.owned.len()) {
            seats.owned.insert(partition.clone());
            seats.signals.push(Signal::Assigned(vec![partition]));
        }
    }

    /// Asks for one partition of the richest member if the poorest has two fewer; whether it did.
    fn even_out(&mut self) -> bool {
        let kept = |seats: &Seats| seats.owned.len() - seats.leaving.len();
        let least = self.members.values().map(|seats| seats.owned.len()).min().unwrap_or(0);
        let Some((&richest, seats)) = self.members.iter().max_by_key(|(_, seats)| kept(seats)) else {
            return false;
        };
        let asked: usize = self.members.values().map(|seats| seats.leaving.len()).sum();
        if kept(seats) < least + asked + 2 {
            return false;
        }
        let Some(partition) = seats.owned.difference(&seats.leaving).last().cloned() else { return false };
        self.ask_back(richest, &partition);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions(count: i32) -> BTreeSet<Partition> {
        (0..count).map(|number| Partition { topic: "t".into(), number }).collect()
    }

    fn owned(group: &Group, member: MemberId) -> usize {
        group.members[&member].owned.len()
    }

    #[test]
    fn a_second_member_gets_its_share_once_the_first_lets_go() {
        let mut group = Group::default();
        let first = group.join(partitions(6));
        assert_eq!(owned(&group, first), 6);
        let second = group.join(partitions(6));
        assert_eq!(owned(&group, second), 0);
        let asked: Vec<Partition> = group.members[&first].leaving.iter().cloned().collect();
        assert_eq!(asked.len(), 3);
        group.release(first, &asked);
        assert_eq!((owned(&group, first), owned(&group, second)), (3, 3));
    }

    #[test]
    fn a_member_that_leaves_leaves_its_partitions_to_the_others() {
        let mut group = Group::default();
        let first = group.join(partitions(4));
        let second = group.join(partitions(4));
        group.leave(first);
        assert_eq!(owned(&group, second), 4);
    }

    #[test]
    fn a_commit_of_somebody_elses_partition_is_not_heard() {
        let mut group = Group::default();
        let first = group.join(partitions(1));
        let second = group.join(partitions(1));
        let partition = Partition { topic: "t".into(), number: 0 };
        group.commit(second, &[(partition.clone(), 7)]);
        assert_eq!(group.committed(&partition), None);
        group.commit(first, &[(partition.clone(), 7)]);
        assert_eq!(group.committed(&partition), Some(7));
    }
}
