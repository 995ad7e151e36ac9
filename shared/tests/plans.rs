//! Random plans of trouble: whatever happens, the law holds. Every failure prints its seed;
//! `SWITCHYARD_SEED=<seed> SWITCHYARD_PLANS=1` runs that plan again.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod support;

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::Poll,
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use shared::{
    bus::{
        Bus,
        memory::{FaultPlan, MemoryBus},
    },
    runner::{Delivery, Settings, Vitals, run},
};
use support::*;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What a ticket asks of the worker, and how often.
const BODIES: &[&str] = &[
    "ok", "ok", "ok", "ok", "ok", "ok", "slow 1", "slow 20", "slow 300", "retry 1", "retry 3", "panic",
    "reject", "forever",
];

/// Values no worker can read.
const POISON: &[&[u8]] = &[
    b"", b"null", b"{", b"\xff\xfe", b"[1,2,3]", b"{\"ticket\":null}", b"{\"ticket\":{\"body\":\"\"}}", b"\x00", b"\"text\"",
    b"{\"ticket\":{\"tenant\":\"harbor\",\"id\":\"\",\"body\":\"x\",\"created_at\":\"2026-11-20T09:00:00Z\"}}",
    b"{\"ticket\":{\"tenant\":\"harbor\",\"id\":\"x\",\"body\":\"x\",\"created_at\":\"yesterday\"}}",
    b"{\"ticket\":{\"tenant\":\"harbor\",\"id\":\"x\",\"body\":\"\\ud800\",\"created_at\":\"2026-11-20T09:00:00Z\"}}",
];

fn number_from_env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}: '{text}' is not a number")))
}

/// A runtime of its own, on a paused clock.
fn on_paused_clock(test: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

fn draw_faults(random: &mut StdRng, seed: u64) -> FaultPlan {
    let mut often = |most: f64| if random.random_bool(0.5) { random.random_range(0.0..most) } else { 0.0 };
    FaultPlan {
        seed,
        lose_ack: often(0.3),
        lose_record: often(0.3),
        queue_full: often(0.5),
        redeliver: often(0.05),
        revoke: often(0.05),
        slow: Duration::from_millis(often(40.0) as u64),
    }
}

fn draw_settings(random: &mut StdRng) -> Settings {
    let exactly_once = random.random_bool(0.3);
    Settings {
        delivery: if exactly_once { Delivery::ExactlyOnce } else { Delivery::AtLeastOnce },
        max_in_flight: *[1, 3, 64, 1024].choose(random).unwrap(),
        commit_ms: *[1, 50, 200, 2_000].choose(random).unwrap(),
        drain_ms: *[0, 100, 8_000].choose(random).unwrap(),
        retry_attempts: random.random_range(1..5),
        ..Settings::default()
    }
}

/// Good tickets, bad tickets and poison at every position.
fn fill(bus: &MemoryBus, random: &mut StdRng) {
    let customers = random.random_range(1..20);
    for n in 0..random.random_range(5..60) {
        let id = format!("T{}", random.random_range(0..customers));
        match random.random_range(0..10) {
            0 => drop(bus.append(poison(&id, POISON.choose(random).unwrap()))),
            1 if random.random_bool(0.3) => drop(bus.append_without_key(RECEIVED, Some(b"{}".to_vec()))),
            _ => drop(bus.append(record(&id, &format!("{} #{n}", BODIES.choose(random).unwrap())))),
        }
    }
}

/// One thing that happens to the workers.
async fn strike(
    random: &mut StdRng,
    running: &mut Vec<Running>,
    worker: &Arc<Scripted>,
    bus: &MemoryBus,
    settings: &Settings,
) {
    let at = random.random_range(0..running.len());
    match random.random_range(0..5) {
        0 => running.swap_remove(at).kill().await,
        1 => running.swap_remove(at).stop().await,
        2 => running.push(Running::start(Arc::clone(worker), bus, settings.clone())),
        3 => worker.outage.store(true, Ordering::Relaxed),
        _ => worker.outage.store(false, Ordering::Relaxed),
    }
    if running.is_empty() {
        running.push(Running::start(Arc::clone(worker), bus, settings.clone()));
    }
}

/// One plan, from its seed.
async fn plan(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let (faults, settings) = (draw_faults(&mut random, seed), draw_settings(&mut random));
    let bus = MemoryBus::with_faults(random.random_range(1..5), faults);
    fill(&bus, &mut random);
    let worker = Arc::new(Scripted::default());
    let mut running = vec![Running::start(Arc::clone(&worker), &bus, settings.clone())];
    for _ in 0..random.random_range(0..8) {
        sleep(Duration::from_micros(random.random_range(0..400_000))).await;
        strike(&mut random, &mut running, &worker, &bus, &settings).await;
    }
    worker.outage.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(5)).await;
    bus.heal();
    // Only tickets that need others to succeed may still be open: give them company.
    for n in 0..2_000 {
        if bus.lag("scripted", RECEIVED) == 0 {
            break;
        }
        if n % 40 < 30 {
            bus.append(record(&format!("company{n}"), &format!("ok company {n}")));
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(bus.lag("scripted", RECEIVED), 0, "everything is committed in the end");
    for runner in running {
        runner.stop().await;
    }
    the_law_holds(&bus);
    if settings.delivery == Delivery::ExactlyOnce {
        let written = bus.read(CLASSIFIED).len() + bus.read(REJECTED).len();
        assert_eq!(written, bus.read(RECEIVED).len(), "a transaction leaves no double in the topic");
    }
}

#[test]
fn the_law_holds_under_thousands_of_random_plans() {
    let (first, plans) = (number_from_env("SWITCHYARD_SEED", 1), number_from_env("SWITCHYARD_PLANS", 2_400));
    let seeds = first..first + plans;
    std::thread::scope(|scope| {
        for half in 0..2 {
            let seeds = seeds.clone().filter(move |seed| seed % 2 == half);
            scope.spawn(move || {
                for seed in seeds {
                    let held = std::panic::catch_unwind(|| on_paused_clock(plan(seed)));
                    assert!(held.is_ok(), "the law is broken: SWITCHYARD_SEED={seed} SWITCHYARD_PLANS=1");
                }
            });
        }
    });
    println!("{plans} plans from seed {first}");
}

/// A future that dies at its n-th poll: between any two steps of the runner.
struct DiesAt<F> {
    polls: u32,
    future: F,
}

impl<F: Future + Unpin> Future for DiesAt<F> {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<bool> {
        if self.polls == 0 {
            return Poll::Ready(false);
        }
        self.polls -= 1;
        Pin::new(&mut self.future).poll(context).map(|_| true)
    }
}

/// A runner that is killed at one of its steps, and one that takes over.
async fn killed_at(step: u32, delivery: Delivery) -> bool {
    let bus = MemoryBus::new(2);
    for n in 0..12 {
        let body = ["ok", "slow 5", "retry 1", "panic", "reject", "ok"][n % 6];
        bus.append(record(&format!("T{}", n % 5), &format!("{body} #{n}")));
    }
    bus.append(poison("T1", b"{"));
    let settings = Settings { delivery, commit_ms: 1, retry_first_ms: 1, ..Settings::default() };
    let worker = Arc::new(Scripted::default());
    let stop = CancellationToken::new();
    let shared_bus = Bus::Memory(bus.clone());
    let run =
        run(Arc::clone(&worker), &shared_bus, settings.clone(), Arc::new(Vitals::default()), stop.clone());
    let ended = tokio::select! {
        ended = DiesAt { polls: step, future: Box::pin(run) } => ended,
        () = async { sleep(Duration::from_millis(100)).await; stop.cancel(); std::future::pending().await } => true,
    };
    let successor = Running::start(worker, &bus, settings);
    settled(&bus, "scripted").await;
    successor.stop().await;
    the_law_holds(&bus);
    ended
}

#[test]
fn the_law_holds_wherever_a_runner_is_killed() {
    for delivery in [Delivery::AtLeastOnce, Delivery::ExactlyOnce] {
        let mut step = 0;
        let mut ended = false;
        while !ended {
            on_paused_clock(async { ended = killed_at(step, delivery).await });
            step += 1;
            assert!(step < 5_000, "the runner never ends");
        }
        println!("{delivery:?}: killed before each of {step} steps");
        assert!(step > 20, "only {step} steps: this is not a real run");
    }
}
