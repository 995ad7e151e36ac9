//! Reads partitions and hands their records over in batches.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message, Offset,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult},
    message::{BorrowedMessage, Headers as _},
};
use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::{member::listed, problem, rebalance::Context};
use crate::{
    bus::{Assignment, BATCH_RECORDS, BusError, Origin, Partition, Pulse, Record, Seat},
    envelope::Headers,
};

/// A batch is closed when it holds so many bytes.
const BATCH_BYTES: usize = 1 << 20;

/// A reader that is not rid of its batch for so long stops fetching.
const STUCK_LIMIT: Duration = Duration::from_millis(500);

/// How long the place of a topic is waited for.
const METADATA_LIMIT: Duration = Duration::from_millis(500);

/// A partition that is read.
struct Claim {
    partition: Partition,
    seat: Seat,
    /// The offset that has to come next, once it is known.
    next: Option<i64>,
}

/// What reading came upon.
pub(super) enum Found {
    /// Records, or none.
    Fine,
    /// An error of librdkafka.
    Trouble(KafkaError),
    /// The log begins anew: an offset below the one that had to come.
    Rewound(Partition),
}

pub(super) struct Reader {
    client: BaseConsumer<Context>,
    claims: Vec<Claim>,
    /// Where logs that began anew have to be read from.
    anew: HashMap<Partition, i64>,
    /// The topics that were asked for before.
    known: HashSet<Arc<str>>,
    batch: Vec<Record>,
    stuck: Option<Instant>,
    paused: bool,
    held: bool,
}

impl Reader {
    pub(super) fn open(config: &ClientConfig, pulse: &Arc<Pulse>) -> Result<Self, BusError> {
        let created = config.create_with_context(Context::new(Arc::clone(pulse)));
        let client = created.map_err(|error| problem(&error))?;
        let (claims, anew, known, batch) = Default::default();
        Ok(Self { client, claims, anew, known, batch, stuck: None, paused: false, held: false })
    }

    /// Begins to read a partition at an offset, or at its beginning.
    pub(super) fn start(&mut self, assignment: Assignment, from: Option<i64>) -> Result<(), BusError> {
        let Assignment { partition, seat, .. } = assignment;
        self.stop(std::slice::from_ref(&partition));
        let next = self.anew.remove(&partition).or(from);
        let offset = next.map_or(Offset::Beginning, Offset::Offset);
        let list = listed(std::iter::once((&partition, offset)));
        if self.known.insert(Arc::clone(&partition.topic)) {
            // Where a topic lies is otherwise looked up at librdkafka's leisure, up to a second later.
            let _ = self.client.fetch_metadata(Some(&partition.topic), METADATA_LIMIT);
        }
        self.client.incremental_assign(&list).map_err(|error| problem(&error))?;
        // Said either way: librdkafka remembers that a partition was paused when it was last read.
        let paused = self.paused || self.held;
        let switched = if paused { self.client.pause(&list) } else { self.client.resume(&list) };
        switched.map_err(|error| problem(&error))?;
        self.claims.push(Claim { partition, seat, next });
        Ok(())
    }

    /// Reads these no more; what of them was not handed over is forgotten.
    pub(super) fn stop(&mut self, partitions: &[Partition]) {
        let (stopped, kept): (Vec<Claim>, Vec<Claim>) =
            mem::take(&mut self.claims).into_iter().partition(|claim| partitions.contains(&claim.partition));
        self.claims = kept;
        self.batch.retain(|record| stopped.iter().all(|claim| claim.seat != record.seat));
        let list = listed(stopped.iter().map(|claim| (&claim.partition, Offset::Invalid)));
        if list.count() > 0
            && let Err(error) = self.client.incremental_unassign(&list)
        {
            tracing::debug!(%error, "partitions that were not read");
        }
    }

    /// Hands over nothing more.
    pub(super) fn hold(&mut self) {
        self.held = true;
        self.batch.clear();
        self.switch(true);
    }

    /// Whether a batch waits to be handed over.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    /// The last error in librdkafka's own words.
    pub(super) fn reason(&self) -> Option<String> {
        self.client.context().reason()
    }

    /// Fills the batch with what is there, after waiting for the first record at most `wait`.
    pub(super) fn fill(&mut self, wait: Duration) -> Found {
        let mut bytes = self.batch.iter().map(Record::bytes).sum::<usize>();
        // A paused client hands out events only, and they have to be served.
        while self.paused || (self.batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES) {
            let wait = if self.batch.is_empty() { wait } else { Duration::ZERO };
            let message = match self.client.poll(wait) {
                None => break,
                Some(Err(error)) => return Found::Trouble(error),
                Some(Ok(message)) => message,
            };
            match taken(&mut self.claims, &message) {
                Taken::Record(record) => {
                    bytes += record.bytes();
                    self.batch.push(record);
                }
                Taken::Foreign => {}
                Taken::Below(partition, offset) => {
                    drop(message);
                    self.stop(std::slice::from_ref(&partition));
                    self.anew.insert(partition.clone(), offset);
                    return Found::Rewound(partition);
                }
            }
        }
        Found::Fine
    }

    /// Hands the batch over if there is room.
    pub(super) fn hand_over(&mut self, records: &Sender<Vec<Record>>) {
        if self.held {
            self.stuck = None;
            return;
        }
        if self.batch.is_empty() {
            // What waited may have been of partitions that are gone: the others go on.
            self.stuck = None;
            self.switch(false);
            return;
        }
        match records.try_send(mem::take(&mut self.batch)) {
            Ok(()) => {
                self.stuck = None;
                self.switch(false);
            }
            Err(TrySendError::Full(batch)) => {
                self.batch = batch;
                if self.stuck.get_or_insert_with(Instant::now).elapsed() > STUCK_LIMIT {
                    self.switch(true);
                }
            }
            // Nobody is there any more; the commands say so too.
            Err(TrySendError::Closed(_)) => {}
        }
    }

    /// Pauses all partitions, or goes on with them.
    fn switch(&mut self, pause: bool) {
        if pause != self.paused {
            let list = listed(self.claims.iter().map(|claim| (&claim.partition, Offset::Invalid)));
            let switched: KafkaResult<()> =
                if pause { self.client.pause(&list) } else { self.client.resume(&list) };
            self.paused = if switched.is_ok() { pause } else { self.paused };
        }
    }
}

/// What a message is to us.
enum Taken {
    Record(Record),
    /// Of a partition that is not read any more.
    Foreign,
    /// Below the offset that had to come.
    Below(Partition, i64),
}

fn taken(claims: &mut [Claim], message: &BorrowedMessage<'_>) -> Taken {
    let (topic, number, offset) = (message.topic(), message.partition(), message.offset());
    let ours = |claim: &&mut Claim| claim.partition.number == number && *claim.partition.topic == *topic;
    let Some(claim) = claims.iter_mut().find(ours) else { return Taken::Foreign };
    let follows = claim.next.unwrap_or(offset);
    if offset < follows {
        return Taken::Below(claim.partition.clone(), offset);
    }
    claim.next = Some(offset + 1);
    let mut headers = Headers::new();
    for header in message.headers().into_iter().flat_map(|headers| headers.iter()) {
        headers.keep(header.key, header.value.unwrap_or_default());
    }
    let time_ms = message.timestamp().to_millis().unwrap_or_default();
    let topic = Arc::clone(&claim.partition.topic);
    Taken::Record(Record {
        seat: claim.seat,
        origin: Origin { topic, partition: number, offset, follows, time_ms },
        key: message.key().map(<[u8]>::to_vec),
        headers,
        payload: message.payload().map(<[u8]>::to_vec),
    })
}
