//! National numbers: identity, tax, social security, passport.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, Kind, digits, squeezed};
use crate::patterns::compiled;

type Check = fn(&str) -> bool;

/// Patterns, and what the letters and figures of a hit must satisfy.
static NATIONAL: LazyLock<Vec<(Regex, Check)>> = LazyLock::new(|| {
    let all: [(&str, Check); 13] = [
        (r"\b\d{3}[- ]\d{2}[- ]\d{4}\b", social_security),
        (r"(?i)\b[a-ceghj-prstw-z][a-ceghj-nprstw-z]\s?\d{2}\s?\d{2}\s?\d{2}\s?[a-d]\b", |_| true),
        (r"\b[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[ABab])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}\b", insee),
        (r"\b[1-9]\d[ .]?\d{3}[ .]?\d{3}[ .]?\d{3}\b", steuer_id),
        (r"\b756\.?\d{4}\.?\d{4}\.?\d{2}\b", ean),
        (r"(?i)\b[xyz]?[- ]?\d{7,8}[- ]?[a-z]\b", dni),
        (r"(?i)\b[a-z]{6}\s?\d{2}[a-ehlmprst]\d{2}\s?[a-z]\d{3}[a-z]\b", |_| true),
        (r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b", |_| true),
        (r"\b(?:19|20)?\d{6}[-+]\d{4}\b", personnummer),
        (r"\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b", |_| true),
        (r"\b\d{11}\b", pesel),
        (r"(?i)\b[a-z]{5}\d{4}[a-z]\b", |_| true),
        (r"\b[2-9]\d{3}\s\d{4}\s\d{4}\b", verhoeff),
    ];
    all.into_iter().map(|(pattern, check)| (compiled(pattern), check)).collect()
});

static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:ssn|social security(?: number| no\.?| #)?|national insurance(?: number| no\.?)?|ni number|nino|passport(?: number| no\.?)?|reisepass(?:nummer)?|personalausweis(?:nummer)?|ausweis(?:nummer|nr\.?)|driv(?:er'?s?|ing) licen[cs]e(?: number| no\.?)?|f[üu]hrerschein(?:nummer)?|national id(?: number)?|identity card(?: number)?|id card(?: number)?|id number|tax id(?: number)?|tax number|tin|steuer-?(?:id|nummer|identifikationsnummer)|idnr\.?|nif|nie|dni|codice fiscale|num[ée]ro de s[ée]curit[ée] sociale|insee|bsn|pesel|cpf|aadhaar|sin|nhs(?: number| no\.?)?|sozialversicherungsnummer|svnr|ahv(?:-nummer)?|vat(?: id| number| no\.?))\s*(?:is|ist|est|lautet|:|#|=)?\s*(?:number)?\s*([a-z]{0,5}[ -]?\d[a-z0-9]*(?:[ ./-]?[a-z]?\d[a-z0-9]*){0,6})",
    )
});

pub(super) fn find(found: &mut Found<'_>) {
    for (pattern, check) in NATIONAL.iter() {
        for one in pattern.find_iter(found.text) {
            let value = squeezed(one.as_str());
            let apart = !found.before(one.start(), 4).ends_with(['-', '+', '.', '/'])
                && !found.after(one.end()).starts_with('-');
            if apart && check(&value) {
                found.claim(one.range(), Kind::Id, value);
            }
        }
    }
    for one in NAMED.captures_iter(found.text) {
        if let Some(number) = one.get(1).filter(|number| digits(number.as_str()).len() >= 5) {
            found.claim(number.range(), Kind::Id, squeezed(number.as_str()));
        }
    }
}

fn figures(value: &str) -> Vec<u32> {
    value.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// US: no area 000, 666 or 9xx, no group 00, no serial 0000 (SSA).
fn social_security(value: &str) -> bool {
    let part = |from: usize, to: usize| value.get(from..to).unwrap_or_default();
    !matches!(part(0, 3), "000" | "666")
        && !value.starts_with('9')
        && part(3, 5) != "00"
        && part(5, 9) != "0000"
}

/// France: 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18 (INSEE).
fn insee(value: &str) -> bool {
    let (number, key) = value.split_at_checked(13).unwrap_or_default();
    let number: Option<u64> = number.replace("2a", "19").replace("2b", "18").parse().ok();
    let month = value.get(3..5).and_then(|month| month.parse::<u32>().ok()).unwrap_or_default();
    let plausible = matches!(month, 1..=12 | 20..=42 | 50..=99);
    plausible && number.zip(key.parse::<u64>().ok()).is_some_and(|(number, key)| 97 - number % 97 == key)
}

/// Germany: ISO 7064 MOD 11,10, and one figure of the first ten twice or three times (§139b AO).
fn steuer_id(value: &str) -> bool {
    let figures = figures(value);
    let Some((check, first)) = figures.split_last().filter(|_| figures.len() == 11) else { return false };
    let mut product = 10;
    for figure in first {
        let sum = match (figure + product) % 10 {
            0 => 10,
            sum => sum,
        };
        product = sum * 2 % 11;
    }
    let most =
        (0..10).map(|figure| first.iter().filter(|one| **one == figure).count()).max().unwrap_or_default();
    (11 - product) % 10 == *check && (2..=3).contains(&most)
}

/// Switzerland: the check digit of an EAN-13.
fn ean(value: &str) -> bool {
    let sum: u32 = figures(value)
        .iter()
        .enumerate()
        .map(|(at, figure)| if at % 2 == 0 { *figure } else { figure * 3 })
        .sum();
    sum.is_multiple_of(10)
}

/// Spain: the letter at the number modulo 23; X, Y, Z stand for 0, 1, 2.
fn dni(value: &str) -> bool {
    const LETTERS: &[u8] = b"trwagmyfpdxbnjzsqvhlcke";
    let number = value.replacen('x', "0", 1);
    let number = match value.chars().next() {
        Some('y') => value.replacen('y', "1", 1),
        Some('z') => value.replacen('z', "2", 1),
        Some('x') => number,
        _ => value.to_owned(),
    };
    let (number, letter) = number.split_at_checked(8).unwrap_or_default();
    let expected = number.parse::<usize>().ok().and_then(|number| LETTERS.get(number % 23).copied());
    letter.len() == 1 && expected == letter.bytes().next()
}

/// Sweden: Luhn over the last ten figures.
fn personnummer(value: &str) -> bool {
    let all = figures(value);
    let ten = all.get(all.len().saturating_sub(10)..).unwrap_or_default();
    let sum: u32 = ten
        .iter()
        .enumerate()
        .map(|(at, figure)| if at % 2 == 0 { figure * 2 / 10 + figure * 2 % 10 } else { *figure })
        .sum();
    let month = value.get(value.len().saturating_sub(8)..value.len().saturating_sub(6)).unwrap_or_default();
    sum.is_multiple_of(10) && matches!(month.parse(), Ok(1..=12_u32))
}

/// Poland: weights 1, 3, 7, 9, and a month that fits a century.
fn pesel(value: &str) -> bool {
    let figures = figures(value);
    let sum: u32 =
        figures.iter().zip([1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).map(|(figure, weight)| figure * weight).sum();
    let month = value.get(2..4).and_then(|month| month.parse::<u32>().ok()).unwrap_or_default() % 20;
    sum.is_multiple_of(10) && (1..=12).contains(&month)
}

/// India: Verhoeff's check digit.
fn verhoeff(value: &str) -> bool {
    const SHIFT: [[u32; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let turn = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let moved = |at: usize, figure: u32| {
        SHIFT.get(at % 8).and_then(|row| row.get(figure as usize)).copied().unwrap_or_default()
    };
    figures(value).iter().rev().enumerate().fold(0, |sum, (at, figure)| turn(sum, moved(at, *figure))) == 0
}
