//! Sends the flood as a help desk would, and keeps where each record went.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use local::pause;
use rdkafka::{
    ClientConfig, ClientContext, Message as _,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, Header, OwnedHeaders},
    producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer},
};
use sha2::{Digest, Sha256};

use crate::tickets::{Flood, Message};

/// A record that the broker has acknowledged.
#[derive(Debug)]
pub struct Sent {
    pub partition: i32,
    pub offset: i64,
    pub bytes: usize,
    pub sha256: String,
    /// For poison: a word of the reason it must be rejected for.
    pub poison: Option<&'static str>,
}

/// Where each record went, by its number.
#[derive(Default)]
struct Places(Mutex<Vec<(usize, i32, i64)>>);

impl ClientContext for Places {}

impl ProducerContext for Places {
    type DeliveryOpaque = Box<usize>;

    fn delivery(&self, result: &DeliveryResult<'_>, number: Box<usize>) {
        match result {
            Ok(message) => self.0.lock().unwrap().push((*number, message.partition(), message.offset())),
            Err((error, _)) => println!("record {number} was not sent: {error}"),
        }
    }
}

pub struct Sender {
    producer: ThreadedProducer<Places>,
    /// Records handed over so far.
    pub count: AtomicUsize,
}

impl Sender {
    pub fn new(bootstrap: &str) -> Self {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("message.max.bytes", "16700000")
            .set("queue.buffering.max.kbytes", "131072")
            .set("message.timeout.ms", "300000")
            .set("linger.ms", "2")
            .create_with_context(Places::default())
            .unwrap();
        Self { producer, count: AtomicUsize::new(0) }
    }

    /// Sends all of it, evenly over `time`, and waits until all is acknowledged.
    pub fn send(&self, flood: Flood, time: Duration) -> Vec<Sent> {
        let (begin, count) = (Instant::now(), flood.len());
        let mut sent = Vec::with_capacity(count);
        for (number, message) in flood.enumerate() {
            let due = time.mul_f64(number as f64 / count as f64);
            let ahead = due.saturating_sub(begin.elapsed());
            if ahead > Duration::from_millis(5) {
                pause(ahead.as_millis().try_into().unwrap());
            }
            self.hand_over(number, &message);
            let bytes = message.payload.as_deref().unwrap_or_default();
            sent.push(Sent {
                partition: -1,
                offset: -1,
                bytes: bytes.len(),
                sha256: format!("{:x}", Sha256::digest(bytes)),
                poison: message.poison,
            });
            self.count.store(number + 1, Ordering::Relaxed);
        }
        self.producer.flush(Duration::from_secs(120)).unwrap();
        for (number, partition, offset) in self.producer.context().0.lock().unwrap().drain(..) {
            (sent[number].partition, sent[number].offset) = (partition, offset);
        }
        assert!(sent.iter().all(|sent| sent.offset >= 0), "not every record was acknowledged");
        sent
    }

    fn hand_over(&self, number: usize, message: &Message) {
        let mut headers = OwnedHeaders::new();
        for (key, value) in &message.headers {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let mut record = BaseRecord::<[u8], [u8], _>::with_opaque_to("tickets.received", Box::new(number));
        record = record.headers(headers);
        (record.key, record.payload) = (message.key.as_deref(), message.payload.as_deref());
        loop {
            match self.producer.send(record) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => record = back,
                Err((error, _)) => panic!("record {number}: {error}"),
            }
            pause(10);
        }
    }
}
