//! The bus on a real Apache Kafka.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod desk;

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use desk::{Desk, LONG, admin, broker, bus, payload_id, record, send_all, settings, topic};
use local::{Broker, Secured};
use rdkafka::admin::AdminOptions;
use shared::bus::{Bus, BusError, Command, Lane, Partition, Seat, Token, kafka::Made, topics};
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn records_arrive_in_order_with_their_known_headers_and_each_is_acknowledged() {
    let server = broker().bootstrap();
    topic(server, "order", 3).await;
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    let keys = |n: u32| format!("tenant/{}", n % 50);
    let begin = Instant::now();
    send_all(&mut producer, (0..5000).map(|n| record("order", &keys(n), n.to_string()))).await;
    println!("5000 records acknowledged after {:?}", begin.elapsed());
    let mut reader = Desk::join(&bus, "reader", "order", &["order"], false);
    let begin = Instant::now();
    reader.until("all records", |desk| desk.read.len() == 5000).await;
    println!("5000 records read {:?} after joining", begin.elapsed());
    for number in 0..3 {
        let offsets = reader.offsets_of(number);
        assert!(offsets.iter().copied().eq(0..offsets.len() as i64));
        let end = Partition { topic: "order".into(), number };
        reader.until("the log's end", |desk| desk.consumer.pulse.end(&end).is_some()).await;
        assert_eq!(reader.consumer.pulse.end(&end), Some(offsets.len() as i64));
    }
    for found in &reader.read {
        let key = String::from_utf8(found.key.clone().unwrap()).unwrap();
        assert_eq!(found.headers.text("ce_id").unwrap(), Some(payload_id(&key).as_str()));
        assert_eq!(found.headers.iter().count(), 1);
        assert_eq!(found.origin.follows, found.origin.offset);
        assert!(found.origin.time_ms > 1_600_000_000_000);
    }
    assert!(reader.consumer.pulse.age_ms() < 1000);
    let begin = Instant::now();
    let progress = reader.progress();
    reader.close(progress).await;
    println!("closed after {:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_read_within_milliseconds() {
    let server = broker().bootstrap();
    topic(server, "quick", 1).await;
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    let mut reader = Desk::join(&bus, "reader", "quick", &["quick"], false);
    send_all(&mut producer, std::iter::once(record("quick", "k", "warm"))).await;
    reader.until("the first", |desk| !desk.read.is_empty()).await;
    let (mut acked, mut arrived) = (Vec::new(), Vec::new());
    for n in 0..200 {
        let begin = Instant::now();
        send_all(&mut producer, std::iter::once(record("quick", "k", n.to_string()))).await;
        acked.push(begin.elapsed());
        let _ = timeout(LONG, reader.consumer.records.recv()).await.unwrap().unwrap();
        arrived.push(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    acked.sort_unstable();
    arrived.sort_unstable();
    println!(
        "ack p50 {:?} p99 {:?}; read p50 {:?} p99 {:?}",
        acked[100], acked[197], arrived[100], arrived[197]
    );
    assert!(arrived[100] < Duration::from_millis(100));
    reader.close(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_stay_go_on_while_others_drain() {
    drain(&[], "stay").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_stay_go_on_while_others_drain_when_the_broker_deals_them_out() {
    drain(&["--group-protocol", "consumer"], "stay-848").await;
}

async fn drain(arguments: &[&str], name: &str) {
    let server = broker().bootstrap();
    topic(server, name, 2).await;
    let bus = bus(server, arguments);
    let mut producer = bus.producer().unwrap();
    let mut first = Desk::join(&bus, "first", name, &[name], false);
    first.until("both partitions", |desk| desk.owned.len() == 2).await;
    send_all(&mut producer, (0..100).map(|n| record(name, &n.to_string(), "a"))).await;
    first.until("what was sent", |desk| desk.read.len() == 100).await;

    let mut second = Desk::join(&bus, "second", name, &[name], false);
    let begin = Instant::now();
    first.until("one is asked back", |desk| !desk.revoked.is_empty()).await;
    println!("{name}: asked back {:?} after the second joined", begin.elapsed());
    let gone = first.revoked[0].clone();
    let stays = 1 - gone.number;
    let begin = Instant::now();
    let mut slowest = Duration::ZERO;
    while begin.elapsed() < Duration::from_secs(3) {
        let (before, sent) = (first.offsets_of(stays).len(), Instant::now());
        send_all(&mut producer, (0..20).map(|n| record(name, &n.to_string(), "b"))).await;
        first.until("the one that stays goes on", |desk| desk.offsets_of(stays).len() > before).await;
        slowest = slowest.max(sent.elapsed());
        second.serve(Duration::from_millis(20)).await;
        assert!(second.owned.keys().all(|owned| *owned != gone), "given away before it was let go");
    }
    println!("{name}: the one that stays, slowest round {slowest:?}");
    assert!(slowest < Duration::from_secs(2));
    let held = first.offsets_of(gone.number).len();
    first.release();
    let begin = Instant::now();
    second.until("what was let go", |desk| desk.owned.contains_key(&gone)).await;
    println!("{name}: taken over {:?} after it was let go", begin.elapsed());
    second.until("its first record", |desk| !desk.offsets_of(gone.number).is_empty()).await;
    assert_eq!(second.offsets_of(gone.number)[0], held as i64);
    assert!(first.lost.is_empty() && second.lost.is_empty(), "{:?}", first.ill);
    let (progress, other) = (first.progress(), second.progress());
    first.close(progress).await;
    second.close(other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_not_read_again_after_a_restart() {
    let server = broker().bootstrap();
    topic(server, "again", 1).await;
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    send_all(&mut producer, (0..10).map(|n| record("again", "k", n.to_string()))).await;
    let here = Partition { topic: "again".into(), number: 0 };
    let mut one = Desk::join(&bus, "one", "again", &["again"], false);
    one.until("all", |desk| desk.read.len() == 10).await;
    one.command(Command::Commit(vec![(here.clone(), 4)]));
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(one);

    let mut two = Desk::join(&bus, "two", "again", &["again"], false);
    two.until("the rest", |desk| desk.read.len() == 6).await;
    assert_eq!((two.read[0].origin.offset, two.read[0].origin.follows), (4, 4));
    two.close(vec![(here, 9)]).await;

    let begin = Instant::now();
    let mut three = Desk::join(&bus, "three", "again", &["again"], false);
    three.until("the last", |desk| !desk.read.is_empty()).await;
    println!("first record {:?} after joining", begin.elapsed());
    three.serve(Duration::from_millis(300)).await;
    assert_eq!(three.offsets_of(0), [9]);
    three.close(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_stops_the_flow_and_loses_nothing() {
    let server = broker().bootstrap();
    topic(server, "slow", 2).await;
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    let mut reader = Desk::join(&bus, "reader", "slow", &["slow"], false);
    reader.until("both", |desk| desk.owned.len() == 2).await;
    send_all(&mut producer, (0..4000).map(|n| record("slow", &n.to_string(), vec![b'x'; 500]))).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(900)).await;
        assert!(reader.consumer.pulse.age_ms() < 500, "the poll loop stands still");
        reader.read.extend(reader.consumer.records.recv().await.unwrap());
    }
    reader.until("all", |desk| desk.read.len() >= 4000).await;
    for number in 0..2 {
        let offsets = reader.offsets_of(number);
        assert!(offsets.iter().copied().eq(0..offsets.len() as i64), "partition {number}");
    }
    reader.close(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_loses_nothing() {
    let mut broker = tokio::task::spawn_blocking(|| Broker::private().unwrap()).await.unwrap();
    topic(broker.bootstrap(), "kill", 2).await;
    let bus = bus(broker.bootstrap(), &[]);
    let mut producer = bus.producer().unwrap();
    let mut reader = Desk::join(&bus, "reader", "kill", &["kill"], false);
    send_all(&mut producer, (0..500).map(|n| record("kill", &n.to_string(), n.to_string()))).await;
    reader.until("the first half", |desk| desk.read.len() == 500).await;
    reader.command(Command::Commit(reader.progress()));
    tokio::time::sleep(Duration::from_millis(200)).await;

    broker.kill().unwrap();
    for n in 500..1000_u64 {
        let token = Token { seat: Seat(1), sequence: n };
        producer.send(record("kill", &n.to_string(), n.to_string()), token).unwrap();
    }
    let begin = Instant::now();
    reader.until("the illness", |desk| desk.consumer.pulse.ill() && !desk.ill.is_empty()).await;
    println!("ill {:?} after the kill: {:?}", begin.elapsed(), reader.ill);
    let broker =
        tokio::task::spawn_blocking(move || broker.restart().map(|()| broker)).await.unwrap().unwrap();
    let begin = Instant::now();
    let mut acked = HashSet::new();
    while acked.len() < 500 {
        let ack = timeout(LONG, producer.acks.recv()).await.unwrap().unwrap();
        ack.result.unwrap();
        acked.insert(ack.token.sequence);
    }
    println!("all acknowledged {:?} after the restart", begin.elapsed());
    let whole =
        |desk: &Desk| desk.read.iter().map(|found| found.payload.clone().unwrap()).collect::<HashSet<_>>();
    reader.until("the second half", |desk| whole(desk).len() == 1000).await;
    println!("all read {:?} after the restart, {} twice", begin.elapsed(), reader.read.len() - 1000);
    reader.until("health", |desk| !desk.consumer.pulse.ill()).await;
    println!("well {:?} after the restart", begin.elapsed());
    drop(broker);
    let (begin, progress) = (Instant::now(), reader.progress());
    reader.close(progress).await;
    println!("closed without a broker after {:?}", begin.elapsed());
    assert!(begin.elapsed() < Duration::from_secs(12));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_seen_whole_or_not_at_all() {
    let server = broker().bootstrap();
    topic(server, "in", 1).await;
    topic(server, "out", 2).await;
    let bus = bus(server, &["--slot", "a"]);
    let mut producer = bus.producer().unwrap();
    send_all(&mut producer, (0..10).map(|n| record("in", "k", n.to_string()))).await;
    let here = Partition { topic: "in".into(), number: 0 };
    let elsewhere = Partition { topic: "in".into(), number: 7 };
    let mut worker = Desk::join(&bus, "worker", "worker", &["in"], true);
    let mut sink = Desk::join(&bus, "sink", "sink", &["out"], false);
    worker.until("the inputs", |desk| desk.read.len() == 10).await;

    let outputs = |from: u32, to: u32| {
        (from..to).map(|n| record("out", &n.to_string(), n.to_string())).collect::<Vec<_>>()
    };
    let refused = worker.transact(outputs(0, 3), vec![(elsewhere, 1)]).await;
    assert!(matches!(refused, Err(BusError::Fenced(_))), "{refused:?}");
    let mut oversize = outputs(0, 3);
    oversize.push(record("out", "big", incompressible(17 << 20)));
    let refused = worker.transact(oversize, vec![(here.clone(), 3)]).await;
    assert!(matches!(refused, Err(BusError::Refused(_))), "{refused:?}");
    let mut times = Vec::new();
    for n in 0..5 {
        let begin = Instant::now();
        worker.transact(outputs(n, n + 1), vec![(here.clone(), i64::from(n) + 1)]).await.unwrap();
        times.push(begin.elapsed());
    }
    println!("transactions took {times:?}");
    sink.until("the outputs", |desk| desk.read.len() >= 5).await;
    sink.serve(Duration::from_millis(300)).await;
    let seen: HashSet<_> = sink.read.iter().map(|found| found.payload.clone().unwrap()).collect();
    assert_eq!((sink.read.len(), seen.len()), (5, 5), "what was refused is not seen");
    drop(worker);

    let mut next = Desk::join(&bus, "next", "worker", &["in"], true);
    next.until("the rest", |desk| desk.read.len() == 5).await;
    assert_eq!(next.offsets_of(0), [5, 6, 7, 8, 9]);
    next.close(Vec::new()).await;
    sink.close(Vec::new()).await;
}

/// Writes an output for each input in transactions of up to 20, until told to stop.
async fn work(mut desk: Desk, out: &'static str, stop: Arc<AtomicBool>) -> usize {
    let (mut done, mut failures) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        desk.serve(Duration::from_millis(10)).await;
        while done < desk.read.len() {
            let batch = &desk.read[done..desk.read.len().min(done + 20)];
            let mine = batch.iter().filter(|record| desk.owned.values().any(|seat| *seat == record.seat));
            let outputs = mine.clone().map(|one| record(out, "k", one.payload.clone().unwrap())).collect();
            let next: HashMap<_, _> = mine
                .map(|one| {
                    (
                        Partition { topic: one.origin.topic.clone(), number: one.origin.partition },
                        one.origin.offset + 1,
                    )
                })
                .collect();
            let count = batch.len();
            match desk.transact(outputs, next.into_iter().collect()).await {
                Ok(()) => done += count,
                Err(error) => {
                    failures += 1;
                    println!("{}: {error}", desk.name);
                    desk.serve(Duration::from_millis(100)).await;
                }
            }
        }
        if !desk.revoked.is_empty() {
            desk.release();
        }
    }
    desk.close(Vec::new()).await;
    failures
}

#[tokio::test(flavor = "multi_thread")]
async fn each_output_is_written_once_though_members_come_and_go_and_the_broker_is_killed() {
    let mut broker = tokio::task::spawn_blocking(|| Broker::private().unwrap()).await.unwrap();
    topic(broker.bootstrap(), "once", 4).await;
    topic(broker.bootstrap(), "written", 1).await;
    let bus = bus(broker.bootstrap(), &["--slot", "once"]);
    let mut producer = bus.producer().unwrap();
    let join = |name, stop: &Arc<AtomicBool>| {
        tokio::spawn(work(Desk::join(&bus, name, "once", &["once"], true), "written", Arc::clone(stop)))
    };
    let stops: [Arc<AtomicBool>; 3] = Default::default();
    let first = join("first", &stops[0]);
    let mut tasks = Vec::new();
    for part in 0..6 {
        let inputs = (part * 500..(part + 1) * 500).map(|n| record("once", &n.to_string(), n.to_string()));
        send_all(&mut producer, inputs).await;
        match part {
            1 => tasks.push(join("second", &stops[1])),
            3 => stops[0].store(true, Ordering::Relaxed),
            4 => {
                broker.kill().unwrap();
                broker = tokio::task::spawn_blocking(move || broker.restart().map(|()| broker))
                    .await
                    .unwrap()
                    .unwrap();
                tasks.push(join("third", &stops[2]));
            }
            _ => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
    let mut sink = Desk::join(&bus, "sink", "sink", &["written"], false);
    let whole =
        |desk: &Desk| desk.read.iter().map(|found| found.payload.clone().unwrap()).collect::<HashSet<_>>();
    sink.until("every output", |desk| whole(desk).len() == 3000).await;
    sink.serve(Duration::from_secs(1)).await;
    stops.iter().for_each(|stop| stop.store(true, Ordering::Relaxed));
    let mut failures = first.await.unwrap();
    for task in tasks {
        failures += task.await.unwrap();
    }
    println!("{} outputs, {failures} transactions failed", sink.read.len());
    assert_eq!(sink.read.len(), 3000);
    sink.close(Vec::new()).await;
    drop(broker);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_hold_nothing_more_is_handed_over_and_the_rest_is_left_to_the_next() {
    let server = broker().bootstrap();
    topic(server, "hold", 1).await;
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    let mut reader = Desk::join(&bus, "reader", "hold", &["hold"], false);
    send_all(&mut producer, (0..10).map(|n| record("hold", "k", n.to_string()))).await;
    reader.until("the first ten", |desk| desk.read.len() == 10).await;
    reader.command(Command::Hold);
    tokio::time::sleep(Duration::from_millis(50)).await;
    send_all(&mut producer, (10..20).map(|n| record("hold", "k", n.to_string()))).await;
    reader.serve(Duration::from_millis(500)).await;
    assert_eq!(reader.read.len(), 10);
    assert!(reader.consumer.pulse.age_ms() < 500);
    let progress = reader.progress();
    reader.close(progress).await;
    let mut next = Desk::join(&bus, "next", "hold", &["hold"], false);
    next.until("the rest", |desk| desk.read.len() == 10).await;
    assert_eq!(next.read[0].origin.offset, 10);
    next.close(Vec::new()).await;
}

/// Bytes that no codec makes smaller.
fn incompressible(length: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_record_arrives_and_an_oversize_one_is_refused() {
    let server = broker().bootstrap();
    topic(server, "large", 1).await;
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    let large = incompressible((16 << 20) - 4096);
    send_all(&mut producer, std::iter::once(record("large", "k", large.clone()))).await;
    for length in [17 << 20, 21 << 20] {
        producer
            .send(record("large", "k", incompressible(length)), Token { seat: Seat(0), sequence: 1 })
            .unwrap();
        let ack = timeout(LONG, producer.acks.recv()).await.unwrap().unwrap();
        assert!(matches!(ack.result, Err(BusError::Refused(_))), "{ack:?}");
    }
    let mut reader = Desk::join(&bus, "reader", "large", &["large"], false);
    reader.until("the large one", |desk| !desk.read.is_empty()).await;
    assert!(reader.read[0].payload.as_ref() == Some(&large));
    reader.close(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topics_of_the_line_are_made_once() {
    let kafka = settings(broker().bootstrap(), &[]).open().unwrap();
    let first = kafka.create_topics(Lane::Replay).await.unwrap();
    assert_eq!(first.len(), topics().len());
    assert!(
        first.iter().all(|(name, made)| name.starts_with("replay.") && *made == Made::Created),
        "{first:?}"
    );
    let second = kafka.create_topics(Lane::Replay).await.unwrap();
    assert!(second.iter().all(|(_, made)| *made == Made::Exists), "{second:?}");
    let wanted = vec!["replay.tickets.received".to_owned(), "no-such".to_owned()];
    assert_eq!(kafka.missing_topics(wanted).await.unwrap(), ["no-such"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fingerprint_tells_what_is_at_a_place() {
    let server = broker().bootstrap();
    for name in ["place-a", "place-b"] {
        topic(server, name, 2).await;
    }
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    let both =
        |n: u32| ["place-a", "place-b"].map(|name| record(name, &n.to_string(), vec![b'x'; n as usize]));
    send_all(&mut producer, (0..40).flat_map(both)).await;
    let mut reader = Desk::join(&bus, "reader", "place", &["place-a", "place-b"], false);
    reader.until("all", |desk| desk.read.len() == 80).await;
    let at = |topic: &str, number, offset| (Partition { topic: topic.into(), number }, offset);
    let mut places: Vec<_> = reader
        .read
        .iter()
        .map(|one| at(&one.origin.topic, one.origin.partition, one.origin.offset))
        .collect();
    places.extend([at("place-a", 0, 10_000), at("place-a", 9, 0), at("no-such", 0, 0)]);
    let begin = Instant::now();
    let found = bus.peek().at(&places).await.unwrap();
    println!("{} places after {:?}", places.len(), begin.elapsed());
    for (one, found) in reader.read.iter().zip(&found) {
        let found = found.unwrap();
        assert_eq!(
            (found.time_ms, found.bytes),
            (one.origin.time_ms, one.payload.as_ref().unwrap().len() as i64)
        );
    }
    assert!(found[80..].iter().all(Option::is_none));
    assert!(!bus.peek().cluster().await.unwrap().is_empty());
    reader.close(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_made_anew_is_read_from_its_beginning() {
    let server = broker().bootstrap();
    topic(server, "anew", 1).await;
    let bus = bus(server, &[]);
    let mut producer = bus.producer().unwrap();
    let mut reader = Desk::join(&bus, "reader", "anew", &["anew"], false);
    send_all(&mut producer, (0..20).map(|n| record("anew", "k", n.to_string()))).await;
    reader.until("all", |desk| desk.read.len() == 20).await;
    reader.command(Command::Commit(reader.progress()));
    admin(server).delete_topics(&["anew"], &AdminOptions::new()).await.unwrap();
    reader.serve(Duration::from_secs(1)).await;
    topic(server, "anew", 1).await;
    let mut producer = bus.producer().unwrap();
    send_all(&mut producer, (0..5).map(|n| record("anew", "k", format!("new {n}")))).await;
    let begin = Instant::now();
    reader.until("the new ones", |desk| desk.read.len() == 25).await;
    println!(
        "read {:?} after it was made anew; lost {:?}; ill {:?}",
        begin.elapsed(),
        reader.lost,
        reader.ill
    );
    assert_eq!(reader.offsets_of(0)[20..], [0, 1, 2, 3, 4]);
    assert!(!reader.lost.is_empty());
    reader.close(Vec::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_over_tls_is_accepted_and_a_wrong_one_is_an_illness() {
    let secured = tokio::task::spawn_blocking(|| Secured::private("worker", "hush")).await.unwrap().unwrap();
    topic(secured.bootstrap(), "secret", 1).await;
    let ca = secured.ca().to_str().unwrap().to_owned();
    let with = |password: &str| -> Bus {
        let arguments =
            ["--security-protocol", "SASL_SSL", "--ssl-ca-location", &ca, "--sasl-username", "worker"];
        bus(secured.secured_bootstrap(), &[&arguments[..], &["--sasl-password", password]].concat())
    };
    let good = with("hush");
    let mut producer = good.producer().unwrap();
    send_all(&mut producer, std::iter::once(record("secret", "k", "v"))).await;
    let mut reader = Desk::join(&good, "reader", "secret", &["secret"], false);
    reader.until("the record", |desk| desk.read.len() == 1).await;
    reader.close(Vec::new()).await;
    let mut stranger = Desk::join(&with("wrong"), "stranger", "secret", &["secret"], false);
    stranger
        .until("the refusal", |desk| desk.ill.iter().any(|text| text.to_lowercase().contains("auth")))
        .await;
    println!("{:?}", stranger.ill);
    assert!(stranger.ill.iter().all(|text| !text.contains("wrong")));
    let begin = Instant::now();
    stranger.close(Vec::new()).await;
    println!("closed {:?}", begin.elapsed());
}
