//! A reader of what stands in Postgres and in the logs of the topics.

use std::{collections::BTreeSet, time::Duration};

use clap::Parser;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::BorrowedMessage,
};
use shared::bus::{Lane, kafka::KafkaSettings};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{NoTls, Row};

/// An answer of a server that is well comes within this.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A reader of both.
pub struct Reader {
    runtime: Runtime,
    url: String,
    bootstrap: String,
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    kafka: KafkaSettings,
}

impl Reader {
    /// Of this database and this cluster, in which the topics of the line are made.
    pub fn open(url: &str, bootstrap: &str) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let bus = Cli::parse_from(["test", "--bootstrap-servers", bootstrap]).kafka.open().unwrap();
        runtime.block_on(bus.create_topics(Lane::Live)).unwrap();
        Self { runtime, url: url.to_owned(), bootstrap: bootstrap.to_owned() }
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// When Postgres is away.
    pub fn rows(&self, query: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await?;
            let connection = tokio::spawn(connection);
            let rows = client.query(query, &[]).await;
            connection.abort();
            rows
        })
    }

    /// A client of the cluster that belongs to no group.
    ///
    /// # Errors
    /// When librdkafka has no room for one.
    pub fn client(&self) -> Result<BaseConsumer, KafkaError> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap).set("group.id", "reader");
        config.set("enable.partition.eof", "true").create()
    }

    /// Shows every record of a topic from its beginning to its end.
    pub fn each(&self, topic: &str, mut see: impl FnMut(&BorrowedMessage<'_>)) {
        let client = self.client().unwrap();
        let metadata = client.fetch_metadata(Some(topic), LIMIT).unwrap();
        let mut open: BTreeSet<i32> = metadata.topics()[0].partitions().iter().map(|one| one.id()).collect();
        let mut places = TopicPartitionList::new();
        for partition in &open {
            places.add_partition_offset(topic, *partition, Offset::Beginning).unwrap();
        }
        client.assign(&places).unwrap();
        while !open.is_empty() {
            match client.poll(LIMIT) {
                Some(Ok(message)) => see(&message),
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
                Some(Err(error)) => println!("reading {topic}: {error}"),
                None => panic!("{topic} cannot be read to its end"),
            }
        }
    }
}
