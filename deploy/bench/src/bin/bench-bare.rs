//! The limit of a worker: librdkafka with the same settings and nothing around it. Reads, copies key, headers and
//! value, writes, and commits the contiguous acknowledged prefix every 200 ms. Ends once as many records as its
//! argument says are committed.

use std::{
    collections::VecDeque,
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use bench::{
    event::{COPIED, TAKEN},
    watch::pause,
};
use clap::Parser;
use rdkafka::{
    ClientContext, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::BorrowedMessage,
    producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer},
};
use shared::bus::{Subscription, kafka::KafkaSettings};

/// Records without an answer at once, at most.
const IN_FLIGHT: usize = 50_000;
/// Bits of an offset in an opaque; the partition stands above them.
const OFFSET_BITS: u32 = 40;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    kafka: KafkaSettings,
    /// Records to copy.
    records: usize,
}

struct Acks(Sender<usize>);

impl ClientContext for Acks {}

impl ProducerContext for Acks {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, place: usize) {
        if result.is_ok() {
            let _ = self.0.send(place);
        }
    }
}

/// How far a partition is.
#[derive(Default)]
struct Prefix {
    first: Option<usize>,
    acked: VecDeque<bool>,
}

impl Prefix {
    fn sent(&mut self, offset: usize) {
        self.first.get_or_insert(offset);
        self.acked.push_back(false);
    }

    /// Marks one; returns how many the prefix grew by.
    fn acked(&mut self, offset: usize) -> usize {
        let Some(first) = &mut self.first else { return 0 };
        if let Some(acked) = self.acked.get_mut(offset - *first) {
            *acked = true;
        }
        let before = *first;
        while self.acked.pop_front_if(|acked| *acked).is_some() {
            *first += 1;
        }
        *first - before
    }
}

struct Bare {
    consumer: BaseConsumer,
    producer: ThreadedProducer<Acks>,
    acks: Receiver<usize>,
    partitions: Vec<Prefix>,
    in_flight: usize,
    done: usize,
}

fn main() -> Result<()> {
    let Arguments { kafka, records } = Arguments::parse();
    let subscription =
        Subscription { group: "bare".to_owned(), topics: vec![TAKEN.to_owned()], transactional: false };
    let consumer: BaseConsumer = kafka.member(&subscription).create()?;
    consumer.subscribe(&[TAKEN])?;
    let (tell, acks) = channel();
    let producer = kafka.writer().create_with_context(Acks(tell))?;
    let mut bare = Bare { consumer, producer, acks, partitions: Vec::new(), in_flight: 0, done: 0 };
    let mut last_commit = Instant::now();
    while bare.done < records {
        bare.round()?;
        if last_commit.elapsed() > Duration::from_millis(200) {
            last_commit = Instant::now();
            bare.commit(CommitMode::Async)?;
        }
    }
    bare.commit(CommitMode::Sync)?;
    // Whoever measures looks at this process now.
    pause(500);
    Ok(())
}

impl Bare {
    fn round(&mut self) -> Result<()> {
        if self.in_flight < IN_FLIGHT
            && let Some(message) = self.consumer.poll(Duration::from_millis(1))
        {
            let message = message?;
            let (partition, offset) =
                (usize::try_from(message.partition())?, usize::try_from(message.offset())?);
            self.partitions.resize_with(self.partitions.len().max(partition + 1), Prefix::default);
            self.partitions.get_mut(partition).context("no such partition")?.sent(offset);
            self.in_flight += 1;
            copy(&self.producer, &message, partition << OFFSET_BITS | offset)?;
        }
        while let Ok(place) = self.acks.try_recv() {
            self.in_flight -= 1;
            let (partition, offset) = (place >> OFFSET_BITS, place & ((1 << OFFSET_BITS) - 1));
            self.done += self.partitions.get_mut(partition).context("no such partition")?.acked(offset);
        }
        Ok(())
    }

    fn commit(&self, mode: CommitMode) -> Result<()> {
        let mut list = TopicPartitionList::new();
        for (number, prefix) in self.partitions.iter().enumerate() {
            if let Some(next) = prefix.first {
                list.add_partition_offset(
                    TAKEN,
                    i32::try_from(number)?,
                    Offset::Offset(i64::try_from(next)?),
                )?;
            }
        }
        if list.count() > 0 {
            self.consumer.commit(&list, mode)?;
        }
        Ok(())
    }
}

fn copy(producer: &ThreadedProducer<Acks>, message: &BorrowedMessage<'_>, place: usize) -> Result<()> {
    let mut record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(COPIED, place);
    (record.key, record.payload) = (message.key(), message.payload());
    record.headers = message.headers().map(rdkafka::message::BorrowedHeaders::detach);
    while let Err((error, back)) = producer.send(record) {
        let KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) = error else {
            return Err(error).context("a record was not sent");
        };
        producer.poll(Duration::from_millis(1));
        record = back;
    }
    Ok(())
}
