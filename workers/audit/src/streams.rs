//! Which incarnation of a topic the rows belong to.
//!
//! Progress counts only on the very topic it was made on. That is proven by the record just before each partition's
//! progress: same place, same time, same length. If one of them is another record or is gone, the topic counts as made
//! anew and is read from its start into a new stream. It may have been the old one all the same (retention has passed
//! a quiet partition's last record): then it is read again, and its events, known by their ids, are left out.

use std::{collections::HashSet, sync::Arc};

use shared::{
    bus::{Fingerprint, Partition},
    database::DatabaseError,
};
use tokio_postgres::Client;

/// How far one partition is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its number.
    pub partition: i32,
    /// Everything before this offset is stored; more than 0.
    pub next: i64,
    /// The record just before it.
    pub last: Fingerprint,
}

/// A topic's latest incarnation, as far as Postgres knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Physical name.
    pub name: Arc<str>,
    /// Counted from 1.
    pub incarnation: i32,
    /// How far each of its partitions is stored, if anything is.
    pub marks: Vec<Mark>,
}

impl Topic {
    /// Where to look whether it is still the same.
    pub fn places(&self) -> Vec<(Partition, i64)> {
        let place = |mark: &Mark| {
            (Partition { topic: Arc::clone(&self.name), number: mark.partition }, mark.next - 1)
        };
        self.marks.iter().map(place).collect()
    }

    /// Whether what was found at [`Self::places`] proves that it is still the same.
    pub fn is_still(&self, found: &[Option<Fingerprint>]) -> bool {
        let same = |(mark, found): (&Mark, &Option<Fingerprint>)| *found == Some(mark.last);
        self.marks.len() == found.len() && self.marks.iter().zip(found).all(same)
    }

    /// Its next incarnation, of which nothing is stored.
    #[must_use]
    pub fn anew(self) -> Self {
        tracing::warn!(topic = %self.name, "the topic is not the one its progress was made on: it is read from the start");
        Self { incarnation: self.incarnation + 1, marks: Vec::new(), ..self }
    }
}

/// What Postgres knows of these topics of a cluster.
pub(crate) async fn topics(
    client: &Client,
    cluster: &str,
    names: HashSet<Arc<str>>,
) -> Result<Vec<Topic>, DatabaseError> {
    const LATEST: &str = "SELECT id, incarnation FROM streams WHERE cluster = $1 AND topic = $2 \
        ORDER BY incarnation DESC LIMIT 1";
    const MARKS: &str = "SELECT partition, next_offset, last_time_ms, last_bytes FROM progress \
        WHERE stream_id = $1 AND next_offset > 0 ORDER BY partition";
    let mut topics = Vec::with_capacity(names.len());
    for name in names {
        let Some(stream) = client.query_opt(LATEST, &[&cluster, &&*name]).await? else {
            topics.push(Topic { name, incarnation: 1, marks: Vec::new() });
            continue;
        };
        let mut marks = Vec::new();
        for row in client.query(MARKS, &[&stream.try_get::<_, i32>(0)?]).await? {
            let (time_ms, bytes): (Option<i64>, Option<i64>) = (row.try_get(2)?, row.try_get(3)?);
            let last = Fingerprint { time_ms: time_ms.unwrap_or(-1), bytes: bytes.unwrap_or(-1) };
            marks.push(Mark { partition: row.try_get(0)?, next: row.try_get(1)?, last });
        }
        topics.push(Topic { name, incarnation: stream.try_get(1)?, marks });
    }
    Ok(topics)
}

/// The number of a topic's incarnation, which is made if it is new.
pub(crate) async fn stream_id(client: &Client, cluster: &str, topic: &Topic) -> Result<i32, DatabaseError> {
    const MAKE: &str =
        "INSERT INTO streams (cluster, topic, incarnation) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    const FIND: &str = "SELECT id FROM streams WHERE cluster = $1 AND topic = $2 AND incarnation = $3";
    let key: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&cluster, &&*topic.name, &topic.incarnation];
    if let Some(row) = client.query_opt(FIND, &key).await? {
        return Ok(row.try_get(0)?);
    }
    client.execute(MAKE, &key).await?;
    Ok(client.query_one(FIND, &key).await?.try_get(0)?)
}

/// The next offset of a partition, whose progress begins at 0.
pub(crate) async fn next_offset(client: &Client, stream: i32, partition: i32) -> Result<i64, DatabaseError> {
    const MAKE: &str =
        "INSERT INTO progress (stream_id, partition, next_offset) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
    const FIND: &str = "SELECT next_offset FROM progress WHERE stream_id = $1 AND partition = $2";
    if let Some(row) = client.query_opt(FIND, &[&stream, &partition]).await? {
        return Ok(row.try_get(0)?);
    }
    client.execute(MAKE, &[&stream, &partition]).await?;
    Ok(client.query_one(FIND, &[&stream, &partition]).await?.try_get(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(time_ms: i64) -> Fingerprint {
        Fingerprint { time_ms, bytes: 10 }
    }

    fn topic() -> Topic {
        let mark = |partition, next| Mark { partition, next, last: print(next) };
        Topic { name: "tickets.routed".into(), incarnation: 3, marks: vec![mark(0, 5), mark(4, 7)] }
    }

    #[test]
    fn a_topic_is_the_same_while_the_records_before_its_progress_are_in_their_places() {
        let offsets: Vec<i64> = topic().places().into_iter().map(|(_, offset)| offset).collect();
        assert_eq!(offsets, [4, 6]);
        assert!(topic().is_still(&[Some(print(5)), Some(print(7))]));
    }

    #[test]
    fn a_topic_with_another_record_or_none_in_such_a_place_was_made_anew() {
        assert!(!topic().is_still(&[Some(print(5)), Some(print(8))]));
        assert!(!topic().is_still(&[Some(print(5)), None]));
        let anew = topic().anew();
        assert_eq!((anew.incarnation, anew.places().len()), (4, 0));
    }

    #[test]
    fn a_topic_of_which_nothing_is_stored_needs_no_proof() {
        assert!(topic().anew().is_still(&[]));
    }
}
