//! Apache Kafka.

use super::{BusError, Consumer, Fingerprint, Outgoing, Partition, Producer, Subscription, Token};

/// A cluster.
#[derive(Clone)]
pub struct KafkaBus {}

/// A producer's way to it.
pub(crate) struct KafkaLink {}

impl KafkaLink {
    pub(crate) fn send(&self, record: Outgoing, _token: Token) -> Result<(), Outgoing> {
        Err(record)
    }
}

impl KafkaBus {
    pub(crate) fn consumer(&self, _subscription: Subscription) -> Result<Consumer, BusError> {
        Err(BusError::Settings("not built".to_owned()))
    }

    pub(crate) fn producer(&self) -> Result<Producer, BusError> {
        Err(BusError::Settings("not built".to_owned()))
    }

    pub(crate) async fn cluster(&self) -> Result<String, BusError> {
        Err(BusError::Settings("not built".to_owned()))
    }

    pub(crate) async fn fingerprints(&self, _places: &[(Partition, i64)]) -> Result<Vec<Option<Fingerprint>>, BusError> {
        Err(BusError::Settings("not built".to_owned()))
    }
}

/// How to reach a cluster. (Interface used by process.rs: `open(&self) -> Result<KafkaBus, StartError>`.)
#[derive(Debug, Clone, clap::Args)]
pub struct KafkaSettings {}

impl KafkaSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// All settings that cannot be used.
    pub fn open(&self) -> Result<KafkaBus, crate::start::StartError> {
        Ok(KafkaBus {})
    }
}
