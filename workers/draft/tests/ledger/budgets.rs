//! What a tenant may spend in a day.

use draft::{Ask, Claim, Money};
use futures::future::join_all;

use crate::support::{BILLED, HELD, Process, World, ask, ours, sent, usage};

fn limited(number: u128, calls: i64) -> Ask<'static> {
    Ask { budget: Some(Money::nano(calls * HELD)), ..ask(number) }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_never_pass_the_budget() {
    let world = World::new().await;
    let ledgers: Vec<_> = (0..3).map(|_| world.ledger()).collect();
    let asked = (0..50_usize).map(|number| {
        let ledger = ledgers[number % 3].clone();
        tokio::spawn(async move { ledger.claim(&limited(number as u128, 20)).await.unwrap() })
    });
    let claims: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let ours = claims.iter().filter(|claim| matches!(claim, Claim::Ours(_))).count();
    let over = claims.iter().filter(|claim| matches!(claim, Claim::OverBudget { .. })).count();
    assert_eq!((ours, over), (20, 30));
    assert_eq!(world.budget().await, (20 * HELD, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_used_of_an_estimate_can_be_spent_again() {
    let world = World::new().await;
    let ledger = world.ledger();
    let call = sent(&ledger, &limited(1, 1)).await;
    let claim = ledger.claim(&limited(2, 1)).await.unwrap();
    assert!(matches!(claim, Claim::OverBudget { used } if used == Money::nano(HELD)), "{claim:?}");
    call.done(b"x".to_vec(), usage()).await.unwrap();
    let claim = ledger.claim(&limited(2, 1)).await.unwrap();
    assert!(matches!(claim, Claim::OverBudget { used } if used == Money::nano(BILLED)), "{claim:?}");
    let smaller = Ask { estimate: Money::nano(HELD - BILLED), ..limited(2, 1) };
    ours(&ledger, &smaller).await.failed("enough").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_doubt_counts_as_spent_and_a_stored_answer_needs_no_budget() {
    let world = World::new().await;
    let ledger = world.ledger();
    sent(&ledger, &limited(1, 2)).await.done(b"x".to_vec(), usage()).await.unwrap();
    let process = Process::start(&world);
    let call = sent(&process.ledger, &limited(2, 2)).await;
    process.crash([call]);
    let claim = ledger.claim(&limited(2, 2)).await.unwrap();
    assert!(matches!(claim, Claim::OverBudget { .. }), "no money for a repeat: {claim:?}");
    assert_eq!(world.budget().await, (0, BILLED, HELD));
    assert!(matches!(ledger.claim(&limited(1, 0)).await.unwrap(), Claim::Done(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn yesterdays_money_is_not_todays() {
    let world = World::new().await;
    let ledger = world.ledger();
    let call = sent(&ledger, &limited(1, 1)).await;
    let yesterday = "UPDATE budgets SET day = day - 1; UPDATE calls SET day = day - 1";
    world.sql.batch_execute(yesterday).await.unwrap();
    let other = ours(&ledger, &limited(2, 1)).await;
    call.done(b"x".to_vec(), usage()).await.unwrap();
    let by_day = "SELECT string_agg(held || ' ' || spent, ', ' ORDER BY day) FROM budgets";
    assert_eq!(world.text(by_day).await, format!("0 {BILLED}, {HELD} 0"));
    other.failed("enough").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenants_budget_is_not_anothers() {
    let world = World::new().await;
    let ledger = world.ledger();
    let _held = ours(&ledger, &limited(1, 1)).await;
    let mut other = limited(2, 1);
    other.key.tenant = "lumen";
    let _ours = ours(&ledger, &other).await;
}
