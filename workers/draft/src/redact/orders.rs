//! Numbers of orders, invoices, parcels and customers.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use super::{Found, Kind, squeezed};
use crate::patterns::{any_of, compiled};

/// A word for what is numbered, and the number after it.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:orders?|po|purchase(?: order)?|invoices?|bill|receipt|customer|client|account|acct|member(?:ship)?|loyalty(?: card)?|subscription|subscriber|contract|policy|booking|reservation|reference|ref|ticket|case|claim|complaint|parcel|package|shipment|consignment|tracking|awb|waybill|return|rma|delivery|transaction|payment|confirmation|serial|voucher|gift ?card|bestell(?:ung|nummer|nr)?|auftrag(?:s?nummer|snr)?|rechnung(?:s?nummer|snr)?|kunden(?:nummer|nr)?|sendung(?:s?nummer|snr)?|vertrags?(?:nummer|nr)?|commande|facture|client|colis|pedido|factura|cliente|env[íi]o|ordine|fattura|bestelling|factuur|klantnummer|encomenda)(?:[ -]?(?:number|numbers|num|nummer|nr|no|id|ids|code|ref|reference|n[°º]|n[úu]mero|num[ée]ro|#))?\.?(?:\s*(?:is|are|was|ist|lautet|est|es|with|of|the|n[°º]|no\.?|nr\.?|number|de|:|#|=|-|\()){0,3}\s*((?:[a-z]{1,5}[-/]?|(?-i:[A-Z]{1,4}) )?\d[a-z0-9]*(?:[-/_.][a-z0-9]+){0,5}|[a-z]{2,6}-[a-z0-9-]{4,24})",
    )
});

/// A second and third number after `and`, `or`, a comma.
static MORE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?i)^\s*(?:,|and|or|&|/|\+|und|et|y)\s*(?:#\s?)?([a-z]{0,4}-?\d[a-z0-9-]{3,20})\b")
});

/// Numbers that show what they are.
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        r"#\s?[A-Z]{0,4}-?\d{3,}(?:-\d+)*\b",
        r"\b1Z[0-9A-Z]{16}\b",
        r"\b[A-Z]{2}\d{9}[A-Z]{2}\b",
        r"\bJJ?D\d{14,22}\b",
        r"\b[A-Z]{1,6}[-_/][A-Z]{0,3}-?\d{4,}(?:[-/]\d+)*\b",
        r"\b[A-Z]{1,4}\d{5,14}\b",
        r"(?i)\b(?:order|inv|cust|ref|po|so|rma|ord)[-_]?\d{4,}\b",
        r"(?i)\bc-\d{3,}\b",
        r"\b\d{3}-\d{7}-\d{7}\b",
        r"\b(?:19|20)\d{2}-\d{4,}\b",
        r"\b\d{4,}-\d{4,}(?:-\d+)*\b",
    ])
});

/// Figures without a word for them.
static BARE: LazyLock<Regex> = LazyLock::new(|| compiled(r"\b\d{5,}\b"));

/// Words after a number of things, money or measure, which no order's number has behind it.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)^\s?(?:[%€$£°]|(?:euros?|eur|dollars?|usd|pounds?|gbp|chf|francs?|yen|cents?|pence|k?m|km/h|miles?|metres?|meters?|feet|ft|mah|wh|kwh|watts?|w|lumens?|lm|rpm|hz|px|pixels?|kg|g|mg|lbs?|ml|l|litres?|liters?|words?|pages?|steps?|times|people|customers|users|points|hours?|days|years?|items?|pieces?|copies|books|songs|photos|followers|reviews|characters|bytes|[kmg]b|sq|square|bpm|btu|calories|kcal|series)\b)",
    )
});

/// Whether an attribute holds such a number.
pub(super) fn is_number(name: &str, value: &str) -> bool {
    let name = name.to_lowercase();
    let named = [
        "order",
        "invoice",
        "tracking",
        "customer",
        "reference",
        "account",
        "parcel",
        "ticket",
        "contract",
        "number",
        "serial",
        "transaction",
    ]
    .iter()
    .any(|word| name.contains(word));
    named && value.chars().filter(char::is_ascii_digit).count() >= 3 && !value.contains(char::is_whitespace)
}

/// Numbers that stand after a word for them, that show what they are, or that are known.
pub(super) fn named(found: &mut Found<'_>, known: &BTreeSet<String>) {
    let text = found.text;
    for one in NAMED.captures_iter(text).filter_map(|one| one.get(1)) {
        let spelt = one.as_str();
        if spelt_like_one(spelt) && !dated_or_counted(spelt, found.after(one.end())) {
            found.claim(one.range(), Kind::Order, squeezed(spelt));
            more(found, one.end());
        }
    }
    for one in SHAPES.find_iter(text) {
        if !dated(one.as_str()) && !isbn(found, one.start(), one.as_str()) {
            found.claim(one.range(), Kind::Order, squeezed(one.as_str()));
        }
    }
    if !known.is_empty() {
        static TOKEN: LazyLock<Regex> = LazyLock::new(|| compiled(r"[\p{L}\p{N}]+(?:[-/_][\p{L}\p{N}]+)*"));
        for one in TOKEN.find_iter(text).filter(|one| one.as_str().bytes().any(|b| b.is_ascii_digit())) {
            let value = squeezed(one.as_str());
            if known.contains(&value) {
                found.claim(one.range(), Kind::Order, value);
            }
        }
    }
}

fn more(found: &mut Found<'_>, from: usize) {
    let mut at = from;
    while let Some(next) = MORE.captures(found.after(at)).and_then(|one| one.get(1)) {
        let range = at + next.start()..at + next.end();
        let value = found.slice(&range).to_owned();
        if !spelt_like_one(&value) || dated_or_counted(&value, found.after(range.end)) {
            return;
        }
        at = range.end;
        found.claim(range, Kind::Order, squeezed(&value));
    }
}

/// Five figures or more with nothing counted behind them.
pub(super) fn bare(found: &mut Found<'_>) {
    for one in BARE.find_iter(found.text) {
        let before = found.before(one.start(), 12);
        let money = before.ends_with(['€', '$', '£', '.', ',', ':', '/', '_', '-'])
            || before.ends_with("eur ")
            || before.ends_with("chf ")
            || before.ends_with("usd ");
        let round = one.as_str().ends_with("000");
        let part = found.after(one.end()).starts_with(['.', ',', '-', '/', ':', '_'])
            && found.after(one.end()).chars().nth(1).is_some_and(|c| c.is_alphanumeric());
        if !money
            && !part
            && !round
            && !isbn(found, one.start(), one.as_str())
            && !COUNTED.is_match(found.after(one.end()))
        {
            found.claim(one.range(), Kind::Order, one.as_str().to_owned());
        }
    }
}

/// Four figures at least, or five letters and figures mixed; a year is none.
fn spelt_like_one(spelt: &str) -> bool {
    let figures = spelt.chars().filter(char::is_ascii_digit).count();
    let letters = spelt.chars().filter(|c| c.is_alphabetic()).count();
    let year = figures == 4 && letters == 0 && (spelt.starts_with("19") || spelt.starts_with("20"));
    !year && !dated(spelt) && (figures >= 4 || figures >= 2 && figures + letters >= 5 && mixed(spelt))
}

/// Capitals and figures, as codes have them: `AB12C`, not `2nd-hand`.
fn mixed(spelt: &str) -> bool {
    spelt.chars().all(|c| !c.is_lowercase()) && spelt.chars().any(char::is_uppercase)
}

fn dated_or_counted(spelt: &str, after: &str) -> bool {
    dated(spelt)
        || (spelt.len() <= 5 || spelt.ends_with("000")) && COUNTED.is_match(after)
        || after.starts_with('%')
}

/// `2026-11-20`, `20.11.2026`, `12/27`.
fn dated(spelt: &str) -> bool {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"^(?:(?:19|20)\d{2}[-./]\d{1,2}(?:[-./]\d{1,2}.*)?|\d{1,2}[-./]\d{1,2}(?:[-./](?:\d{2}|\d{4}))?|(?:19|20)\d{2}[-/](?:19|20)?\d{2})$",
        )
    });
    DATE.is_match(spelt)
}

fn isbn(found: &Found<'_>, at: usize, spelt: &str) -> bool {
    let before = found.before(at, 16);
    let figures = spelt.chars().filter(char::is_ascii_digit).count();
    before.contains("isbn")
        || before.contains("ean")
        || before.contains("issn")
        || figures == 13 && (spelt.starts_with("978") || spelt.starts_with("979"))
}
