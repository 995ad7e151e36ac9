//! Records into the broker and out of it, with librdkafka's own settings.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use shared::envelope::Headers;

use crate::watch::pause;

/// Partitions of every topic here.
pub const PARTITIONS: i32 = 6;
const LIMIT: Duration = Duration::from_secs(20);

/// A cluster, seen from outside the line.
pub struct Records {
    bootstrap: String,
    reader: BaseConsumer,
}

/// A record as it was seen.
#[derive(Debug)]
pub struct Seen {
    /// Where.
    pub topic: String,
    /// Where in it.
    pub partition: i32,
    /// Its key.
    pub key: String,
    /// Its time, milliseconds since 1970.
    pub time_ms: i64,
    /// When it came here.
    pub at: Instant,
    /// Its value.
    pub value: Vec<u8>,
}

/// Hands records to the broker.
pub struct Sender(ThreadedProducer<DefaultProducerContext>);

/// Sees every record of some topics from now on.
pub struct Tail {
    seen: Receiver<Seen>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Records {
    /// Looks at a cluster.
    ///
    /// # Errors
    /// When librdkafka cannot be used.
    pub fn at(bootstrap: &str) -> Result<Self> {
        let reader =
            client(bootstrap).set("group.id", "bench").set("enable.auto.commit", "false").create()?;
        Ok(Self { bootstrap: bootstrap.to_owned(), reader })
    }

    /// Makes topics whose records bear the time at which the broker wrote them.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn create(&self, runtime: &tokio::runtime::Runtime, topics: &[&str]) -> Result<()> {
        let admin: AdminClient<DefaultClientContext> = client(&self.bootstrap).create()?;
        let new = |name| {
            NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1))
                .set("message.timestamp.type", "LogAppendTime")
        };
        let new: Vec<NewTopic<'_>> = topics.iter().copied().map(new).collect();
        let made = runtime.block_on(admin.create_topics(&new, &AdminOptions::new()))?;
        made.into_iter()
            .try_for_each(|result| result.map(drop).map_err(|(name, code)| anyhow::anyhow!("{name}: {code}")))
    }

    /// The offset after the last record of each partition.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub fn ends(&self, topic: &str) -> Result<Vec<i64>> {
        let end = |number| Ok(self.reader.fetch_watermarks(topic, number, LIMIT)?.1);
        (0..PARTITIONS).map(end).collect()
    }

    /// Waits until `count` records more than `before` are in a topic.
    ///
    /// # Errors
    /// When they are not after `limit`.
    pub fn await_more(&self, topic: &str, before: &[i64], count: usize, limit: Duration) -> Result<()> {
        let begin = Instant::now();
        let wanted = before.iter().sum::<i64>() + i64::try_from(count)?;
        loop {
            let there: i64 = self.ends(topic)?.iter().sum();
            if there >= wanted {
                return Ok(());
            }
            if begin.elapsed() > limit {
                bail!("{topic}: {} of {count} records are missing after {limit:?}", wanted - there);
            }
            pause(50);
        }
    }

    /// Waits until a group has committed all of a topic.
    ///
    /// # Errors
    /// When it has not after a while.
    pub fn await_committed(&self, group: &str, topic: &str) -> Result<()> {
        let reader: BaseConsumer = client(&self.bootstrap).set("group.id", group).create()?;
        let ends = self.ends(topic)?;
        let begin = Instant::now();
        while begin.elapsed() < LIMIT {
            let found = reader.committed_offsets(list(topic, |_| Offset::Invalid)?, LIMIT)?;
            let next = |(number, end): (i32, &i64)| {
                let found = found.find_partition(topic, number).map(|one| one.offset());
                *end == 0 || found == Some(Offset::Offset(*end))
            };
            if (0..PARTITIONS).zip(&ends).all(next) {
                return Ok(());
            }
            pause(20);
        }
        bail!("group {group} has not committed all of {topic}")
    }

    /// The records of a topic from these offsets on.
    ///
    /// # Errors
    /// When the broker does not hand them out.
    pub fn scan(&self, topic: &str, from: &[i64], mut each: impl FnMut(Seen)) -> Result<()> {
        let mut missing: i64 = self.ends(topic)?.iter().zip(from).map(|(end, from)| end - from).sum();
        let reader: BaseConsumer = client(&self.bootstrap).set("group.id", "bench").create()?;
        reader.assign(&list(topic, |number| {
            from.get(number).copied().map_or(Offset::Beginning, Offset::Offset)
        })?)?;
        let begin = Instant::now();
        while missing > 0 {
            ensure!(begin.elapsed() < LIMIT * 3, "{topic}: {missing} records are not handed out");
            if let Some(message) = reader.poll(Duration::from_millis(100)) {
                each(seen(&message?));
                missing -= 1;
            }
        }
        Ok(())
    }

    /// Records a second of those written since `from`, the first twentieth left out: it has the start in it.
    ///
    /// # Errors
    /// When they cannot be read again, or are not `count`.
    pub fn rate(&self, topic: &str, from: &[i64], count: usize) -> Result<f64> {
        let mut times = Vec::with_capacity(count);
        self.scan(topic, from, |seen| times.push(seen.time_ms))?;
        ensure!(times.len() == count, "{} records instead of {count} in {topic}", times.len());
        times.sort_unstable();
        let first = count / 20;
        let (Some(begin), Some(end)) = (times.get(first), times.last()) else { bail!("no records") };
        Ok((count - first) as f64 * 1000.0 / (end - begin).max(1) as f64)
    }

    /// A sender that gathers records or sends each at once.
    ///
    /// # Errors
    /// When librdkafka cannot be used.
    pub fn sender(&self, linger_ms: u32) -> Result<Sender> {
        let mut config = client(&self.bootstrap);
        config.set("enable.idempotence", "true").set("partitioner", "murmur2_random");
        config.set("compression.codec", "zstd").set("linger.ms", linger_ms.to_string());
        Ok(Sender(config.create()?))
    }

    /// Sees every record of these topics from now on.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub fn tail(&self, topics: &[&str]) -> Result<Tail> {
        let reader: BaseConsumer = client(&self.bootstrap).set("group.id", "bench").create()?;
        let mut all = TopicPartitionList::new();
        for topic in topics {
            for (number, end) in (0..PARTITIONS).zip(self.ends(topic)?) {
                all.add_partition_offset(topic, number, Offset::Offset(end))?;
            }
        }
        reader.assign(&all)?;
        let (tell, receiver) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                if let Some(Ok(message)) = reader.poll(Duration::from_millis(100)) {
                    let _ = tell.send(seen(&message));
                }
            }
        });
        // The first record after an assignment is late, whatever is set.
        pause(1_000);
        Ok(Tail { seen: receiver, stop, thread: Some(thread) })
    }
}

impl Sender {
    /// Sends a record.
    ///
    /// # Errors
    /// When librdkafka refuses it for good.
    pub fn send(&self, topic: &str, key: &str, headers: Option<&Headers>, value: &[u8]) -> Result<()> {
        let mut record = BaseRecord::to(topic).key(key).payload(value);
        if let Some(headers) = headers {
            record = record.headers(headers.iter().fold(OwnedHeaders::new(), |all, (key, value)| {
                all.insert(Header { key, value: Some(value) })
            }));
        }
        loop {
            match self.0.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => record = back,
                Err((error, _)) => return Err(error).context("a record was not sent"),
            }
            pause(2);
        }
    }

    /// Waits until all of it is acknowledged.
    ///
    /// # Errors
    /// When it is not.
    pub fn flush(&self) -> Result<()> {
        Ok(self.0.flush(LIMIT * 3)?)
    }
}

impl Tail {
    /// What came until nothing has come for `quiet`.
    pub fn until_quiet(&self, quiet: Duration) -> Vec<Seen> {
        std::iter::from_fn(|| self.seen.recv_timeout(quiet).ok()).collect()
    }

    /// What came so far.
    pub fn so_far(&self) -> Vec<Seen> {
        self.seen.try_iter().collect()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn seen<M: Message>(message: &M) -> Seen {
    Seen {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        key: message.key().map(|key| String::from_utf8_lossy(key).into_owned()).unwrap_or_default(),
        time_ms: message.timestamp().to_millis().unwrap_or_default(),
        at: Instant::now(),
        value: message.payload().map(<[u8]>::to_vec).unwrap_or_default(),
    }
}

fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("log_level", "3");
    config
}

/// All partitions of a topic.
fn list(topic: &str, offset: impl Fn(usize) -> Offset) -> Result<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    for (number, at) in (0..PARTITIONS).zip(0..) {
        list.add_partition_offset(topic, number, offset(at))?;
    }
    Ok(list)
}

/// What was seen, by topic and key.
pub fn by_key(seen: &[Seen]) -> HashMap<(&str, &str), &Seen> {
    seen.iter().map(|one| ((one.topic.as_str(), one.key.as_str()), one)).collect()
}
