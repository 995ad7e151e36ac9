//! Ten thousand values planted in tickets and passages: none is in what a provider would be sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test builds is known, and a test may stop"
)]

#[path = "canary/mod.rs"]
mod canary;

use draft::redact::Redaction;

#[test]
fn none_of_ten_thousand_planted_values_is_in_a_redacted_request() {
    let (mut planted, mut leaked) = (0, Vec::new());
    for case in canary::cases(1_000) {
        let passages: Vec<_> = case.passages.iter().collect();
        let redaction = Redaction::of(&case.ticket, &passages);
        let mut texts = vec![case.ticket.text(), case.ticket.attributes["note"].clone()];
        texts.extend(case.passages.iter().map(|passage| passage.reply.clone()));
        let plain = texts.join("\n");
        assert_eq!(
            canary::leaks(&plain, &case.planted).len(),
            case.planted.len(),
            "the look itself is blind"
        );
        let request: Vec<_> = texts.iter().map(|text| redaction.text(text)).collect();
        planted += case.planted.len();
        leaked.extend(canary::leaks(&request.join("\n"), &case.planted).into_iter().cloned());
    }
    assert_eq!(planted, 10_000);
    for one in leaked.iter().take(60) {
        println!("{}", one.sentence);
    }
    assert!(leaked.is_empty(), "{} of {planted} leaked", leaked.len());
}
