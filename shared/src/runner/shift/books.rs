//! Commits, and the end of a shift.

use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use super::{
    super::{progress::Progress, settings::Delivery},
    Shift, WHOLE_COMMIT_EVERY,
};
use crate::{
    bus::{Command, Partition},
    events::Event,
    worker::Worker,
};

impl<W: Worker> Shift<W> {
    /// Commits when it is time, lets go of partitions that are ready to go.
    pub(super) fn keep_books(&mut self) {
        if self.transactional() {
            self.transaction.begin(&self.seats, &self.consumer.commands);
        }
        self.release();
        if self.last_commit.elapsed() >= self.settings.commit_every() {
            self.last_commit = Instant::now();
            let offsets = self.take_commits();
            if !offsets.is_empty() {
                drop(self.consumer.commands.send(Command::Commit(offsets)));
            }
        }
    }

    /// What was finished since the last commit. Now and then everything: the bus does not tell that a commit came to
    /// nothing, as it does in a rebalance, and where no record follows nothing else would make up for it.
    pub(super) fn take_commits(&mut self) -> Vec<(Partition, i64)> {
        let fresh = self.seats.values_mut().filter_map(|progress| {
            let next = progress.commit()?;
            Some((progress.partition.clone(), next))
        });
        let fresh = fresh.collect();
        if self.last_whole_commit.elapsed() < WHOLE_COMMIT_EVERY {
            return fresh;
        }
        self.last_whole_commit = Instant::now();
        self.offsets_of(self.seats.values())
    }

    /// Stops fetching; what is under way goes on.
    pub(super) fn begin_to_stop(&mut self) {
        info!(worker = W::NAME, under_way = self.load.0, "stopping");
        self.stopping = Some(Instant::now() + self.settings.drain());
        self.vitals.leaving();
        drop(self.consumer.commands.send(Command::Hold));
    }

    /// Whether it has been told to stop and nothing is under way any more, or its time is over.
    pub(super) fn drained(&self) -> bool {
        let Some(deadline) = self.stopping else { return false };
        let idle = self.seats.values().all(|progress| progress.started == 0);
        idle || Instant::now() >= deadline
    }

    /// How far partitions are. With transactions it is they that say so: another word could only set a group back.
    pub(super) fn offsets_of<'a>(&self, seats: impl Iterator<Item = &'a Progress>) -> Vec<(Partition, i64)> {
        let at_least_once = seats.filter(|_| !self.transactional());
        at_least_once.filter_map(|progress| Some((progress.partition.clone(), progress.next()?))).collect()
    }

    /// Whether outputs and offsets are written together.
    pub(super) fn transactional(&self) -> bool {
        self.settings.delivery == Delivery::ExactlyOnce && !W::Output::TOPICS.is_empty()
    }

    /// Commits and leaves the group.
    pub(super) async fn leave(self) {
        let offsets = self.offsets_of(self.seats.values());
        let (tell, done) = tokio::sync::oneshot::channel();
        let told = self.consumer.commands.send(Command::Close { offsets, done: tell }).is_ok();
        if told && timeout(self.settings.drain(), done).await.is_err() {
            warn!(worker = W::NAME, "the group was not left in time; the broker will notice");
        }
        info!(worker = W::NAME, "stopped");
    }
}
