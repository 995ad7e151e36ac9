//! Where the demo's tickets and their paraphrases go, through the real classifier, index, draft and gate.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::{cmp::Ordering, fs, path::PathBuf};

use all::Overrides;
use serde_json::Value;
use shared::{
    Config, Envelope, Event, Worker,
    bus::Origin,
    envelope::Meta,
    events::{Received, Resolved, Route, Routed},
};

fn lines(file: &str) -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/demo").join(file);
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn envelope<E: Event>(data: E) -> Envelope<E> {
    let origin = Origin { topic: "tickets.demo".into(), partition: 0, offset: 0, follows: 0, time_ms: 0 };
    let key = data.about().map(|(tenant, id)| format!("{tenant}/{id}")).unwrap_or_default();
    Meta::of_place(&origin).envelope(key, origin, data)
}

async fn worker<C: Config>(overrides: &Overrides) -> C::Worker {
    overrides.config::<C>().unwrap().start().await.unwrap()
}

/// The workers of the line, over the demo's resolved tickets.
struct Desk {
    classify: <classify::Config as Config>::Worker,
    retrieve: <retrieve::Config as Config>::Worker,
    draft: <draft::Config as Config>::Worker,
    route: <route::Config as Config>::Worker,
}

impl Desk {
    async fn open(overrides: &Overrides) -> Self {
        let index = worker::<index::Config>(overrides).await;
        for line in lines("resolved.jsonl") {
            let resolution = serde_json::from_str(&line).unwrap();
            index.handle(envelope(Resolved { resolution })).await.unwrap();
        }
        Self {
            classify: worker::<classify::Config>(overrides).await,
            retrieve: worker::<retrieve::Config>(overrides).await,
            draft: worker::<draft::Config>(overrides).await,
            route: worker::<route::Config>(overrides).await,
        }
    }

    async fn route(&self, event: Received) -> Routed {
        let classified = self.classify.handle(envelope(event)).await.unwrap();
        let retrieved = self.retrieve.handle(envelope(classified)).await.unwrap();
        let drafted = self.draft.handle(envelope(retrieved)).await.unwrap();
        self.route.handle(envelope(drafted)).await.unwrap()
    }
}

/// A ticket of the demo and the route it is to get.
fn expected(line: &str) -> (Received, String) {
    let mut ticket: Value = serde_json::from_str(line).unwrap();
    let fields = ticket.as_object_mut().unwrap();
    let expect = fields.remove("expect").map(|route| route.as_str().unwrap().to_owned());
    fields.remove("of");
    let of_five = || match fields["id"].as_str().unwrap() {
        "HB-5-03" => "suggest".to_owned(),
        "HB-5-04" => "escalate".to_owned(),
        _ => "auto".to_owned(),
    };
    let expect = expect.unwrap_or_else(of_five);
    (Received { ticket: serde_json::from_value(ticket).unwrap() }, expect)
}

#[tokio::test]
async fn the_demos_tickets_and_their_paraphrases_never_go_further_than_meant_and_all_but_one_go_there() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = tokio::task::spawn_blocking(local::Postgres::private).await.unwrap().unwrap();
    let overrides = Overrides::default()
        .with("index-dir", folder.path().to_string_lossy())
        .with("database-url", postgres.url());
    let desk = Desk::open(&overrides).await;
    let (mut bolder, mut more_careful) = (Vec::new(), Vec::new());
    for line in lines("five.jsonl").into_iter().chain(lines("paraphrases.jsonl")) {
        let (event, expect) = expected(&line);
        let Routed { ticket, decision, .. } = desk.route(event).await;
        let expect: Route = serde_json::from_value(expect.into()).unwrap();
        let said = format!("{} is {:?}, not {expect:?}: {}", ticket.id, decision.route, decision.rule.reason);
        match decision.route.cmp(&expect) {
            Ordering::Greater => bolder.push(said),
            Ordering::Less => more_careful.push(said),
            Ordering::Equal => {}
        }
    }
    assert!(bolder.is_empty(), "{}", bolder.join("\n"));
    assert!(more_careful.len() <= 1, "{}", more_careful.join("\n"));
}
