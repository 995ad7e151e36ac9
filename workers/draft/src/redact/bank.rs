//! Payment cards and bank accounts.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{Found, Kind, digits, squeezed};
use crate::patterns::compiled;

static FIGURES: LazyLock<Regex> = LazyLock::new(|| compiled(r"\d(?:[ .\-_/]{0,3}\d){11,30}"));
static CARD_SAID: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:card|visa|master\s?card|amex|american express|kreditkarte|karte|carte|tarjeta|kartennummer)\b[^\d]{0,25}$",
    )
});
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:sort[ -]?code|bank account(?: number| no\.?)?|account (?:number|no\.?)|acct\.? (?:number|no\.?)|routing (?:number|no\.?)|kontonummer|konto(?:-?nr\.?)?|blz|aba)\s*(?:is|are|:|#)?\s*(\d(?:[ -]?\d){3,17})\b",
    )
});
static IBAN: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i)\b[a-z]{2}[ -]?\d{2}(?:[ .-]{0,2}[a-z0-9]){11,30}"));

/// Letters and figures of an IBAN by country (SWIFT's registry).
#[rustfmt::skip]
const LENGTHS: [(&str, usize); 48] = [
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("BA", 20), ("BE", 16), ("BG", 22), ("BR", 29), ("CH", 21),
    ("CY", 28), ("CZ", 24), ("DE", 22), ("DK", 18), ("EE", 20), ("ES", 24), ("FI", 18), ("FO", 18), ("FR", 27),
    ("GB", 22), ("GE", 22), ("GI", 23), ("GL", 18), ("GR", 27), ("HR", 21), ("HU", 28), ("IE", 22), ("IL", 23),
    ("IS", 26), ("IT", 27), ("KW", 30), ("KZ", 20), ("LI", 21), ("LT", 20), ("LU", 20), ("LV", 21), ("MC", 27),
    ("MD", 24), ("ME", 22), ("MK", 19), ("MT", 31), ("NL", 18), ("NO", 15), ("PL", 28), ("PT", 25), ("RO", 24),
    ("SA", 24), ("SE", 24), ("TR", 26),
];

pub(super) fn find(found: &mut Found<'_>) {
    let mut at = 0;
    while let Some(one) = IBAN.find_at(found.text, at) {
        at = one.start() + 2;
        if let Some(range) = iban(found, one.range()) {
            at = range.end;
            let value = squeezed(found.slice(&range));
            found.claim(range, Kind::Iban, value);
        }
    }
    for one in FIGURES.find_iter(found.text) {
        cards(found, one.range());
    }
    for one in ACCOUNT.captures_iter(found.text) {
        if let Some(number) = one.get(1) {
            found.claim(number.range(), Kind::Iban, digits(number.as_str()));
        }
    }
}

/// The part of a candidate that is an IBAN: as long as its country's, and right by its check digits, or named so.
fn iban(found: &Found<'_>, candidate: Range<usize>) -> Option<Range<usize>> {
    let text = found.slice(&candidate);
    let country = text.get(..2)?.to_ascii_uppercase();
    let (_, length) = LENGTHS.iter().find(|(name, _)| *name == country)?;
    let end = text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).nth(length - 1)?.0 + 1;
    let range = candidate.start..candidate.start + end;
    let named = found.before(range.start, 25).contains("iban");
    let ends = !found.after(range.end).starts_with(|c: char| c.is_alphanumeric());
    (ends && (named || remainder(text.get(..end)?) == 1)).then_some(range)
}

/// ISO 7064 MOD 97-10 over an IBAN.
fn remainder(iban: &str) -> u32 {
    let clean = squeezed(iban);
    let (head, tail) = clean.split_at_checked(4).unwrap_or_default();
    tail.chars()
        .chain(head.chars())
        .filter_map(|c| c.to_digit(36))
        .fold(0, |sum, value| if value < 10 { (sum * 10 + value) % 97 } else { (sum * 100 + value) % 97 })
}

/// Every card number in a row of figures, wherever a group of them begins.
fn cards(found: &mut Found<'_>, row: Range<usize>) {
    let text = found.slice(&row);
    let figures: Vec<(usize, u32)> =
        text.char_indices().filter_map(|(at, c)| Some((at, c.to_digit(10)?))).collect();
    let joined = |index: usize| {
        let place = |index: usize| figures.get(index).map(|(at, _)| *at);
        index > 0 && index < figures.len() && place(index) == place(index - 1).map(|at| at + 1)
    };
    let named = CARD_SAID.is_match(&found.before(row.start, 45));
    let mut start = 0;
    while start + 13 <= figures.len() {
        let length = [16, 15, 19, 14, 13, 18, 17].into_iter().filter(|_| !joined(start)).find(|length| {
            let part = figures.get(start..start + length).unwrap_or_default();
            !part.is_empty() && !joined(start + length) && issued(part) && (luhn(part) || named)
        });
        match length {
            Some(length) => {
                let at = |index: usize| figures.get(index).map_or(0, |(at, _)| row.start + at);
                let range = at(start)..at(start + length - 1) + 1;
                let value = digits(found.slice(&range));
                found.claim(range, Kind::Card, value);
                start += length;
            }
            None => start += 1,
        }
    }
}

/// Whether the first figures and the length are those of a card scheme.
fn issued(figures: &[(usize, u32)]) -> bool {
    let figure = |at: usize| figures.get(at).map_or(0, |(_, value)| *value);
    let two = figure(0) * 10 + figure(1);
    match figures.len() {
        13 | 18 | 19 => matches!(figure(0), 4..=6),
        14 => matches!(two, 30 | 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => matches!(two, 22..=27 | 30 | 35 | 36 | 38 | 39 | 40..=69),
        17 => figure(0) == 6,
        _ => false,
    }
}

fn luhn(figures: &[(usize, u32)]) -> bool {
    let sum: u32 = figures
        .iter()
        .rev()
        .enumerate()
        .map(|(at, (_, value))| match (at % 2, value * 2) {
            (0, _) => *value,
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum();
    sum.is_multiple_of(10) && figures.iter().any(|(_, value)| *value != 0)
}
