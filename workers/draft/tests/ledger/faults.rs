//! An ill world.

use std::time::{Duration, Instant};

use draft::{Claim, Go, LedgerError, Limits};
use local::Postgres;
use shared::Failure;

use crate::support::{World, ask, found, ours, sent, usage};

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_make_the_schema_once_and_beside_anybody_elses() {
    let world = World::bare().await;
    let theirs = "CREATE TABLE refinery_schema_history (version int4 PRIMARY KEY, name text, applied_on text, \
        checksum text); INSERT INTO refinery_schema_history VALUES (1, 'events', '2026-01-01T00:00:00Z', '1')";
    world.sql.batch_execute(theirs).await.unwrap();
    let starts = (0..8).map(|_| draft::migrate(&world.database));
    for started in futures::future::join_all(starts).await {
        started.unwrap();
    }
    draft::migrate(&world.database).await.unwrap();
    let steps = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap().count();
    assert_eq!(
        world.number("SELECT count(*) FROM draft_schema_history").await,
        i64::try_from(steps).unwrap()
    );
    assert_eq!(world.number("SELECT count(*) FROM refinery_schema_history").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgres_is_away_nothing_leaves_and_an_answer_waits_until_it_is_back() {
    let mut postgres = Postgres::private().unwrap();
    let world = World::at(postgres.url()).await;
    draft::migrate(&world.database).await.unwrap();
    let ledger = world.ledger();
    let (answered, mut reserved) = (sent(&ledger, &ask(1)).await, ours(&ledger, &ask(2)).await);
    postgres.kill().unwrap();

    let error = ledger.claim(&ask(3)).await.unwrap_err();
    assert!(matches!(Failure::from(error), Failure::Retry(_)));
    assert!(matches!(reserved.sent().await, Err(LedgerError::Away(_))), "nothing may leave");
    drop(reserved);
    let storing = tokio::spawn(answered.done(b"paid".to_vec(), usage()));
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!storing.is_finished());

    postgres.restart().unwrap();
    assert_eq!(storing.await.unwrap().unwrap().answer, b"paid");
    let next = World::at(postgres.url()).await;
    assert_eq!(found(&next.ledger(), &ask(1)).await.answer, b"paid");
    let mut second = ours(&ledger, &ask(2)).await;
    assert!(!second.repeats(), "nothing had left");
    assert!(matches!(second.sent().await.unwrap(), Go::Send));
    second.done(b"x".to_vec(), usage()).await.unwrap();
    assert_eq!(next.bills().await, (2, 2, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_a_call_up_is_not_held_by_a_ledger_that_is_away_and_the_mark_is_made_later() {
    let mut postgres = Postgres::private().unwrap();
    let world = World::at(postgres.url()).await;
    draft::migrate(&world.database).await.unwrap();
    let ledger = world.ledger();
    let (turned_away, lost) = (sent(&ledger, &ask(1)).await, sent(&ledger, &ask(2)).await);
    postgres.kill().unwrap();
    let began = Instant::now();
    let (failed, given_up) = tokio::join!(turned_away.failed("turned_away"), lost.lost("lost"));
    failed.unwrap();
    given_up.unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());

    postgres.restart().unwrap();
    let next = World::at(postgres.url()).await;
    let states = "SELECT string_agg(concat(state, ' ', problem), ', ' ORDER BY state) FROM calls";
    let began = Instant::now();
    while next.text(states).await != "failed turned_away, sent lost" {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", next.text(states).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!ours(&ledger, &ask(1)).await.repeats() && ours(&ledger, &ask(2)).await.repeats());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_postgres_refuses_harms_no_other_and_its_error_holds_no_text() {
    let world = World::new().await;
    let ledger = world.ledger();
    let mut poison = ask(1);
    poison.key.model = "geheim\0";
    let (good, bad) = (ask(2), poison);
    let claims = futures::future::join_all([ledger.claim(&good), ledger.claim(&bad)]).await;
    assert!(matches!(claims[0], Ok(Claim::Ours(_))), "{claims:?}");
    let Err(error) = &claims[1] else { panic!("{claims:?}") };
    let text = error.to_string();
    assert!(matches!(error, LedgerError::Refused(_)) && !text.contains("geheim"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_quotes_of_a_row_stands_in_no_error() {
    let world = World::new().await;
    let ledger = world.ledger();
    let call = sent(&ledger, &ask(1)).await;
    let strict = "ALTER TABLE calls ADD CHECK (answer IS NULL OR length(answer) < 3)";
    world.sql.batch_execute(strict).await.unwrap();
    let problem = futures::future::select(
        Box::pin(call.done(b"dear geheim".to_vec(), usage())),
        Box::pin(tokio::time::sleep(Duration::from_millis(300))),
    )
    .await;
    assert!(matches!(problem, futures::future::Either::Right(_)), "it is tried again");
    let other = world.sql.execute("UPDATE calls SET answer = 'dear geheim'", &[]).await.unwrap_err();
    let quoted = other.as_db_error().and_then(|error| error.detail()).unwrap_or_default();
    assert!(quoted.contains("harbor"), "the server does quote rows: {quoted}");
    let text = shared::database::DatabaseError::from(other).to_string();
    assert!(text.contains("violates check constraint") && !text.contains("harbor"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_postgres_refuses_stands_in_no_error() {
    let world = World::bare().await;
    for cast in ["integer", "uuid", "timestamptz", "jsonb", "inet", "boolean"] {
        let error = world.sql.query(&format!("SELECT 'geheim'::text::{cast}"), &[]).await.unwrap_err();
        let text = shared::database::DatabaseError::from(error).to_string();
        assert!(text.contains("invalid input syntax") && !text.contains("geheim"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_waits_too_long_is_told_so_and_asks_again() {
    let world = World::new().await;
    let _call = sent(&world.ledger(), &ask(1)).await;
    let limits = Limits { patience: Duration::from_millis(300), ..Limits::default() };
    let hasty = draft::Ledger::open(&world.database, limits);
    let error = hasty.claim(&ask(1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::Busy(_)), "{error}");
    assert!(matches!(Failure::from(error), Failure::Retry(_)));
}
