//! The producer: idempotent, acknowledged by all in-sync replicas.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext},
    util::IntoOpaque,
};
use tokio::sync::mpsc::UnboundedSender;

use super::{problem, rebalance::log};
use crate::bus::{Ack, BusError, Outgoing, Token};

/// How long acknowledgements are waited for before the thread looks whether it is still needed.
const ROUND: Duration = Duration::from_millis(50);

/// Turns deliveries into acknowledgements.
struct Deliveries(UnboundedSender<Ack>);

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Token>;

    fn delivery(&self, result: &DeliveryResult<'_>, token: Box<Token>) {
        let result = result.as_ref().map(|_| ()).map_err(|(error, _)| problem(error));
        let _ = self.0.send(Ack { token: *token, result });
    }
}

type Client = BaseProducer<Deliveries>;

/// A producer's way to the cluster.
pub(crate) struct KafkaLink {
    client: Arc<RwLock<Arc<Client>>>,
    acks: UnboundedSender<Ack>,
    closed: Arc<AtomicBool>,
}

impl KafkaLink {
    pub(super) fn open(config: ClientConfig, acks: UnboundedSender<Ack>) -> Result<Self, BusError> {
        let client = Arc::new(RwLock::new(Arc::new(create(&config, &acks)?)));
        let closed = Arc::new(AtomicBool::new(false));
        let link = Self { client: Arc::clone(&client), acks: acks.clone(), closed: Arc::clone(&closed) };
        let serve = move || serve(&config, &client, &acks, &closed);
        let spawned = thread::Builder::new().name("produce".to_owned()).spawn(serve);
        spawned.map_err(|error| BusError::Settings(format!("no thread for the producer: {error}")))?;
        Ok(link)
    }

    pub(crate) fn send(&self, record: Outgoing, token: Token) -> Result<(), Outgoing> {
        let client = current(&self.client);
        let Err((error, _)) = client.send(record_of(&record, Box::new(token))) else { return Ok(()) };
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull | RDKafkaErrorCode::Fatal) => Err(record),
            _ => {
                let _ = self.acks.send(Ack { token, result: Err(problem(&error)) });
                Ok(())
            }
        }
    }
}

impl Drop for KafkaLink {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}

/// A record as librdkafka takes it.
pub(super) fn record_of<T: IntoOpaque>(record: &Outgoing, opaque: T) -> BaseRecord<'_, [u8], [u8], T> {
    let known = OwnedHeaders::new_with_capacity(record.headers.iter().count());
    let headers = record
        .headers
        .iter()
        .fold(known, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }));
    BaseRecord::with_opaque_to(&record.topic, opaque)
        .key(record.key.as_slice())
        .payload(record.payload.as_slice())
        .headers(headers)
}

fn create(config: &ClientConfig, acks: &UnboundedSender<Ack>) -> Result<Client, BusError> {
    config.create_with_context(Deliveries(acks.clone())).map_err(|error| problem(&error))
}

fn current(client: &RwLock<Arc<Client>>) -> Arc<Client> {
    Arc::clone(&client.read().unwrap_or_else(PoisonError::into_inner))
}

/// Waits for acknowledgements until the link is dropped. A client that is beyond repair is replaced; dropping it
/// answers what it still had with an error, so that it is sent again.
fn serve(
    config: &ClientConfig,
    shared: &RwLock<Arc<Client>>,
    acks: &UnboundedSender<Ack>,
    closed: &AtomicBool,
) {
    while !closed.load(Ordering::Relaxed) {
        let client = current(shared);
        client.poll(ROUND);
        if let Some((code, reason)) = client.client().fatal_error() {
            tracing::debug!(%code, reason, "the producer is replaced");
            if let Ok(new) = create(config, acks) {
                *shared.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
            }
        }
    }
}
