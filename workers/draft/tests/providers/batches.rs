//! The batch lane.

use std::time::Duration;

use draft::{Config, DraftWorker, LedgerSettings};
use futures::future::join_all;
use local::Postgres;
use serde_json::json;
use shared::{
    Envelope, Worker,
    events::{Draft, Retrieved},
};
use standins::{KEY, StandIn, Terms, Weather};
use tempfile::TempDir;

use crate::bench::{ANTHROPIC, LOCAL, client, draft, event, start, ticket};

fn replayed(number: u32) -> Envelope<Retrieved> {
    let mut event = ticket(number);
    event.origin.topic = "replay.tickets.retrieved".into();
    event
}

async fn worker(stand_in: &StandIn, database: &str) -> (DraftWorker, TempDir) {
    let config = Config {
        anthropic_api_key: Some(KEY.into()),
        anthropic_base_url: Some(stand_in.url()),
        batch: true,
        batch_ms: Some(100),
        ledger: LedgerSettings {
            database_url: Some(database.into()),
            ledger_lease_ms: Some(500),
            ..LedgerSettings::default()
        },
        ..Config::default()
    };
    start(&[ANTHROPIC, LOCAL].concat(), config).await
}

#[tokio::test]
async fn replayed_tickets_go_together_at_half_the_price_and_live_ones_do_not() {
    let (stand_in, database) =
        (StandIn::start(Terms::default()).await.unwrap(), Postgres::empty_database().unwrap());
    let (worker, _folder) = worker(&stand_in, &database).await;
    let drafts = join_all((0..20).map(|number| draft(&worker, replayed(number)))).await;
    let ledger = stand_in.ledger();
    assert!(ledger.requests <= 3, "{} requests for 20 tickets", ledger.requests);
    let mut dollars = 0.0;
    for one in drafts {
        let Draft::Reply(reply) = one else { panic!("withheld: {one:?}") };
        assert_eq!((reply.provider.as_str(), reply.grounded), ("anthropic", 1.0));
        let usage = reply.usage.unwrap();
        assert!(ledger.bills.iter().any(|bill| bill.custom_id.as_ref() == Some(&usage.call)));
        dollars += usage.dollars;
    }
    assert!((dollars - ledger.totals.dollars).abs() < 1e-9, "{dollars} {}", ledger.totals.dollars);

    let live = event("HB-live", "Where is my parcel?", "track_order", json!([]));
    let Draft::Reply(reply) = draft(&worker, live).await else { panic!("withheld") };
    assert_eq!(reply.provider, "anthropic");
    assert_eq!(stand_in.ledger().bills.last().unwrap().custom_id, None);
}

#[tokio::test]
async fn a_batch_is_found_again_on_the_last_page_of_many() {
    let terms = Terms { batch: Duration::from_millis(1_000), page: 2, ..Terms::default() };
    let (stand_in, database) = (StandIn::start(terms).await.unwrap(), Postgres::empty_database().unwrap());
    let (first, _folder) = worker(&stand_in, &database).await;
    tokio::select! {
        _ = first.handle(replayed(0)) => panic!("it was to be given up half-way"),
        () = billed(&stand_in, 1) => {}
    }
    drop(first);
    for number in 1..10 {
        let (another, _folder) = worker(&stand_in, &Postgres::empty_database().unwrap()).await;
        tokio::select! {
            _ = another.handle(replayed(number)) => panic!("it was to be given up half-way"),
            () = billed(&stand_in, u64::from(number) + 1) => {}
        }
    }
    let (second, _folder) = worker(&stand_in, &database).await;
    let Draft::Reply(reply) = draft(&second, replayed(0)).await else { panic!("withheld") };
    assert_eq!(reply.provider, "anthropic");
    assert_eq!(stand_in.ledger().totals.bills, 10, "it was not sent again");
}

/// Waits until the stand-in has written so many bills.
async fn billed(stand_in: &StandIn, bills: u64) {
    while stand_in.ledger().totals.bills < bills {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn after_a_crash_the_results_are_fetched_and_nothing_is_sent_again() {
    let terms = Terms { batch: Duration::from_millis(1_500), ..Terms::default() };
    let (stand_in, database) = (StandIn::start(terms).await.unwrap(), Postgres::empty_database().unwrap());
    let (first, _folder) = worker(&stand_in, &database).await;
    let handled = join_all((0..5).map(|number| first.handle(replayed(number))));
    tokio::select! {
        _ = handled => panic!("it was to be given up half-way"),
        () = billed(&stand_in, 5) => {}
    }
    drop(first);
    assert_eq!(stand_in.ledger().totals.bills, 5);

    let (second, _folder) = worker(&stand_in, &database).await;
    for one in join_all((0..5).map(|number| draft(&second, replayed(number)))).await {
        let Draft::Reply(reply) = one else { panic!("withheld: {one:?}") };
        assert_eq!(reply.provider, "anthropic");
    }
    assert_eq!(stand_in.ledger().totals.bills, 5, "none was sent again");
    let sql = client(&database).await;
    let row =
        sql.query_one("SELECT count(*), sum(sends - charges)::bigint FROM calls WHERE state = 'done'", &[]);
    let row = row.await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (5, 0), "the ledger knows of every one");
}

#[tokio::test]
async fn what_ends_without_an_answer_is_not_billed_and_the_next_provider_writes() {
    let (stand_in, database) =
        (StandIn::start(Terms::default()).await.unwrap(), Postgres::empty_database().unwrap());
    let (worker, _folder) = worker(&stand_in, &database).await;
    stand_in.next([Weather::status(529), Weather::Empty]);
    let Draft::Reply(reply) = draft(&worker, replayed(1)).await else { panic!("withheld") };
    assert_eq!((reply.provider.as_str(), stand_in.ledger().totals.bills), ("local", 0), "expired");
}
