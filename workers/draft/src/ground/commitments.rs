//! Promises, deeds and demands: what binds the shop or the customer, and must stand in the very quote.

use std::collections::BTreeSet;

use shared::policy::Offer;

use crate::{
    claims::tells_of_the_case,
    fold::Folded,
    particulars::promises_a_code,
    words::{Word, words},
};

/// Beginnings of words that commit, by what they commit to.
#[rustfmt::skip]
const BINDING: [(&str, &[&str]); 5] = [
    ("a refund or a gift", &[
        "refund", "reimburs", "compensat", "credit", "goodwill", "payout", "waive", "waiving", "voucher", "coupon",
        "discount", "gift", "bonus", "complimentary", "replacement", "replace", "upgrade", "cashback", "rebate",
        "prize", "reward", "free", "gratis", "money",
    ]),
    ("a deadline", &[
        "today", "tonight", "tomorrow", "immediately", "instantly", "asap", "promptly", "overnight", "midnight", "deadline",
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "april",
        "june", "july", "august", "september", "october", "november", "december", "christmas", "shortly",
    ]),
    ("a legal statement", &[
        "liab", "legal", "law", "court", "sue", "guarant", "warrant", "entitle", "contract", "obligat", "admit", "fault",
        "responsib", "neglig", "gdpr", "statut", "binding", "damages", "settlement", "rights", "consent", "agree",
        "promise", "assure", "ensure", "commit",
    ]),
    ("a payment", &["pay", "transfer", "deposit", "owe", "fee", "charge", "bitcoin", "crypto", "wire"]),
    ("a secret", &[
        "password", "passcode", "pin", "cvv", "cvc", "otp", "ssn", "passport", "iban", "credential", "login", "secret",
        "token", "banking",
    ]),
];

/// Verbs of deeds, which tell of one case whoever the doer is.
#[rustfmt::skip]
const DEEDS: &[&str] = &[
    "approved", "refunded", "cancelled", "canceled", "issued", "credited", "processed", "escalated", "upgraded", "deleted", "waived",
    "granted", "confirmed", "transferred", "reimbursed", "compensated", "shipped", "dispatched", "replaced", "unlocked", "verified",
    "removed", "updated", "changed", "activated", "applied", "sent", "arranged",
];

/// What a sentence commits to and its quote does not, in words. `quote` holds words of passages and policy only.
pub(super) fn unbacked(text: &str, quote: &str, offer: Option<&Offer>) -> Vec<String> {
    let plain = Folded::of(text).text;
    let said = words(&plain);
    let carried: BTreeSet<String> = words(&Folded::of(quote).text).into_iter().map(|word| word.low).collect();
    let mut problems = Vec::new();
    for (what, beginnings) in BINDING {
        if let Some(word) =
            said.iter().find(|word| binds(word, beginnings) && !carries(&carried, word, beginnings))
        {
            problems.push(format!("speaks of {what} ('{}'), which its quote does not", word.low));
        }
    }
    if deed(&said) {
        problems.push("claims that something was done or will be, which no other case can carry".to_owned());
    }
    if offer.is_none() && promises_a_code(&said) {
        problems.push("speaks of a code, and none is granted".to_owned());
    }
    problems
}

fn binds(word: &Word<'_>, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| begins(&word.low, beginning))
}

/// Short beginnings are whole words, or words with an `s`: `pin` is no `pine`.
fn begins(word: &str, beginning: &str) -> bool {
    match word.strip_prefix(beginning) {
        Some(rest) if beginning.len() <= 4 => ["", "s", "s'", "'s", "d", "ed", "ing", "er"].contains(&rest),
        Some(_) => true,
        None => false,
    }
}

/// Whether the quote has a word of the same beginning.
fn carries(carried: &BTreeSet<String>, word: &Word<'_>, beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .filter(|beginning| begins(&word.low, beginning))
        .any(|beginning| carried.iter().any(|other| begins(other, beginning)))
}

fn deed(said: &[Word<'_>]) -> bool {
    let low = |at: usize| said.get(at).map_or("", |word| word.low.as_str());
    let helpers = [
        "been",
        "is",
        "are",
        "was",
        "were",
        "have",
        "has",
        "i",
        "we",
        "i've",
        "we've",
        "already",
        "just",
        "hereby",
        "now",
        "team",
        "colleague",
    ];
    tells_of_the_case(said)
        || (0..said.len()).any(|at| {
            let conditional = (0..at).any(|before| crate::claims::CONDITIONS.contains(&low(before)));
            DEEDS.contains(&low(at))
                && !conditional
                && at > 0
                && ["i", "we", "i've", "we've", "hereby", "have", "has", "team"].contains(&low(at - 1))
                && helpers.contains(&low(at - 1))
        })
}
