//! An ill world, and settings that cannot be used.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use audit::{Config, Refusal};
use local::Postgres;
use shared::{Config as _, StartError};

use crate::support::{RECEIVED, World, append, client, insist, row, settled};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_while_postgres_is_stopped_killed_and_started() {
    let mut postgres = Postgres::private().unwrap();
    let world = World::at(postgres.url()).await;
    audit::migrate(&world.database).await.unwrap();
    let (store, _) = settled(&world, "c", RECEIVED, 6).await;
    let over = Arc::new(AtomicBool::new(false));
    let writer = {
        let over = Arc::clone(&over);
        tokio::spawn(async move {
            let mut next = 0_i64;
            while !over.load(Ordering::Relaxed) {
                let batch = next..next + 100;
                insist(&store, batch.flat_map(|offset| (0..6).map(move |p| row(RECEIVED, p, offset)))).await;
                next += 100;
            }
            next * 6
        })
    };
    for round in 0..4 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        if round % 2 == 0 {
            postgres.kill().unwrap()
        } else {
            postgres.stop().unwrap()
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        postgres.restart().unwrap();
    }
    over.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    let world = World::at(postgres.url()).await;
    assert_eq!((world.rows().await, world.progress().await), (written, written));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_waited_for() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        RAISE EXCEPTION 'could not extend file: no space left on device' USING ERRCODE = '53100'; END $$; \
        CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()";
    world.sql.batch_execute(full).await.unwrap();
    let answers = append(&store, (0..10).map(|offset| row(RECEIVED, 0, offset))).await;
    assert!(
        answers.iter().all(
            |answer| matches!(answer, Err(Refusal::World(problem)) if problem.contains("no space left"))
        )
    );
    assert_eq!((world.rows().await, world.progress().await), (0, 0));
    world.sql.batch_execute("DROP TRIGGER full_disk ON events").await.unwrap();
    insist(&store, (0..10).map(|offset| row(RECEIVED, 0, offset))).await;
    assert_eq!((world.rows().await, world.progress().await), (10, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stands_still_within_a_transaction_stops_nobody_for_long() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    let frozen = world.database.connect().await.unwrap();
    frozen.batch_execute("BEGIN; UPDATE progress SET next_offset = 7").await.unwrap();
    let start = Instant::now();
    insist(&store, [row(RECEIVED, 0, 0)]).await;
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert_eq!(world.progress().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_set_back_is_noticed_and_progress_never_steps_over_what_it_lost() {
    let world = World::new().await;
    let (store, _) = settled(&world, "c", RECEIVED, 1).await;
    append(&store, (0..20).map(|offset| row(RECEIVED, 0, offset))).await;
    world
        .sql
        .batch_execute("DELETE FROM events WHERE \"offset\" >= 10; UPDATE progress SET next_offset = 10")
        .await
        .unwrap();
    insist(&store, (20..30).map(|offset| row(RECEIVED, 0, offset))).await;
    assert_eq!(world.progress().await, 10);
    insist(&store, (10..20).map(|offset| row(RECEIVED, 0, offset))).await;
    assert_eq!((world.rows().await, world.progress().await), (30, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_start_together_make_the_schema_once() {
    let world = World::bare().await;
    let starts = (0..8).map(|_| audit::migrate(&world.database));
    for started in futures::future::join_all(starts).await {
        started.unwrap();
    }
    assert_eq!(world.number("SELECT count(*) FROM refinery_schema_history").await, 2);
}

fn config(url: Option<&str>) -> Config {
    Config { database_url: url.map(Into::into), audit_batch: 500, audit_connections: 2 }
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_all_named_at_once() {
    let wrong = Config { audit_batch: 0, audit_connections: 99, ..config(Some("not a url")) };
    let Err(StartError::Settings(wrong)) = wrong.start().await else { panic!("started") };
    let names: Vec<&str> = wrong.iter().map(|misset| misset.setting.as_str()).collect();
    assert_eq!(names, ["DATABASE_URL", "SWITCHYARD_AUDIT_BATCH", "SWITCHYARD_AUDIT_CONNECTIONS"]);
    assert!(matches!(config(None).start().await, Err(StartError::Settings(_))));
}

#[tokio::test]
async fn a_postgres_that_is_not_there_is_waited_for_and_its_password_never_shown() {
    let Err(StartError::World(problem)) =
        config(Some("postgres://audit:geheim@127.0.0.1:1/audit")).start().await
    else {
        panic!("started")
    };
    let problem = format!("{problem:#}");
    assert!(problem.contains("refused") && !problem.contains("geheim"), "{problem}");
    assert!(!format!("{:?}", config(Some("postgres://audit:geheim@127.0.0.1:1/audit"))).contains("geheim"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_when_the_url_asks_for_tls() {
    let world = World::new().await;
    let secured = audit::database(&format!("{}?sslmode=require", world.url).into()).unwrap();
    let problem = audit::migrate(&secured).await.unwrap_err().to_string();
    assert!(problem.contains("TLS"), "{problem}");
    drop(client(&world.url).await);
}
