//! Looks at single records without joining a group.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message, Offset,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
};

use super::{member::listed, problem};
use crate::bus::{BusError, Fingerprint, Partition};

const LIMIT: Duration = Duration::from_secs(5);
/// The part of it for places that are asked for one by one.
const ALONE: Duration = Duration::from_secs(2);

/// The offsets asked for in one partition, each with its place in the answer.
type Asked<'a> = BTreeMap<&'a Partition, Vec<(usize, i64)>>;

/// What is at these places. Read uncommitted, so that an open transaction does not hold the answer back.
pub(super) fn fingerprints(
    mut config: ClientConfig,
    places: &[(Partition, i64)],
) -> Result<Vec<Option<Fingerprint>>, BusError> {
    config.set("group.id", "switchyard-peek").set("enable.auto.commit", "false");
    config.set("isolation.level", "read_uncommitted").set("enable.partition.eof", "true");
    config.set("fetch.wait.max.ms", "10");
    let client: BaseConsumer = config.create().map_err(|error| problem(&error))?;
    let until = Instant::now() + LIMIT;
    let mut found = vec![None; places.len()];
    let mut asked = Asked::new();
    for (index, (partition, offset)) in places.iter().enumerate() {
        if let Some((low, high)) = ends(&client, partition, until)?
            && (low..high).contains(offset)
        {
            asked.entry(partition).or_default().push((index, *offset));
        }
    }
    // One record of each partition at a time.
    while !asked.is_empty() {
        let round: Vec<Look<'_>> =
            asked.iter_mut().filter_map(|(partition, left)| Look::next(partition, left)).collect();
        asked.retain(|_, left| !left.is_empty());
        // An end names only a number, so what was not answered is asked for one by one.
        for left in look(&client, round, false, until - ALONE, &mut found)? {
            let place = format!("{}@{}", left.partition, left.offset);
            if !look(&client, vec![left], true, until, &mut found)?.is_empty() {
                return Err(BusError::Unreachable(format!("no answer for {place}")));
            }
        }
    }
    Ok(found)
}

/// One place that is looked at.
struct Look<'a> {
    partition: &'a Partition,
    index: usize,
    offset: i64,
}

impl<'a> Look<'a> {
    fn next(partition: &&'a Partition, left: &mut Vec<(usize, i64)>) -> Option<Self> {
        left.pop().map(|(index, offset)| Self { partition, index, offset })
    }
}

/// Looks at one place in each partition; those that were not answered in time.
fn look<'a>(
    client: &BaseConsumer,
    mut round: Vec<Look<'a>>,
    alone: bool,
    until: Instant,
    found: &mut [Option<Fingerprint>],
) -> Result<Vec<Look<'a>>, BusError> {
    let list = listed(round.iter().map(|look| (look.partition, Offset::Offset(look.offset))));
    client.assign(&list).map_err(|error| problem(&error))?;
    while !round.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match client.poll(left.min(Duration::from_millis(100))) {
            Some(Ok(message)) => {
                let (topic, number) = (message.topic(), message.partition());
                let ours =
                    |look: &Look<'_>| look.partition.number == number && *look.partition.topic == *topic;
                let Some(place) = round.iter().position(ours) else { continue };
                let look = round.swap_remove(place);
                if let Some(found) = found.get_mut(look.index).filter(|_| message.offset() == look.offset) {
                    let bytes = i64::try_from(message.payload().map_or(0, <[u8]>::len)).unwrap_or(i64::MAX);
                    *found =
                        Some(Fingerprint { time_ms: message.timestamp().to_millis().unwrap_or(0), bytes });
                }
            }
            // No record at this place or after it.
            Some(Err(KafkaError::PartitionEOF(_))) if alone => round.clear(),
            Some(Err(_)) | None => {}
        }
    }
    Ok(round)
}

/// The first and the next offset of a partition, `None` if there is no such partition.
fn ends(
    client: &BaseConsumer,
    partition: &Partition,
    until: Instant,
) -> Result<Option<(i64, i64)>, BusError> {
    let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    match client.fetch_watermarks(&partition.topic, partition.number, left) {
        Ok(ends) => Ok(Some(ends)),
        Err(error) => match error.rdkafka_error_code() {
            Some(
                RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopicOrPartition,
            ) => Ok(None),
            _ => Err(problem(&error)),
        },
    }
}
