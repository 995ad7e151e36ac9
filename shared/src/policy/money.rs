//! Amounts of money in a text.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A figure with a currency's sign, code or name before or after it. `regex` runs in linear time.
const MONEY: &str = r"(?ix)
    (?: [$€£¥] | \b(?:us\$|usd|eur|gbp|chf|cad|aud|rs\.?)\b ) \s{0,2} (?P<before>[0-9][0-9.,'’\u{a0}\u{202f}]*) (?P<kilo>k\b)?
  | (?P<after>[0-9][0-9.,'’\u{a0}\u{202f}]*) \s{0,2} (?P<thousand>k\b|thousand\b|grand\b)? \s{0,2}
    (?: [$€£¥] | (?:usd|eur|euros?|gbp|chf|cad|aud|dollars?|bucks|quid|pounds?|francs?)\b )";

static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(MONEY).ok());

/// The largest amount named, in whatever currency; 0 if none is.
pub(super) fn largest(text: &str) -> f64 {
    let Some(pattern) = PATTERN.as_ref() else { return 0.0 };
    pattern.captures_iter(text).filter_map(|found| amount(&found)).fold(0.0, f64::max)
}

fn amount(found: &Captures<'_>) -> Option<f64> {
    let figure = found.name("before").or_else(|| found.name("after"))?.as_str();
    let thousands = found.name("kilo").or_else(|| found.name("thousand")).is_some();
    let amount = read(figure)?;
    Some(if thousands { amount * 1_000.0 } else { amount })
}

/// Reads a figure with either way of writing thousands: `1,299.00`, `1.299,00`, `1'299`, `1 299`.
fn read(figure: &str) -> Option<f64> {
    let figure = figure.trim_end_matches(['.', ',', '\'', '’', '\u{a0}', '\u{202f}']);
    // The last point or comma parts off the cents unless three digits or none other follow it.
    let cents = figure.rfind(['.', ',']).filter(|at| {
        let (whole, rest) = figure.split_at(*at);
        let sign = rest.get(..1).unwrap_or_default();
        rest.len() != 4 && !whole.contains(sign)
    });
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let number = match cents {
        Some(at) => {
            let (whole, rest) = figure.split_at(at);
            format!("{}.{}", digits(whole), digits(rest))
        }
        None => digits(figure),
    };
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_amount_is_found_however_it_is_written() {
        for (text, expected) in [
            ("I want my $250 back", 250.0),
            ("refund 1,299.00 USD please", 1299.0),
            ("es waren 1.299,50 €", 1299.5),
            ("CHF 1'250.-", 1250.0),
            ("about 900 euro altogether, or 45.50 euros each", 900.0),
            ("EUR 12,5", 12.5),
            ("two hundred", 0.0),
            ("it cost £1,050, not £105", 1050.0),
            ("$1.5k", 1500.0),
            ("I paid 3 thousand dollars", 3000.0),
            ("3000 bucks!", 3000.0),
            ("order 48213 of 20 November, 3 items", 0.0),
            ("1,000,000 dollars", 1_000_000.0),
            ("price: 200$.", 200.0),
            ("200.01€", 200.01),
        ] {
            assert_eq!(largest(text), expected, "{text}");
        }
    }
}
