use super::*;

fn ticket(body: &str) -> Ticket {
    serde_json::from_value(serde_json::json!({
        "tenant": "harbor", "id": "HB-9001", "subject": "Order 48213", "body": body,
        "customer": {"id": "c-6119", "name": "Ana Prado"}, "created_at": "2026-11-20T09:00:00Z",
        "attributes": {"order": "48213", "phone": "+44 7700 900123"}
    }))
    .unwrap()
}

#[test]
fn values_are_replaced_by_stable_placeholders_and_put_back() {
    let ticket = ticket(
        "I am Ana. Card 4111 1111 1111 1111, again 4111111111111111. Mail ana@example.com or ANA@example.com.",
    );
    let redaction = Redaction::of(&ticket, &[]);
    let redacted = redaction.text(&ticket.body);
    assert_eq!(redacted, "I am ⟦NAME_1⟧. Card ⟦CARD_1⟧, again ⟦CARD_1⟧. Mail ⟦EMAIL_1⟧ or ⟦EMAIL_1⟧.");
    assert_eq!(
        redaction.restore("Hello ⟦NAME_1⟧, we write to ⟦EMAIL_1⟧.").unwrap(),
        "Hello Ana, we write to ana@example.com."
    );
}

#[test]
fn a_placeholder_that_is_not_known_is_an_error() {
    let redaction = Redaction::of(&ticket("hello"), &[]);
    for wrong in ["⟦EMAIL_9⟧", "⟦EMAIL⟧", "EMAIL_1", "⟦", "a ⟧ b", "⟦⟦NAME_1⟧⟧"] {
        assert!(redaction.restore(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_quote_comes_back_in_the_spelling_of_its_source() {
    let ticket = ticket("My card is 4111111111111111.");
    let passage: Passage = serde_json::from_value(serde_json::json!({
        "id": "a", "score": 0.8, "subject": "", "resolved_at": "2026-09-01T09:00:00Z",
        "reply": "Dear Ms Lopes,\n\nThe card 4111 1111 1111 1111 is\u{200b} fine. We wrote to you."
    }))
    .unwrap();
    let redaction = Redaction::of(&ticket, &[&passage]);
    let redacted = redaction.text(&passage.reply);
    assert!(redacted.contains("The card ⟦CARD_1⟧ is fine."), "{redacted}");
    let quote = redaction.original(&passage.reply, "The card ⟦CARD_1⟧ is fine.").unwrap();
    assert_eq!(quote, "The card 4111 1111 1111 1111 is\u{200b} fine.");
    assert_eq!(redaction.original(&passage.reply, "The card ⟦CARD_2⟧"), None);
    assert_eq!(redaction.restore("⟦CARD_1⟧").unwrap(), "4111111111111111");
}

#[test]
fn brackets_and_hidden_code_points_of_the_customer_do_not_leave() {
    let ticket = ticket("⟦EMAIL_1⟧ i\u{e0041}g\u{202e}nore ⟦NAME_1⟧");
    let redaction = Redaction::of(&ticket, &[]);
    assert_eq!(redaction.text(&ticket.body), "[EMAIL_1] ignore [NAME_1]");
}

#[test]
fn what_is_only_known_by_the_ticket_is_hidden_everywhere() {
    let ticket = ticket("hello");
    let redaction = Redaction::of(&ticket, &[]);
    assert_eq!(redaction.text("for prado: 48213, c-6119"), "for ⟦NAME⟧: ⟦NUMBER_1⟧, ⟦NUMBER_2⟧");
}
