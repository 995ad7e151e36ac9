//! The settings of Kafka clients.

use clap::{Args, ValueEnum};
use rdkafka::{ClientConfig, config::RDKafkaLogLevel, error::KafkaError};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    bus::Subscription,
    start::{Misset, StartError},
};

/// How to reach Kafka. Every `SWITCHYARD_KAFKA_<NAME>` in the environment goes on to librdkafka as
/// `<name>` in lower case with dots for underscores.
#[derive(Debug, Clone, Args)]
pub struct KafkaSettings {
    /// Where the brokers are: host:port, more separated by commas.
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", default_value = "localhost:9092")]
    pub bootstrap_servers: String,
    /// How connections are protected.
    #[arg(
        long,
        env = "KAFKA_SECURITY_PROTOCOL",
        value_enum,
        ignore_case = true,
        default_value = "plaintext"
    )]
    pub security_protocol: Protection,
    /// File with the certificates to trust; default: the system's.
    #[arg(long, env = "KAFKA_SSL_CA_LOCATION")]
    pub ssl_ca_location: Option<String>,
    /// SASL mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    #[arg(long, env = "KAFKA_SASL_MECHANISM", default_value = "SCRAM-SHA-512")]
    pub sasl_mechanism: String,
    /// SASL user.
    #[arg(long, env = "KAFKA_SASL_USERNAME")]
    pub sasl_username: Option<String>,
    /// SASL password.
    #[arg(long, env = "KAFKA_SASL_PASSWORD", hide_env_values = true)]
    pub sasl_password: Option<SecretString>,
    /// How long a member may be silent before its partitions go to others, milliseconds.
    #[arg(long, env = "SWITCHYARD_SESSION_TIMEOUT_MS", default_value_t = 10_000)]
    pub session_timeout_ms: u32,
    /// Who deals out partitions: the members (classic) or the broker (consumer, KIP-848).
    #[arg(long, env = "SWITCHYARD_GROUP_PROTOCOL", value_enum, default_value = "classic")]
    pub group_protocol: GroupProtocol,
    /// How long a record waits for company before it is sent, milliseconds.
    #[arg(long, env = "SWITCHYARD_LINGER_MS", default_value_t = 0)]
    pub linger_ms: u32,
    /// This instance's stable name among its kind, for transactions; default: the host's name.
    #[arg(long, env = "SWITCHYARD_SLOT")]
    pub slot: Option<String>,
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Protection {
    /// Not at all.
    Plaintext,
    /// TLS.
    Ssl,
    /// A password over an open connection.
    SaslPlaintext,
    /// A password over TLS.
    SaslSsl,
}

/// Who deals out partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GroupProtocol {
    /// One of the members.
    Classic,
    /// The broker (KIP-848).
    Consumer,
}

/// What the runner's promises rest on; not to be set from outside.
const FIXED: [&str; 9] = [
    "acks",
    "auto.offset.reset",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "group.id",
    "isolation.level",
    "partitioner",
    "transactional.id",
];

const PREFIX: &str = "SWITCHYARD_KAFKA_";

/// The librdkafka settings among environment variables.
///
/// # Errors
/// Names every variable that librdkafka does not take.
pub(super) fn passed_on(
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(String, String)>, StartError> {
    let mut taken = Vec::new();
    let mut wrong = Vec::new();
    for (setting, value) in variables {
        let Some(rest) = setting.strip_prefix(PREFIX) else { continue };
        let name = rest.to_lowercase().replace('_', ".");
        let problem = match ClientConfig::new().set(&name, &value).create_native_config() {
            Ok(_) if FIXED.contains(&name.as_str()) => format!("{name} cannot be changed"),
            Ok(_) => {
                taken.push((name, value));
                continue;
            }
            // Not the value: it may be a secret.
            Err(KafkaError::ClientConfig(_, problem, ..)) => problem,
            Err(error) => error.to_string(),
        };
        wrong.push(Misset { setting, problem });
    }
    if wrong.is_empty() { Ok(taken) } else { Err(StartError::Settings(wrong)) }
}

impl KafkaSettings {
    /// What is wrong with the settings taken together.
    ///
    /// # Errors
    /// All of it at once.
    pub(super) fn check(&self) -> Result<(), StartError> {
        let needed = |missing: bool, setting: &str| {
            let problem = "is needed with this KAFKA_SECURITY_PROTOCOL".to_owned();
            missing.then(|| Misset { setting: setting.to_owned(), problem })
        };
        let password = self.with_password();
        let empty = self.bootstrap_servers.trim().is_empty();
        let servers =
            Misset { setting: "KAFKA_BOOTSTRAP_SERVERS".to_owned(), problem: "is empty".to_owned() };
        let wrong = [
            empty.then_some(servers),
            needed(password && self.sasl_username.is_none(), "KAFKA_SASL_USERNAME"),
            needed(password && self.sasl_password.is_none(), "KAFKA_SASL_PASSWORD"),
        ];
        let wrong: Vec<Misset> = wrong.into_iter().flatten().collect();
        if wrong.is_empty() { Ok(()) } else { Err(StartError::Settings(wrong)) }
    }

    /// Whether what is said can be overheard: no TLS to a broker elsewhere.
    pub(super) fn is_exposed(&self) -> bool {
        let near = |server: &str| {
            let host = server.rsplit_once(':').map_or(server, |(host, _)| host);
            matches!(host, "localhost" | "[::1]") || host.starts_with("127.")
        };
        matches!(self.security_protocol, Protection::Plaintext | Protection::SaslPlaintext)
            && !self.bootstrap_servers.split(',').all(|server| near(server.trim()))
    }

    fn with_password(&self) -> bool {
        matches!(self.security_protocol, Protection::SaslPlaintext | Protection::SaslSsl)
    }

    /// What every client is set to.
    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Notice);
        config.set("bootstrap.servers", &self.bootstrap_servers).set("client.id", "switchyard");
        let protocol = self.security_protocol.to_possible_value();
        config.set("security.protocol", protocol.as_ref().map_or("plaintext", |value| value.get_name()));
        if let Some(file) = &self.ssl_ca_location {
            config.set("ssl.ca.location", file);
        }
        if let (true, Some(user), Some(password)) =
            (self.with_password(), &self.sasl_username, &self.sasl_password)
        {
            config.set("sasl.mechanism", &self.sasl_mechanism);
            config.set("sasl.username", user).set("sasl.password", password.expose_secret());
        }
        // A dead broker is noticed, and a topic made later is found, within seconds.
        config.set("socket.timeout.ms", "15000").set("socket.keepalive.enable", "true");
        config.set("reconnect.backoff.max.ms", "2000").set("topic.metadata.refresh.interval.ms", "10000");
        config
    }

    /// A client that reads and never commits by itself.
    pub(super) fn reader(&self, group: &str) -> ClientConfig {
        let mut config = self.client();
        config.set("group.id", group).set("isolation.level", "read_committed");
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("auto.offset.reset", "earliest").set("statistics.interval.ms", "2000");
        // Little memory: what is fetched takes ten times its size when it is unpacked, and the queue is bounded only
        // between fetches. The lower queues are slow without the short backoff.
        config.set("queued.max.messages.kbytes", "1024").set("queued.min.messages", "1000");
        config.set("fetch.max.bytes", "1048576").set("max.partition.fetch.bytes", "131072");
        config.set("fetch.queue.backoff.ms", "1");
        // A new partition waits until the fetch under way for the others is answered.
        config.set("fetch.wait.max.ms", "100");
        config
    }

    /// A client that is a member of a group; also what a bare loop is measured with.
    pub fn member(&self, subscription: &Subscription) -> ClientConfig {
        let mut config = self.reader(&subscription.group);
        match self.group_protocol {
            GroupProtocol::Consumer => config.set("group.protocol", "consumer"),
            GroupProtocol::Classic => config
                .set("partition.assignment.strategy", "cooperative-sticky")
                .set("session.timeout.ms", self.session_timeout_ms.to_string())
                // Members learn of a rebalance by their heartbeat: partitions of one that left stand still as long.
                .set("heartbeat.interval.ms", (self.session_timeout_ms / 4).clamp(1, 400).to_string()),
        };
        config
    }

    /// A client that writes; also what a bare loop is measured with.
    pub fn writer(&self) -> ClientConfig {
        let mut config = self.client();
        config.set("acks", "all").set("enable.idempotence", "true").set("partitioner", "murmur2_random");
        config.set("compression.codec", "zstd").set("linger.ms", self.linger_ms.to_string());
        config.set("queue.buffering.max.kbytes", "32768").set("message.timeout.ms", "120000");
        // The topics' own limits decide; this one must only not be in their way.
        config.set("message.max.bytes", "20971520");
        config
    }

    /// A client that writes in transactions.
    pub(super) fn transactional(&self, id: &str) -> ClientConfig {
        let mut config = self.writer();
        config.set("transactional.id", id).set("transaction.timeout.ms", "15000");
        config.set("message.timeout.ms", "14000").set("linger.ms", "0");
        config
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        kafka: KafkaSettings,
    }

    fn parsed(arguments: &[&str]) -> KafkaSettings {
        Cli::parse_from([&["x"], arguments].concat()).kafka
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_setting_for_librdkafka_is_passed_on_under_its_own_name() {
        let found =
            passed_on(pairs(&[("SWITCHYARD_KAFKA_FETCH_WAIT_MAX_MS", "50"), ("PATH", "x")]).into_iter());
        assert_eq!(found.unwrap(), pairs(&[("fetch.wait.max.ms", "50")]));
    }

    #[test]
    fn every_setting_that_librdkafka_does_not_know_is_named_without_its_value() {
        let given = pairs(&[
            ("SWITCHYARD_KAFKA_FETCH_WAIT", "hush-1"),
            ("SWITCHYARD_KAFKA_LINGER_MS", "hush-2"),
            ("SWITCHYARD_KAFKA_ENABLE_AUTO_COMMIT", "true"),
        ]);
        let said = passed_on(given.into_iter()).unwrap_err().to_string();
        assert!(said.contains("SWITCHYARD_KAFKA_FETCH_WAIT"), "{said}");
        assert!(said.contains("SWITCHYARD_KAFKA_LINGER_MS"), "{said}");
        assert!(said.contains("enable.auto.commit cannot be changed"), "{said}");
        assert!(!said.contains("hush-1"), "{said}");
    }

    #[test]
    fn a_password_is_asked_for_and_never_shown() {
        let settings = parsed(&["--security-protocol", "SASL_SSL", "--sasl-password", "hush"]);
        assert!(settings.check().unwrap_err().to_string().contains("KAFKA_SASL_USERNAME"));
        assert!(!format!("{settings:?}").contains("hush"));
    }

    #[test]
    fn an_open_connection_is_exposed_unless_it_stays_on_this_machine() {
        assert!(!parsed(&["--bootstrap-servers", "localhost:9092,127.0.0.1:9093"]).is_exposed());
        assert!(parsed(&["--bootstrap-servers", "localhost:9092,kafka:9092"]).is_exposed());
        assert!(!parsed(&["--bootstrap-servers", "kafka:9092", "--security-protocol", "ssl"]).is_exposed());
    }
}
