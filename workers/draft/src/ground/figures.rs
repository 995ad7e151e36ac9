//! Figures with their units, whether written in digits or in words.

use crate::{fold::Folded, words::words};

/// A figure of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figure {
    /// In digits, without thousands' marks and empty cents.
    pub(super) value: String,
    /// What it counts, if that is known.
    pub(super) unit: Option<&'static str>,
    /// As it stands there.
    pub(super) spelt: String,
}

#[rustfmt::skip]
const UNITS: [(&str, &[&str]); 22] = [
    ("minutes", &["minute", "minutes", "min", "mins"]),
    ("hours", &["hour", "hours", "hrs"]),
    ("days", &["day", "days", "calendar"]),
    ("working days", &["working", "business", "workdays", "weekdays"]),
    ("weeks", &["week", "weeks", "fortnight"]),
    ("months", &["month", "months"]),
    ("years", &["year", "years"]),
    ("percent", &["percent", "%", "per"]),
    ("euro", &["euro", "euros", "eur", "€"]),
    ("dollars", &["dollar", "dollars", "usd", "$"]),
    ("pounds", &["pound", "pounds", "gbp", "£", "quid"]),
    ("francs", &["franc", "francs", "chf"]),
    ("cents", &["cent", "cents", "pence"]),
    ("pieces", &["item", "items", "piece", "pieces", "copies", "parcels", "books", "issues", "devices"]),
    ("characters", &["character", "characters", "letters", "digits"]),
    ("attempts", &["attempt", "attempts", "tries", "times"]),
    ("stars", &["star", "stars"]),
    ("kilograms", &["kg", "kilo", "kilos", "kilograms"]),
    ("grams", &["g", "grams"]),
    ("metres", &["m", "metre", "metres", "meter", "meters"]),
    ("centimetres", &["cm", "centimetres", "centimeters"]),
    ("megabytes", &["mb", "gb", "kb", "megabytes"]),
];

#[rustfmt::skip]
const WORDS: [(&str, u32); 29] = [
    ("one", 1), ("two", 2), ("three", 3), ("four", 4), ("five", 5), ("six", 6), ("seven", 7), ("eight", 8),
    ("nine", 9), ("ten", 10), ("eleven", 11), ("twelve", 12), ("thirteen", 13), ("fourteen", 14), ("fifteen", 15),
    ("sixteen", 16), ("seventeen", 17), ("eighteen", 18), ("nineteen", 19), ("twenty", 20), ("thirty", 30),
    ("forty", 40), ("fifty", 50), ("sixty", 60), ("seventy", 70), ("eighty", 80), ("ninety", 90), ("hundred", 100),
    ("thousand", 1_000),
];

impl Figure {
    /// Whether it counts time.
    pub(super) fn is_time(&self) -> bool {
        self.unit.is_some_and(|unit| {
            ["minutes", "hours", "days", "working days", "weeks", "months", "years"].contains(&unit)
        })
    }

    /// Whether it is an amount of money or a share.
    pub(super) fn is_amount(&self) -> bool {
        self.unit
            .is_some_and(|unit| ["euro", "dollars", "pounds", "francs", "cents", "percent"].contains(&unit))
    }

    /// Whether another text's figure says the same.
    pub(super) fn is_in(&self, others: &[Self]) -> bool {
        others
            .iter()
            .any(|other| other.value == self.value && (self.unit.is_none() || other.unit == self.unit))
    }
}

/// The figures of a text. A number in words counts only with a unit: `one of them` states nothing.
pub(super) fn figures(text: &str) -> Vec<Figure> {
    let plain = Folded::of(text).text;
    let words: Vec<(String, bool)> = words(&plain).iter().flat_map(|word| pieces(word.raw)).collect();
    let low = |at: usize| words.get(at).map_or("", |(word, _)| word.as_str());
    let unit = |at: usize| match low(at) {
        "full" | "-" => unit(low(at + 1)),
        other => unit(other),
    };
    let joint = |at: usize| ["to", "or", "and", "-", "until"].contains(&low(at));
    let mut found = Vec::new();
    for at in 0..words.len() {
        let Some((value, spelt_out)) = value(low(at)) else { continue };
        let before = at.checked_sub(1).map_or("", low);
        let symbol = ["€", "$", "£"].contains(&before).then(|| self::unit(before)).flatten();
        let counted = symbol.or_else(|| unit(at + 1)).or_else(|| {
            (joint(at + 1) && self::value(low(at + 2)).is_some()).then(|| unit(at + 3)).flatten()
        });
        if counted.is_some() || !spelt_out {
            let after = if counted.is_some() && symbol.is_none() { low(at + 1) } else { "" };
            let spelt = format!("{} {} {after}", if symbol.is_some() { before } else { "" }, low(at))
                .trim()
                .to_owned();
            found.push(Figure { value, unit: counted, spelt });
        }
    }
    found
}

/// A word, its symbols and hyphens apart: `€30`, `15%`, `3-5`, `30-day`.
fn pieces(raw: &str) -> Vec<(String, bool)> {
    let mut pieces: Vec<(String, bool)> = Vec::new();
    let trimmed = raw.trim_matches(|c: char| {
        matches!(c, ',' | '.' | ';' | ':' | '!' | '?' | '(' | ')' | '"' | '\'' | '*')
    });
    for c in trimmed.to_lowercase().chars() {
        let alone = matches!(c, '€' | '$' | '£' | '%' | '-');
        let digit = c.is_ascii_digit();
        match pieces.last_mut() {
            Some((last, lone)) if !alone && !*lone && same(last, digit, c) => last.push(c),
            _ => pieces.push((c.to_string(), alone)),
        }
    }
    pieces
}

/// Whether a character goes on with a piece: figures and letters part, unless letters came first (`ab12`).
fn same(piece: &str, digit: bool, c: char) -> bool {
    let figures = piece.starts_with(|c: char| c.is_ascii_digit())
        && piece.chars().all(|c| c.is_ascii_digit() || ".,:/".contains(c));
    !figures || digit || ".,:/".contains(c)
}

fn unit(word: &str) -> Option<&'static str> {
    UNITS.iter().find(|(_, names)| names.contains(&word)).map(|(unit, _)| *unit)
}

/// The value of a number, and whether it is written in words.
fn value(word: &str) -> Option<(String, bool)> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return Some((digits(word), false));
    }
    WORDS.iter().find(|(name, _)| *name == word).map(|(_, value)| (value.to_string(), true))
}

/// `1.000,50` and `1,000.50` as `1000.5`; a date or a time as it stands.
fn digits(word: &str) -> String {
    let word = word.trim_end_matches(['.', ',', ':', '/']);
    let Some(mark) = word.rfind(['.', ',']) else {
        return word.trim_start_matches('0').to_owned()
            + if word.bytes().all(|b| b == b'0') { "0" } else { "" };
    };
    let (whole, rest) = word.split_at_checked(mark).unwrap_or((word, ""));
    let rest = rest.get(1..).unwrap_or_default();
    let marks = word.chars().filter(|c| matches!(c, '.' | ',')).count();
    let whole_digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    if word.contains([':', '/']) || marks > 1 && rest.len() != 2 && rest.len() != 3 {
        word.to_owned()
    } else if rest.len() == 3 {
        whole_digits + rest
    } else {
        let cents = rest.trim_end_matches('0');
        if cents.is_empty() { whole_digits } else { format!("{whole_digits}.{cents}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<&'static str>)> {
        figures(text).into_iter().map(|figure| (figure.value, figure.unit)).collect()
    }

    #[test]
    fn figures_are_read_with_their_units_in_digits_and_in_words() {
        for (text, value, unit) in [
            ("within 30 days", "30", Some("days")),
            ("within thirty days", "30", Some("days")),
            ("a 30-day return", "30", Some("days")),
            ("costs €1,000.50", "1000.5", Some("euro")),
            ("costs 1.000,50 €", "1000.5", Some("euro")),
            ("costs 34,90 euro", "34.9", Some("euro")),
            ("costs 35.00 EUR.", "35", Some("euro")),
            ("takes 15%", "15", Some("percent")),
            ("five working days", "5", Some("working days")),
            ("order 48213", "48213", None),
        ] {
            assert_eq!(read(text), [(value.to_owned(), unit)], "{text}");
        }
        let both = [("3".to_owned(), Some("working days")), ("5".to_owned(), Some("working days"))];
        assert_eq!(read("three to five working days"), both);
        assert_eq!(read("3-5 working days"), both);
    }

    #[test]
    fn a_number_in_words_without_a_unit_states_nothing() {
        assert_eq!(read("one of our colleagues"), []);
    }
}
