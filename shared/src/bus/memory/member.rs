//! The poll loop of one member of a group.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::sync::{mpsc::error::TryRecvError, oneshot};

use super::{Cluster, State, group::MemberId};
use crate::bus::{
    BATCH_RECORDS, BusEnd, BusError, Command, Offsets, Outgoing, Partition, Record, Seat, Subscription,
};

/// One member: a task between the cluster and a consumer's channels.
pub(super) struct Member {
    cluster: Arc<Cluster>,
    group: String,
    id: MemberId,
    end: BusEnd,
    reading: BTreeMap<Partition, (Seat, i64)>,
    held: bool,
}

impl Member {
    pub(super) fn join(cluster: Arc<Cluster>, subscription: Subscription, end: BusEnd) -> Self {
        let id = {
            let mut state = cluster.lock();
            let mut partitions = BTreeSet::new();
            for topic in &subscription.topics {
                partitions.extend(state.ends(topic).into_iter().map(|(partition, _)| partition));
            }
            state.groups.entry(subscription.group.clone()).or_default().join(partitions)
        };
        cluster.changed.notify_waiters();
        Self { cluster, group: subscription.group, id, end, reading: BTreeMap::new(), held: false }
    }

    /// Polls until the consumer is closed or dropped, then leaves the group.
    pub(super) async fn run(mut self) {
        while let Some(command) = self.step().await {
            match command {
                Some(Command::Close { offsets, done }) => return self.close(&offsets, done),
                Some(command) => self.obey(command),
                None => {}
            }
        }
        self.leave();
    }

    /// One round: signals out, records out, a command in. The inner `None`: there was none, go on; the outer: the
    /// consumer is gone.
    async fn step(&mut self) -> Option<Option<Command>> {
        let cluster = Arc::clone(&self.cluster);
        let changed = cluster.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        self.end.pulse.beat();
        self.signal();
        let full = self.end.records.capacity() == 0;
        let records = if full { Vec::new() } else { self.fetch() };
        if !records.is_empty() {
            drop(self.end.records.try_send(records));
            tokio::task::yield_now().await;
            return match self.end.commands.try_recv() {
                Err(TryRecvError::Disconnected) => None,
                other => Some(other.ok()),
            };
        }
        tokio::select! {
            command = self.end.commands.recv() => command.map(Some),
            () = changed => Some(None),
            room = self.end.records.reserve(), if full => room.is_ok().then_some(None),
        }
    }

    /// Tells the consumer what the group decided.
    fn signal(&mut self) {
        let mut state = self.cluster.lock();
        self.stir(&mut state);
        let signals =
            state.groups.get_mut(&self.group).map(|group| group.signals(self.id)).unwrap_or_default();
        drop(state);
        for signal in signals {
            if let super::super::Signal::Revoked(partitions) | super::super::Signal::Lost(partitions) =
                &signal
            {
                self.reading.retain(|partition, _| !partitions.contains(partition));
            }
            drop(self.end.signals.send(signal));
        }
    }

    /// Loses or asks back a partition now and then, as the fault plan says.
    fn stir(&self, state: &mut State) {
        let (lose, ask) = (state.dice.redeliver(), state.dice.revoke());
        if !(lose || ask) {
            return;
        }
        let at = state.dice.pick(self.reading.len());
        let (Some(partition), Some(group)) = (self.reading.keys().nth(at), state.groups.get_mut(&self.group))
        else {
            return;
        };
        if lose {
            group.lose(self.id, partition);
        } else {
            group.ask_back(self.id, partition);
        }
    }

    /// The next records, a share from each partition.
    fn fetch(&mut self) -> Vec<Record> {
        if self.held || self.reading.is_empty() {
            return Vec::new();
        }
        let share = (BATCH_RECORDS / self.reading.len()).max(1);
        let mut state = self.cluster.lock();
        let mut batch = Vec::new();
        for (partition, (seat, next)) in &mut self.reading {
            let topic = state.topic(&partition.topic);
            self.end.pulse.set_end(partition.clone(), topic.end(partition.number));
            let records = topic.fetch(&partition.topic, partition.number, *next, share, *seat);
            *next += records.len() as i64;
            batch.extend(records);
        }
        batch
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(assignments) => {
                let state = self.cluster.lock();
                let group = state.groups.get(&self.group);
                for assignment in assignments {
                    let committed = group.and_then(|group| group.committed(&assignment.partition));
                    let from = assignment.from.or(committed).unwrap_or(0);
                    if group.is_some_and(|group| group.owns(self.id, &assignment.partition)) {
                        self.end.pulse.set_start(assignment.partition.clone(), from);
                        self.reading.insert(assignment.partition, (assignment.seat, from));
                    }
                }
            }
            Command::Commit(offsets) => self.commit(&offsets),
            Command::Release { partitions, offsets } => {
                self.commit(&offsets);
                self.with_group(|group, id| group.release(id, &partitions));
            }
            Command::Transact { outputs, offsets, done } => drop(done.send(self.transact(outputs, &offsets))),
            Command::Hold => self.held = true,
            Command::Close { .. } => {}
        }
    }

    fn commit(&self, offsets: &Offsets) {
        self.with_group(|group, id| group.commit(id, offsets));
        self.cluster.lock().forget(offsets);
    }

    /// Outputs and offsets, unless one of the partitions is somebody else's now.
    fn transact(&self, outputs: Vec<Outgoing>, offsets: &Offsets) -> Result<(), BusError> {
        let mut state = self.cluster.lock();
        let group = state.groups.entry(self.group.clone()).or_default();
        if let Some((lost, _)) = offsets.iter().find(|(partition, _)| !group.owns(self.id, partition)) {
            return Err(BusError::Fenced(lost.to_string()));
        }
        group.commit(self.id, offsets);
        for output in outputs {
            state.append(output);
        }
        state.forget(offsets);
        drop(state);
        self.cluster.changed.notify_waiters();
        Ok(())
    }

    fn close(self, offsets: &Offsets, done: oneshot::Sender<()>) {
        self.commit(offsets);
        self.leave();
        let _ = done.send(());
    }

    fn leave(&self) {
        self.with_group(super::group::Group::leave);
    }

    /// Changes the group and wakes its other members.
    fn with_group(&self, change: impl FnOnce(&mut super::group::Group, MemberId)) {
        if let Some(group) = self.cluster.lock().groups.get_mut(&self.group) {
            change(group, self.id);
        }
        self.cluster.changed.notify_waiters();
    }
}
