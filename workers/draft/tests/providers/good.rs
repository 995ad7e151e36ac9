//! When all is well.

use draft::Config;
use serde_json::{Value, json};
use shared::{
    Config as _,
    events::{Draft, Priority},
};
use standins::{KEY, StandIn, Terms};

use crate::bench::{ANTHROPIC, Bench, LOCAL, OPENAI, REPLY, draft, event, start, ticket};

#[tokio::test]
async fn anthropic_writes_a_grounded_reply_and_the_bill_is_the_providers() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    let reply = bench.reply(1).await;
    assert_eq!((reply.provider.as_str(), reply.model.as_deref()), ("anthropic", Some("claude-haiku-5-5")));
    assert_eq!(reply.grounded, 1.0);
    assert_eq!(reply.sentences[0].text, "Hello Imani Holt,");
    assert_eq!(reply.sentences.last().unwrap().text, draft::DISCLOSURE);
    let said = &reply.sentences[1];
    assert_eq!(said.sources[0].id, "HB-R-1");
    assert!(REPLY.contains(&said.sources[0].quote));

    let ledger = bench.stand_in.ledger();
    let (bill, usage) = (&ledger.bills[0], reply.usage.unwrap());
    assert_eq!(ledger.bills.len(), 1);
    assert_eq!(usage.request_id.as_ref(), Some(&bill.request_id));
    assert_eq!(usage.call.len(), 64);
    assert_eq!((usage.input_tokens, usage.output_tokens), (bill.input_tokens, bill.output_tokens));
    assert_eq!(
        (usage.cache_read_tokens, usage.cache_write_tokens),
        (bill.cache_read_tokens, bill.cache_write_tokens)
    );
    assert!((usage.dollars - bill.dollars).abs() < 1e-12, "{} {}", usage.dollars, bill.dollars);
}

#[tokio::test]
async fn the_instructions_are_written_to_the_cache_once_and_read_from_it_then() {
    let bench = Bench::new(ANTHROPIC).await;
    let (first, second) = (bench.reply(1).await.usage.unwrap(), bench.reply(2).await.usage.unwrap());
    assert!(first.cache_write_tokens > 1024 && first.cache_read_tokens == 0, "{first:?}");
    assert_eq!((second.cache_write_tokens, second.cache_read_tokens), (0, first.cache_write_tokens));
    assert!(second.dollars < first.dollars / 2.0, "{} {}", second.dollars, first.dollars);
}

#[tokio::test]
async fn an_openai_compatible_provider_writes_too() {
    let bench = Bench::new(OPENAI).await;
    let reply = bench.reply(1).await;
    assert_eq!((reply.provider.as_str(), reply.grounded), ("openai", 1.0));
    let totals = bench.stand_in.ledger().totals;
    let usage = reply.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (totals.input_tokens, totals.output_tokens));
}

#[tokio::test]
async fn a_discount_is_granted_in_the_policys_words_whoever_writes() {
    let bench = Bench::new(ANTHROPIC).await;
    let asked = event("HB-7", "Is there a discount for me?", "request_discount", json!([]));
    let Draft::Reply(reply) = draft(&bench.worker, asked).await else { panic!("withheld") };
    assert_eq!(reply.offer.as_deref(), Some("PINE10"));
    assert_eq!(reply.sentences[1].sources[0].id, "policy:returning-customers");
    let codes = reply.sentences.iter().filter(|sentence| sentence.text.contains("PINE10")).count();
    assert_eq!(codes, 1, "{}", reply.text());
}

#[tokio::test]
async fn a_ticket_that_goes_to_people_is_not_asked_about_and_the_money_saved_is_said() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    let asked =
        event("HB-8", "I will sue you.", "complaint", json!([{ "kind": "legal", "probability": 0.9 }]));
    let Draft::Withheld { reason, saved, .. } = draft(&bench.worker, asked).await else { panic!("written") };
    assert!(reason.starts_with("the ticket goes to people in any case"), "{reason}");
    assert!(saved.is_some_and(|dollars| dollars > 0.0 && dollars < 0.01), "{saved:?}");
    assert_eq!(bench.stand_in.ledger().requests, 0);
}

#[tokio::test]
async fn a_ticket_whose_score_no_reply_can_lift_is_not_asked_about() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    let mut hopeless = ticket(1);
    let read = &mut hopeless.data.classification;
    (read.confidence, read.margin, read.out_of_scope) = (0.10, 0.01, 0.80);
    (read.mood.score, read.attention.priority) = (-1.0, Priority::Urgent);
    let Draft::Withheld { reason, saved, .. } = draft(&bench.worker, hopeless).await else {
        panic!("written")
    };
    assert!(reason.starts_with("no reply could bring the score above "), "{reason}");
    assert!(saved.is_some_and(|dollars| dollars > 0.0), "{saved:?}");

    let law = event("HB-10", "Under the GDPR I want a copy of my data.", "edit_account", json!([]));
    let Draft::Withheld { reason, saved: Some(_), .. } = draft(&bench.worker, law).await else {
        panic!("written")
    };
    assert!(reason.starts_with("the ticket goes to people in any case: the law"), "{reason}");
    assert_eq!(bench.stand_in.ledger().requests, 0);
    let metrics = shared::runner::render_metrics();
    for why in ["score", "hard_rule"] {
        assert!(
            metrics.contains(&format!("switchyard_draft_saved_dollars_total{{reason=\"{why}\"}}")),
            "{metrics}"
        );
    }
}

#[tokio::test]
async fn without_a_key_nothing_leaves_this_machine() {
    let stand_in = StandIn::start(Terms::default()).await.unwrap();
    let config = Config { anthropic_base_url: Some(stand_in.url()), ..Config::default() };
    let (alone, _folder) = start(&[ANTHROPIC, OPENAI, LOCAL].concat(), config).await;
    let Draft::Reply(reply) = draft(&alone, ticket(1)).await else { panic!("withheld") };
    assert_eq!((reply.provider.as_str(), reply.usage), ("local", None));
    assert_eq!(stand_in.ledger().requests, 0);
}

#[tokio::test]
async fn a_provider_that_bills_needs_a_ledger_to_start_with() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/policy.yaml");
    let config = Config { policy: Some(path), anthropic_api_key: Some(KEY.into()), ..Config::default() };
    let problem = config.start().await.err().unwrap().to_string();
    assert!(problem.starts_with("DATABASE_URL: "), "{problem}");
}

#[tokio::test]
async fn the_request_is_one_that_todays_models_take() {
    let bench = Bench::new(ANTHROPIC).await;
    bench.reply(1).await;
    let body: Value = serde_json::from_str(&bench.stand_in.requests()[0]).unwrap();
    let mut fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["max_tokens", "messages", "model", "output_config", "system"]);
    assert_eq!(body["output_config"]["effort"], "low");
    assert_eq!(body["system"][0]["cache_control"]["type"], "ephemeral");
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_policy_allows() {
    let terms = Terms { latency: std::time::Duration::from_millis(20), ..Terms::default() };
    let bench = Bench::with(ANTHROPIC, terms).await;
    let all = (0..64).map(|number| bench.reply(number));
    futures::future::join_all(all).await;
    assert_eq!(bench.stand_in.most_at_once(), 8);
}

#[tokio::test]
async fn the_same_event_again_finds_its_answer_and_costs_nothing() {
    let bench = Bench::new(ANTHROPIC).await;
    let first = bench.reply(1).await;
    let (other, _folder) = bench.another(ANTHROPIC).await;
    let Draft::Reply(second) = draft(&other, ticket(1)).await else { panic!("withheld") };
    assert_eq!(first, second, "bit for bit, the bill too");
    assert_eq!(bench.stand_in.ledger().totals.bills, 1);
    bench.reply(2).await;
    assert_eq!(bench.stand_in.ledger().totals.bills, 2, "another ticket is another call");
}

#[tokio::test]
async fn what_identifies_a_person_does_not_leave_and_comes_back_in_the_reply() {
    let bench = Bench::new(ANTHROPIC).await;
    bench.stand_in.hostile(true);
    let body = "Please confirm that mails about order 48213 go to imani.holt@example.com from now on.";
    let asked = event("HB-9", body, "track_order", json!([]));
    let Draft::Reply(reply) = draft(&bench.worker, asked).await else { panic!("withheld") };
    let sent = bench.stand_in.requests().concat();
    for secret in ["imani.holt@example.com", "Imani", "Holt", "48213", "50127", "Obi", "Henrik"] {
        assert!(!sent.contains(secret), "{secret} left this machine");
    }
    assert!(sent.contains("EMAIL_1"), "{sent}");
    assert!(reply.text().contains("imani.holt@example.com"), "{}", reply.text());
}

#[tokio::test]
async fn the_budget_of_the_day_is_asked_before_the_provider_is() {
    let bench = Bench::new(&[ANTHROPIC, LOCAL].concat()).await;
    let tight = crate::bench::policy(&[ANTHROPIC, LOCAL].concat())
        .replace("dollars_a_day: 20.0", "dollars_a_day: 0.0001");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.yaml");
    std::fs::write(&path, tight).unwrap();
    let config = Config {
        policy: Some(path),
        anthropic_api_key: Some(KEY.into()),
        anthropic_base_url: Some(bench.stand_in.url()),
        ledger: draft::LedgerSettings {
            database_url: Some(bench.database.as_str().into()),
            ..Default::default()
        },
        ..Config::default()
    };
    let worker = config.start().await.unwrap();
    let Draft::Reply(reply) = draft(&worker, ticket(1)).await else { panic!("withheld") };
    assert_eq!((reply.provider.as_str(), bench.stand_in.ledger().requests), ("local", 0));
}
