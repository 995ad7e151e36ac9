//! What the tests need to work with a bus as the runner does.

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
    time::Duration,
};

use clap::Parser;
use local::Broker;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};
use shared::{
    bus::{
        Assignment, Bus, Command, Consumer, Offsets, Outgoing, Partition, Producer, Record, Seat, Signal,
        Subscription, Token, kafka::KafkaSettings,
    },
    envelope::Headers,
};
use tokio::{sync::oneshot, time::timeout};

pub const LONG: Duration = Duration::from_secs(30);

/// One broker for every test that leaves it alive.
pub fn broker() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    BROKER.get_or_init(|| Broker::private().unwrap())
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    kafka: KafkaSettings,
}

pub fn settings(bootstrap: &str, arguments: &[&str]) -> KafkaSettings {
    Cli::parse_from([&["test", "--bootstrap-servers", bootstrap], arguments].concat()).kafka
}

pub fn bus(bootstrap: &str, arguments: &[&str]) -> Bus {
    Bus::Kafka(settings(bootstrap, arguments).open().unwrap())
}

pub async fn topic(bootstrap: &str, name: &str, partitions: i32) {
    let client: AdminClient<DefaultClientContext> = admin(bootstrap);
    let new =
        NewTopic::new(name, partitions, TopicReplication::Fixed(1)).set("max.message.bytes", "16777216");
    let made = client.create_topics(&[new], &AdminOptions::new()).await.unwrap();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
}

pub fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", bootstrap).create().unwrap()
}

pub fn record(topic: &str, key: &str, payload: impl Into<Vec<u8>>) -> Outgoing {
    let mut headers = Headers::new();
    headers.keep("ce_id", payload_id(key).as_bytes());
    headers.keep("x-unknown", b"dropped");
    Outgoing { topic: topic.into(), key: key.into(), headers, payload: payload.into() }
}

pub fn payload_id(key: &str) -> String {
    format!("id of {key}")
}

/// Sends records and waits until all are acknowledged.
pub async fn send_all(producer: &mut Producer, records: impl Iterator<Item = Outgoing>) {
    let mut sent: u64 = 0;
    for mut record in records {
        while let Err(back) = producer.send(record, Token { seat: Seat(0), sequence: sent }) {
            record = back;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        sent += 1;
    }
    let mut seen = HashSet::new();
    while (seen.len() as u64) < sent {
        let ack = timeout(LONG, producer.acks.recv()).await.unwrap().unwrap();
        ack.result.unwrap();
        assert!(seen.insert(ack.token.sequence));
    }
}

/// A consumer with what it owns and what it has read.
pub struct Desk {
    pub name: &'static str,
    pub consumer: Consumer,
    pub owned: HashMap<Partition, Seat>,
    pub read: Vec<Record>,
    pub revoked: Vec<Partition>,
    pub lost: Vec<Partition>,
    pub ill: Vec<String>,
    seats: u64,
}

impl Desk {
    pub fn join(bus: &Bus, name: &'static str, group: &str, topics: &[&str], transactional: bool) -> Self {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        let consumer = bus.consumer(Subscription { group: group.to_owned(), topics, transactional }).unwrap();
        let (owned, read, revoked, lost, ill) = Default::default();
        Self { name, consumer, owned, read, revoked, lost, ill, seats: 0 }
    }

    pub fn command(&self, command: Command) {
        self.consumer.commands.send(command).unwrap();
    }

    /// Takes what comes for so long; starts what is assigned, keeps what is asked back.
    pub async fn serve(&mut self, time: Duration) {
        let until = tokio::time::Instant::now() + time;
        loop {
            tokio::select! {
                biased;
                signal = self.consumer.signals.recv() => self.signal(signal.unwrap()),
                records = self.consumer.records.recv() => self.read.extend(records.unwrap()),
                () = tokio::time::sleep_until(until) => return,
            }
        }
    }

    /// Serves until `enough`, and fails after a long time.
    pub async fn until(&mut self, what: &str, enough: impl Fn(&Self) -> bool) {
        let begin = tokio::time::Instant::now();
        while !enough(self) {
            assert!(
                begin.elapsed() < LONG,
                "{}: {what}: owns {:?}, read {}, ill {:?}",
                self.name,
                self.owned,
                self.read.len(),
                self.ill
            );
            self.serve(Duration::from_millis(5)).await;
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Assigned(partitions) => {
                let start = partitions.into_iter().map(|partition| self.seat(partition)).collect();
                self.command(Command::Start(start));
            }
            Signal::Revoked(partitions) => self.revoked.extend(partitions),
            Signal::Lost(partitions) => {
                self.owned.retain(|owned, _| !partitions.contains(owned));
                self.lost.extend(partitions);
            }
            Signal::Ill(error) => self.ill.push(error.to_string()),
        }
    }

    fn seat(&mut self, partition: Partition) -> Assignment {
        self.seats += 1;
        let seat = Seat(self.seats);
        self.owned.insert(partition.clone(), seat);
        Assignment { partition, seat, from: None }
    }

    /// The next offset of each partition that was read.
    pub fn progress(&self) -> Offsets {
        let mut next = HashMap::new();
        for record in &self.read {
            let partition = Partition { topic: record.origin.topic.clone(), number: record.origin.partition };
            next.insert(partition, record.origin.offset + 1);
        }
        next.into_iter().collect()
    }

    /// Lets go of everything that was asked back.
    pub fn release(&mut self) {
        let partitions: Vec<Partition> = std::mem::take(&mut self.revoked);
        self.owned.retain(|owned, _| !partitions.contains(owned));
        let offsets =
            self.progress().into_iter().filter(|(partition, _)| partitions.contains(partition)).collect();
        self.command(Command::Release { partitions, offsets });
    }

    pub async fn close(self, offsets: Offsets) {
        let (done, closed) = oneshot::channel();
        self.command(Command::Close { offsets, done });
        timeout(LONG, closed).await.unwrap().unwrap();
    }

    pub async fn transact(
        &self,
        outputs: Vec<Outgoing>,
        offsets: Offsets,
    ) -> Result<(), shared::bus::BusError> {
        let (done, ended) = oneshot::channel();
        self.command(Command::Transact { outputs, offsets, done });
        timeout(LONG * 2, ended).await.unwrap().unwrap()
    }

    pub fn offsets_of(&self, number: i32) -> Vec<i64> {
        let ours = self.read.iter().filter(|record| record.origin.partition == number);
        ours.map(|record| record.origin.offset).collect()
    }
}
