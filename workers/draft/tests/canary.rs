//! Ten thousand values planted in tickets and passages: none is in what a provider is sent, in logs, spans, metrics, health,
//! the ledger, headers, the reasons of rejected events, or what is said of panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what a test builds is known, and a test may stop"
)]

#[allow(dead_code, reason = "the tests of the providers use the rest")]
#[path = "providers/bench.rs"]
mod bench;
#[path = "canary/mod.rs"]
mod canary;

use std::{collections::BTreeMap, marker::PhantomData, time::Duration};

use canary::{
    bad, ear, line,
    look::Look,
    planted::{Case, Planted, cases, leaks},
};
use draft::{Config, DraftWorker, LedgerSettings, redact::Redaction};
use local::Postgres;
use serde_json::{Value, json};
use shared::{
    Envelope, Failure, Worker,
    bus::{Lane, Outgoing, memory::MemoryBus, no_headers},
    events::{AnyEvent, Classified, Draft, Drafted, Event, Fault, Nothing, Received, Resolved, Retrieved},
    runner::{Settings, render_metrics},
};
use standins::{KEY, StandIn, Terms, Weather};

/// Everything planted, and the words that may leave and that nobody else may say.
fn look(cases: &[Case]) -> Look {
    let planted = cases.iter().flat_map(|case| case.planted.iter().map(|one| one.value.as_str()));
    Look::of(planted.chain(cases.iter().map(|case| case.word.as_str())))
}

fn record(topic: &str, case: &Case, event: &Value) -> Outgoing {
    let (key, payload) = (case.ticket.key().into_bytes(), event.to_string().into_bytes());
    Outgoing { topic: topic.into(), key, headers: no_headers(), payload }
}

#[test]
fn none_of_ten_thousand_planted_values_is_in_a_redacted_request() {
    let (mut planted, mut leaked) = (0, Vec::new());
    for case in cases(1_000) {
        let passages: Vec<_> = case.passages.iter().collect();
        let redaction = Redaction::of(&case.ticket, &passages);
        let mut texts = vec![case.ticket.text(), case.ticket.attributes["note"].clone()];
        texts.extend(case.passages.iter().map(|passage| passage.reply.clone()));
        let plain = texts.join("\n");
        assert_eq!(leaks(&plain, &case.planted).len(), case.planted.len(), "the look itself is blind");
        assert_eq!(
            look(std::slice::from_ref(&case)).finds(&plain).len(),
            case.planted.len() + 1,
            "so is the other one"
        );
        let request: Vec<_> = texts.iter().map(|text| redaction.text(text)).collect();
        planted += case.planted.len();
        leaked.extend(leaks(&request.join("\n"), &case.planted).into_iter().cloned());
    }
    assert_eq!(planted, 10_000);
    for one in leaked.iter().take(60) {
        println!("{}", one.sentence);
    }
    assert!(leaked.is_empty(), "{} of {planted} leaked", leaked.len());
}

/// What the provider does, over and over: it answers, repeats the prompt in errors and in what is no answer, misuses
/// placeholders, refuses, breaks off.
const WEATHER: [Weather; 18] = [
    Weather::Fair,
    Weather::Echo { code: 400 },
    Weather::Fair,
    Weather::Echo { code: 529 },
    Weather::Placeholders,
    Weather::Echo { code: 200 },
    Weather::Fair,
    Weather::Echo { code: 413 },
    Weather::Refusal,
    Weather::Fair,
    Weather::OffSchema,
    Weather::Garbled,
    Weather::Fair,
    Weather::Echo { code: 409 },
    Weather::MaxTokens,
    Weather::Cut,
    Weather::Fair,
    Weather::Redirect,
];

struct Stage {
    stand_in: StandIn,
    database: String,
    bus: MemoryBus,
}

impl Stage {
    async fn new() -> Self {
        ear::listen();
        let stand_in = StandIn::start(Terms::default()).await.unwrap();
        Self { stand_in, database: Postgres::empty_database().unwrap(), bus: MemoryBus::new(4) }
    }

    async fn worker(&self) -> (DraftWorker, tempfile::TempDir) {
        let config = Config {
            anthropic_api_key: Some(KEY.into()),
            anthropic_base_url: Some(self.stand_in.url()),
            openai_api_key: Some(KEY.into()),
            openai_base_url: Some(self.stand_in.url()),
            batch: true,
            batch_ms: Some(20),
            ledger: LedgerSettings {
                database_url: Some(self.database.as_str().into()),
                ..LedgerSettings::default()
            },
            ..Config::default()
        };
        // The weather is to be met, not the machine's load.
        let patient = |terms: &str| {
            terms
                .replace("timeout_seconds: 2", "timeout_seconds: 40")
                .replace("silence_seconds: 1", "silence_seconds: 20")
        };
        let providers = [patient(bench::ANTHROPIC), patient(bench::OPENAI), bench::LOCAL.to_owned()];
        bench::start(&providers.concat(), config).await
    }

    /// The ledger's rows as text.
    async fn ledger(&self) -> String {
        let sql = bench::client(&self.database).await;
        let mut text = String::new();
        for table in ["calls", "charges", "budgets", "grants"] {
            let query = format!("SELECT row_to_json(t)::text FROM {table} t");
            let rows = sql.query(&query, &[]).await.unwrap();
            text.extend(rows.iter().map(|row| row.get::<_, String>(0) + "\n"));
        }
        let answers = sql.query("SELECT answer FROM calls WHERE answer IS NOT NULL", &[]).await.unwrap();
        for answer in answers {
            text += &String::from_utf8_lossy(answer.get(0));
        }
        text
    }
}

/// Who wrote the replies, how often; what the drafted events say beside the reply is clean.
fn written(bus: &MemoryBus, values: &Look) -> BTreeMap<String, usize> {
    let mut written = BTreeMap::new();
    for record in ["tickets.drafted", "replay.tickets.drafted"].iter().flat_map(|topic| bus.read(topic)) {
        line::headers(&record, values);
        let drafted: Drafted = serde_json::from_slice(record.payload.as_deref().unwrap()).unwrap();
        let who = match drafted.draft {
            Draft::Reply(reply) => {
                values.passes("a doubt", &reply.doubts.join("\n"));
                values.passes("what is unbacked", &reply.unbacked.join("\n"));
                reply.provider
            }
            Draft::Withheld { reason, .. } => {
                values.passes("a reason", &reason);
                "nobody".to_owned()
            }
        };
        *written.entry(who).or_default() += 1;
    }
    written
}

#[test]
fn the_look_finds_every_value_as_it_is_spelt_and_none_in_a_row_of_figures() {
    for case in cases(1_000) {
        for Planted { value, .. } in &case.planted {
            let look = Look::of([value.as_str()]);
            assert!(
                !look.finds(&format!("took 3.21 ms, reason=\"no {value}, sorry\"")).is_empty(),
                "{value}"
            );
        }
    }
    assert!(
        Look::of(["434-74-8449"])
            .finds("21:04:43.474844912Z INFO time.busy=434µs time.idle=74.8449ms")
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_anywhere_beside_the_events_while_replies_are_written() {
    let (cases, stage) = (cases(1_000), Stage::new().await);
    let values = look(&cases);
    let planted = Look::of(cases.iter().flat_map(|case| case.planted.iter().map(|one| one.value.as_str())));
    let words = Look::of(cases.iter().map(|case| case.word.as_str()));
    let mut health = String::new();
    let lanes = [
        (Lane::Live, "tickets", 0..700),
        (Lane::Live, "tickets", 700..900),
        (Lane::Replay, "replay.tickets", 900..1_000),
    ];
    for (at, (lane, prefix, range)) in lanes.into_iter().enumerate() {
        // From the second on the model does what the ticket says: the ticket's own words are the answer.
        stage.stand_in.hostile(at > 0);
        stage.stand_in.next(WEATHER.iter().copied().cycle().take(range.len()));
        let topic = format!("{prefix}.retrieved");
        for case in &cases[range] {
            stage.bus.append(record(&topic, case, &line::retrieved(case)));
        }
        let (worker, _folder) = stage.worker().await;
        let settings = Settings { lane, max_in_flight: 64, ..Settings::default() };
        health += &line::through(worker, &stage.bus, settings, &topic).await;
    }

    let requests = stage.stand_in.requests().join("\n");
    planted.passes("a request", &requests);
    let left = words.finds(&requests).len();
    assert!(left >= 950, "only {left} of 1000 tickets were asked about");
    let ledger = stage.ledger().await;
    planted.passes("the ledger", &ledger);
    let written = written(&stage.bus, &values);
    println!("written by {written:?}");
    assert_eq!(written.values().sum::<usize>(), 1_000, "{written:?}");
    assert!(
        ["anthropic", "openai", "nobody"].iter().all(|who| written.get(*who) >= Some(&50)),
        "{written:?}"
    );
    assert!(
        stage.bus.read("tickets.rejected").is_empty() && stage.bus.read("replay.tickets.rejected").is_empty()
    );
    values.passes("health", &health);
    values.passes("the metrics", &render_metrics());
    let heard = ear::heard();
    assert!(
        heard.contains("event{worker=\"draft\" topic=tickets.retrieved"),
        "nothing was heard of the spans"
    );
    assert!(heard.contains("answered 400 invalid_request_error"), "nothing was heard of the errors");
    values.passes("the log", &heard);
}

/// Breaks on every event, with its text in hand.
struct Clumsy<E>(PhantomData<E>);

impl<E: Event> Worker for Clumsy<E> {
    const NAME: &'static str = E::NAME;
    type Input = E;
    type Output = Nothing;

    async fn handle(&self, event: Envelope<E>) -> Result<Nothing, Failure> {
        tokio::time::sleep(Duration::from_micros(10)).await;
        let text = serde_json::to_string(&event.data).unwrap();
        let read: Result<u64, String> = text.parse().map_err(|error| format!("{error}: {text}"));
        let middle = text.find('ß').map_or(text.len() + 1, |at| at + 1);
        let number = match event.key.bytes().last().unwrap() % 5 {
            0 => panic!("cannot read {text}"),
            1 => read.unwrap(),
            2 => text[..middle].len() as u64,
            3 => read.expect(&text),
            _ => std::panic::panic_any(text),
        };
        assert_eq!(number, 0, "{text}");
        Ok(Nothing)
    }
}

/// As many good records, on which the worker breaks, and spoilt ones, of one type of event.
async fn rejected<E: Event>(cases: &[Case], values: &Look, event: impl Fn(&Case) -> Value) {
    let (bus, topic) = (MemoryBus::new(4), E::TOPICS[0]);
    for (at, case) in cases.iter().enumerate() {
        let event = event(case);
        assert!(E::decode(event.to_string().as_bytes()).is_ok(), "{event}");
        bus.append(record(topic, case, &event));
        let bad = bad::record::<E>(case, &event, at % bad::WAYS);
        if let AnyEvent::Unreadable { reason, .. } = AnyEvent::decode(&bad.payload).unwrap() {
            values.passes("the audit's reason", &reason);
        }
        bus.append(bad);
    }
    let health = line::through(Clumsy::<E>(PhantomData), &bus, Settings::default(), topic).await;
    values.passes("health", &health);
    let events = line::rejected(&bus, values, "tickets.rejected", topic);
    let count = |fault| events.iter().filter(|event| event.fault == fault).count();
    assert_eq!((count(Fault::Panic), count(Fault::Unreadable)), (cases.len(), cases.len()), "{topic}");
    assert!(
        events
            .iter()
            .filter(|event| event.fault == Fault::Panic)
            .all(|event| event.reason.contains("canary.rs"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_event_of_any_worker_has_the_original_and_nothing_else_of_it() {
    ear::listen();
    let cases = cases(1_000);
    let values = look(&cases);
    let part = |case: &Case, names: &[&str]| -> Value {
        let mut whole = line::retrieved(case);
        whole["draft"] = json!({ "outcome": "withheld", "reason": "none" });
        whole.as_object_mut().unwrap().retain(|name, _| names.contains(&name.as_str()));
        whole
    };
    rejected::<Received>(&cases, &values, |case| part(case, &["ticket"])).await;
    rejected::<Classified>(&cases, &values, |case| part(case, &["ticket", "classification"])).await;
    rejected::<Retrieved>(&cases, &values, line::retrieved).await;
    rejected::<Drafted>(&cases, &values, |case| {
        part(case, &["ticket", "classification", "retrieval", "draft"])
    })
    .await;
    rejected::<Resolved>(&cases, &values, |case| {
        let ticket = &case.ticket;
        json!({ "resolution": {
            "tenant": ticket.tenant, "id": ticket.id, "subject": ticket.subject, "body": ticket.body,
            "reply": case.passages[0].reply, "resolved_at": ticket.created_at, "attributes": ticket.attributes,
        } })
    })
    .await;
    values.passes("the metrics", &render_metrics());
    let heard = ear::heard();
    assert!(heard.contains("event rejected") && heard.contains("panic place="), "nothing was heard");
    values.passes("the log", &heard);
}
