//! The one thread that polls a consumer's two clients: its membership and its reader.

use std::{
    mem, thread,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::{mpsc::error::TryRecvError, oneshot};

use super::{
    member::Member,
    problem,
    read::{Found, Reader},
    rebalance::Change,
    transact::Transactor,
};
use crate::bus::{Assignment, BusEnd, BusError, Command, Offsets, Outgoing, Partition, Signal};

/// The longest wait for a record before commands are looked at.
const ROUND: Duration = Duration::from_millis(5);
/// The same with transactions, where each round ends in a command.
const SHORT_ROUND: Duration = Duration::from_millis(1);
/// How long the last commit of a partition is waited for.
const COMMIT_LIMIT: Duration = Duration::from_secs(5);
/// How long leaving the group may take.
const LEAVE_LIMIT: Duration = Duration::from_secs(5);
/// The least time between two complaints.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(5);
/// The pause before something is tried again.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// The least time between two rebuilds of the clients.
const REBUILD_PAUSE: Duration = Duration::from_secs(5);

/// What a consumer is made of, and made of again after a fatal error.
pub(super) struct Plan {
    pub(super) member: ClientConfig,
    pub(super) reader: ClientConfig,
    pub(super) topics: Vec<String>,
}

/// Where a consumer's commands are carried out.
struct Desk {
    plan: Plan,
    end: BusEnd,
    member: Member,
    reader: Reader,
    transactor: Option<Transactor>,
    /// Partitions whose committed offset is not known yet.
    waiting: Vec<Assignment>,
    retry: Instant,
    complaint: Option<Instant>,
    rebuilt: Option<Instant>,
}

/// How it ends.
#[derive(Default)]
struct Ending {
    offsets: Offsets,
    done: Option<oneshot::Sender<()>>,
}

/// Opens the clients and starts the thread.
pub(super) fn start(plan: Plan, transactor: Option<Transactor>, end: BusEnd) -> Result<(), BusError> {
    let member = Member::join(&plan.member, &plan.topics, &end.pulse)?;
    let reader = Reader::open(&plan.reader, &end.pulse)?;
    let (waiting, retry) = (Vec::new(), Instant::now());
    let desk = Desk { plan, end, member, reader, transactor, waiting, retry, complaint: None, rebuilt: None };
    let spawned = thread::Builder::new().name("poll".to_owned()).spawn(move || desk.run());
    spawned.map(drop).map_err(|error| BusError::Settings(format!("no thread for the consumer: {error}")))
}

impl Desk {
    fn run(mut self) {
        let ending = loop {
            self.end.pulse.beat();
            if let Some(ending) = self.obey() {
                break ending;
            }
            self.serve_group();
            self.begin_waiting();
            self.read();
        };
        self.leave(ending);
    }

    /// Carries out what was commanded; the ending when that is it.
    fn obey(&mut self) -> Option<Ending> {
        loop {
            match self.end.commands.try_recv() {
                Ok(Command::Start(assignments)) => self.begin(assignments),
                Ok(Command::Commit(offsets)) if self.transactor.is_none() => self.member.commit(&offsets),
                // Offsets are written by transactions and nowhere else.
                Ok(Command::Commit(_)) => {}
                Ok(Command::Release { partitions, offsets }) => self.release(&partitions, &offsets),
                Ok(Command::Transact { outputs, offsets, done }) => {
                    let _ = done.send(self.transact(&outputs, &offsets));
                }
                Ok(Command::Hold) => self.reader.hold(),
                Ok(Command::Close { offsets, done }) => return Some(Ending { offsets, done: Some(done) }),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => return Some(Ending::default()),
            }
        }
    }

    fn begin(&mut self, assignments: Vec<Assignment>) {
        for assignment in assignments {
            match assignment.from {
                _ if !self.member.owns(&assignment.partition) => {}
                Some(from) => self.start_reading(assignment, Some(from)),
                None => self.waiting.push(assignment),
            }
        }
        self.retry = Instant::now();
    }

    fn start_reading(&mut self, assignment: Assignment, from: Option<i64>) {
        self.end.pulse.set_start(assignment.partition.clone(), from.unwrap_or(0));
        self.reader.start(assignment, from).unwrap_or_else(|error| self.complain(error));
    }

    /// Begins to read where the group stopped, as soon as that is known.
    fn begin_waiting(&mut self) {
        if self.waiting.is_empty() || Instant::now() < self.retry {
            return;
        }
        // First the end of what an earlier producer left open: it would hold the offsets back.
        let ready = self.transactor.as_mut().map_or(Ok(()), Transactor::ready);
        let partitions: Vec<Partition> = self.waiting.iter().map(|one| one.partition.clone()).collect();
        match ready.and_then(|()| self.member.committed(&partitions)) {
            Ok(offsets) => {
                for (assignment, offset) in mem::take(&mut self.waiting).into_iter().zip(offsets) {
                    self.start_reading(assignment, offset);
                }
            }
            Err(error) => {
                self.retry = Instant::now() + RETRY_PAUSE;
                self.complain(error);
            }
        }
    }

    fn release(&mut self, partitions: &[Partition], offsets: &Offsets) {
        self.stop_reading(partitions);
        self.last_commit(offsets);
        self.member.release(partitions).unwrap_or_else(|error| self.complain(error));
    }

    fn last_commit(&mut self, offsets: &Offsets) {
        if self.transactor.is_none() {
            let pulse = &self.end.pulse;
            self.member.commit_and_wait(offsets, COMMIT_LIMIT, || pulse.beat());
        }
    }

    fn stop_reading(&mut self, partitions: &[Partition]) {
        self.waiting.retain(|waiting| !partitions.contains(&waiting.partition));
        self.reader.stop(partitions);
    }

    fn transact(&mut self, outputs: &[Outgoing], offsets: &Offsets) -> Result<(), BusError> {
        let pulse = &self.end.pulse;
        match &mut self.transactor {
            Some(transactor) => transactor.transact(outputs, offsets, &self.member, || pulse.beat()),
            None => Err(BusError::Settings("this consumer was not opened for transactions".to_owned())),
        }
    }

    fn serve_group(&mut self) {
        // Nothing to read is waited for while a batch is not taken, so the wait is here.
        let wait = if self.reader.is_stuck() { SHORT_ROUND } else { Duration::ZERO };
        let (changes, error) = self.member.poll(wait);
        for change in changes {
            self.follow(change);
        }
        if let Some(error) = error {
            let reason = self.member.reason();
            self.trouble(&error, reason);
        }
        if self.member.is_dead() && self.rebuilt.is_none_or(|last| last.elapsed() > REBUILD_PAUSE) {
            self.rebuilt = Some(Instant::now());
            self.rebuild();
        }
    }

    fn follow(&mut self, change: Change) {
        let signal = match change {
            Change::Assigned(partitions) => Signal::Assigned(partitions),
            Change::Revoked(partitions) => {
                self.stop_reading(&partitions);
                Signal::Revoked(partitions)
            }
            Change::Lost(partitions) => {
                self.stop_reading(&partitions);
                Signal::Lost(partitions)
            }
        };
        match &signal {
            Signal::Revoked(partitions) if partitions.is_empty() => {
                if let Err(error) = self.member.release_nothing() {
                    self.complain(error);
                }
            }
            Signal::Lost(partitions) if partitions.is_empty() => {}
            _ => self.say(signal),
        }
    }

    fn read(&mut self) {
        let wait = match &self.transactor {
            _ if self.reader.is_stuck() => Duration::ZERO,
            Some(_) => SHORT_ROUND,
            None => ROUND,
        };
        match self.reader.fill(wait) {
            Found::Fine => {}
            Found::Trouble(error) => {
                let reason = self.reader.reason();
                self.trouble(&error, reason);
            }
            Found::Rewound(partition) => {
                self.say(Signal::Lost(vec![partition.clone()]));
                self.say(Signal::Assigned(vec![partition]));
            }
        }
        self.reader.hand_over(&self.end.records);
    }

    fn trouble(&mut self, error: &KafkaError, reason: Option<String>) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.end.pulse.set_ill(true);
        }
        let error = problem(error);
        self.complain(match (error, reason) {
            (BusError::Unreachable(what), Some(reason)) => BusError::Unreachable(format!("{what}: {reason}")),
            (error, _) => error,
        });
    }

    /// Says what is wrong, not more often than every few seconds.
    fn complain(&mut self, error: BusError) {
        if self.complaint.is_none_or(|last| last.elapsed() > COMPLAINT_PAUSE) {
            self.complaint = Some(Instant::now());
            self.say(Signal::Ill(error));
        }
    }

    fn say(&self, signal: Signal) {
        // When nobody listens the commands end too.
        let _ = self.end.signals.send(signal);
    }

    /// Begins anew after an error that librdkafka does not recover from.
    fn rebuild(&mut self) {
        let created = Member::join(&self.plan.member, &self.plan.topics, &self.end.pulse)
            .and_then(|member| Ok((member, Reader::open(&self.plan.reader, &self.end.pulse)?)));
        match created {
            Ok((member, reader)) => {
                let lost = self.member.all();
                let expelled = "this member was expelled; it joins again".to_owned();
                self.say(Signal::Ill(BusError::Fenced(expelled)));
                self.say(Signal::Lost(lost));
                self.waiting.clear();
                let old = (mem::replace(&mut self.member, member), mem::replace(&mut self.reader, reader));
                old.0.close();
                part(old, None);
            }
            Err(error) => self.complain(error),
        }
    }

    fn leave(mut self, ending: Ending) {
        self.last_commit(&ending.offsets);
        self.member.close();
        let Self { member, reader, transactor, .. } = self;
        part((member, reader, transactor), Some(LEAVE_LIMIT));
        if let Some(done) = ending.done {
            let _ = done.send(());
        }
    }
}

/// Drops clients, which can hang, on a thread of their own; waits for it if there is a limit.
fn part<T: Send + 'static>(clients: T, limit: Option<Duration>) {
    let (gone, wait) = std::sync::mpsc::channel();
    let spawned = thread::Builder::new().name("leave".to_owned()).spawn(move || {
        drop(clients);
        let _ = gone.send(());
    });
    if let (Ok(_), Some(limit)) = (spawned, limit) {
        let _ = wait.recv_timeout(limit);
    }
}
