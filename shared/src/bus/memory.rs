//! A real bus in this process: partitions, groups, rebalance, offsets, acknowledgements and redelivery after a crash.
//!
//! The demo runs on it, and so do the fast tests, under tokio's paused clock and with a [`FaultPlan`].

mod faults;
mod group;
mod log;
mod member;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, mpsc};
use uuid::Uuid;

use self::{faults::Dice, group::Group, log::Topic, member::Member};
use super::{
    Ack, BusError, Consumer, Fingerprint, Link, Origin, Outgoing, Partition, Producer, Record, Seat,
    Subscription, Token, channels,
};
pub use faults::FaultPlan;

/// A cluster in memory. Clones are the same cluster.
#[derive(Clone)]
pub struct MemoryBus {
    cluster: Arc<Cluster>,
}

/// What all clones share.
pub(crate) struct Cluster {
    id: String,
    state: Mutex<State>,
    changed: Notify,
}

/// Everything that changes, behind one lock that is never held across an await.
struct State {
    partitions: usize,
    forgets: bool,
    topics: HashMap<Arc<str>, Topic>,
    groups: HashMap<String, Group>,
    dice: Dice,
}

impl MemoryBus {
    /// A cluster whose topics have `partitions` partitions each, made when they are first named.
    pub fn new(partitions: usize) -> Self {
        Self::with_faults(partitions, FaultPlan::default())
    }

    /// The same for a process that goes on for long: what every group has committed is forgotten.
    pub fn forgetful(partitions: usize) -> Self {
        let bus = Self::new(partitions);
        bus.cluster.lock().forgets = true;
        bus
    }

    /// The same with trouble, drawn from the plan's seed.
    pub fn with_faults(partitions: usize, plan: FaultPlan) -> Self {
        let state = State {
            partitions: partitions.max(1),
            forgets: false,
            topics: HashMap::new(),
            groups: HashMap::new(),
            dice: Dice::new(plan),
        };
        let id = format!("memory-{}", Uuid::new_v4());
        Self { cluster: Arc::new(Cluster { id, state: Mutex::new(state), changed: Notify::new() }) }
    }

    /// No more trouble from now on.
    pub fn heal(&self) {
        self.cluster.lock().dice.heal();
    }

    /// Writes a record, acknowledged at once; returns its place.
    pub fn append(&self, record: Outgoing) -> (i32, i64) {
        let place = self.cluster.lock().append(record);
        self.cluster.changed.notify_waiters();
        place
    }

    /// Writes a record that has no key: it goes to the first partition.
    pub fn append_without_key(&self, topic: &str, payload: Option<Vec<u8>>) -> (i32, i64) {
        let offset = self.cluster.lock().topic(topic).push(0, None, super::no_headers(), payload);
        self.cluster.changed.notify_waiters();
        (0, offset)
    }

    /// Every record of a topic, partition by partition, from outside any group.
    pub fn read(&self, topic: &str) -> Vec<Record> {
        let mut state = self.cluster.lock();
        let topic_name: Arc<str> = topic.into();
        let topic = state.topic(topic);
        let numbers = 0..topic.partitions();
        numbers.flat_map(|number| topic.fetch(&topic_name, number, 0, usize::MAX, Seat(0))).collect()
    }

    /// The next offset a group has committed for a partition.
    pub fn committed(&self, group: &str, partition: &Partition) -> Option<i64> {
        self.cluster.lock().groups.get(group).and_then(|group| group.committed(partition))
    }

    /// Records of `topic` that `group` has not committed.
    pub fn lag(&self, group: &str, topic: &str) -> i64 {
        let mut state = self.cluster.lock();
        let ends = state.ends(topic);
        let group = state.groups.get(group);
        let committed =
            |partition: &Partition| group.and_then(|group| group.committed(partition)).unwrap_or(0);
        ends.iter().map(|(partition, end)| end - committed(partition)).sum()
    }

    pub(crate) fn consumer(&self, subscription: Subscription) -> Consumer {
        let (consumer, end) = channels();
        tokio::spawn(Member::join(Arc::clone(&self.cluster), subscription, end).run());
        consumer
    }

    pub(crate) fn producer(&self) -> Producer {
        let (ack_tx, acks) = mpsc::unbounded_channel();
        Producer { link: Link::Memory(MemoryLink { cluster: Arc::clone(&self.cluster), acks: ack_tx }), acks }
    }

    pub(crate) fn cluster(&self) -> String {
        self.cluster.id.clone()
    }

    pub(crate) fn fingerprints(&self, places: &[(Partition, i64)]) -> Vec<Option<Fingerprint>> {
        let mut state = self.cluster.lock();
        let mut at = |(partition, offset): &(Partition, i64)| {
            state.topic(&partition.topic).fingerprint(partition.number, *offset)
        };
        places.iter().map(&mut at).collect()
    }
}

impl Cluster {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A topic, made when it is first named.
    fn topic(&mut self, name: &str) -> &mut Topic {
        let partitions = self.partitions;
        self.topics.entry(name.into()).or_insert_with(|| Topic::new(partitions))
    }

    /// Writes a record to the partition its key decides.
    fn append(&mut self, record: Outgoing) -> (i32, i64) {
        let topic = self.topic(&record.topic);
        let number = topic.partition_of(&record.key);
        (number, topic.push(number, Some(record.key), record.headers, Some(record.payload)))
    }

    /// Forgets what every group that reads a partition has committed.
    fn forget(&mut self, offsets: &[(Partition, i64)]) {
        if !self.forgets {
            return;
        }
        for (partition, _) in offsets {
            let readers = self.groups.values().filter(|group| group.reads(partition));
            let lowest = readers.map(|group| group.committed(partition).unwrap_or(0)).min();
            self.topic(&partition.topic).trim(partition.number, lowest.unwrap_or(0));
        }
    }

    /// The offset after the last record of each partition.
    fn ends(&mut self, topic: &str) -> Vec<(Partition, i64)> {
        let name: Arc<str> = topic.into();
        let topic = self.topic(topic);
        (0..topic.partitions())
            .map(|number| (Partition { topic: Arc::clone(&name), number }, topic.end(number)))
            .collect()
    }
}

/// A producer's way to the cluster.
pub(crate) struct MemoryLink {
    cluster: Arc<Cluster>,
    acks: mpsc::UnboundedSender<Ack>,
}

impl MemoryLink {
    /// Appends and acknowledges, as far as the fault plan lets it.
    pub(crate) fn send(&self, record: Outgoing, token: Token) -> Result<(), Outgoing> {
        let mut state = self.cluster.lock();
        if state.dice.queue_full() {
            return Err(record);
        }
        let (arrives, acknowledged, delay) = state.dice.send();
        if arrives {
            state.append(record);
        }
        drop(state);
        self.cluster.changed.notify_waiters();
        let lost = || Err(BusError::Unreachable("the acknowledgement was lost".to_owned()));
        let ack = Ack { token, result: if acknowledged { Ok(()) } else { lost() } };
        let acks = self.acks.clone();
        match delay {
            None => drop(acks.send(ack)),
            Some(delay) => drop(tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                drop(acks.send(ack));
            })),
        }
        Ok(())
    }
}

/// The place of a stored record.
fn origin(topic: &Arc<str>, partition: i32, offset: i64, time_ms: i64) -> Origin {
    Origin { topic: Arc::clone(topic), partition, offset, follows: offset, time_ms }
}
