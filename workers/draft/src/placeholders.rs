//! `{{Order Number}}` and its like: filled with what the ticket says, or not at all.

use shared::events::Ticket;

use crate::words::words;

/// Common names of what a ticket may know, and the attributes that hold it.
const KNOWN: [(&[&str], &[&str]); 8] = [
    (
        &["order number", "order no", "order id", "order", "purchase number", "order reference"],
        &["order", "order_number", "order_id", "order_no"],
    ),
    (
        &["invoice number", "invoice no", "invoice id", "invoice", "bill number"],
        &["invoice", "invoice_number", "invoice_id", "invoice_no"],
    ),
    (&["tracking number", "tracking id", "tracking code"], &["tracking", "tracking_number", "tracking_id"]),
    (&["product", "product name", "item", "item name", "article"], &["product", "product_name", "item"]),
    (&["account type", "account category", "membership", "plan"], &["account_type", "plan"]),
    (&["delivery city", "city", "town"], &["city", "delivery_city"]),
    (&["delivery country", "country"], &["country", "delivery_country"]),
    (&["refund amount", "amount", "money amount"], &["amount", "refund_amount"]),
];

/// The sentence with every placeholder filled; none if one cannot be.
pub(crate) fn filled(sentence: &str, ticket: &Ticket) -> Option<String> {
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}")?;
        text.push_str(before);
        text.push_str(&value(name, ticket)?);
        rest = after;
    }
    text.push_str(rest);
    (!text.contains("{{") && !text.contains("}}")).then_some(text)
}

fn value(placeholder: &str, ticket: &Ticket) -> Option<String> {
    let wanted = placeholder.trim().to_lowercase().replace(['_', '-'], " ");
    if ["customer name", "client name", "person name", "name"].contains(&wanted.as_str()) {
        return name(ticket);
    }
    let (names, keys) = KNOWN.iter().find(|(names, _)| names.contains(&wanted.as_str()))?;
    attribute(ticket, keys).or_else(|| {
        names.iter().find_map(|name| name.strip_suffix(" number")).and_then(|what| number(what, ticket))
    })
}

fn attribute(ticket: &Ticket, keys: &[&str]) -> Option<String> {
    let spelt = |name: &str| name.to_lowercase().replace([' ', '-'], "_");
    ticket
        .attributes
        .iter()
        .find(|(name, _)| keys.contains(&spelt(name).as_str()))
        .and_then(|(_, value)| plain(value))
}

/// The number that the text gives right after `order`, `order number`, `order #` …
fn number(what: &str, ticket: &Ticket) -> Option<String> {
    let text = ticket.text();
    let words = words(&text);
    let between = ["number", "no", "nr", "id", "is", ""];
    let at = |start: usize| {
        words
            .iter()
            .skip(start + 1)
            .take(4)
            .take_while(|word| {
                between.contains(&word.low.as_str()) || word.low.contains(|c: char| c.is_ascii_digit())
            })
            .find(|word| word.bare.chars().filter(char::is_ascii_digit).count() >= 4)
    };
    let named =
        words.iter().enumerate().filter(|(_, word)| word.low == what).find_map(|(start, _)| at(start));
    named.and_then(|word| plain(word.bare))
}

/// The customer's name, if it is one that a letter can begin with.
pub(crate) fn name(ticket: &Ticket) -> Option<String> {
    let name = ticket.customer.name.as_deref()?.split_whitespace().collect::<Vec<_>>().join(" ");
    let spelt = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '\'' | '’' | '.');
    let length = name.chars().count();
    (name.chars().any(char::is_alphabetic)
        && name.chars().all(spelt)
        && length <= 40
        && name.split(' ').count() <= 4
        && !looks_like_a_link(&name))
    .then_some(name)
}

/// `evil.example` is no name, `J. Doe` is.
fn looks_like_a_link(name: &str) -> bool {
    name.split(' ').any(|word| word.trim_end_matches('.').contains('.'))
}

/// A short value without anything that a letter should not carry.
fn plain(value: &str) -> Option<String> {
    let value = value.trim();
    let fine = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '/' | '.' | ',' | '#' | '\'');
    (!value.is_empty() && value.chars().count() <= 40 && value.chars().all(fine) && !value.contains("//"))
        .then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(body: &str, order: Option<&str>) -> Ticket {
        let mut ticket: Ticket = serde_json::from_value(serde_json::json!({
            "tenant": "harbor", "id": "HB-1", "body": body, "created_at": "2026-11-20T09:00:00Z",
            "customer": { "name": "Ruth Adler" }
        }))
        .unwrap();
        ticket.attributes.extend(order.map(|order| ("Order_Number".to_owned(), order.to_owned())));
        ticket
    }

    #[test]
    fn a_placeholder_is_filled_from_the_attributes_whatever_its_case() {
        let ticket = ticket("Where is it?", Some("48213"));
        let text = filled("Order {{ORDER number}} for {{Customer Name}} is listed.", &ticket);
        assert_eq!(text.as_deref(), Some("Order 48213 for Ruth Adler is listed."));
    }

    #[test]
    fn a_placeholder_is_filled_from_the_text() {
        for body in [
            "my order 48213?",
            "Order number: 48213.",
            "order no. 48213 please",
            "order #48213",
            "order is 48213",
        ] {
            assert_eq!(
                filled("See {{Order Number}}.", &ticket(body, None)).as_deref(),
                Some("See 48213."),
                "{body}"
            );
        }
    }

    #[test]
    fn what_the_ticket_does_not_say_is_not_filled() {
        let unknown = ticket("I placed an order in 3 parts. Call 555-0142.", None);
        for text in [
            "See {{Order Number}}.",
            "Call {{Support Phone}}.",
            "Open {{ Order",
            "Close }} it",
            "{{}}",
            "{{{{x}}}}",
        ] {
            assert_eq!(filled(text, &unknown), None, "{text}");
        }
    }

    #[test]
    fn a_hostile_value_is_not_filled() {
        for value in ["{{x}}", "https://evil.example", "<b>1</b>", "1\n2", ""] {
            assert_eq!(filled("See {{Order Number}}.", &ticket("hi", Some(value))), None, "{value:?}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_greeted() {
        let mut ticket = ticket("hi", None);
        for (given, greeted) in [
            ("  Ana  María O'Neill ", Some("Ana María O'Neill")),
            ("J. Doe", Some("J. Doe")),
            ("evil.example", None),
            ("{{Name}}", None),
            ("a\u{202e}b", None),
            ("call 555-0142", None),
            ("...", None),
            ("", None),
        ] {
            ticket.customer.name = Some(given.to_owned());
            assert_eq!(name(&ticket).as_deref(), greeted, "{given:?}");
        }
    }
}
