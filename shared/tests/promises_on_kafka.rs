//! What the runner promises, once more: on a real Apache Kafka, with real processes that are really killed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod kafka_support;
mod support;

use std::{
    collections::{HashMap, HashSet},
    fs,
    time::{Duration, Instant},
};

use kafka_support::*;
use rdkafka::message::{Headers as _, Message};
use shared::{
    bus::{Outgoing, Record},
    envelope::{derived_id, foreign_id, names, record_id},
    events::{Fault, Received},
};
use support::{CLASSIFIED, RECEIVED, REJECTED, body, header, record, rejected, ticket};

/// What a loaded machine may add to a limit that holds on a quiet one: the slowest of the same flow without a fault.
const QUIET: Duration = Duration::from_secs(4);

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn slow(range: std::ops::Range<u32>, keys: u32, ms: u32) -> impl Iterator<Item = Outgoing> {
    range.map(move |n| record(&format!("T{}", n % keys), &format!("slow {ms} {n}")))
}

/// A record of a topic, once it is there.
fn soon(world: &World, topic: &'static str, count: usize) -> Vec<Record> {
    until(&format!("{count} records in {topic}"), || world.read(topic).len() >= count);
    world.read(topic)
}

#[test]
fn promise_1_nothing_is_lost_on_kafka() {
    let world = World::enter("lost");
    let settings = [("SWITCHYARD_MAX_IN_FLIGHT", "50")];
    let mut workers = vec![Worker::ready(&world, &settings), Worker::ready(&world, &settings)];
    world.send(slow(0..3_000, 60, 60));
    for round in 0..3 {
        let before = world.read(CLASSIFIED).len();
        until("it is in the middle of a batch", || world.read(CLASSIFIED).len() > before + 100);
        let mut victim = workers.remove(0);
        victim.kill();
        println!("kill {round}: {} answered, lag {}", world.read(CLASSIFIED).len(), world.lag());
        workers.push(Worker::start(&world, &settings));
    }
    assert!(world.lag() > 0, "the kills came too late to matter");
    println!("settled after {:?}", world.settled());
    let (all, each) = (world.read(CLASSIFIED).len(), world.distinct(CLASSIFIED).len());
    println!("{all} answers to 3000 tickets");
    assert_eq!(each, 3_000);
    world.the_law_holds();
}

#[test]
fn promise_1_the_commit_never_passes_a_record_without_an_acknowledged_output_on_kafka() {
    let world = World::enter("prefix");
    let before: i64 = world.committed().iter().sum();
    let worker = Worker::ready(&world, &[]);
    let here = world.send([record("A", "slow 4000")])[0].0;
    // Others of the same partition, answered while the first is not.
    let others: Vec<_> = (0..200).map(|n| record(&format!("B{n}"), "ok")).collect();
    let same = world.send(others).iter().filter(|(partition, _)| *partition == here).count();
    assert!(same > 5);
    soon(&world, CLASSIFIED, 200);
    pause(800);
    let committed: i64 = world.committed().iter().sum();
    assert_eq!(committed - before, 200 - i64::try_from(same).unwrap(), "only other partitions have gone on");
    world.settled();
    assert_eq!(worker.stop(seconds(10)), Some(0));
    world.the_law_holds();
}

#[test]
fn promise_2_a_re_run_yields_the_same_ids_on_kafka() {
    let world = World::enter("ids");
    let mut first = Worker::ready(&world, &[("SWITCHYARD_COMMIT_MS", "600000")]);
    world.send((0..60).map(|n| record(&format!("T{}", n % 7), &format!("ok {n}"))));
    soon(&world, CLASSIFIED, 60);
    first.kill();
    let _second = Worker::start(&world, &[]);
    world.settled();
    let mut answers: HashMap<String, Vec<Record>> = HashMap::new();
    for answer in world.read(CLASSIFIED) {
        answers.entry(header(&answer, names::ID)).or_default().push(answer);
    }
    assert_eq!(answers.len(), 60, "no new ids");
    for both in answers.values() {
        assert_eq!(both.len(), 2, "nothing was committed, so all were answered twice");
        assert_eq!((&both[0].payload, &both[0].key), (&both[1].payload, &both[1].key));
        assert_eq!(both[0].origin.partition, both[1].origin.partition);
    }
    world.the_law_holds();
}

#[test]
fn promise_2_exactly_once_leaves_no_double_even_in_the_topic_on_kafka() {
    let world = World::enter("once");
    let settings = |slot| {
        [
            ("SWITCHYARD_DELIVERY", "exactly_once"),
            ("SWITCHYARD_SLOT", slot),
            ("SWITCHYARD_MAX_IN_FLIGHT", "100"),
        ]
    };
    let mut workers = vec![Worker::ready(&world, &settings("a")), Worker::ready(&world, &settings("b"))];
    let mut records: Vec<Sending> = slow(0..1_500, 40, 100).map(Sending::from).collect();
    records.insert(700, Sending { payload: Some(b"{".to_vec()), ..record("T1", "ok").into() });
    world.send(records);
    for slot in ["a", "b", "a"] {
        let before = world.read(CLASSIFIED).len();
        until("it is in the middle of it", || world.read(CLASSIFIED).len() > before + 50);
        workers.remove(0).kill();
        workers.push(Worker::start(&world, &settings(slot)));
    }
    assert!(world.lag() > 0, "the kills came too late to matter");
    println!("settled after {:?}", world.settled());
    let mut written = 0;
    world.each(CLASSIFIED, "read_uncommitted", |_| written += 1);
    println!("{written} answers in the log, aborted ones too");
    assert_eq!(
        (world.read(CLASSIFIED).len(), world.read(REJECTED).len()),
        (1_500, 1),
        "without counting ids"
    );
    world.the_law_holds();
    for worker in workers {
        assert_eq!(worker.stop(seconds(20)), Some(0));
    }
}

#[test]
fn promise_3_one_tickets_events_stay_in_order_and_others_do_not_wait_on_kafka() {
    let world = World::enter("order");
    let _worker = Worker::ready(&world, &[]);
    world.send([
        record("A", "slow 3000"),
        record("A", "ok second"),
        record("A", "slow 200 third"),
        record("A", "ok fourth"),
    ]);
    world.send((0..100).map(|n| record(&format!("B{n}"), "ok other")));
    let others =
        |world: &World| world.read(CLASSIFIED).iter().filter(|record| body(record) == "ok other").count();
    until("the others do not wait", || others(&world) == 100);
    assert_eq!(world.read(CLASSIFIED).len(), 100);
    world.settled();
    let bodies: Vec<String> =
        world.read(CLASSIFIED).iter().map(body).filter(|body| body != "ok other").collect();
    assert_eq!(bodies, ["slow 3000", "ok second", "slow 200 third", "ok fourth"]);
    world.the_law_holds();
}

/// Poison: what its reason must name, and the record.
fn poisons() -> Vec<(&'static str, Sending)> {
    let good = serde_json::to_string(&Received { ticket: ticket("P", "ok") }).unwrap();
    let value = |payload: &[u8]| Sending { payload: Some(payload.to_vec()), ..record("P", "ok").into() };
    let text = |text: String| value(text.as_bytes());
    let header = |name, content: &str| Sending {
        headers: vec![(name, content.as_bytes().to_vec())],
        ..record("P", "ok").into()
    };
    let nested = |open: &str, close: &str| open.repeat(50_000) + &close.repeat(50_000);
    vec![
        ("no value", Sending { payload: None, ..record("P", "ok").into() }),
        ("no value", value(b"")),
        ("no key", Sending { key: None, ..record("P", "ok").into() }),
        ("no key", Sending { key: Some(Vec::new()), ..record("P", "ok").into() }),
        ("no value", Sending::default()),
        ("key", text(good.replace("\"id\":\"P\"", "\"id\":\"other\""))),
        ("UTF-8", value(b"\xff\xfe\x00")),
        ("UTF-8", text(good.clone()).with_byte(0xc3)),
        ("received", value(b"{\"ticket\":")),
        ("received", value(b"null")),
        ("received", value(b"[]")),
        ("received", value(b"{\"ticket\":{\"tenant\":7}}")),
        ("received", text(good.replace("2026-11-20T09:00:00Z", "yesterday"))),
        ("received", text(nested("[", "]"))),
        ("received", text(nested("{\"ticket\":", "}"))),
        ("received", text(good.replace("\"ok\"", "\"\\ud800\""))),
        ("received", value(&[0; 100])),
        ("NUL", text(good.replace("\"ok\"", "\"a\\u0000b\""))),
        ("body", text(good.replace("\"ok\"", "\"  \""))),
        ("tenant", text(good.replace("harbor", ""))),
        ("characters", text(good.replace("ok", &"a".repeat(1_000_000)))),
        ("bytes", text(good.replace("ok", &"ab ".repeat(10 << 20).split_at(10 << 20).0.replace(' ', "c")))),
        ("switchyard.received.v2", header(names::TYPE, "switchyard.received.v2")),
        ("switchyard.routed.v1", header(names::TYPE, "switchyard.routed.v1")),
        (names::SPEC, header(names::SPEC, "0.3")),
        (names::TIME, header(names::TIME, "yesterday")),
        (names::ROOT, header(names::ROOT, "7")),
        (names::TYPE, Sending { headers: vec![(names::TYPE, vec![0xff])], ..record("P", "ok").into() }),
    ]
}

impl Sending {
    fn with_byte(mut self, byte: u8) -> Self {
        self.payload.as_mut().unwrap().push(byte);
        self
    }
}

#[test]
fn promise_4_poison_goes_to_rejected_and_the_next_record_goes_on_on_kafka() {
    let world = World::enter("poison");
    let _worker = Worker::ready(&world, &[]);
    world.flow(QUIET, "quiet", |_| {});
    let usual = world.slowest();

    let kinds = poisons();
    let (mut waiting, mut sent) = (kinds.iter(), Vec::new());
    world.flow(seconds(5), "beside", |_| {
        if let Some((reason, sending)) = waiting.next() {
            sent.push((*reason, sending.clone(), world.send([sending.clone()])[0]));
        }
    });
    assert_eq!(sent.len(), kinds.len());
    let told = world.send([record("P", "panic"), record("P", "reject"), record("P", "ok after all")]);
    world.settled();
    let slowest = world.slowest();
    println!("slowest beside poison {slowest:?}, usually {usual:?}");
    assert!(slowest < seconds(1) + usual, "poison held the others up");

    let given_up: HashMap<(i32, i64), _> = world
        .distinct(REJECTED)
        .iter()
        .map(rejected)
        .map(|event| ((event.partition, event.offset), event))
        .collect();
    assert_eq!(given_up.len(), kinds.len() + 2);
    for (reason, sending, place) in &sent {
        let event = &given_up[place];
        assert!(event.reason.contains(reason), "'{}' should name '{reason}'", event.reason);
        assert!(event.reason.len() < 500, "a reason is for a person");
        assert_eq!((event.fault, event.attempts, event.worker.as_str()), (Fault::Unreadable, 1, "scripted"));
        assert_eq!(event.topic, *world.lane.name(RECEIVED));
        let bytes = sending.payload.as_deref().unwrap_or_default();
        assert_eq!(event.payload_bytes, bytes.len() as u64);
        assert_eq!(event.payload_sha256, sha256(bytes));
        assert_eq!(event.key.is_some(), sending.key.is_some());
        assert_eq!(event.payload.is_some(), sending.payload.is_some());
    }
    let faults = told.iter().map(|place| given_up.get(place).map(|event| event.fault)).collect::<Vec<_>>();
    assert_eq!(faults, [Some(Fault::Panic), Some(Fault::Refused), None]);
    world.the_law_holds();
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    format!("{:x}", sha2::Sha256::digest(bytes))
}

#[test]
fn promise_5_an_outage_is_not_poison_on_kafka() {
    let world = World::enter("outage");
    let outage = world.folder.join("outage");
    fs::write(&outage, "").unwrap();
    let settings = [
        ("SWITCHYARD_RETRY_FIRST_MS", "5"),
        ("SWITCHYARD_RETRY_MOST_MS", "50"),
        ("SWITCHYARD_RETRY_ATTEMPTS", "3"),
    ];
    let mut worker = Worker::ready(&world, &settings);
    world.send((0..300).map(|n| record(&format!("T{}", n % 60), &format!("ok {n}"))));
    until("it says that it waits", || worker.report("/readyz").0 == 503);
    // Two hundred times as long as an event alone would be given.
    pause(4_000);
    let (status, report) = worker.report("/healthz");
    assert_eq!(status, 200, "a restart would not help: {report}");
    assert_eq!(report["waiting_for"], "the world is away");
    assert_eq!((world.read(REJECTED).len(), world.read(CLASSIFIED).len()), (0, 0));
    fs::remove_file(&outage).unwrap();
    println!("settled {:?} after the outage", world.settled());
    until("it is ready", || worker.report("/readyz").0 == 200);
    assert_eq!((world.read(REJECTED).len(), world.distinct(CLASSIFIED).len()), (0, 300));
    assert!(worker.get("/metrics").1.contains("switchyard_retries_total{worker=\"scripted\"}"));
    world.the_law_holds();
}

#[test]
fn promise_5_an_outage_does_not_keep_a_worker_from_stopping_on_kafka() {
    let world = World::enter("outage-stop");
    let outage = world.folder.join("outage");
    fs::write(&outage, "").unwrap();
    let mut worker = Worker::ready(&world, &[]);
    world.send((0..50).map(|n| record(&format!("T{n}"), "ok")));
    until("it says that it waits", || worker.report("/readyz").0 == 503);
    let begin = Instant::now();
    assert_eq!(worker.stop(seconds(5)), Some(0));
    println!("stopped in an outage after {:?}", begin.elapsed());
    assert_eq!(world.lag(), 50);
    fs::remove_file(&outage).unwrap();
    let _next = Worker::start(&world, &[]);
    world.settled();
    assert_eq!(world.read(REJECTED).len(), 0);
    world.the_law_holds();
}

#[test]
fn promise_5_an_event_that_fails_while_others_succeed_is_given_up_on_kafka() {
    let world = World::enter("alone");
    let _worker =
        Worker::ready(&world, &[("SWITCHYARD_RETRY_FIRST_MS", "20"), ("SWITCHYARD_RETRY_ATTEMPTS", "4")]);
    world.send([record("bad", "forever"), record("bad", "ok next"), record("late", "retry 3")]);
    for n in 0..60 {
        world.send([record(&format!("T{n}"), "ok")]);
        pause(100);
    }
    world.settled();
    let given_up: Vec<_> = world.read(REJECTED).iter().map(rejected).collect();
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].fault, Fault::Exhausted);
    assert!(given_up[0].attempts >= 4 && given_up[0].reason.contains("never"));
    world.the_law_holds();
}

#[test]
fn promise_6_sigterm_drains_commits_leaves_and_exits_0_on_kafka() {
    let world = World::enter("drain");
    let worker = Worker::ready(&world, &[]);
    world.send((0..20).map(|n| record(&format!("T{n}"), "slow 1500")));
    pause(500);
    let begin = Instant::now();
    assert_eq!(worker.stop(seconds(8)), Some(0));
    println!("drained and gone after {:?}", begin.elapsed());
    assert!(begin.elapsed() < seconds(4), "what was under way was finished, no more");
    assert_eq!(world.lag(), 0, "and committed");
    assert_eq!(world.read(CLASSIFIED).len(), 20, "nothing was done twice");
    let begin = Instant::now();
    let _next = Worker::ready(&world, &[]);
    println!("the next was ready {:?} after its start", begin.elapsed());
    assert!(begin.elapsed() < SESSION, "the group was left, not timed out");
    world.the_law_holds();
}

#[test]
fn promise_6_a_drain_is_bounded_on_kafka() {
    let world = World::enter("bounded");
    let worker = Worker::ready(&world, &[("SWITCHYARD_DRAIN_MS", "1000")]);
    world.send([record("A", "slow 3600000")]);
    pause(500);
    let begin = Instant::now();
    assert_eq!(worker.stop(seconds(8)), Some(0));
    assert!(begin.elapsed() < seconds(4), "{:?}", begin.elapsed());
    assert_eq!(world.lag(), 1, "it stays for the next one");
}

#[test]
fn promise_6_a_second_sigterm_exits_at_once_on_kafka() {
    let world = World::enter("second");
    let mut worker = Worker::ready(&world, &[]);
    world.send([record("A", "slow 3600000"), record("B", "ok")]);
    soon(&world, CLASSIFIED, 1);
    worker.terminate();
    pause(500);
    assert!(worker.ended().is_none(), "it drains");
    let begin = Instant::now();
    assert_eq!(worker.stop(seconds(5)), Some(130));
    assert!(begin.elapsed() < seconds(1), "{:?}", begin.elapsed());
    assert!(world.lag() >= 1, "the one that was not finished is not committed");
}

#[test]
fn promise_6_a_hand_over_takes_less_than_a_second_on_kafka() {
    let world = World::enter("hand-over");
    let mut workers = vec![Worker::ready(&world, &[]), Worker::ready(&world, &[])];
    until("both have their share", || workers.iter_mut().all(|worker| worker.partitions() == 3));
    world.flow(QUIET, "quiet", |_| {});
    world.settled();
    let (usual, mut leaving) = (world.slowest(), workers.pop());
    let mut left = None;
    world.flow(seconds(5), "beside", |at| {
        if at > seconds(2)
            && let Some(mut worker) = leaving.take()
        {
            worker.terminate();
            left = Some(worker);
        }
    });
    world.settled();
    assert_eq!(left.unwrap().wait(seconds(5)).and_then(|status| status.code()), Some(0));
    println!("slowest while a worker leaves {:?}, usually {usual:?}", world.slowest());
    assert!(world.slowest() < seconds(1) + usual);
    assert_eq!(world.read(CLASSIFIED).len(), world.read(RECEIVED).len(), "a hand-over repeats nothing");
    world.the_law_holds();
}

#[test]
fn promise_7_a_killed_workers_partitions_flow_again_within_the_session_timeout_on_kafka() {
    let world = World::enter("fail-over");
    let mut workers: Vec<_> = (0..3).map(|_| Worker::ready(&world, &[])).collect();
    until("each has its share", || workers.iter_mut().all(|worker| worker.partitions() == 2));
    world.flow(QUIET, "quiet", |_| {});
    world.settled();
    let (usual, mut victim) = (world.slowest(), workers.pop());
    world.flow(seconds(8), "beside", |at| {
        if at > seconds(2)
            && let Some(mut victim) = victim.take()
        {
            victim.kill();
        }
    });
    world.settled();
    println!("slowest after a kill {:?}, usually {usual:?}, session {SESSION:?}", world.slowest());
    assert!(world.slowest() < SESSION + seconds(1) + usual);
    world.the_law_holds();
}

#[test]
fn promise_7_a_revoked_partition_is_drained_and_committed_before_it_goes_on_kafka() {
    let world = World::enter("revoke");
    let settings = [("SWITCHYARD_MAX_IN_FLIGHT", "40")];
    let mut first = Worker::ready(&world, &settings);
    assert_eq!(first.partitions(), 6);
    world.send(slow(0..800, 800, 1_500));
    pause(600);
    let mut second = Worker::ready(&world, &settings);
    until("both have their share", || (first.partitions(), second.partitions()) == (3, 3));
    assert!(world.lag() > 0, "it was in the middle of its work");
    world.settled();
    assert_eq!(world.read(CLASSIFIED).len(), 800, "a hand-over repeats nothing");
    world.the_law_holds();
}

#[test]
fn promise_7_a_commit_that_a_rebalance_spoils_is_made_again_on_kafka() {
    let world = World::enter("spoilt");
    let settings = [("SWITCHYARD_MAX_IN_FLIGHT", "40")];
    let first = Worker::ready(&world, &settings);
    // The last of them are done while the second joins, and no record follows that would carry a commit along.
    world.send(slow(0..400, 400, 300));
    pause(600);
    let second = Worker::ready(&world, &settings);
    println!("settled after {:?}", world.settled());
    world.the_law_holds();
    for worker in [first, second] {
        assert_eq!(worker.stop(seconds(10)), Some(0));
    }
}

#[test]
fn promise_7_a_frozen_worker_that_wakes_neither_loses_nor_commits_wrongly_on_kafka() {
    let world = World::enter("zombie");
    let settings = [("SWITCHYARD_MAX_IN_FLIGHT", "30")];
    let mut zombie = Worker::ready(&world, &settings);
    let mut other = Worker::ready(&world, &settings);
    until("both have their share", || (zombie.partitions(), other.partitions()) == (3, 3));
    world.send(slow(0..600, 150, 50));
    soon(&world, CLASSIFIED, 60);
    zombie.freeze();
    until("the other has all", || other.partitions() == 6);
    println!("settled without it after {:?}", world.settled());
    world.send(slow(600..900, 150, 50));
    soon(&world, CLASSIFIED, 700);

    let mut committed = world.committed();
    zombie.thaw();
    let begin = Instant::now();
    until("it has its share again", || {
        let now = world.committed();
        assert!(
            now.iter().zip(&committed).all(|(now, before)| now >= before),
            "{committed:?} went back to {now:?}"
        );
        committed = now;
        begin.elapsed() > seconds(3) && zombie.partitions() == 3
    });
    world.send(slow(900..1_000, 150, 5));
    world.settled();
    println!("{} answers to 1000 tickets", world.read(CLASSIFIED).len());
    world.the_law_holds();
    for worker in [zombie, other] {
        assert_eq!(worker.stop(seconds(10)), Some(0));
    }
}

#[test]
fn promise_7_a_worker_frozen_under_back_pressure_reads_on_when_it_wakes_on_kafka() {
    let world = World::enter("pressed");
    let mut worker = Worker::ready(&world, &[("SWITCHYARD_MAX_IN_FLIGHT", "20")]);
    world.send(slow(0..3_000, 3_000, 1_000));
    // It is told of more than it can take, and so has paused its partitions, when it loses them.
    soon(&world, CLASSIFIED, 300);
    worker.freeze();
    pause(4_500);
    assert!(world.lag() > 1_500);
    worker.thaw();
    println!("settled after {:?}", world.settled());
    world.the_law_holds();
    assert_eq!(worker.stop(seconds(10)), Some(0));
}

#[test]
fn promise_8_liveness_is_progress_on_kafka() {
    let world = World::enter("liveness");
    let mut workers = [Worker::ready(&world, &[]), Worker::ready(&world, &[])];
    until("both have their share", || workers.iter_mut().all(|worker| worker.partitions() == 3));
    let (partition, _) = world.send([record("A", "slow 3600000")])[0];
    let begin = Instant::now();
    while begin.elapsed() < seconds(50) {
        // The other tickets go on; and so does the partition, only its commit does not.
        world.send((0..5).map(|n| record(&format!("B{n}"), "ok")));
        assert!(workers.iter_mut().all(|worker| worker.report("/healthz").0 == 200));
        pause(1_000);
    }
    let ill = |worker: &mut Worker| worker.report("/healthz").0 == 503;
    until("it is noticed", || workers.iter_mut().any(ill));
    assert!((seconds(59)..seconds(75)).contains(&begin.elapsed()), "noticed after {:?}", begin.elapsed());
    let reports: Vec<_> = workers.iter_mut().map(|worker| worker.report("/healthz")).collect();
    let (ill, well): (Vec<_>, Vec<_>) = reports.into_iter().partition(|(status, _)| *status == 503);
    assert_eq!((ill.len(), well.len()), (1, 1), "{ill:?} {well:?}");
    let stalled = format!("{}/{partition}", world.lane.name(RECEIVED));
    assert_eq!(ill[0].1["stalled"], serde_json::json!([stalled]));
    assert_eq!((&well[0].1["stalled"], &well[0].1["ready"]), (&serde_json::json!([]), &true.into()));
    let metrics = workers[0].get("/metrics").1;
    for name in ["switchyard_events_total", "switchyard_event_seconds_count", "switchyard_lag_events"] {
        assert!(metrics.contains(&format!("{name}{{")), "{name} is missing in\n{metrics}");
    }
}

#[test]
fn promise_8_a_worker_without_a_share_is_ready_all_the_same_on_kafka() {
    let world = World::enter("surplus");
    let mut workers: Vec<_> = (0..7).map(|_| Worker::ready(&world, &[])).collect();
    until("each has its share", || {
        let shares: Vec<u64> = workers.iter_mut().map(Worker::partitions).collect();
        shares.iter().sum::<u64>() == 6 && shares.iter().all(|share| *share <= 1)
    });
    for worker in &mut workers {
        assert_eq!((worker.get("/readyz").0, worker.get("/healthz").0), (200, 200));
    }
}

/// A record with the headers that a help desk may set, and one of its own.
fn headed(id: &str) -> Sending {
    let headers = [
        (names::SPEC, "1.0"),
        (names::ID, id),
        (names::SOURCE, "/desk"),
        (names::TYPE, "switchyard.received.v1"),
        (names::TIME, "2026-11-20T09:00:01.250Z"),
        (names::TRACE, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("x-foreign", "left alone"),
    ];
    let headers = headers.map(|(name, value)| (name, value.as_bytes().to_vec())).to_vec();
    Sending { headers, ..record("B", "ok headed").into() }
}

#[test]
fn promise_9_ids_trace_and_time_travel_in_headers_on_kafka() {
    let world = World::enter("headers");
    let _worker = Worker::ready(&world, &[]);
    let uuid = "0b7a4c52-6c70-4f0e-9d4e-1f7b0a3d5e11";
    world.send([Sending::from(record("A", "ok plain")), headed("order 77"), headed(uuid)]);
    world.send([Sending { payload: Some(b"{".to_vec()), ..headed("order 78") }]);
    world.settled();
    let plain = world.read(RECEIVED).into_iter().find(|record| header(record, names::ID).is_empty()).unwrap();
    let expected = [
        (record_id(&plain.origin), CLASSIFIED),
        (foreign_id("/desk", "order 77"), CLASSIFIED),
        (uuid.parse().unwrap(), CLASSIFIED),
        (foreign_id("/desk", "order 78"), REJECTED),
    ];
    let mut found = HashMap::new();
    for topic in [CLASSIFIED, REJECTED] {
        world.each(topic, "read_committed", |message| {
            let headers = message.headers().unwrap();
            let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap().to_vec()).unwrap();
            let pairs: HashMap<String, String> =
                headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect();
            assert_eq!((headers.count(), pairs.len()), (names::ALL.len(), names::ALL.len()), "each once");
            let time = message.timestamp().to_millis().unwrap();
            found.insert(pairs[names::CAUSE].clone(), (topic, pairs, time));
        });
    }
    assert_eq!(found.len(), expected.len());
    for (cause, topic) in expected {
        let (written, headers, time) = &found[&cause.to_string()];
        assert_eq!(*written, topic);
        all_is_said(headers, cause, topic, *time);
        if cause != record_id(&plain.origin) {
            assert!(headers[names::TRACE].starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
            assert!(headers[names::TRACE].ends_with("-01"));
            assert!(!headers[names::TRACE].contains("00f067aa0ba902b7"), "a span of its own");
        }
    }
}

/// Exactly the known headers, each with what belongs in it.
fn all_is_said(headers: &HashMap<String, String>, cause: uuid::Uuid, topic: &str, time_ms: i64) {
    assert_eq!(headers.keys().map(String::as_str).collect::<HashSet<_>>(), HashSet::from(names::ALL));
    assert_eq!(headers[names::SPEC], "1.0");
    assert_eq!(headers[names::ID], derived_id(cause, "scripted").to_string());
    assert_eq!(headers[names::ROOT], cause.to_string());
    assert_eq!(headers[names::TYPE], format!("switchyard.{}.v1", topic.strip_prefix("tickets.").unwrap()));
    assert_eq!(headers[names::SOURCE], "/switchyard/scripted");
    assert_eq!(headers[names::CONTENT], "application/json");
    let said = chrono::DateTime::parse_from_rfc3339(&headers[names::TIME]).unwrap().timestamp_millis();
    assert!((time_ms - 5_000..=time_ms + 5).contains(&said), "{said} against {time_ms}");
    let parts: Vec<&str> = headers[names::TRACE].split('-').collect();
    assert_eq!((parts.len(), parts[0], parts[1].len(), parts[2].len()), (4, "00", 32, 16));
}
