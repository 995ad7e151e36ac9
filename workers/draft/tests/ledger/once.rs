//! One call, one bill.

use std::time::{Duration, Instant};

use draft::{Claim, Go};
use futures::future::join_all;

use crate::support::{BILLED, LEASE, Process, World, ask, found, ours, sent, usage};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_done_is_found_with_its_answer_and_its_bill() {
    let world = World::new().await;
    let ledger = world.ledger();
    let call = sent(&ledger, &ask(1)).await;
    assert_eq!(world.budget().await, (1_000_000, 0, 0), "held while under way");
    let answer = b"{\"sentences\":[]}\0\xff".to_vec();
    let stored = call.done(answer.clone(), usage()).await.unwrap();
    assert_eq!(stored.answer, answer, "byte for byte, whatever bytes");
    assert_eq!(world.budget().await, (0, BILLED, 0));
    let again = found(&world.ledger(), &ask(1)).await;
    assert_eq!(again, stored);
    assert_eq!((again.usage.input_tokens, again.usage.cache_write_tokens), (1000, 4));
    assert_eq!(again.usage.call.len(), 64);
    assert_eq!(again.usage.request_id.as_deref(), Some("req_1"));
    assert_eq!(world.bills().await, (1, 1, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_race_for_one_key_make_one_call() {
    let world = World::new().await;
    let ledgers: Vec<_> = (0..4).map(|_| world.ledger()).collect();
    let racers = (0..40).map(|number| {
        let ledger = ledgers[number % 4].clone();
        tokio::spawn(async move {
            match ledger.claim(&ask(1)).await.unwrap() {
                Claim::Ours(mut call) => {
                    assert!(matches!(call.sent().await.unwrap(), Go::Send));
                    tokio::time::sleep(LEASE * 3).await;
                    (true, call.done(b"once".to_vec(), usage()).await.unwrap())
                }
                Claim::Done(stored) => (false, stored),
                other => panic!("{other:?}"),
            }
        })
    });
    let answers: Vec<_> = join_all(racers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|(made, _)| *made).count(), 1, "one of them made it");
    assert!(answers.iter().all(|(_, stored)| stored.answer == b"once" && *stored == answers[0].1));
    assert_eq!(world.bills().await, (1, 1, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_under_way_elsewhere_is_waited_for_beyond_its_first_lease() {
    let world = World::new().await;
    let (first, second) = (Process::start(&world), Process::start(&world));
    let call = sent(&first.ledger, &ask(1)).await;
    let waiting = {
        let ledger = second.ledger.clone();
        tokio::spawn(async move { found(&ledger, &ask(1)).await })
    };
    tokio::time::sleep(LEASE * 4).await;
    assert!(!waiting.is_finished(), "its owner lives, so nobody takes it");
    call.done(b"late".to_vec(), usage()).await.unwrap();
    assert_eq!(waiting.await.unwrap().answer, b"late");
    assert_eq!(world.bills().await, (1, 1, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_may_be_sent_again_and_only_the_answer_is_billed() {
    let world = World::new().await;
    let ledger = world.ledger();
    let mut call = sent(&ledger, &ask(1)).await;
    for _ in 0..2 {
        call.refused();
        assert!(matches!(call.sent().await.unwrap(), Go::Send));
    }
    call.done(b"third".to_vec(), usage()).await.unwrap();
    assert_eq!(world.bills().await, (3, 1, 0, 0, 0));
    assert_eq!(world.number("SELECT refused FROM bills").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_call_costs_nothing_and_can_be_asked_for_again() {
    let world = World::new().await;
    let ledger = world.ledger();
    let mut call = sent(&ledger, &ask(1)).await;
    call.refused();
    call.failed("overloaded").await.unwrap();
    assert_eq!(world.budget().await, (0, 0, 0));
    assert_eq!(world.text("SELECT state || ' ' || problem FROM calls").await, "failed overloaded");
    let call = sent(&ledger, &ask(1)).await;
    assert!(!call.repeats(), "nothing can have been billed before");
    call.done(b"now".to_vec(), usage()).await.unwrap();
    assert_eq!(world.bills().await, (2, 1, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_dropped_before_anything_left_is_free_at_once() {
    let world = World::new().await;
    let ledger = world.ledger();
    drop(ours(&ledger, &ask(1)).await);
    let begun = Instant::now();
    let call = ours(&world.ledger(), &ask(1)).await;
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    drop(call);
    ours(&ledger, &ask(1)).await.failed("over").await.unwrap();
    assert_eq!(world.budget().await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_one_who_was_thought_dead_is_kept_and_the_second_is_not_sent() {
    let world = World::new().await;
    let (zombie, heir) = (Process::start(&world), Process::start(&world));
    let late = sent(&zombie.ledger, &ask(1)).await;
    // The process stands still: its lease is not extended.
    world.sql.batch_execute("UPDATE calls SET leased_until = now()").await.unwrap();
    let mut second = ours(&heir.ledger, &ask(1)).await;
    assert!(second.repeats());
    assert_eq!(world.budget().await, (1_000_000, 0, 1_000_000));
    late.done(b"first".to_vec(), usage()).await.unwrap();
    let Go::Done(stored) = second.sent().await.unwrap() else { panic!("sent although the answer is there") };
    assert_eq!(stored.answer, b"first");
    second.failed("not needed").await.unwrap();
    assert_eq!(world.budget().await, (0, BILLED, 0));
    assert_eq!(world.bills().await, (1, 1, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_answers_are_two_bills_but_everybody_gets_the_first() {
    let world = World::new().await;
    let (zombie, heir) = (Process::start(&world), Process::start(&world));
    let late = sent(&zombie.ledger, &ask(1)).await;
    world.sql.batch_execute("UPDATE calls SET leased_until = now()").await.unwrap();
    let second = sent(&heir.ledger, &ask(1)).await;
    let kept = second.done(b"second".to_vec(), usage()).await.unwrap();
    assert_eq!(late.done(b"first".to_vec(), usage()).await.unwrap(), kept);
    assert_eq!(world.budget().await, (0, 2 * BILLED, 0));
    assert_eq!(world.bills().await, (2, 2, 0, 1, 1), "billed twice, and said so");
}
