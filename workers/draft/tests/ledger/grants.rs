//! Offers, one for each customer.

use draft::{Asked, Granted, Grants};
use futures::future::join_all;
use shared::{
    bus::Lane,
    events::{Customer, Ticket},
    policy::{Offer, Policy},
};
use uuid::Uuid;

use crate::support::World;

fn offer(once: bool) -> Offer {
    let policy = Policy::parse(include_str!("../../../../deploy/policy.yaml")).unwrap();
    Offer { once_per_customer: once, ..policy.offers[0].clone() }
}

fn ticket(customer: &str) -> Ticket {
    let json = serde_json::json!({
        "tenant": "harbor", "id": "T-1", "body": "A discount, please.", "created_at": "2026-11-01T08:00:00Z"
    });
    let ticket: Ticket = serde_json::from_value(json).unwrap();
    Ticket { customer: Customer { id: customer.to_owned(), ..Customer::default() }, ..ticket }
}

fn asked(ticket: &Ticket, root: u128) -> Asked<'_> {
    Asked { ticket, root: Uuid::from_u128(root), lane: Lane::Live }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_ticket_gets_it_however_often_and_the_second_does_not() {
    let world = World::new().await;
    let grants = Grants::new(Some(world.ledger()));
    let (offer, one) = (offer(true), ticket("c-1"));
    assert_eq!(grants.look(&offer, asked(&one, 1)).await.unwrap(), Granted::Yes);
    assert_eq!(grants.look(&offer, asked(&one, 2)).await.unwrap(), Granted::Yes, "looking takes nothing");
    for _ in 0..2 {
        assert_eq!(grants.take(&offer, asked(&one, 1)).await.unwrap(), Granted::Yes);
    }
    assert_eq!(grants.take(&offer, asked(&one, 2)).await.unwrap(), Granted::Had);
    assert_eq!(grants.look(&offer, asked(&one, 2)).await.unwrap(), Granted::Had);
    let replayed = Asked { lane: Lane::Replay, ..asked(&one, 2) };
    assert_eq!(grants.take(&offer, replayed).await.unwrap(), Granted::Yes);
    let other = ticket("c-2");
    assert_eq!(grants.take(&offer, asked(&other, 3)).await.unwrap(), Granted::Yes);
    let kept = world.text("SELECT string_agg(customer, ' ') FROM grants").await;
    assert!(!kept.contains("c-1"), "a customer is a digest here: {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_tickets_at_once_one_gets_it() {
    let world = World::new().await;
    let ledgers = [world.ledger(), world.ledger()];
    let (offer, one) = (offer(true), ticket("c-1"));
    let grants = [Grants::new(Some(ledgers[0].clone())), Grants::new(Some(ledgers[1].clone()))];
    let asked = (0..30).map(|root| grants[root % 2].take(&offer, asked(&one, root as u128)));
    let answers = join_all(asked).await;
    assert_eq!(answers.into_iter().filter(|answer| *answer.as_ref().unwrap() == Granted::Yes).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_tell_without_a_customer_or_without_a_database() {
    let world = World::new().await;
    let (with, without) = (Grants::new(Some(world.ledger())), Grants::new(None));
    let (nobody, one) = (ticket("  "), ticket("c-1"));
    for (grants, ticket) in [(&with, &nobody), (&without, &nobody), (&without, &one)] {
        let granted = grants.take(&offer(true), asked(ticket, 1)).await.unwrap();
        assert!(matches!(granted, Granted::Unsure(_)), "{granted:?}");
        assert_eq!(grants.take(&offer(false), asked(ticket, 1)).await.unwrap(), Granted::Yes);
    }
}
