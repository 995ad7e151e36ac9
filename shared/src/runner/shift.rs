//! One worker's time at the line: the loop that joins bus and worker.

mod books;
mod outputs;
mod ownership;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

use super::{
    attend::{Attended, Desk, Done, attend},
    lanes::{Lane, Lanes},
    metrics::Metrics,
    progress::Progress,
    settings::{Delivery, Settings},
    transaction::Transaction,
    vitals::Vitals,
    weather::Weather,
};
use crate::{
    bus::{Bus, BusError, Consumer, Outgoing, Peek, Producer, Record, Seat, Subscription, Token},
    events::Event,
    worker::Worker,
};

/// How often all that is finished is committed, also what was before.
const WHOLE_COMMIT_EVERY: Duration = Duration::from_secs(5);

/// While nothing succeeds, one more event is tried this often.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// And so many may come in for that beyond the usual bound.
const PROBE_ROOM: usize = 512;

/// A worker at work.
pub(super) struct Shift<W: Worker> {
    desk: Arc<Desk<W>>,
    consumer: Consumer,
    producer: Producer,
    peek: Peek,
    settings: Settings,
    vitals: Arc<Vitals>,
    stop: CancellationToken,
    seats: HashMap<Seat, Progress>,
    next_seat: u64,
    lanes: Lanes,
    /// Lanes of the records that were sent and not acknowledged.
    sent: HashMap<Token, Option<Lane>>,
    /// Admitted, free to start, kept back while the world is ill.
    startable: VecDeque<(Token, Option<Lane>)>,
    attending: FuturesUnordered<BoxFuture<'static, Done>>,
    unsent: VecDeque<(Outgoing, Token)>,
    transaction: Transaction,
    starting: FuturesUnordered<BoxFuture<'static, ownership::Located>>,
    load: (usize, usize),
    last_commit: Instant,
    last_whole_commit: Instant,
    last_probe: Instant,
    stopping: Option<Instant>,
}

impl<W: Worker> Shift<W> {
    /// Joins the group.
    pub(super) fn begin(
        worker: Arc<W>,
        bus: &Bus,
        settings: Settings,
        vitals: Arc<Vitals>,
        stop: CancellationToken,
    ) -> Result<Self, BusError> {
        let topics = W::Input::TOPICS.iter().map(|topic| settings.lane.name(topic).to_string()).collect();
        let transactional = settings.delivery == Delivery::ExactlyOnce && !W::Output::TOPICS.is_empty();
        let subscription =
            Subscription { group: settings.lane.name(W::NAME).to_string(), topics, transactional };
        let consumer = bus.consumer(subscription)?;
        vitals.watch(Arc::clone(&consumer.pulse));
        let desk = Arc::new(Desk {
            worker,
            lane: settings.lane,
            weather: Weather::new(&settings),
            metrics: Metrics::of(W::NAME),
            stop: stop.clone(),
        });
        Ok(Self {
            desk,
            consumer,
            producer: bus.producer()?,
            peek: bus.peek(),
            settings,
            vitals,
            stop,
            seats: HashMap::new(),
            next_seat: 0,
            lanes: Lanes::default(),
            sent: HashMap::new(),
            startable: VecDeque::new(),
            attending: FuturesUnordered::new(),
            unsent: VecDeque::new(),
            transaction: Transaction::default(),
            starting: FuturesUnordered::new(),
            load: (0, 0),
            last_commit: Instant::now(),
            last_whole_commit: Instant::now(),
            last_probe: Instant::now(),
            stopping: None,
        })
    }

    /// Works until told to stop, then drains, commits and leaves.
    pub(super) async fn work(mut self) -> Result<(), BusError> {
        let mut tick = interval(self.settings.commit_every());
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut acks = Vec::new();
        while !self.drained() {
            let (stop, resend) = (self.stop.clone(), !self.unsent.is_empty());
            tokio::select! {
                biased;
                () = stop.cancelled(), if self.stopping.is_none() => self.begin_to_stop(),
                signal = self.consumer.signals.recv() => match signal {
                    Some(signal) => self.on_signal(signal),
                    None => return Err(BusError::Unreachable("the poll loop has ended".to_owned())),
                },
                Some(located) = self.starting.next(), if !self.starting.is_empty() => self.on_located(located),
                _ = self.producer.acks.recv_many(&mut acks, 1024) => self.on_acks(&mut acks),
                ended = self.transaction.ended(), if self.transaction.is_open() => self.on_transaction(ended),
                Some(done) = self.attending.next(), if !self.attending.is_empty() => self.on_done(done),
                Some(records) = self.consumer.records.recv(), if self.has_room() => self.admit(records),
                () = tokio::time::sleep(Duration::from_millis(1)), if resend => {}
                _ = tick.tick() => self.look_around(),
            }
            self.resend();
            self.probe();
            self.keep_books();
        }
        self.leave().await;
        Ok(())
    }

    /// Whether more records may come in. While nothing succeeds and nothing is left to probe with, a few more may:
    /// if all that is under way is ill, only another record can tell that the world is well.
    fn has_room(&self) -> bool {
        let (records, bytes) = self.load;
        let probes = if self.desk.weather.ill() && self.startable.is_empty() { PROBE_ROOM } else { 0 };
        let below = records < self.settings.max_in_flight + probes
            && (bytes < self.settings.max_in_flight_bytes || probes > 0);
        self.stopping.is_none() && below
    }

    /// Takes records in and starts those that need not wait.
    fn admit(&mut self, records: Vec<Record>) {
        for record in records {
            let Some(progress) =
                self.seats.get_mut(&record.seat).filter(|progress| progress.leaves_by.is_none())
            else {
                continue;
            };
            self.load = (self.load.0 + 1, self.load.1 + record.bytes());
            let lane =
                record.key.as_deref().filter(|_| W::ORDERED).map(|key| self.lanes.lane(record.seat, key));
            let token = progress.admit(Arc::new(record));
            if lane.is_none_or(|lane| self.lanes.enter(lane, token)) {
                self.start_or_wait(token, lane);
            }
        }
    }

    /// Starts a record, or keeps it back while nothing succeeds.
    fn start_or_wait(&mut self, token: Token, lane: Option<Lane>) {
        if self.desk.weather.ill() || self.stopping.is_some() {
            self.startable.push_back((token, lane));
        } else {
            self.start(token, lane);
        }
    }

    /// Starts a record; one of a partition that is going stays for its next owner.
    fn start(&mut self, token: Token, lane: Option<Lane>) {
        let Some(progress) = self.seats.get_mut(&token.seat).filter(|progress| progress.leaves_by.is_none())
        else {
            return;
        };
        let Some(record) = progress.record(token) else { return };
        progress.started += 1;
        self.attending.push(attend(Arc::clone(&self.desk), record, token, lane).boxed());
    }

    /// Starts what was kept back: all of it under a clear sky, else one event now and then.
    fn probe(&mut self) {
        if self.startable.is_empty() || self.stopping.is_some() {
            return;
        }
        if !self.desk.weather.ill() {
            for (token, lane) in std::mem::take(&mut self.startable) {
                self.start(token, lane);
            }
        } else if self.last_probe.elapsed() >= PROBE_EVERY {
            self.last_probe = Instant::now();
            if let Some((token, lane)) = self.startable.pop_front() {
                self.start(token, lane);
            }
        }
    }

    /// One record is attended to, and whatever else is ready with it.
    fn on_done(&mut self, done: Done) {
        let mut next = Some(done);
        while let Some(Done { token, lane, result }) = next {
            match result {
                Attended::Abandoned => self.abandon(token),
                Attended::Output(output) if self.seats.contains_key(&token.seat) => {
                    self.put(token, lane, output)
                }
                Attended::Output(_) => {}
            }
            next = self.attending.next().now_or_never().flatten();
        }
    }

    /// The record stays where it is; nobody waits for it any more.
    fn abandon(&mut self, token: Token) {
        if let Some(progress) = self.seats.get_mut(&token.seat) {
            progress.started -= 1;
        }
    }
}
