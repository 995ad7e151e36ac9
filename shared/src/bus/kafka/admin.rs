//! Makes the topics and looks whether they are there.

use std::time::Duration;

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    error::RDKafkaErrorCode,
};

use super::{KafkaBus, blocking, problem};
use crate::bus::{BusError, Lane, TopicSpec, topics};

const LIMIT: Duration = Duration::from_secs(30);

/// What became of a topic that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// It was made now.
    Created,
    /// It was there; its settings are left as they are.
    Exists,
}

impl KafkaBus {
    /// Makes every topic of the line in this lane that is not there yet, each with the broker's default replication.
    ///
    /// # Errors
    /// When the cluster does not answer or refuses one of them: it is named with the reason.
    pub async fn create_topics(&self, lane: Lane) -> Result<Vec<(String, Made)>, BusError> {
        let admin: AdminClient<DefaultClientContext> =
            self.config().create().map_err(|error| problem(&error))?;
        let named: Vec<_> = topics().iter().map(|(name, spec)| (lane.name(name), Wanted::of(spec))).collect();
        let new: Vec<_> = named.iter().map(|(name, wanted)| wanted.topic(name)).collect();
        let options = AdminOptions::new().request_timeout(Some(LIMIT)).operation_timeout(Some(LIMIT));
        let results = admin.create_topics(&new, &options).await.map_err(|error| problem(&error))?;
        results.into_iter().map(made).collect()
    }

    /// Which of these topics are not there.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn missing_topics(&self, wanted: Vec<String>) -> Result<Vec<String>, BusError> {
        let config = self.config();
        blocking(move || {
            let client: BaseConsumer = config.create().map_err(|error| problem(&error))?;
            let metadata = client.fetch_metadata(None, LIMIT).map_err(|error| problem(&error))?;
            let there = |name: &String| metadata.topics().iter().any(|topic| topic.name() == name.as_str());
            Ok(wanted.into_iter().filter(|name| !there(name)).collect())
        })
        .await
    }
}

fn made(result: Result<String, (String, RDKafkaErrorCode)>) -> Result<(String, Made), BusError> {
    match result {
        Ok(name) => Ok((name, Made::Created)),
        Err((name, RDKafkaErrorCode::TopicAlreadyExists)) => Ok((name, Made::Exists)),
        Err((name, code)) => Err(BusError::Unreachable(format!("topic {name} cannot be made: {code}"))),
    }
}

/// A topic's settings as text.
struct Wanted<'a> {
    spec: &'a TopicSpec,
    retention_ms: String,
    max_message_bytes: String,
}

impl<'a> Wanted<'a> {
    fn of(spec: &'a TopicSpec) -> Self {
        let hours = spec.retention_hours;
        let retention_ms = if hours < 0 { "-1".to_owned() } else { (hours * 3_600_000).to_string() };
        Self { spec, retention_ms, max_message_bytes: spec.max_message_bytes.to_string() }
    }

    fn topic(&'a self, name: &'a str) -> NewTopic<'a> {
        NewTopic::new(name, self.spec.partitions, TopicReplication::Fixed(-1))
            .set("cleanup.policy", &self.spec.cleanup)
            .set("retention.ms", &self.retention_ms)
            .set("max.message.bytes", &self.max_message_bytes)
    }
}
