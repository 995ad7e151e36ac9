//! What belongs to one customer and must not reach another: names, numbers, links, codes, things.

use std::collections::{BTreeSet, HashSet};

use shared::events::Ticket;

use crate::{
    claims, numbers,
    words::{Word, stems, vocabulary, without_genitive, words},
};

/// Names that everybody knows.
#[rustfmt::skip]
const WELL_KNOWN: &[&str] = &[
    "paypal", "apple", "google", "pay", "visa", "mastercard", "vat", "pdf", "id", "faq", "english",
    "e-mail", "e-mails", "android", "iphone",
];

/// Words after which a button, a page or a setting is named.
#[rustfmt::skip]
const CUES: &[&str] = &[
    "under", "press", "tap", "choose", "click", "open", "tick", "select", "selecting", "field", "button",
    "option", "marked", "as", "via", "symbol", "link", "type", "using", "use", "be", "page", "with", "not",
    "instead",
];

/// What every customer has, or may have.
#[rustfmt::skip]
const EVERYBODYS: &[&str] = &[
    "account", "address", "addresses", "order", "orders", "parcel", "money", "e-mail", "email", "e-mails",
    "mail", "password", "basket", "cart", "invoice", "invoices", "refund", "refunds", "browser",
    "browser's", "cache", "phone", "phone's", "card", "bank", "name", "own", "original", "new", "saved",
    "first", "next", "postcode", "device", "subscription", "plan", "books", "shipment", "library",
    "tracking", "choice", "profile", "app", "return", "returns", "newsletter", "review", "reviews",
    "banking", "delivery", "payment", "request",
];

/// What may be said to this customer because it is known to be theirs, or to be everybody's.
pub(crate) struct Known<'a> {
    /// The words of the ticket, its attributes and the customer's name.
    ticket: HashSet<String>,
    /// Names in greetings and sign-offs of the passages.
    names: Vec<&'a str>,
    /// Whether the reply grants a code.
    offer: bool,
}

impl<'a> Known<'a> {
    pub(crate) fn new(ticket: &Ticket, names: Vec<&'a str>, offer: bool) -> Self {
        let text = ticket.text();
        let texts = ticket.attributes.values().chain(&ticket.customer.name).map(String::as_str);
        Self { ticket: vocabulary(texts.chain([text.as_str()])), names, offer }
    }

    fn in_ticket(&self, word: &Word<'_>) -> bool {
        self.ticket.contains(without_genitive(&word.low))
    }
}

/// Why the sentence cannot be said to this customer, if it cannot. `elsewhere` has the stems of the other passages:
/// a word that other agents use too belongs to nobody.
pub(crate) fn particular(
    text: &str,
    known: &Known<'_>,
    elsewhere: &BTreeSet<String>,
) -> Option<&'static str> {
    if text.chars().any(unfit) {
        return Some("characters that a letter should not carry");
    }
    let words = words(text);
    if !(4..=60).contains(&words.len()) {
        return Some("too short or too long");
    }
    if let Some(reason) = claims::personal(text, &words) {
        return Some(reason);
    }
    if !known.offer && promises_a_code(&words) {
        return Some("a code, and none is granted");
    }
    let shared = |word: &Word<'_>| {
        let own = stems(word.bare);
        !own.is_empty() && own.is_subset(elsewhere)
    };
    (0..words.len()).find_map(|at| {
        let word = words.get(at)?;
        if known.in_ticket(word) {
            return None;
        }
        if known.names.contains(&without_genitive(word.bare)) {
            Some("a name")
        } else if address(word.raw) {
            Some("an address or a link")
        } else if word.raw.contains(|c: char| c.is_numeric())
            && (code(word.bare) || numbers::personal(&words, at))
        {
            Some("a number, an amount or a code")
        } else if capitalised(&words, at) && !shared(word) {
            Some("a word that looks like a name")
        } else if belonging(&words, at) && !shared(word) {
            Some("a thing of that customer")
        } else {
            None
        }
    })
}

/// Control and format characters, markup, and what hides in them.
fn unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '{' | '}' | '[' | ']' | '`' | '|' | '\\')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e01ff}')
}

pub(crate) fn promises_a_code(words: &[Word<'_>]) -> bool {
    let about = ["discount", "voucher", "coupon", "promo", "rebate"];
    let low = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.low.as_str());
    words.iter().enumerate().any(|(at, word)| {
        about.iter().any(|word_about| word.low.starts_with(word_about))
            || (word.low.starts_with("code")
                && ["personal", "one", "each", "same"].contains(&low(at.checked_sub(1))))
            || (word.low == "codes")
    })
}

/// An e-mail address, a link, a handle.
pub(crate) fn address(raw: &str) -> bool {
    let inner_dot = raw.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']).split('.').collect::<Vec<_>>();
    let domain = inner_dot.len() > 1
        && inner_dot.iter().all(|part| !part.is_empty())
        && inner_dot
            .last()
            .is_some_and(|last| last.len() >= 2 && last.starts_with(|c: char| c.is_alphabetic()));
    raw.contains('@') || raw.contains("//") || domain
}

/// Letters and digits in one word: `PINE10`, `LR-20931`.
fn code(word: &str) -> bool {
    word.contains(char::is_alphabetic)
}

/// Whether a word in lower case is a name that everybody knows.
pub(crate) fn well_known(low: &str) -> bool {
    WELL_KNOWN.contains(&low)
}

/// A capitalised word inside a sentence that is no name of a button, a page or a well-known thing.
pub(crate) fn capitalised(words: &[Word<'_>], at: usize) -> bool {
    let Some((word, before)) = words.get(at).zip(at.checked_sub(1).and_then(|at| words.get(at))) else {
        return false;
    };
    let low = word.low.as_str();
    if !word.bare.starts_with(char::is_uppercase) || WELL_KNOWN.contains(&low) {
        return false;
    }
    if before.raw.ends_with([':', ';']) && !CUES.contains(&before.low.as_str()) {
        return false;
    }
    let path = before.raw == ">" || words.get(at + 1).is_some_and(|next| next.raw == ">");
    let named = CUES.contains(&before.low.as_str());
    let set_to = before.low == "to"
        && at > 1
        && words.get(at - 2).is_some_and(|word| ["go", "set", "back"].contains(&word.low.as_str()));
    !(path || named || set_to)
}

/// A word after "your" that not everybody has.
fn belonging(words: &[Word<'_>], at: usize) -> bool {
    let mine = at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|word| word.low == "your");
    mine && words.get(at).is_some_and(|word| !EVERYBODYS.contains(&word.low.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dropped(sentence: &str, offer: bool) -> Option<&'static str> {
        let ticket: Ticket = serde_json::from_value(serde_json::json!({
            "tenant": "harbor", "id": "HB-1", "subject": "order 48213", "created_at": "2026-11-20T09:00:00Z",
            "body": "My desk lamp for Porto. Write to ana@example.com.", "customer": { "name": "Ana Prado" }
        }))
        .unwrap();
        let known = Known::new(&ticket, vec!["Henrik", "Lopes"], offer);
        particular(sentence, &known, &crate::words::stems("Your e-reader shows what is Made for you"))
    }

    #[test]
    fn what_belongs_to_another_customer_is_dropped() {
        for foreign in [
            "Order 50127 is listed in the account.",
            "The refund of 34.90 euro is listed there.",
            "Please send the box to Henrik as usual.",
            "Parcels to Lopes's house are free of charge.",
            "Please write to eva@example.org about it.",
            "Please open https://shop.example/track to see it.",
            "Please open shop.example to see it.",
            "Call 555-0142 to reach the carrier.",
            "Enter the code WINTER20 at checkout to save.",
            "We deliver to Lindenhof in the same way.",
            "For your toaster the label is free of charge.",
            "For LR-20931 the label is free of charge.",
            "The \u{202e}label is free of charge.",
            "The <b>label</b> is free of charge.",
            "The label is {{free}} of charge.",
        ] {
            assert!(dropped(foreign, false).is_some(), "{foreign}");
        }
    }

    #[test]
    fn what_this_customer_wrote_may_be_said_to_them() {
        for own in [
            "Order 48213 is listed in the account.",
            "We deliver to Porto in the same way.",
            "Answers are sent to ana@example.com by default.",
        ] {
            assert_eq!(dropped(own, false), None, "{own}");
        }
    }

    #[test]
    fn names_of_buttons_pages_and_well_known_things_are_no_names() {
        for general in [
            "Please open the account under Orders > Return items and print the label.",
            "Tick Default for the address you use most.",
            "We accept cards, PayPal, Apple Pay and Google Pay.",
            "Items marked Made for you are built after the order.",
            "The account type must be set to Business in the account.",
            "The download is a PDF with the VAT on it.",
            "You can open it in your e-reader at any time.",
        ] {
            assert_eq!(dropped(general, false), None, "{general}");
        }
    }

    #[test]
    fn codes_are_spoken_of_only_where_one_is_granted() {
        let sentence = "A discount for existing customers comes as a personal code in our reply.";
        assert_eq!(dropped(sentence, false), Some("a code, and none is granted"));
        assert_eq!(dropped(sentence, true), None);
        assert_eq!(dropped("Please bring the pick-up code and a pen.", false), None);
    }
}
