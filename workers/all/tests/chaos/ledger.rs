//! What stands in Postgres and in the logs of the topics.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
    message::Headers as _,
};
use shared::{bus::topics, events::Event};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, Row};

/// An answer of a server that is well comes within this.
const LIMIT: Duration = Duration::from_secs(10);

/// The state of the line, as the view `law` has it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Law {
    pub received: i64,
    pub routed: i64,
    pub rejected: i64,
    pub open: i64,
    pub stray: i64,
}

/// Progress by topic and partition: what is stored, or where the log ends.
pub type Ends = BTreeMap<(String, i32), i64>;

/// A reader of both.
pub struct Ledger {
    runtime: Runtime,
    url: String,
    log: ClientConfig,
}

impl Ledger {
    pub fn open(url: &str, bootstrap: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut log = ClientConfig::new();
        log.set("bootstrap.servers", bootstrap).set("group.id", "ledger").set("enable.partition.eof", "true");
        Self { runtime, url: url.to_owned(), log }
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
            let (client, connection): (Client, _) = tokio_postgres::connect(&self.url, NoTls).await?;
            let connection = tokio::spawn(connection);
            let rows = client.query(query, &[]).await;
            connection.abort();
            rows
        })
    }

    pub fn law(&self) -> Result<Law, tokio_postgres::Error> {
        let rows =
            self.rows("SELECT received, routed, rejected, open, stray FROM law WHERE lane = 'live'")?;
        let law = |row: &Row| Law {
            received: row.get(0),
            routed: row.get(1),
            rejected: row.get(2),
            open: row.get(3),
            stray: row.get(4),
        };
        Ok(rows.first().map(law).unwrap_or_default())
    }

    /// How far the audit has stored each partition.
    pub fn stored(&self) -> Result<Ends, tokio_postgres::Error> {
        let rows = self.rows(
            "SELECT topic, partition, next_offset FROM progress JOIN streams ON streams.id = stream_id WHERE next_offset > 0",
        )?;
        Ok(rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect())
    }

    /// Where the log of each partition ends, if there is anything in it.
    ///
    /// # Errors
    /// When the broker is away.
    pub fn ends(&self) -> Result<Ends, KafkaError> {
        let client: BaseConsumer = self.log.create()?;
        let mut ends = Ends::new();
        for (topic, spec) in topics() {
            for partition in 0..spec.partitions {
                let (_, end) = client.fetch_watermarks(topic, partition, LIMIT)?;
                ends.insert((topic.clone(), partition), end);
            }
        }
        ends.retain(|_, end| *end > 0);
        Ok(ends)
    }

    /// The ids in the headers of a topic's log.
    pub fn ids(&self, topic: &str, ends: &Ends) -> HashSet<String> {
        let client: BaseConsumer = self.log.create().unwrap();
        let mut places = TopicPartitionList::new();
        let mut open: HashSet<i32> =
            ends.keys().filter(|(name, _)| name == topic).map(|(_, at)| *at).collect();
        for partition in &open {
            places.add_partition_offset(topic, *partition, Offset::Beginning).unwrap();
        }
        client.assign(&places).unwrap();
        let (mut ids, begin) = (HashSet::new(), Instant::now());
        while !open.is_empty() {
            assert!(begin.elapsed() < LIMIT * 6, "{topic} cannot be read to its end");
            match client.poll(Duration::from_millis(200)) {
                Some(Ok(message)) => {
                    let headers = message.headers().expect("an event of ours has headers");
                    let id =
                        headers.iter().find(|header| header.key == "ce_id").and_then(|header| header.value);
                    ids.insert(String::from_utf8(id.unwrap().to_vec()).unwrap());
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
                Some(Err(error)) => println!("reading {topic}: {error}"),
                None => {}
            }
        }
        ids
    }

    /// The law counts everything there is, so there must be nothing yet.
    pub fn expect_nothing(&self) {
        let begin = Instant::now();
        // Topics that were made just now may still be without a leader.
        while let Err(error) = self.ends() {
            assert!(begin.elapsed() < LIMIT, "{error}");
            crate::pause(100);
        }
        assert!(self.ends().unwrap().is_empty(), "the topics are not empty: name a cluster that is");
        let tables = self.rows("SELECT 1 FROM pg_tables WHERE tablename = 'events'").unwrap();
        assert!(tables.is_empty(), "the database is not empty: name one that is");
        assert!(topics()[shared::events::Received::TOPICS[0]].partitions >= 6);
    }
}
