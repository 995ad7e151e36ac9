//! When there is a reply, what frames it, and when there is none.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test builds is known, and a test may stop"
)]

use draft::{DISCLOSURE, SIGN_OFF, local};
use proptest::prelude::*;
use serde_json::json;
use shared::{
    events::{Classification, Draft, Hazard, Passage, Reply, Retrieval, Sentiment, Ticket, Tier},
    policy::{HAZARDS, Policy},
};

fn policy() -> Policy {
    Policy::parse(include_str!("../../../deploy/policy.yaml")).unwrap()
}

fn ticket() -> Ticket {
    serde_json::from_value(json!({
        "tenant": "harbor", "id": "HB-9001", "subject": "Return of a lamp", "created_at": "2026-11-20T09:00:00Z",
        "body": "I want to send back the lamp of order 48213 and get my money back.",
        "customer": { "id": "c-1", "name": "Imani Holt" }
    }))
    .unwrap()
}

fn classification(intent: &str) -> Classification {
    serde_json::from_value(json!({
        "model": "m", "intent": intent, "confidence": 0.95, "top": [], "margin": 0.9, "out_of_scope": 0.01,
        "mood": { "sentiment": "neutral", "probability": 0.9, "score": 0.0 },
        "attention": { "priority": "normal", "urgency": "normal", "probability": 0.9 },
        "language": { "code": "en", "confidence": 1.0, "supported": true },
        "hazards": [], "tokens": 40, "truncated": false
    }))
    .unwrap()
}

fn passage(id: &str, score: f64, intent: &str, reply: &str) -> Passage {
    Passage {
        id: id.to_owned(),
        score,
        intent: Some(intent.to_owned()),
        subject: String::new(),
        reply: reply.to_owned(),
        resolved_at: "2026-09-01T08:00:00Z".parse().unwrap(),
    }
}

const RETURNS: &str = "Hi Jo,\n\nNo problem, I have noted it for order 50127! Items can be returned within 30 days of delivery. \
    The return of order {{Order Number}} is registered under Orders > Return items. \
    Please call {{Support Phone}} to have it collected.\n\nCheers, Malik";

fn answer(ticket: &Ticket, intent: &str, passages: Vec<Passage>) -> Draft {
    let retrieval = Retrieval { model: "e".to_owned(), index: "memory".to_owned(), passages };
    local(&policy(), ticket, &classification(intent), &retrieval)
}

fn reply(draft: Draft) -> Reply {
    match draft {
        Draft::Reply(reply) => reply,
        Draft::Withheld { reason, .. } => panic!("withheld: {reason}"),
    }
}

fn reason(draft: Draft) -> String {
    match draft {
        Draft::Reply(reply) => panic!("not withheld: {}", reply.text()),
        Draft::Withheld { reason, .. } => reason,
    }
}

#[test]
fn a_reply_greets_quotes_signs_and_says_what_wrote_it() {
    let written = reply(answer(&ticket(), "get_refund", vec![passage("HB-R-1", 0.7, "get_refund", RETURNS)]));
    insta::assert_json_snapshot!(written);
}

#[test]
fn a_customer_without_a_name_is_greeted_without_one() {
    let mut ticket = ticket();
    ticket.customer.name = None;
    let written = reply(answer(&ticket, "get_refund", vec![passage("HB-R-1", 0.7, "get_refund", RETURNS)]));
    assert_eq!(written.sentences[0].text, "Hello,");
}

#[test]
fn passages_of_the_same_intent_are_quoted_even_if_others_are_nearer() {
    let other =
        passage("HB-R-2", 0.9, "track_order", "The lamp of an order can be followed under Orders > Track.");
    let written =
        reply(answer(&ticket(), "get_refund", vec![other, passage("HB-R-1", 0.5, "get_refund", RETURNS)]));
    assert!(written.sentences.iter().flat_map(|one| &one.sources).all(|source| source.id == "HB-R-1"));
}

#[test]
fn what_a_supervisor_takes_in_any_case_gets_no_reply() {
    let passages = vec![passage("HB-R-1", 0.7, "get_refund", RETURNS)];
    let retrieval = Retrieval { model: "e".to_owned(), index: "memory".to_owned(), passages };
    let (mut vip, mut read) = (ticket(), classification("get_refund"));
    vip.customer.tier = Tier::Vip;
    read.mood.sentiment = Sentiment::VeryNegative;
    let said = reason(local(&policy(), &vip, &read, &retrieval));
    assert_eq!(said, "a supervisor takes the ticket in any case: a customer known by name is very upset");
    let far = Classification { confidence: 0.40, out_of_scope: 0.90, ..classification("get_refund") };
    let said = reason(local(&policy(), &ticket(), &far, &retrieval));
    assert_eq!(
        said,
        "a supervisor takes the ticket in any case: no intent fits, so there is nothing to suggest"
    );

    let yaml = include_str!("../../../deploy/policy.yaml");
    let suggests = yaml.replace("at_most: escalate", "at_most: suggest");
    reply(local(&Policy::parse(&suggests).unwrap(), &vip, &read, &retrieval));
    let asks_for_the_draft = yaml.replace(
        "when: tier == \"vip\" && sentiment <= very_negative",
        "when: tier == \"vip\" && grounded < 0.5",
    );
    assert_ne!(asks_for_the_draft, yaml);
    reply(local(&Policy::parse(&asks_for_the_draft).unwrap(), &vip, &read, &retrieval));
}

#[test]
fn nothing_near_enough_is_no_reply() {
    let far = passage("HB-R-1", 0.34, "get_refund", RETURNS);
    let said = reason(answer(&ticket(), "get_refund", vec![far]));
    assert_eq!(said, "the most similar resolved ticket has a similarity of 0.34, below 0.35");
    assert_eq!(reason(answer(&ticket(), "get_refund", Vec::new())), "there is no resolved ticket to quote");
}

#[test]
fn passages_that_only_speak_of_their_case_are_no_reply() {
    let own = "Dear Ms Lopes,\n\nI have refunded 34.90 euro today. Your toaster will be sent tomorrow.\n\nKind regards, Claire";
    let said = reason(answer(&ticket(), "get_refund", vec![passage("HB-R-1", 0.8, "get_refund", own)]));
    assert_eq!(said, "nothing in the 1 most similar replies can be said to this customer");
}

#[test]
fn a_hazard_that_goes_to_people_gets_no_reply() {
    for kind in HAZARDS {
        let mut read = classification("get_refund");
        read.hazards = vec![Hazard { kind: kind.to_owned(), probability: 0.8 }];
        let passages = vec![passage("HB-R-1", 0.7, "get_refund", RETURNS)];
        let retrieval = Retrieval { model: "e".to_owned(), index: "memory".to_owned(), passages };
        let said = reason(local(&policy(), &ticket(), &read, &retrieval));
        assert!(said.starts_with("the ticket goes to people in any case: "), "{said}");
    }
}

const CODES: &str = "Dear Mr Obi,\n\nI wish you a good start. Discounts for existing customers come as a personal code in \
    our reply. The code is entered at checkout in the field Voucher.\n\nYours sincerely, Henrik";

fn discount(tenant: &str, time: &str) -> Draft {
    let mut ticket = ticket();
    tenant.clone_into(&mut ticket.tenant);
    "Is there a discount code for me?".clone_into(&mut ticket.body);
    ticket.created_at = time.parse().unwrap();
    answer(&ticket, "request_discount", vec![passage("HB-R-9", 0.7, "request_discount", CODES)])
}

#[test]
fn a_request_for_a_discount_gets_the_code_of_the_policy() {
    for (tenant, code, name) in
        [("harbor", "PINE10", "returning-customers"), ("lumen", "PAGE15", "loyal-readers")]
    {
        let written = reply(discount(tenant, "2026-11-20T09:00:00Z"));
        assert_eq!(written.offer.as_deref(), Some(code));
        let granted = &written.sentences[1];
        assert!(granted.text.contains(code));
        assert_eq!(
            (granted.sources[0].id.as_str(), &granted.sources[0].quote),
            (&*format!("policy:{name}"), &granted.text)
        );
        assert_eq!(written.grounded, 1.0);
    }
}

#[test]
fn without_a_valid_offer_a_person_answers_a_request_for_a_discount() {
    for (tenant, time) in [("harbor", "2028-01-01T00:00:00Z"), ("elsewhere", "2026-11-20T09:00:00Z")] {
        let said = reason(discount(tenant, time));
        assert!(
            said.starts_with(&format!("the policy has no offer for customers of {tenant} on ")),
            "{said}"
        );
    }
}

#[test]
fn another_intent_gets_no_code() {
    let passages =
        vec![passage("HB-R-1", 0.7, "get_refund", RETURNS), passage("HB-R-9", 0.7, "get_refund", CODES)];
    let written = reply(answer(&ticket(), "get_refund", passages));
    assert_eq!(written.offer, None);
    assert!(!written.text().contains("code"), "{}", written.text());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn whatever_a_passage_holds_nothing_hidden_or_unfilled_gets_out(
        said in "([A-Z][a-z]{2,8}( [a-z]{2,9}){3,9}[.!?] ?|\\{\\{[A-Za-z ]{0,12}\\}\\}|[\\u{202e}\\u{200b}<>{}@/.0-9\n ]|\\PC){0,40}",
        name in "\\PC{0,20}",
    ) {
        let mut ticket = ticket();
        ticket.customer.name = Some(name);
        let passages = vec![passage("a", 0.9, "get_refund", &said), passage("b", 0.8, "get_refund", RETURNS)];
        if let Draft::Reply(reply) = answer(&ticket, "get_refund", passages) {
            let text = reply.text();
            for hidden in ["{{", "}}", "<", "\u{202e}", "\u{200b}", "\n", "@", "//"] {
                prop_assert!(!text.contains(hidden), "{text}");
            }
            prop_assert_eq!(reply.sentences.last().map(|last| last.text.as_str()), Some(DISCLOSURE));
            prop_assert_eq!(reply.sentences.iter().rev().nth(1).map(|one| one.text.as_str()), Some(SIGN_OFF));
            for source in reply.sentences.iter().flat_map(|one| &one.sources) {
                prop_assert!(said.contains(&source.quote) || RETURNS.contains(&source.quote));
            }
        }
    }
}
