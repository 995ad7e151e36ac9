//! A member of a group: owns partitions and commits, and never reads.

use std::{
    collections::HashSet,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerGroupMetadata},
    error::KafkaError,
};

use super::{
    problem,
    rebalance::{Change, Context, let_go},
};
use crate::bus::{BusError, Offsets, Partition, Pulse};

/// How long the committed offsets are waited for before other things are looked after.
const OFFSETS_LIMIT: Duration = Duration::from_millis(500);

pub(super) struct Member {
    client: Arc<BaseConsumer<Context>>,
    owned: HashSet<Partition>,
    /// Asked back, and not yet let go.
    leaving: HashSet<Partition>,
}

impl Member {
    /// Joins a group; whether the brokers answer shows later.
    pub(super) fn join(
        config: &ClientConfig,
        topics: &[String],
        pulse: &Arc<Pulse>,
    ) -> Result<Self, BusError> {
        let created = config.create_with_context(Context::new(Arc::clone(pulse)));
        let client: BaseConsumer<Context> = created.map_err(|error| problem(&error))?;
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        client
            .subscribe(&topics)
            .map_err(|error| BusError::Settings(format!("topics {topics:?}: {error}")))?;
        Ok(Self { client: Arc::new(client), owned: HashSet::new(), leaving: HashSet::new() })
    }

    /// Serves the group for at most `wait`; what changed, and what went wrong.
    pub(super) fn poll(&mut self, wait: Duration) -> (Vec<Change>, Option<KafkaError>) {
        let error = self.client.poll(wait).and_then(Result::err);
        let changes = self.client.context().changes();
        for change in &changes {
            match change {
                Change::Assigned(partitions) => self.owned.extend(partitions.iter().cloned()),
                Change::Revoked(partitions) => {
                    self.owned.retain(|owned| !partitions.contains(owned));
                    self.leaving.extend(partitions.iter().cloned());
                }
                Change::Lost(partitions) => {
                    self.owned.retain(|owned| !partitions.contains(owned));
                    self.leaving.retain(|leaving| !partitions.contains(leaving));
                }
            }
        }
        (changes, error)
    }

    pub(super) fn owns(&self, partition: &Partition) -> bool {
        self.owned.contains(partition)
    }

    /// Everything that is owned, or still waits to be let go.
    pub(super) fn all(&self) -> Vec<Partition> {
        self.owned.union(&self.leaving).cloned().collect()
    }

    /// Whether offsets of this partition are ours to write.
    pub(super) fn may_commit(&self, partition: &Partition) -> bool {
        self.owned.contains(partition) || self.leaving.contains(partition)
    }

    /// Sends a commit and goes on; whether it went well is not told, and the next one covers it.
    pub(super) fn commit(&self, offsets: &Offsets) {
        let list = self.ours(offsets);
        if list.count() > 0
            && let Err(error) = self.client.commit(&list, CommitMode::Async)
        {
            tracing::debug!(%error, "a commit was not sent");
        }
    }

    /// Commits and waits for the answer, at most `limit`; `beat` is called while it waits. librdkafka's own way to
    /// wait has no limit, and rdkafka 0.39 tells no callback how an asynchronous commit ended: so a thread waits.
    pub(super) fn commit_and_wait(&self, offsets: &Offsets, limit: Duration, beat: impl Fn()) {
        let list = self.ours(offsets);
        if list.count() == 0 {
            return;
        }
        let begin = Instant::now();
        let client = Arc::clone(&self.client);
        let commit = move || client.commit(&list, CommitMode::Sync);
        let Ok(commit) = thread::Builder::new().name("commit".to_owned()).spawn(commit) else { return };
        while !commit.is_finished() {
            if begin.elapsed() > limit {
                tracing::debug!("a commit was not answered in time; what it covered is read again");
                return;
            }
            let _ = self.client.poll(Duration::from_millis(1));
            beat();
        }
        if let Ok(Err(error)) = commit.join() {
            tracing::debug!(%error, "a commit failed; what it covered is read again");
        }
    }

    /// Partitions of others are left out: a late commit would turn back their offset.
    fn ours(&self, offsets: &Offsets) -> TopicPartitionList {
        let ours = offsets.iter().filter(|(partition, _)| self.may_commit(partition));
        listed(ours.map(|(partition, offset)| (partition, Offset::Offset(*offset))))
    }

    /// Notes that these are settled; when nothing that was asked back is left, the group may give it to others.
    pub(super) fn release(&mut self, partitions: &[Partition]) -> Result<(), BusError> {
        let before = self.leaving.len();
        self.leaving.retain(|leaving| !partitions.contains(leaving));
        if before > 0 && self.leaving.is_empty() {
            return let_go(&self.client).map_err(|error| problem(&error));
        }
        Ok(())
    }

    /// Lets go at once of a share that was empty.
    pub(super) fn release_nothing(&self) -> Result<(), BusError> {
        let_go(&self.client).map_err(|error| problem(&error))
    }

    /// What the group has committed for each, `None` where nothing.
    pub(super) fn committed(&self, partitions: &[Partition]) -> Result<Vec<Option<i64>>, BusError> {
        let asked = listed(partitions.iter().map(|partition| (partition, Offset::Invalid)));
        let found = self.client.committed_offsets(asked, OFFSETS_LIMIT).map_err(|error| problem(&error))?;
        let offset = |partition: &Partition| {
            let Some(one) = found.find_partition(&partition.topic, partition.number) else { return Ok(None) };
            one.error().map_err(|error| problem(&error))?;
            Ok(if let Offset::Offset(offset) = one.offset() { Some(offset) } else { None })
        };
        partitions.iter().map(offset).collect()
    }

    /// Who we are, for a transaction.
    pub(super) fn identity(&self) -> Option<ConsumerGroupMetadata> {
        self.client.group_metadata()
    }

    /// Whether this client is beyond repair.
    pub(super) fn is_dead(&self) -> bool {
        self.client.client().fatal_error().is_some()
    }

    /// The last error in librdkafka's own words.
    pub(super) fn reason(&self) -> Option<String> {
        self.client.context().reason()
    }

    /// From here on it lets go of partitions by itself; dropping it leaves the group.
    pub(super) fn close(&self) {
        self.client.context().close();
    }
}

/// A librdkafka list of partitions and offsets.
pub(super) fn listed<'a>(places: impl Iterator<Item = (&'a Partition, Offset)>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in places {
        // Only an offset that is none can be refused; ours come from records.
        let _ = list.add_partition_offset(&partition.topic, partition.number, offset);
    }
    list
}
