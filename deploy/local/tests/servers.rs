//! The servers start, die and come back on the same data and port.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{process::Command, time::Instant};

use local::{Broker, Postgres};

#[test]
fn a_private_broker_comes_back_at_the_same_address_after_a_kill() {
    let begin = Instant::now();
    let mut broker = Broker::private().unwrap();
    let address = broker.bootstrap().to_owned();
    println!("started after {:?}", begin.elapsed());
    let user = ["--entity-type", "users", "--entity-name", "kept"];
    let alter = [&user[..], &["--alter", "--add-config", "SCRAM-SHA-512=[password=secret]"]].concat();
    broker.tool("kafka.admin.ConfigCommand", &alter).unwrap();
    let begin = Instant::now();
    broker.kill().unwrap();
    broker.restart().unwrap();
    println!("restarted after kill: {:?}", begin.elapsed());
    assert_eq!(broker.bootstrap(), address);
    let remove = [&user[..], &["--alter", "--delete-config", "SCRAM-SHA-512"]].concat();
    broker.tool("kafka.admin.ConfigCommand", &remove).unwrap();
    let begin = Instant::now();
    broker.stop().unwrap();
    println!("stopped after {:?}", begin.elapsed());
}

#[test]
fn a_private_postgres_keeps_its_rows_over_a_kill() {
    let begin = Instant::now();
    let mut postgres = Postgres::private().unwrap();
    println!("started after {:?}", begin.elapsed());
    let psql = |url: &str, sql: &str| {
        let out = Command::new("psql").args([url, "-Atc", sql]).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    psql(postgres.url(), "create table kept (n int); insert into kept values (7)");
    let begin = Instant::now();
    postgres.kill().unwrap();
    postgres.restart().unwrap();
    println!("killed and restarted after {:?}", begin.elapsed());
    assert_eq!(psql(postgres.url(), "select n from kept"), "7\n");
    let log = postgres.log().unwrap();
    drop(postgres);
    assert!(!log.exists());
}

#[test]
fn what_was_kept_in_a_folder_is_there_for_the_next_server() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        Broker::at(&folder.path().join("kafka")).unwrap().stop().unwrap();
    }
    assert!(folder.path().join("kafka/data/meta.properties").is_file());
    assert!(Broker::at(&folder.path().join("kafka")).is_ok());
}
