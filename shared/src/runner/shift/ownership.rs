//! Partitions that come, go, and are lost.

use std::sync::Arc;

use futures::FutureExt;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::{super::vitals::STALL_LIMIT, Progress, Shift};
use crate::{
    bus::{Assignment, Command, Partition, Seat, Signal},
    worker::Worker,
};

/// Assigned partitions, and where the worker wants to read them from.
pub(super) struct Located {
    partitions: Vec<Partition>,
    from: Vec<Option<i64>>,
}

impl<W: Worker> Shift<W> {
    pub(super) fn on_signal(&mut self, signal: Signal) {
        match signal {
            Signal::Assigned(partitions) => self.locate(partitions),
            Signal::Revoked(partitions) => self.ask_to_leave(&partitions),
            Signal::Lost(partitions) => {
                warn!(worker = W::NAME, partitions = %names(&partitions), "partitions lost");
                self.let_go(&partitions);
            }
            Signal::Ill(error) => warn!(worker = W::NAME, %error, "waiting for the bus"),
        }
    }

    /// Asks the worker where to read from; it may have to be asked again.
    fn locate(&mut self, partitions: Vec<Partition>) {
        let (desk, peek) = (Arc::clone(&self.desk), self.peek.clone());
        let mut patience = desk.weather.patience();
        let located = async move {
            loop {
                match desk.worker.positions(&partitions, &peek).await {
                    Ok(from) => return Located { partitions, from },
                    Err(error) => {
                        desk.weather.failure(&error.to_string());
                        warn!(worker = W::NAME, %error, "cannot tell where to read from, will be asked again");
                        sleep(patience.pause(&desk.weather)).await;
                    }
                }
            }
        };
        self.starting.push(located.boxed());
    }

    /// Begins to read.
    pub(super) fn on_located(&mut self, located: Located) {
        let mut assignments = Vec::new();
        for (partition, from) in located.partitions.into_iter().zip(located.from) {
            self.let_go(std::slice::from_ref(&partition));
            self.next_seat += 1;
            let seat = Seat(self.next_seat);
            self.seats.insert(seat, Progress::new(partition.clone(), seat));
            assignments.push(Assignment { partition, seat, from });
        }
        info!(worker = W::NAME, partitions = self.seats.len(), "reading");
        self.vitals.joined(self.seats.len());
        drop(self.consumer.commands.send(Command::Start(assignments)));
    }

    /// What is under way in these partitions may finish; nothing more is started.
    fn ask_to_leave(&mut self, partitions: &[Partition]) {
        let deadline = Instant::now() + self.settings.drain();
        let mut known = Vec::new();
        for progress in self.seats.values_mut().filter(|progress| partitions.contains(&progress.partition)) {
            progress.leaves_by = Some(deadline);
            known.push(progress.partition.clone());
        }
        // Asked back before it was begun: there is nothing to finish.
        let unknown: Vec<Partition> =
            partitions.iter().filter(|partition| !known.contains(partition)).cloned().collect();
        if !unknown.is_empty() {
            drop(self.consumer.commands.send(Command::Release { partitions: unknown, offsets: Vec::new() }));
        }
    }

    /// Lets go of the partitions that were asked back and are done, or whose time is over.
    pub(super) fn release(&mut self) {
        let now = Instant::now();
        let ready =
            |progress: &&Progress| progress.leaves_by.is_some_and(|by| now >= by || progress.started == 0);
        let leaving: Vec<Partition> =
            self.seats.values().filter(ready).map(|progress| progress.partition.clone()).collect();
        if leaving.is_empty() {
            return;
        }
        let going = self.seats.values().filter(|progress| leaving.contains(&progress.partition));
        let offsets = self.offsets_of(going);
        self.let_go(&leaving);
        info!(worker = W::NAME, partitions = %names(&leaving), "partitions given away");
        drop(self.consumer.commands.send(Command::Release { partitions: leaving, offsets }));
    }

    /// Forgets partitions. What is under way there comes to nothing, and nothing of it is committed.
    fn let_go(&mut self, partitions: &[Partition]) {
        let gone: Vec<Seat> = self
            .seats
            .iter()
            .filter(|(_, progress)| partitions.contains(&progress.partition))
            .map(|(seat, _)| *seat)
            .collect();
        for seat in gone {
            if let Some(progress) = self.seats.remove(&seat) {
                let (records, bytes) = progress.load();
                self.load = (self.load.0 - records, self.load.1 - bytes);
            }
            self.lanes.forget(seat);
            self.startable.retain(|(token, _)| token.seat != seat);
            self.sent.retain(|token, _| token.seat != seat);
            self.unsent.retain(|(_, token)| token.seat != seat);
        }
        self.vitals.joined(self.seats.len());
    }

    /// Once a tick: lag, stalls, and what the world is like.
    pub(super) fn look_around(&mut self) {
        let mut lags = std::collections::HashMap::new();
        let mut stalled = Vec::new();
        let pulse = &self.consumer.pulse;
        for progress in self.seats.values_mut() {
            let next = progress.next().or_else(|| pulse.start(&progress.partition));
            let (Some(end), Some(next)) = (pulse.end(&progress.partition), next) else { continue };
            let lag = (end - next).max(0);
            *lags.entry(Arc::clone(&progress.partition.topic)).or_insert(0) += lag;
            if progress.standstill(lag) > STALL_LIMIT {
                stalled.push(progress.partition.to_string());
            }
        }
        for (topic, lag) in lags {
            self.desk.metrics.lag(&topic, lag);
        }
        self.vitals.stalled(stalled);
        let ill = self.desk.weather.ill() || (self.seats.is_empty() && !self.starting.is_empty());
        self.vitals.waits_for(ill.then(|| self.desk.weather.last_complaint()).flatten());
    }
}

/// Partitions in one line.
fn names(partitions: &[Partition]) -> String {
    partitions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
