//! `explain`, from an audit in a real Postgres.

use std::{fs, path::Path, process::Output};

use audit::Config as AuditConfig;
use local::Postgres;
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::{
    Config as _, Event as _, Worker as _,
    bus::{Bus, Origin, Partition, memory::MemoryBus},
    envelope::Meta,
    events::{AnyEvent, Routed},
};

use crate::support::{JUDGED, error, out, policy, switchyard};

/// A Postgres whose audit holds these `routed` events.
fn audited(events: &[Value]) -> Postgres {
    let postgres = Postgres::private().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = SecretString::from(postgres.url().to_owned());
        let config = AuditConfig { database_url: Some(url), audit_batch: 100, audit_connections: 1 };
        let audit = config.start().await.unwrap();
        let read = [Partition { topic: "tickets.routed".into(), number: 0 }];
        audit.positions(&read, &Bus::Memory(MemoryBus::new(1)).peek()).await.unwrap();
        for (offset, event) in (0i64..).zip(events) {
            let topic = Routed::TOPICS[0].into();
            let origin = Origin { topic, partition: 0, offset, follows: offset, time_ms: 1_763_630_100_000 };
            let (tenant, ticket) = (&event["ticket"]["tenant"], &event["ticket"]["id"]);
            let key = format!("{}/{}", tenant.as_str().unwrap(), ticket.as_str().unwrap());
            let data = AnyEvent::decode(event.to_string().as_bytes()).unwrap();
            audit.handle(Meta::of_place(&origin).envelope(key, origin, data)).await.unwrap();
        }
    });
    postgres
}

fn explain(postgres: &Postgres, ticket: &str, more: &[&str]) -> Output {
    let arguments = [&["explain", ticket, "--database-url", postgres.url()], more].concat();
    switchyard(&arguments)
}

fn routed(row: usize) -> Value {
    JUDGED.rows[row]["routed"].clone()
}

fn name(event: &Value) -> String {
    format!("{}/{}", event["ticket"]["tenant"].as_str().unwrap(), event["ticket"]["id"].as_str().unwrap())
}

#[test]
fn decisions_come_out_again_bit_for_bit_with_the_reading_of_the_model() {
    let events: Vec<Value> = (0..40).map(routed).collect();
    let postgres = audited(&events);
    for event in events.iter().take(6) {
        let explained = explain(&postgres, &name(event), &["--rerun"]);
        let text = out(&explained);
        assert!(explained.status.success(), "{text}{}", error(&explained));
        assert!(text.contains("classification and decision come out again, bit for bit"), "{text}");
        assert!(text.contains(event["decision"]["rule"]["name"].as_str().unwrap()), "{text}");
        assert!(text.contains("intercept") && text.contains("change"), "{text}");
    }
    for event in &events[6..] {
        let explained = explain(&postgres, &name(event), &[]);
        assert!(explained.status.success(), "{}{}", out(&explained), error(&explained));
    }
}

#[test]
fn a_row_that_was_tampered_with_does_not_come_out_again() {
    let mut event = routed(0);
    event["decision"]["score"] = json!(0.999_999);
    let explained = explain(&audited(std::slice::from_ref(&event)), &name(&event), &[]);
    assert_eq!(explained.status.code(), Some(2), "{}", error(&explained));
    assert!(out(&explained).contains("score: 0.999999 was written"), "{}", out(&explained));
}

#[test]
fn a_decision_of_an_earlier_policy_needs_that_policy_and_says_so() {
    let event = routed(1);
    let postgres = audited(std::slice::from_ref(&event));
    let folder = tempfile::tempdir().unwrap();
    let (now, kept) = (folder.path().join("now.yaml"), folder.path().join("kept"));
    fs::write(&now, policy() + "\n# changed since\n").unwrap();
    fs::create_dir(&kept).unwrap();
    let with = |kept: &Path| {
        let (now, kept) = (now.to_str().unwrap(), kept.to_str().unwrap());
        explain(&postgres, &name(&event), &["--policy", now, "--policies", kept])
    };
    let missing = with(&kept);
    assert_eq!(missing.status.code(), Some(3), "{}", error(&missing));
    let text = out(&missing);
    let digest = event["decision"]["policy"].as_str().unwrap();
    assert!(text.contains("cannot be reproduced") && text.contains(digest), "{text}");

    fs::write(kept.join("2026-11-20.yaml"), policy()).unwrap();
    let found = with(&kept);
    assert!(found.status.success(), "{}{}", out(&found), error(&found));
}

#[test]
fn a_ticket_that_the_audit_does_not_know_is_named() {
    let unknown = explain(&audited(&[routed(2)]), "harbor/no-such-ticket", &[]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(error(&unknown).contains("no decision on harbor/no-such-ticket"), "{}", error(&unknown));
}

#[test]
fn an_event_in_a_file_is_explained_without_a_database() {
    let event = routed(3);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.json");
    fs::write(&file, event.to_string()).unwrap();
    let explained = switchyard(&["explain", "--event", file.to_str().unwrap()]);
    assert!(explained.status.success(), "{}{}", out(&explained), error(&explained));
}

#[test]
fn the_change_that_is_named_moves_the_route() {
    let auto = JUDGED.rows.iter().find(|row| row["routed"]["decision"]["route"] == "auto").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.json");
    fs::write(&file, auto["routed"].to_string()).unwrap();
    let text = out(&switchyard(&["explain", "--event", file.to_str().unwrap()]));
    let line = text.lines().find(|line| line.contains("confidence") && line.contains("instead of")).unwrap();
    let then: f64 = line.split("confidence ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut event: Routed = serde_json::from_value(auto["routed"].clone()).unwrap();
    let policy = shared::policy::Policy::parse(&policy()).unwrap();
    let mut route_at = |confidence: f64| {
        event.classification.confidence = confidence;
        route::decide(&policy, &event.ticket, &event.classification, &event.retrieval, &event.draft).route
    };
    assert_ne!(route_at(then), shared::events::Route::Auto, "{line}");
    assert_eq!(route_at(then + 0.002), shared::events::Route::Auto, "{line}");
}
