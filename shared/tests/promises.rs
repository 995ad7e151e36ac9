//! What the runner promises, one test named after each promise, on the bus in memory with a paused clock.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use shared::{
    bus::{
        Outgoing, Partition,
        memory::{FaultPlan, MemoryBus},
    },
    envelope::{Meta, derived_id, names, record_id},
    events::{Fault, Received},
    runner::{Delivery, Settings},
};
use support::*;
use tokio::time::{Instant, sleep};

fn scripted() -> Arc<Scripted> {
    Arc::new(Scripted::default())
}

async fn settled_run(bus: &MemoryBus, worker: Arc<Scripted>, settings: Settings) {
    let running = Running::start(worker, bus, settings);
    settled(bus, "scripted").await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn promise_1_nothing_is_lost() {
    let plan =
        FaultPlan { seed: 1, lose_ack: 0.2, lose_record: 0.2, queue_full: 0.2, ..FaultPlan::default() };
    let bus = MemoryBus::with_faults(3, plan);
    for n in 0..200 {
        bus.append(record(&format!("T{}", n % 40), &format!("ok {n}")));
    }
    settled_run(&bus, scripted(), Settings::default()).await;
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn promise_1_the_commit_never_passes_a_record_without_an_acknowledged_output() {
    let bus = MemoryBus::new(1);
    bus.append(record("A", "slow 5000"));
    bus.append(record("B", "ok"));
    let running = Running::start(scripted(), &bus, Settings::default());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(distinct(&bus, CLASSIFIED).len(), 1, "the second is answered already");
    assert_eq!(bus.committed("scripted", &Partition { topic: RECEIVED.into(), number: 0 }), None);
    settled(&bus, "scripted").await;
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn promise_2_a_re_run_yields_the_same_ids() {
    let bus = MemoryBus::new(1);
    for n in 0..20 {
        bus.append(record("A", &format!("ok {n}")));
    }
    let first = Running::start(scripted(), &bus, Settings { commit_ms: 60_000, ..Settings::default() });
    sleep(Duration::from_secs(1)).await;
    first.kill().await;
    settled_run(&bus, scripted(), Settings::default()).await;
    assert!(bus.read(CLASSIFIED).len() > 20, "the crash came before the commit, so some were answered twice");
    assert_eq!(distinct(&bus, CLASSIFIED).len(), 20);
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn promise_2_exactly_once_leaves_no_double_even_in_the_topic() {
    let plan = FaultPlan { seed: 5, redeliver: 0.02, revoke: 0.02, ..FaultPlan::default() };
    let bus = MemoryBus::with_faults(3, plan);
    for n in 0..100 {
        bus.append(record(&format!("T{}", n % 9), &format!("ok {n}")));
    }
    let settings = Settings { delivery: Delivery::ExactlyOnce, ..Settings::default() };
    let first = Running::start(scripted(), &bus, settings.clone());
    sleep(Duration::from_millis(3)).await;
    first.kill().await;
    settled_run(&bus, scripted(), settings).await;
    assert_eq!(bus.read(CLASSIFIED).len(), 100);
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn promise_3_one_tickets_events_stay_in_order_and_others_do_not_wait() {
    let bus = MemoryBus::new(1);
    bus.append(record("A", "slow 1000"));
    bus.append(record("A", "ok second"));
    bus.append(record("B", "ok other"));
    settled_run(&bus, scripted(), Settings::default()).await;
    let bodies: Vec<String> = bus.read(CLASSIFIED).iter().map(body).collect();
    assert_eq!(bodies, ["ok other", "slow 1000", "ok second"]);
}

#[tokio::test(start_paused = true)]
async fn promise_3_no_more_is_under_way_than_allowed() {
    let bus = MemoryBus::new(1);
    for n in 0..1_000 {
        bus.append(record(&format!("T{n}"), "slow 100"));
    }
    let worker = scripted();
    let settings = Settings { max_in_flight: 10, ..Settings::default() };
    let running = Running::start(Arc::clone(&worker), &bus, settings);
    sleep(Duration::from_millis(50)).await;
    // Room is looked at before a batch is taken in, so at most one batch more.
    assert!(worker.seen.lock().unwrap().len() <= 10 + 256);
    settled(&bus, "scripted").await;
    running.stop().await;
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn promise_4_poison_goes_to_rejected_and_the_next_record_goes_on() {
    let bus = MemoryBus::new(1);
    let good = serde_json::to_string(&Received { ticket: ticket("P", "ok") }).unwrap();
    let nested = format!("{}{}", "[".repeat(500), "]".repeat(500));
    let huge = format!(
        r#"{{"ticket":{{"tenant":"harbor","id":"P","created_at":"2026-11-20T09:00:00Z","body":"{}"}}}}"#,
        "a".repeat(2_000_000)
    );
    let kinds: Vec<(&str, Vec<u8>)> = vec![
        ("no value", Vec::new()),
        ("UTF-8", vec![0xff, 0xfe, 0x00]),
        ("received", b"{\"ticket\":".to_vec()),
        ("received", b"null".to_vec()),
        ("received", b"{\"ticket\":{\"tenant\":7}}".to_vec()),
        ("received", b"[]".to_vec()),
        ("received", nested.into_bytes()),
        ("bytes", huge.into_bytes()),
        ("body", good.replace("\"ok\"", "\"  \"").into_bytes()),
        ("NUL", good.replace("\"ok\"", "\"a\\u0000b\"").into_bytes()),
        ("received", good.replace("\"ok\"", "\"\\ud800\"").into_bytes()),
        ("key", good.replace("\"id\":\"P\"", "\"id\":\"other\"").into_bytes()),
        ("tenant", good.replace("harbor", "").into_bytes()),
    ];
    for (_, payload) in &kinds {
        bus.append(poison("P", payload));
    }
    bus.append_without_key(RECEIVED, Some(good.clone().into_bytes()));
    bus.append_without_key(RECEIVED, None);
    bus.append(record("P", "panic"));
    bus.append(record("P", "reject"));
    bus.append(record("P", "ok"));
    settled_run(&bus, scripted(), Settings::default()).await;
    the_law_holds(&bus);
    let given_up: Vec<_> = distinct(&bus, REJECTED).iter().map(rejected).collect();
    assert_eq!(given_up.len(), kinds.len() + 4);
    for (offset, (reason, _)) in kinds.iter().enumerate() {
        let event = given_up.iter().find(|event| event.offset == offset as i64).unwrap();
        assert!(event.reason.contains(reason), "{offset}: '{}' should name '{reason}'", event.reason);
        assert_eq!((event.fault, event.attempts, event.worker.as_str()), (Fault::Unreadable, 1, "scripted"));
    }
    let faults: Vec<Fault> =
        given_up.iter().map(|event| event.fault).filter(|fault| *fault != Fault::Unreadable).collect();
    assert_eq!(faults, [Fault::Panic, Fault::Refused]);
    assert_eq!(distinct(&bus, CLASSIFIED).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn promise_5_an_outage_is_not_poison() {
    let bus = MemoryBus::new(2);
    for n in 0..50 {
        bus.append(record(&format!("T{n}"), "ok"));
    }
    let worker = scripted();
    worker.outage.store(true, Ordering::Relaxed);
    let running = Running::start(Arc::clone(&worker), &bus, Settings::default());
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(bus.read(REJECTED).len(), 0, "nothing is rejected while nothing succeeds");
    let report = running.vitals.report();
    assert_eq!(report.waiting_for.as_deref(), Some("the world is away"));
    assert!(report.healthy && !report.ready, "a restart would not help: {report:?}");
    worker.outage.store(false, Ordering::Relaxed);
    settled(&bus, "scripted").await;
    assert!(running.vitals.report().ready);
    running.stop().await;
    assert_eq!(distinct(&bus, CLASSIFIED).len(), 50);
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn promise_5_events_that_fail_while_others_succeed_are_given_up() {
    let bus = MemoryBus::new(1);
    for n in 0..6 {
        bus.append(record(&format!("bad{n}"), "forever"));
    }
    bus.append(record("late", "retry 3"));
    let running = Running::start(scripted(), &bus, Settings::default());
    for n in 0..200 {
        bus.append(record(&format!("T{n}"), "ok"));
        sleep(Duration::from_secs(1)).await;
    }
    settled(&bus, "scripted").await;
    running.stop().await;
    let given_up: Vec<_> = distinct(&bus, REJECTED).iter().map(rejected).collect();
    assert_eq!((given_up.len(), distinct(&bus, CLASSIFIED).len()), (6, 201));
    assert!(given_up.iter().all(|event| event.fault == Fault::Exhausted && event.attempts >= 8));
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn promise_5_an_event_that_fails_with_nothing_beside_it_waits() {
    let bus = MemoryBus::new(1);
    for n in 0..50 {
        bus.append(record(&format!("T{n}"), "ok"));
    }
    let worker = scripted();
    let running = Running::start(Arc::clone(&worker), &bus, Settings::default());
    sleep(Duration::from_secs(1)).await;
    worker.outage.store(true, Ordering::Relaxed);
    bus.append(record("last", "ok"));
    sleep(Duration::from_secs(600)).await;
    assert_eq!(bus.read(REJECTED).len(), 0, "the outage came after a good spell");
    worker.outage.store(false, Ordering::Relaxed);
    settled(&bus, "scripted").await;
    running.stop().await;
    assert_eq!(distinct(&bus, CLASSIFIED).len(), 51);
}

#[tokio::test(start_paused = true)]
async fn promise_6_sigterm_drains_commits_and_leaves() {
    let bus = MemoryBus::new(2);
    for n in 0..20 {
        bus.append(record(&format!("T{n}"), "slow 1000"));
    }
    let running = Running::start(scripted(), &bus, Settings::default());
    sleep(Duration::from_millis(500)).await;
    let begun = Instant::now();
    running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "what was under way was finished, no more");
    assert_eq!(bus.lag("scripted", RECEIVED), 0);
    assert_eq!(bus.read(CLASSIFIED).len(), 20, "nothing was done twice");
}

#[tokio::test(start_paused = true)]
async fn promise_6_a_drain_is_bounded_and_an_outage_does_not_hold_it_up() {
    let bus = MemoryBus::new(1);
    bus.append(record("A", "slow 3600000"));
    bus.append(record("B", "ok"));
    let running = Running::start(scripted(), &bus, Settings::default());
    sleep(Duration::from_millis(500)).await;
    let begun = Instant::now();
    running.stop().await;
    assert!(begun.elapsed() <= Duration::from_secs(9));
    assert_eq!(bus.lag("scripted", RECEIVED), 2, "the commit does not pass the one that was not finished");

    let bus = MemoryBus::new(1);
    bus.append(record("A", "forever"));
    let running = Running::start(scripted(), &bus, Settings::default());
    sleep(Duration::from_secs(60)).await;
    let begun = Instant::now();
    running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn promise_7_a_revoked_partition_is_drained_and_committed_before_it_goes() {
    let bus = MemoryBus::new(4);
    for n in 0..200 {
        bus.append(record(&format!("T{n}"), "slow 200"));
    }
    let settings = Settings { max_in_flight: 40, ..Settings::default() };
    let first = Running::start(scripted(), &bus, settings.clone());
    sleep(Duration::from_millis(300)).await;
    let second = Running::start(scripted(), &bus, settings);
    settled(&bus, "scripted").await;
    let shares = (first.vitals.report().partitions, second.vitals.report().partitions);
    first.stop().await;
    second.stop().await;
    assert_eq!(shares, (2, 2));
    assert_eq!(bus.read(CLASSIFIED).len(), 200, "a hand-over repeats nothing");
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn promise_7_a_result_for_a_lost_partition_is_not_committed() {
    let plan = FaultPlan { seed: 3, redeliver: 0.05, ..FaultPlan::default() };
    let bus = MemoryBus::with_faults(3, plan);
    for n in 0..150 {
        bus.append(record(&format!("T{}", n % 30), "slow 30"));
    }
    let running = Running::start(scripted(), &bus, Settings { max_in_flight: 20, ..Settings::default() });
    sleep(Duration::from_secs(2)).await;
    bus.heal();
    settled(&bus, "scripted").await;
    running.stop().await;
    the_law_holds(&bus);
}

#[tokio::test(start_paused = true)]
async fn a_forgetful_bus_keeps_what_is_not_committed_and_no_more() {
    let bus = MemoryBus::forgetful(1);
    for n in 0..500 {
        bus.append(record(&format!("T{n}"), "ok"));
    }
    let running = Running::start(scripted(), &bus, Settings::default());
    settled(&bus, "scripted").await;
    assert_eq!(bus.read(RECEIVED).len(), 0);
    bus.append(record("late", "ok"));
    settled(&bus, "scripted").await;
    running.stop().await;
    assert_eq!(distinct(&bus, CLASSIFIED).len(), 501);
}

#[tokio::test(start_paused = true)]
async fn promise_8_a_partition_without_progress_is_unhealthy() {
    let bus = MemoryBus::new(1);
    bus.append(record("A", "slow 3600000"));
    let running = Running::start(scripted(), &bus, Settings::default());
    sleep(Duration::from_secs(30)).await;
    assert!(running.vitals.report().healthy);
    sleep(Duration::from_secs(60)).await;
    let report = running.vitals.report();
    assert!(!report.healthy);
    assert_eq!(report.stalled, ["tickets.received/0"]);
    running.kill().await;
}

#[tokio::test(start_paused = true)]
async fn promise_8_an_idle_worker_is_healthy() {
    let bus = MemoryBus::new(1);
    bus.append(record("A", "ok"));
    let running = Running::start(scripted(), &bus, Settings::default());
    sleep(Duration::from_secs(600)).await;
    assert!(running.vitals.report().healthy && running.vitals.report().ready);
    bus.append(record("A", "ok"));
    sleep(Duration::from_secs(1)).await;
    assert!(running.vitals.report().healthy);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn promise_9_ids_trace_and_time_travel_in_headers() {
    let bus = MemoryBus::new(1);
    bus.append(record("A", "ok plain"));
    let (mut meta, id) = (Meta::of_place(&bus.read(RECEIVED)[0].origin), uuid::Uuid::from_u128(7));
    (meta.id, meta.root, meta.cause) = (id, id, id);
    meta.trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
    bus.append(Outgoing { headers: meta.write::<Received>(), ..record("B", "ok headed") });
    settled_run(&bus, scripted(), Settings::default()).await;
    let answers = bus.read(CLASSIFIED);
    let plain = record_id(&bus.read(RECEIVED)[0].origin);
    for (answer, cause) in answers.iter().zip([plain, id]) {
        assert_eq!(header(answer, names::SPEC), "1.0");
        assert_eq!(header(answer, names::ID), derived_id(cause, "scripted").to_string());
        assert_eq!(header(answer, names::ROOT), cause.to_string());
        assert_eq!(header(answer, names::CAUSE), cause.to_string());
        assert_eq!(header(answer, names::TYPE), "switchyard.classified.v1");
        assert_eq!(header(answer, names::SOURCE), "/switchyard/scripted");
        assert_eq!(header(answer, names::CONTENT), "application/json");
        assert!(chrono::DateTime::parse_from_rfc3339(&header(answer, names::TIME)).is_ok());
    }
    assert!(header(&answers[1], names::TRACE).starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
}

#[tokio::test(start_paused = true)]
async fn promise_10_outcomes_are_counted_without_a_ticket_as_a_label() {
    let bus = MemoryBus::new(1);
    bus.append(record("a-very-special-ticket", "ok"));
    bus.append(record("another", "reject"));
    settled_run(&bus, scripted(), Settings::default()).await;
    let text = shared::runner::render_metrics();
    assert!(text.contains(r#"switchyard_events_total{outcome="handled",worker="scripted"}"#), "{text}");
    assert!(text.contains(r#"switchyard_events_total{outcome="rejected",worker="scripted"}"#));
    assert!(text.contains(r#"switchyard_event_seconds_count{worker="scripted"}"#));
    assert!(!text.contains("a-very-special-ticket"));
}
