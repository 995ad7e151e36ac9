//! The bus: topics with partitions, read in groups. Apache Kafka, or a real one in memory.
//!
//! Both members of [`Bus`] are reached over the same channels, so the runner cannot tell them apart: a
//! [`Consumer`] hands out [`Signal`]s and records and takes [`Command`]s, a [`Producer`] takes records and
//! hands back [`Ack`]s.

pub mod kafka;
pub mod memory;
mod topics;
mod types;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::envelope::Headers;
pub use topics::{Lane, TopicSpec, topics};
pub use types::{
    Ack, Assignment, BusError, Fingerprint, Offsets, Origin, Outgoing, Partition, Record, Seat, Token,
};

/// Where events travel.
#[derive(Clone)]
pub enum Bus {
    /// Apache Kafka.
    Kafka(kafka::KafkaBus),
    /// In this process.
    Memory(memory::MemoryBus),
}

/// What a consumer asks for.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The consumer group.
    pub group: String,
    /// Physical topic names.
    pub topics: Vec<String>,
    /// Whether outputs and offsets are written in one transaction.
    pub transactional: bool,
}

/// What the bus tells a consumer. Every signal but `Ill` waits for the command it names.
#[derive(Debug)]
pub enum Signal {
    /// These partitions are ours now; records come after [`Command::Start`].
    Assigned(Vec<Partition>),
    /// These partitions go to somebody else, after [`Command::Release`].
    Revoked(Vec<Partition>),
    /// These partitions are somebody else's already; what is in flight must not be committed.
    Lost(Vec<Partition>),
    /// The bus does not answer; it goes on trying.
    Ill(BusError),
}

/// What a consumer tells the bus.
#[derive(Debug)]
pub enum Command {
    /// Begin to read the assigned partitions.
    Start(Vec<Assignment>),
    /// Write down how far the group is; answered by [`Command::Release`]'s oneshot, or not at all.
    Commit(Offsets),
    /// Commit, then let go of the partitions.
    Release {
        /// The partitions asked back.
        partitions: Vec<Partition>,
        /// How far they were handled.
        offsets: Offsets,
    },
    /// Write outputs and offsets, all or nothing.
    Transact {
        /// The outputs.
        outputs: Vec<Outgoing>,
        /// How far the group is with them.
        offsets: Offsets,
        /// Told once the transaction has ended.
        done: oneshot::Sender<Result<(), BusError>>,
    },
    /// Hand over no more records; signals go on.
    Hold,
    /// Commit, leave the group and stop.
    Close {
        /// How far everything was handled.
        offsets: Offsets,
        /// Told once the group is left.
        done: oneshot::Sender<()>,
    },
}

/// One member of a group. Records are handed over in batches, each partition's in the order of its offsets.
pub struct Consumer {
    /// Who owns what.
    pub signals: mpsc::UnboundedReceiver<Signal>,
    /// What was read; bounded, so a slow reader is a slow poll.
    pub records: mpsc::Receiver<Vec<Record>>,
    /// What to do next.
    pub commands: mpsc::UnboundedSender<Command>,
    /// The beat of the poll loop and the ends of the logs.
    pub pulse: Arc<Pulse>,
}

/// A producer: records in, acknowledgements out, in any order.
pub struct Producer {
    /// The way to the broker.
    pub(crate) link: Link,
    /// One for every record sent.
    pub acks: mpsc::UnboundedReceiver<Ack>,
}

/// The way from a producer to its broker.
pub(crate) enum Link {
    Kafka(kafka::KafkaLink),
    Memory(memory::MemoryLink),
}

impl Producer {
    /// Hands a record to the bus; its [`Ack`] follows. Never blocks.
    ///
    /// # Errors
    /// Gives the record back when the bus's own queue is full: try again in a moment.
    pub fn send(&self, record: Outgoing, token: Token) -> Result<(), Outgoing> {
        match &self.link {
            Link::Kafka(link) => link.send(record, token),
            Link::Memory(link) => link.send(record, token),
        }
    }
}

impl Bus {
    /// Joins a group.
    ///
    /// # Errors
    /// When the settings cannot be used; an unreachable broker is not an error but [`Signal::Ill`].
    pub fn consumer(&self, subscription: Subscription) -> Result<Consumer, BusError> {
        match self {
            Self::Kafka(bus) => bus.consumer(subscription),
            Self::Memory(bus) => Ok(bus.consumer(subscription)),
        }
    }

    /// Opens a producer.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn producer(&self) -> Result<Producer, BusError> {
        match self {
            Self::Kafka(bus) => bus.producer(),
            Self::Memory(bus) => Ok(bus.producer()),
        }
    }

    /// Looks at single records from outside a group.
    pub fn peek(&self) -> Peek {
        Peek(Some(self.clone()))
    }
}

/// A look at single records and at who the cluster is, for a worker that keeps its own progress.
#[derive(Clone, Default)]
pub struct Peek(Option<Bus>);

impl Peek {
    /// The cluster's id: another one after the same address was set up anew.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn cluster(&self) -> Result<String, BusError> {
        match &self.0 {
            Some(Bus::Kafka(bus)) => bus.cluster().await,
            Some(Bus::Memory(bus)) => Ok(bus.cluster()),
            None => Err(BusError::Unreachable("there is no bus to look at".to_owned())),
        }
    }

    /// What is at each of these places now; `None` where there is no record.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn at(&self, places: &[(Partition, i64)]) -> Result<Vec<Option<Fingerprint>>, BusError> {
        match &self.0 {
            Some(Bus::Kafka(bus)) => bus.fingerprints(places).await,
            Some(Bus::Memory(bus)) => Ok(bus.fingerprints(places)),
            None => Err(BusError::Unreachable("there is no bus to look at".to_owned())),
        }
    }
}

pub use types::Pulse;

/// The records a consumer may hold ready before its poll loop waits, in batches.
pub(crate) const READY_BATCHES: usize = 4;

/// The most records in one batch.
pub(crate) const BATCH_RECORDS: usize = 256;

/// The channels of a new consumer, and the ends that stay with the bus.
pub(crate) fn channels() -> (Consumer, BusEnd) {
    let (signal_tx, signals) = mpsc::unbounded_channel();
    let (record_tx, records) = mpsc::channel(READY_BATCHES);
    let (commands, command_rx) = mpsc::unbounded_channel();
    let pulse = Arc::new(Pulse::default());
    let end =
        BusEnd { signals: signal_tx, records: record_tx, commands: command_rx, pulse: Arc::clone(&pulse) };
    (Consumer { signals, records, commands, pulse }, end)
}

/// The bus's ends of a consumer's channels.
pub(crate) struct BusEnd {
    pub signals: mpsc::UnboundedSender<Signal>,
    pub records: mpsc::Sender<Vec<Record>>,
    pub commands: mpsc::UnboundedReceiver<Command>,
    pub pulse: Arc<Pulse>,
}

/// Headers of a record made outside a worker, as `send` and tests make them: none.
pub fn no_headers() -> Headers {
    Headers::default()
}
