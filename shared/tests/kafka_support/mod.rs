//! A lane of a real broker for one test, and the scripted worker as real processes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod worker;

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::PathBuf,
    sync::{Condvar, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use clap::Parser;
use local::Broker;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::KafkaError,
    message::{BorrowedMessage, Header, Headers as _, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use shared::{
    bus::{Lane, Origin, Outgoing, Record, Seat, kafka::KafkaSettings},
    envelope::Headers,
};

use crate::support::{CLASSIFIED, RECEIVED, REJECTED, once_each, the_law_holds_for};
pub use worker::Worker;

/// What the workers are told: a silent member loses its partitions after this long.
pub const SESSION: Duration = Duration::from_secs(3);

const LIMIT: Duration = Duration::from_secs(60);

#[allow(clippy::disallowed_methods, reason = "waits for other processes, with a real clock")]
pub fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Waits until `done`, and fails after a long time.
pub fn until(what: &str, mut done: impl FnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < LIMIT, "{what}: not after {LIMIT:?}");
        pause(20);
    }
    begin.elapsed()
}

/// One broker for every test, with the topics of both lanes.
fn bootstrap() -> &'static str {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        kafka: KafkaSettings,
    }
    let start = || {
        let broker = Broker::provided_or_private().unwrap();
        let kafka = Cli::parse_from(["test", "--bootstrap-servers", broker.bootstrap()]).kafka;
        let bus = kafka.open().unwrap();
        on_runtime(async {
            for lane in [Lane::Live, Lane::Replay] {
                bus.create_topics(lane).await.unwrap();
            }
        });
        broker
    };
    BROKER.get_or_init(start).bootstrap()
}

fn on_runtime<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The lanes that no test is in.
static FREE: (Mutex<Vec<Lane>>, Condvar) = (Mutex::new(vec![]), Condvar::new());

/// One test's lane: its topics from where they end now, and its group.
pub struct World {
    pub lane: Lane,
    pub folder: PathBuf,
    from: HashMap<(&'static str, i32), i64>,
    producer: FutureProducer,
}

/// A record to send, good or not.
#[derive(Clone, Default)]
pub struct Sending {
    pub key: Option<Vec<u8>>,
    pub payload: Option<Vec<u8>>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl From<Outgoing> for Sending {
    fn from(record: Outgoing) -> Self {
        let headers = record.headers.iter().map(|(name, value)| (name, value.to_vec())).collect();
        Self { key: Some(record.key), payload: Some(record.payload), headers }
    }
}

impl World {
    /// Waits for a free lane; everything that is in it counts as done.
    pub fn enter(name: &str) -> Self {
        let bootstrap = bootstrap();
        let lane = take_lane();
        let folder =
            tempfile::Builder::new().prefix(&format!("switchyard-{name}-")).tempdir().unwrap().keep();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("message.max.bytes", "16700000")
            .set("linger.ms", "1")
            .create()
            .unwrap();
        let mut world = Self { lane, folder, from: HashMap::new(), producer };
        world.begin_here();
        world
    }

    fn begin_here(&mut self) {
        let client = self.consumer("read_uncommitted");
        let mut here = TopicPartitionList::new();
        for topic in [RECEIVED, CLASSIFIED, REJECTED] {
            for partition in 0..6 {
                let end = self.end(&client, topic, partition);
                self.from.insert((topic, partition), end);
                if topic == RECEIVED {
                    here.add_partition_offset(&self.lane.name(topic), partition, Offset::Offset(end))
                        .unwrap();
                }
            }
        }
        // Refused while a member of an earlier test is still believed to live.
        until("the group is empty", || client.commit(&here, CommitMode::Sync).is_ok());
    }

    fn consumer(&self, isolation: &str) -> BaseConsumer {
        ClientConfig::new()
            .set("bootstrap.servers", bootstrap())
            .set("group.id", &*self.lane.name("scripted"))
            .set("isolation.level", isolation)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .create()
            .unwrap()
    }

    /// Where a log ends; a topic that was made just now may still be without a leader.
    fn end(&self, client: &BaseConsumer, topic: &str, partition: i32) -> i64 {
        let mut found = None;
        until("the log's end", || {
            found = client.fetch_watermarks(&self.lane.name(topic), partition, LIMIT).ok();
            found.is_some()
        });
        found.unwrap().1
    }

    /// Sends records in order; where each of them lies.
    pub fn send(&self, records: impl IntoIterator<Item = impl Into<Sending>>) -> Vec<(i32, i64)> {
        let sent: Vec<_> = records.into_iter().map(|record| self.begin_to_send(record.into())).collect();
        on_runtime(async {
            let mut places = Vec::new();
            for sent in sent {
                let delivery = sent.await.unwrap().unwrap();
                places.push((delivery.partition, delivery.offset));
            }
            places
        })
    }

    fn begin_to_send(&self, record: Sending) -> rdkafka::producer::DeliveryFuture {
        let topic = self.lane.name(RECEIVED);
        let mut headers = OwnedHeaders::new();
        for (key, value) in &record.headers {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let mut sending = FutureRecord::<[u8], [u8]>::to(&topic).headers(headers);
        sending.key = record.key.as_deref();
        sending.payload = record.payload.as_deref();
        loop {
            match self.producer.send_result(sending) {
                Ok(sent) => return sent,
                Err((_, back)) => sending = back,
            }
            pause(5);
        }
    }

    /// Sends a hundred records a second for so long; `at` is told the time after each.
    pub fn flow(&self, time: Duration, name: &str, mut at: impl FnMut(Duration)) {
        let (begin, mut n, mut sent) = (Instant::now(), 0_u32, Vec::new());
        while begin.elapsed() < time {
            let record = crate::support::record(&format!("{name}-{}", n % 60), &format!("ok {n}"));
            sent.push(self.begin_to_send(record.into()));
            n += 1;
            at(begin.elapsed());
            pause((u64::from(n) * 10).saturating_sub(u64::try_from(begin.elapsed().as_millis()).unwrap()));
        }
        on_runtime(async {
            for sent in sent {
                sent.await.unwrap().unwrap();
            }
        });
    }

    /// This test's records of a topic, by partition and offset, as a `read_committed` reader sees them.
    pub fn read(&self, topic: &'static str) -> Vec<Record> {
        let mut found = Vec::new();
        self.each(topic, "read_committed", |message| found.push(record_of(message)));
        found.sort_by_key(|record| (record.origin.partition, record.origin.offset));
        found
    }

    /// The same with an id each once.
    pub fn distinct(&self, topic: &'static str) -> Vec<Record> {
        once_each(self.read(topic))
    }

    /// Shows every record of this test in a topic.
    pub fn each(&self, topic: &'static str, isolation: &str, mut show: impl FnMut(&BorrowedMessage<'_>)) {
        let client = self.consumer(isolation);
        let mut places = TopicPartitionList::new();
        for partition in 0..6 {
            let from = Offset::Offset(self.from[&(topic, partition)]);
            places.add_partition_offset(&self.lane.name(topic), partition, from).unwrap();
        }
        client.assign(&places).unwrap();
        let (begin, mut open) = (Instant::now(), (0..6).collect::<HashSet<i32>>());
        while !open.is_empty() {
            assert!(begin.elapsed() < LIMIT, "{topic} cannot be read to its end");
            match client.poll(Duration::from_millis(200)) {
                Some(Ok(message)) => show(&message),
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
                Some(Err(error)) => println!("reading {topic}: {error}"),
                None => {}
            }
        }
    }

    /// How far the group has committed, by partition.
    pub fn committed(&self) -> Vec<i64> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition_range(&self.lane.name(RECEIVED), 0, 5);
        let found = self.consumer("read_committed").committed_offsets(asked, LIMIT).unwrap();
        let offset = |partition| found.find_partition(&self.lane.name(RECEIVED), partition).unwrap().offset();
        (0..6).map(|partition| offset(partition).to_raw().unwrap()).collect()
    }

    /// Records received and not yet committed.
    pub fn lag(&self) -> i64 {
        let client = self.consumer("read_committed");
        (0..6)
            .map(|partition| self.end(&client, RECEIVED, partition))
            .zip(self.committed())
            .map(|(end, committed)| end - committed)
            .sum()
    }

    /// Waits until the group has committed everything; how long that took.
    pub fn settled(&self) -> Duration {
        until("everything is committed", || self.lag() == 0)
    }

    /// received = answered + rejected, nothing twice, in order, true places.
    pub fn the_law_holds(&self) {
        the_law_holds_for(&self.read(RECEIVED), self.distinct(CLASSIFIED), self.distinct(REJECTED));
    }

    /// From the sending of a record to its answer's, milliseconds: the longest of all.
    pub fn slowest(&self) -> Duration {
        let received: HashMap<_, _> = self
            .read(RECEIVED)
            .into_iter()
            .map(|record| (shared::envelope::record_id(&record.origin).to_string(), record.origin.time_ms))
            .collect();
        let answered = self.distinct(CLASSIFIED);
        let took = answered.iter().map(|answer| {
            answer.origin.time_ms - received[&crate::support::header(answer, shared::envelope::names::ROOT)]
        });
        Duration::from_millis(took.max().unwrap_or(0).try_into().unwrap_or(0))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the workers' logs are in {}", self.folder.display());
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
        FREE.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.lane);
        FREE.1.notify_one();
    }
}

fn take_lane() -> Lane {
    static FILLED: OnceLock<()> = OnceLock::new();
    FILLED.get_or_init(|| FREE.0.lock().unwrap().extend([Lane::Live, Lane::Replay]));
    let free = FREE.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut free = FREE.1.wait_while(free, |free| free.is_empty()).unwrap_or_else(PoisonError::into_inner);
    free.pop().unwrap()
}

fn record_of(message: &BorrowedMessage<'_>) -> Record {
    let mut headers = Headers::new();
    for header in message.headers().into_iter().flat_map(|headers| headers.iter()) {
        headers.keep(header.key, header.value.unwrap_or_default());
    }
    let origin = Origin {
        topic: message.topic().into(),
        partition: message.partition(),
        offset: message.offset(),
        follows: message.offset(),
        time_ms: message.timestamp().to_millis().unwrap_or(-1),
    };
    Record {
        seat: Seat(0),
        origin,
        key: message.key().map(<[u8]>::to_vec),
        headers,
        payload: message.payload().map(<[u8]>::to_vec),
    }
}
