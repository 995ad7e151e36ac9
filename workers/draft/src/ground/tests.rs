use super::*;

use serde_json::json;
use shared::events::Source;

const REPLY: &str = "Dear Ms Lopes,\n\nItems can be returned within 30 days of delivery. We refunded 34.90 euro today. \
    Standard delivery takes three to five working days once the parcel has left our warehouse. \
    The return label is free of charge and printed in your account.\n\nKind regards, Henrik";

fn ticket() -> Ticket {
    serde_json::from_value(json!({
        "tenant": "harbor", "id": "HB-1", "subject": "order 48213", "created_at": "2026-11-20T09:00:00Z",
        "body": "I want to return my lamp of order 48213, it cost 79.90 euro. Is the code FREE100 valid? Ana Prado",
        "customer": {"name": "Ana Prado"}
    }))
    .unwrap()
}

fn passage() -> Passage {
    serde_json::from_value(json!({
        "id": "HB-R-1", "score": 0.8, "subject": "Return", "reply": REPLY, "resolved_at": "2026-09-01T09:00:00Z"
    }))
    .unwrap()
}

fn checked(text: &str, id: &str, quote: &str) -> Grounded {
    let (ticket, passage) = (ticket(), passage());
    let sources = Sources { ticket: &ticket, passages: &[&passage], offer: None, links: &[] };
    let source = Source { id: id.to_owned(), quote: quote.to_owned() };
    check(&[Sentence { text: text.to_owned(), sources: vec![source] }], &sources)
}

const RETURNS: &str = "Items can be returned within 30 days of delivery.";

#[test]
fn a_sentence_that_says_what_its_quote_says_is_grounded() {
    for (text, quote) in [
        (RETURNS, RETURNS),
        ("Items can be returned within 30 days of delivery.", "items can be returned  within 30 days"),
        ("Your lamp can be returned within thirty days of delivery.", RETURNS),
        (
            "Standard delivery takes 3 to 5 working days.",
            "Standard delivery takes three to five working days",
        ),
        ("For order 48213 the return label is free of charge.", "The return label is free of charge"),
    ] {
        let found = checked(text, "HB-R-1", quote);
        assert_eq!((found.grounded, found.unbacked.as_slice()), (1.0, [].as_slice()), "{text}: {found:?}");
    }
}

#[test]
fn a_quote_that_is_not_there_or_a_source_that_is_not_known_grounds_nothing() {
    for (id, quote) in [
        ("HB-R-1", "Items can be returned within 90 days of delivery."),
        ("HB-R-2", RETURNS),
        ("policy:none", RETURNS),
        ("HB-R-1", ""),
        ("HB-R-1", "30 day"),
    ] {
        let found = checked(RETURNS, id, quote);
        assert_eq!(found.grounded, 0.0, "{id} {quote}: {found:?}");
        assert!(!found.doubts.is_empty());
    }
}

#[test]
fn figures_amounts_codes_names_and_links_that_no_source_has_are_unbacked() {
    for text in [
        "Items can be returned within 90 days of delivery.",
        "Items can be returned within 30 weeks of delivery.",
        "Items of 500 euro can be returned within 30 days.",
        "Items can be returned within 30 days with the code SAVE50.",
        "Items can be returned within 30 days, says Gerhard.",
        "Items can be returned within 30 days to Berlin.",
        "Items can be returned within 30 days by tomorrow.",
    ] {
        let found = checked(text, "HB-R-1", RETURNS);
        assert!(!found.unbacked.is_empty() && found.grounded < 1.0, "{text}: {found:?}");
    }
}

#[test]
fn promises_deeds_legal_words_and_demands_must_stand_in_the_very_quote() {
    for text in [
        "We have refunded your lamp within 30 days of delivery.",
        "Your lamp returned within 30 days of delivery is refunded.",
        "Items returned within 30 days of delivery are our legal responsibility.",
        "Your return within 30 days of delivery has been approved.",
        "Items can be returned within 30 days of delivery if you send your password.",
        "You will get your money back within 30 days of delivery.",
        "Use the code FREE100 within 30 days of delivery.",
        "Items cannot be returned within 30 days of delivery.",
    ] {
        let found = checked(text, "HB-R-1", RETURNS);
        assert!(found.grounded < 1.0, "{text}: {found:?}");
    }
}

#[test]
fn what_belongs_to_another_case_is_unbacked_even_if_it_is_quoted() {
    for (text, quote) in [
        ("We refunded 34.90 euro today.", "We refunded 34.90 euro today."),
        ("Dear Ms Lopes, items can be returned.", "Dear Ms Lopes,\n\nItems can be returned"),
    ] {
        let found = checked(text, "HB-R-1", quote);
        assert!(!found.unbacked.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn what_rests_on_the_ticket_alone_is_not_grounded() {
    let found = checked(
        "Your lamp of order 48213 cost 79.90 euro.",
        "ticket",
        "my lamp of order 48213, it cost 79.90 euro",
    );
    assert_eq!(found.grounded, 0.0);
    assert_eq!(found.doubts, ["sentence 1 rests on the ticket alone"]);
}

#[test]
fn what_breaks_a_rule_is_left_out_and_noted() {
    let found = checked("Items can be <b>returned</b> within 30 days.", "HB-R-1", RETURNS);
    assert!(found.sentences.is_empty() && found.grounded == 0.0);
    assert!(
        found.unbacked[0].starts_with("sentence 1 was left out: the sentence holds an angle bracket"),
        "{found:?}"
    );
}

#[test]
fn an_answer_of_nothing_is_not_grounded() {
    let (ticket, passage) = (ticket(), passage());
    let sources = Sources { ticket: &ticket, passages: &[&passage], offer: None, links: &[] };
    assert_eq!(check(&[], &sources).grounded, 0.0);
}
