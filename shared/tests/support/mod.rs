//! What the runner's tests share: tickets, a scripted worker, and the law.
#![allow(dead_code, reason = "each test file uses its share")]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{TimeZone, Utc};
use shared::{
    Envelope, Failure, Worker,
    bus::{Bus, Outgoing, Record, memory::MemoryBus, no_headers},
    envelope::names,
    events::{
        Attention, Classification, Classified, Language, Mood, Priority, Received, Rejected, Scored,
        Sentiment, Ticket,
    },
    runner::{Settings, Vitals, run},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const RECEIVED: &str = "tickets.received";
pub const CLASSIFIED: &str = "tickets.classified";
pub const REJECTED: &str = "tickets.rejected";

/// A ticket whose body tells the scripted worker what to do.
pub fn ticket(id: &str, body: &str) -> Ticket {
    Ticket {
        tenant: "harbor".to_owned(),
        id: id.to_owned(),
        subject: String::new(),
        body: body.to_owned(),
        channel: Default::default(),
        customer: Default::default(),
        priority: None,
        language: None,
        created_at: Utc.with_ymd_and_hms(2026, 11, 20, 9, 0, 0).unwrap(),
        attributes: BTreeMap::new(),
    }
}

/// A record as a help desk would write it: a key, a value, no headers.
pub fn record(id: &str, body: &str) -> Outgoing {
    let ticket = ticket(id, body);
    let key = ticket.key().into_bytes();
    let payload = serde_json::to_vec(&Received { ticket }).unwrap();
    Outgoing { topic: RECEIVED.into(), key, headers: no_headers(), payload }
}

/// A record with a good key and any value.
pub fn poison(id: &str, payload: &[u8]) -> Outgoing {
    let key = format!("harbor/{id}").into_bytes();
    Outgoing { topic: RECEIVED.into(), key, headers: no_headers(), payload: payload.to_vec() }
}

pub fn classification() -> Classification {
    Classification {
        model: "test".to_owned(),
        intent: "track_order".to_owned(),
        confidence: 0.9,
        top: vec![Scored { label: "track_order".to_owned(), probability: 0.9 }],
        margin: 0.8,
        secondary: None,
        out_of_scope: 0.0,
        mood: Mood { sentiment: Sentiment::Neutral, probability: 0.9, score: 0.0 },
        attention: Attention { priority: Priority::Normal, urgency: Priority::Normal, probability: 0.9 },
        language: Language { code: "en".to_owned(), confidence: 1.0, supported: true },
        hazards: Vec::new(),
        danger: 0.0,
        tokens: 3,
        truncated: false,
        cpu_ms: 0.0,
    }
}

/// Does what the ticket's body says: `ok`, `slow <ms>`, `retry <times>`, `forever`, `reject`, `panic`.
#[derive(Default)]
pub struct Scripted {
    pub seen: Mutex<Vec<(String, String)>>,
    attempts: Mutex<HashMap<uuid::Uuid, u32>>,
    /// While true every event fails for want of the world.
    pub outage: std::sync::atomic::AtomicBool,
}

impl Worker for Scripted {
    const NAME: &'static str = "scripted";
    type Input = Received;
    type Output = Classified;

    async fn handle(&self, event: Envelope<Received>) -> Result<Classified, Failure> {
        self.seen.lock().unwrap().push((event.key.clone(), event.data.ticket.body.clone()));
        if self.outage.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Failure::retry("the world is away"));
        }
        let body = event.data.ticket.body.clone();
        let mut words = body.split(' ');
        let (verb, number) = (words.next().unwrap(), words.next().and_then(|word| word.parse::<u64>().ok()));
        match verb {
            "slow" => tokio::time::sleep(Duration::from_millis(number.unwrap())).await,
            "retry" => {
                let mut attempts = self.attempts.lock().unwrap();
                let attempt = attempts.entry(event.id).or_insert(0);
                *attempt += 1;
                if u64::from(*attempt) <= number.unwrap() {
                    return Err(Failure::retry("not yet"));
                }
            }
            "forever" => return Err(Failure::retry("never")),
            "reject" => return Err(Failure::reject("not for me")),
            "panic" => panic!("scripted"),
            _ => {}
        }
        Ok(Classified { ticket: event.data.ticket, classification: classification() })
    }
}

/// A runner at work, that can be told to stop or killed.
pub struct Running {
    pub stop: CancellationToken,
    pub vitals: Arc<Vitals>,
    pub handle: JoinHandle<()>,
}

impl Running {
    pub fn start<W: Worker>(worker: Arc<W>, bus: &MemoryBus, settings: Settings) -> Self {
        let (stop, vitals) = (CancellationToken::new(), Arc::new(Vitals::default()));
        let (bus, stop2, vitals2) = (Bus::Memory(bus.clone()), stop.clone(), Arc::clone(&vitals));
        let handle = tokio::spawn(async move { run(worker, &bus, settings, vitals2, stop2).await.unwrap() });
        Self { stop, vitals, handle }
    }

    /// SIGTERM, and wait for the end.
    pub async fn stop(self) {
        self.stop.cancel();
        self.handle.await.unwrap();
    }

    /// kill -9.
    pub async fn kill(self) {
        self.handle.abort();
        drop(self.handle.await);
    }
}

/// Waits, on the paused clock, until a group has committed everything.
pub async fn settled(bus: &MemoryBus, group: &str) {
    for _ in 0..600_000 {
        if bus.lag(group, RECEIVED) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} records were never committed", bus.lag(group, RECEIVED));
}

/// A header of a record.
pub fn header(record: &Record, name: &'static str) -> String {
    record.headers.text(name).unwrap().unwrap_or_default().to_owned()
}

/// What a topic holds once each id is counted once, in the order of the log.
pub fn distinct(bus: &MemoryBus, topic: &str) -> Vec<Record> {
    once_each(bus.read(topic))
}

/// The first record of each id.
pub fn once_each(records: Vec<Record>) -> Vec<Record> {
    let mut known = HashSet::new();
    records.into_iter().filter(|record| known.insert(header(record, names::ID))).collect()
}

pub fn rejected(record: &Record) -> Rejected {
    serde_json::from_slice(record.payload.as_deref().unwrap()).unwrap()
}

pub fn body(record: &Record) -> String {
    let event: Classified = serde_json::from_slice(record.payload.as_deref().unwrap()).unwrap();
    event.ticket.body
}

pub fn key(record: &Record) -> String {
    String::from_utf8_lossy(record.key.as_deref().unwrap_or_default()).into_owned()
}

/// received = answered + rejected, nothing twice (an answer and a rejection of one re-run share their id: the first
/// counts), one ticket's events in order, true places in the rejected ones.
pub fn the_law_holds(bus: &MemoryBus) {
    the_law_holds_for(&bus.read(RECEIVED), distinct(bus, CLASSIFIED), distinct(bus, REJECTED));
}

/// The same for records read from anywhere; answers and rejections once each.
pub fn the_law_holds_for(received: &[Record], answered: Vec<Record>, given_up: Vec<Record>) {
    let (mut roots, mut ids) = (HashSet::new(), HashSet::new());
    for record in answered.iter().chain(&given_up).filter(|record| ids.insert(header(record, names::ID))) {
        assert!(roots.insert(header(record, names::ROOT)), "one received event was answered twice");
    }
    assert_eq!(received.len(), roots.len(), "received = answered + rejected");
    for record in &given_up {
        let event = rejected(record);
        let original = received
            .iter()
            .find(|r| (r.origin.partition, r.origin.offset) == (event.partition, event.offset));
        let original = original.expect("a rejected event names a place that exists");
        assert_eq!(event.payload_bytes, original.payload.as_ref().map_or(0, Vec::len) as u64);
    }
    let given_up: HashSet<String> = given_up.iter().map(|record| header(record, names::ID)).collect();
    let answered: Vec<Record> =
        answered.into_iter().filter(|record| !given_up.contains(&header(record, names::ID))).collect();
    in_order(received, &answered);
}

/// One ticket's answers come in the order of its tickets.
fn in_order(received: &[Record], answered: &[Record]) {
    let mut order: HashMap<String, Vec<String>> = HashMap::new();
    for record in received {
        if let Ok(event) = serde_json::from_slice::<Received>(record.payload.as_deref().unwrap_or_default()) {
            order.entry(key(record)).or_default().push(event.ticket.body);
        }
    }
    let mut at: HashMap<String, usize> = HashMap::new();
    for record in answered {
        let (key, body) = (key(record), body(record));
        let from = at.entry(key.clone()).or_insert(0);
        let found = order[&key].iter().skip(*from).position(|other| *other == body);
        *from += found.unwrap_or_else(|| panic!("{key}: '{body}' came out of order")) + 1;
    }
}
