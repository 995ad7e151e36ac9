//! What stands in Postgres and in the logs of the topics.

use std::{
    collections::{BTreeMap, HashSet},
    time::Instant,
};

use local::pause;
use rdkafka::{Message as _, consumer::Consumer as _, error::KafkaError, message::Headers as _};
use shared::{bus::topics, events::Event};
use tokio_postgres::Row;

use crate::{
    law::Law,
    reader::{LIMIT, Reader},
};

/// Progress by topic and partition: what is stored, or where the log ends.
pub type Ends = BTreeMap<(String, i32), i64>;

/// A reader of both.
pub struct Ledger(Reader);

impl Ledger {
    pub fn open(url: &str, bootstrap: &str) -> Self {
        Self(Reader::open(url, bootstrap))
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// When Postgres is away.
    pub fn rows(&self, query: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.0.rows(query)
    }

    pub fn law(&self) -> Result<Law, tokio_postgres::Error> {
        Law::read(&self.0)
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
        let client = self.0.client()?;
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
    pub fn ids(&self, topic: &str) -> HashSet<String> {
        let mut ids = HashSet::new();
        self.0.each(topic, |record| {
            let headers = record.headers().expect("an event of ours has headers");
            let id = headers.iter().find(|header| header.key == "ce_id").and_then(|header| header.value);
            ids.insert(String::from_utf8(id.unwrap().to_vec()).unwrap());
        });
        ids
    }

    /// The law counts everything there is, so there must be nothing yet.
    pub fn expect_nothing(&self) {
        let begin = Instant::now();
        // Topics that were made just now may still be without a leader.
        while let Err(error) = self.ends() {
            assert!(begin.elapsed() < LIMIT, "{error}");
            pause(100);
        }
        assert!(self.ends().unwrap().is_empty(), "the topics are not empty: name a cluster that is");
        let tables = self.rows("SELECT 1 FROM pg_tables WHERE tablename = 'events'").unwrap();
        assert!(tables.is_empty(), "the database is not empty: name one that is");
        assert!(topics()[shared::events::Received::TOPICS[0]].partitions >= 6);
    }
}
