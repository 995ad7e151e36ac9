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
