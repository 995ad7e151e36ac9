//! E-mail addresses and telephone numbers that no source has.

use super::Problem;
use crate::{
    fold::Folded,
    redact::{Kind, found},
};

/// `read` is the sentence made plain; `known` are the texts that may be repeated.
pub(super) fn check(read: &str, known: &[&str]) -> Result<(), Problem> {
    let spans: Vec<_> = found(read).into_iter().filter(|span| what(span.kind).is_some()).collect();
    if spans.is_empty() {
        return Ok(());
    }
    let mut values = std::collections::HashSet::new();
    for text in known {
        values.extend(found(&Folded::of(text).text).into_iter().map(|span| (span.kind, span.value)));
    }
    for span in spans {
        if let Some(what) = what(span.kind).filter(|_| !values.contains(&(span.kind, span.value))) {
            return Err(Problem::Contact(what));
        }
    }
    Ok(())
}

fn what(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Email => "an e-mail address",
        Kind::Phone => "a telephone number",
        Kind::Card => "a card number",
        Kind::Iban => "a bank account",
        Kind::Ip => "a network address",
        Kind::Id => "an identity number",
        Kind::Secret => "a secret",
        Kind::Address | Kind::Order | Kind::Name => return None,
    })
}
