//! A process that is killed at each step, and what the next one finds.

use std::time::Instant;

use draft::{Ask, Claim};
use shared::{bus::Lane, policy::OnAmbiguous};

use crate::support::{BILLED, HELD, LEASE, Process, World, ask, found, ours, sent, usage};

#[tokio::test(flavor = "multi_thread")]
async fn killed_when_reserved_nothing_has_left_and_the_next_one_makes_the_call() {
    let world = World::new().await;
    let (first, next) = (Process::start(&world), Process::start(&world));
    let call = ours(&first.ledger, &ask(1)).await;
    first.crash([call]);
    let begun = Instant::now();
    let call = sent(&next.ledger, &ask(1)).await;
    assert!(begun.elapsed() < LEASE * 3, "{:?}", begun.elapsed());
    assert!(!call.repeats());
    call.done(b"x".to_vec(), usage()).await.unwrap();
    assert_eq!(world.budget().await, (0, BILLED, 0));
    assert_eq!(world.bills().await, (1, 1, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_when_sent_it_is_asked_once_more_and_counted() {
    let world = World::new().await;
    let (first, next) = (Process::start(&world), Process::start(&world));
    let call = sent(&first.ledger, &ask(1)).await;
    first.crash([call]);
    let call = sent(&next.ledger, &ask(1)).await;
    assert!(call.repeats());
    assert_eq!(world.budget().await, (HELD, 0, HELD), "what may have been billed counts against the budget");
    call.done(b"x".to_vec(), usage()).await.unwrap();
    assert_eq!(world.budget().await, (0, BILLED, HELD));
    assert_eq!(world.bills().await, (2, 1, 1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_twice_when_sent_a_person_answers_whatever_policy_says() {
    let world = World::new().await;
    for _ in 0..2 {
        let process = Process::start(&world);
        let call = sent(&process.ledger, &ask(1)).await;
        process.crash([call]);
    }
    for _ in 0..2 {
        let claim = world.ledger().claim(&ask(1)).await.unwrap();
        assert!(matches!(claim, Claim::Ambiguous { unknown: 2 }), "{claim:?}");
    }
    assert_eq!(world.budget().await, (0, 0, 2 * HELD));
    assert_eq!(world.bills().await, (2, 0, 2, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_when_sent_a_person_answers_where_policy_wants_that() {
    let world = World::new().await;
    let careful = Ask { ambiguous: OnAmbiguous::Person, lane: Lane::Replay, ..ask(1) };
    let process = Process::start(&world);
    let call = sent(&process.ledger, &careful).await;
    process.crash([call]);
    let claim = world.ledger().claim(&careful).await.unwrap();
    assert!(matches!(claim, Claim::Ambiguous { unknown: 1 }), "{claim:?}");
    assert_eq!(world.bills().await, (1, 0, 1, 0, 0));
    let call = ours(&world.ledger(), &ask(1)).await;
    assert!(call.repeats(), "another lane's policy may ask again");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_when_done_the_stored_answer_is_found_at_once() {
    let world = World::new().await;
    let process = Process::start(&world);
    let call = sent(&process.ledger, &ask(1)).await;
    call.done(b"stored".to_vec(), usage()).await.unwrap();
    process.crash([]);
    let begun = Instant::now();
    assert_eq!(found(&world.ledger(), &ask(1)).await.answer, b"stored");
    assert!(begun.elapsed() < LEASE);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_two_requests_of_a_repeat_only_one_bill_is_in_doubt() {
    let world = World::new().await;
    let first = Process::start(&world);
    let call = sent(&first.ledger, &ask(1)).await;
    first.crash([call]);
    let second = Process::start(&world);
    let call = ours(&second.ledger, &ask(1)).await;
    second.crash([call]);
    let call = sent(&world.ledger(), &ask(1)).await;
    assert!(call.repeats(), "nothing left in between, so it may still be asked once more");
    call.done(b"x".to_vec(), usage()).await.unwrap();
    assert_eq!(world.bills().await, (2, 1, 1, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_known_to_be_lost_is_decided_at_once_without_a_lease_to_wait_for() {
    let world = World::new().await;
    let ledger = world.ledger();
    let begun = Instant::now();
    sent(&ledger, &ask(1)).await.lost("time is up").await.unwrap();
    drop(sent(&ledger, &ask(2)).await);
    for number in [1, 2] {
        let call = sent(&ledger, &ask(number)).await;
        assert!(call.repeats());
        call.done(b"x".to_vec(), usage()).await.unwrap();
    }
    assert!(begun.elapsed() < LEASE, "{:?}", begun.elapsed());
    assert_eq!(world.bills().await, (4, 2, 2, 2, 0));
}
