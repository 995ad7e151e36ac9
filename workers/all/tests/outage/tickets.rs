//! Sends the demo's paraphrases again and again, each time from somebody else.

use std::{fs, time::Duration};

use local::root;
use rdkafka::{
    ClientConfig,
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use serde_json::{Value, json};

pub struct Tickets {
    producer: ThreadedProducer<DefaultProducerContext>,
    texts: Vec<Value>,
    sent: usize,
}

impl Tickets {
    pub fn open(bootstrap: &str) -> Self {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", bootstrap)
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .create()
            .unwrap();
        let file = fs::read_to_string(root().join("deploy/demo/paraphrases.jsonl")).unwrap();
        Self { producer, texts: file.lines().map(ticket).collect(), sent: 0 }
    }

    /// How many different texts there are.
    pub fn texts(&self) -> usize {
        self.texts.len()
    }

    /// How many were sent.
    pub fn sent(&self) -> usize {
        self.sent
    }

    /// Sends the next one; its number modulo the number of texts says which text it has.
    pub fn send(&mut self) {
        let mut ticket = self.texts[self.sent % self.texts.len()].clone();
        ticket["id"] = json!(self.sent.to_string());
        ticket["customer"]["id"] = json!(format!("c-{}", self.sent));
        let key = format!("{}/{}", ticket["tenant"].as_str().unwrap(), self.sent);
        let value = json!({ "ticket": ticket }).to_string();
        let record = BaseRecord::to("tickets.received").key(&key).payload(&value);
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
        self.sent += 1;
    }

    /// All that was sent is in the log.
    pub fn flush(&self) {
        self.producer.flush(Duration::from_secs(30)).unwrap();
    }
}

/// A ticket without what the demo expects of it.
fn ticket(line: &str) -> Value {
    let mut ticket: Value = serde_json::from_str(line).unwrap();
    for field in ["expect", "of"] {
        ticket.as_object_mut().unwrap().remove(field);
    }
    ticket
}
