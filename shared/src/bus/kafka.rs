//! Apache Kafka, by way of librdkafka.
//!
//! A consumer is two clients on one thread: a *member* that owns partitions and commits, and a *reader* that fetches
//! what it is told to. librdkafka pauses all partitions of a member from the moment some are asked back until it has let
//! go of them; with a reader beside it the partitions that stay go on while the others drain.

mod admin;
mod member;
mod peek;
mod poll;
mod produce;
mod read;
mod rebalance;
mod settings;
mod stats;
mod transact;

use std::{fs, sync::Arc, time::Duration};

use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::mpsc;

use super::{BusError, Consumer, Fingerprint, Link, Partition, Producer, Subscription};
use crate::start::StartError;
pub use admin::Made;
pub(crate) use produce::KafkaLink;
pub use settings::{GroupProtocol, KafkaSettings, Protection};

/// A cluster.
#[derive(Clone)]
pub struct KafkaBus {
    settings: Arc<KafkaSettings>,
    /// What the environment adds to librdkafka's settings.
    passed_on: Arc<[(String, String)]>,
}

impl KafkaSettings {
    /// The cluster these settings describe, with `SWITCHYARD_KAFKA_…` from the environment.
    ///
    /// # Errors
    /// Every setting that cannot be used, at once. Whether the cluster answers shows later.
    pub fn open(&self) -> Result<KafkaBus, StartError> {
        let passed_on = settings::passed_on(std::env::vars());
        let (passed_on, ()) = StartError::both(passed_on, self.check())?;
        if self.is_exposed() {
            tracing::warn!(brokers = self.bootstrap_servers, "the connection to Kafka is not encrypted");
        }
        Ok(KafkaBus { settings: Arc::new(self.clone()), passed_on: passed_on.into() })
    }
}

impl KafkaBus {
    /// The environment has the last word.
    fn with_passed_on(&self, mut config: ClientConfig) -> ClientConfig {
        for (name, value) in self.passed_on.iter() {
            config.set(name, value);
        }
        config
    }

    /// A client that neither reads nor writes.
    fn config(&self) -> ClientConfig {
        self.with_passed_on(self.settings.client())
    }

    pub(crate) fn consumer(&self, subscription: Subscription) -> Result<Consumer, BusError> {
        let (consumer, end) = super::channels();
        let member = self.with_passed_on(self.settings.member(&subscription));
        let reader = self.with_passed_on(self.settings.reader(&subscription.group));
        let transactor = subscription.transactional.then(|| {
            let name = format!("{}-{}", subscription.group, self.slot());
            transact::Transactor::new(&name, |id| self.with_passed_on(self.settings.transactional(id)))
        });
        poll::start(poll::Plan { member, reader, topics: subscription.topics }, transactor, end)?;
        Ok(consumer)
    }

    pub(crate) fn producer(&self) -> Result<Producer, BusError> {
        let (sender, acks) = mpsc::unbounded_channel();
        let link = KafkaLink::open(self.with_passed_on(self.settings.writer()), sender)?;
        Ok(Producer { link: Link::Kafka(link), acks })
    }

    pub(crate) async fn cluster(&self) -> Result<String, BusError> {
        let config = self.config();
        blocking(move || {
            let client: BaseConsumer = config.create().map_err(|error| problem(&error))?;
            let id = client.client().fetch_cluster_id(Duration::from_secs(5));
            id.ok_or_else(|| BusError::Unreachable("it does not say which cluster it is".to_owned()))
        })
        .await
    }

    pub(crate) async fn fingerprints(
        &self,
        places: &[(Partition, i64)],
    ) -> Result<Vec<Option<Fingerprint>>, BusError> {
        let (config, places) = (self.config(), places.to_vec());
        blocking(move || peek::fingerprints(config, &places)).await
    }

    /// This instance's stable name.
    fn slot(&self) -> String {
        let host = || fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let name = self.settings.slot.clone().or_else(host).unwrap_or_default();
        if name.trim().is_empty() { "0".to_owned() } else { name.trim().to_owned() }
    }
}

/// Runs what blocks beside the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BusError> + Send + 'static,
) -> Result<T, BusError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(BusError::Unreachable(error.to_string())))
}

/// librdkafka's errors in the words of the bus.
fn problem(error: &KafkaError) -> BusError {
    use RDKafkaErrorCode as Code;
    if let KafkaError::ClientConfig(_, problem, name, _) = error {
        return BusError::Settings(format!("{name}: {problem}"));
    }
    let text = error.to_string();
    match error.rdkafka_error_code() {
        Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::MessageBatchTooLarge) => {
            BusError::Refused(text)
        }
        Some(Code::InvalidMessage | Code::InvalidRecord | Code::InvalidTimestamp | Code::PolicyViolation) => {
            BusError::Refused(text)
        }
        Some(Code::UnknownMemberId | Code::IllegalGeneration | Code::RebalanceInProgress) => {
            BusError::Fenced(text)
        }
        Some(Code::FencedInstanceId | Code::FencedMemberEpoch | Code::StaleMemberEpoch) => {
            BusError::Fenced(text)
        }
        _ if matches!(error, KafkaError::ClientCreation(_)) => BusError::Settings(text),
        _ => BusError::Unreachable(text),
    }
}
