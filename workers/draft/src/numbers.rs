//! Figures that state a rule (`30 days`, `above 50 euros`, `from 8 to 20`), and those that belong to somebody.

use crate::words::Word;

const UNITS: &[&str] = &[
    "day",
    "days",
    "hour",
    "hours",
    "minute",
    "minutes",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "working",
    "business",
    "calendar",
    "percent",
    "%",
    "character",
    "characters",
    "letters",
    "digits",
    "items",
    "attempts",
    "tries",
    "stars",
    "times",
];
const CURRENCIES: &[&str] =
    &["euro", "euros", "eur", "dollar", "dollars", "usd", "pound", "pounds", "gbp", "cents"];
const LIMITS: &[&str] = &[
    "above",
    "over",
    "below",
    "under",
    "from",
    "least",
    "than",
    "exceeding",
    "exceeds",
    "exceed",
    "reaches",
    "minimum",
];
const TIMES: &[&str] = &["before", "after", "until", "till", "from", "to", "by", "between"];

/// Whether the figure at `at` belongs to somebody: it states no rule that holds for everybody.
pub(crate) fn personal(words: &[Word<'_>], at: usize) -> bool {
    let Some(word) = words.get(at) else { return false };
    let low = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.low.as_str());
    let (before, next) = (low(at.checked_sub(1)), low(Some(at + 1)));
    let raw = word.raw.trim_end_matches([',', '.', ';', ':', '!', '?', ')']).trim_start_matches('(');
    if raw.starts_with(['€', '$', '£']) || raw.ends_with(['€', '$', '£']) || CURRENCIES.contains(&next)
    {
        return !(LIMITS.contains(&before) && small(&word.low, 3));
    }
    if let Some(share) = raw.strip_suffix('%') {
        return !small(share, 3);
    }
    if clock(&word.low) {
        return !TIMES.contains(&before);
    }
    if !range(&word.low) {
        return true;
    }
    let span = ["to", "or", "and", "–", "-"].contains(&next)
        && words.get(at + 2).is_some_and(|word| range(&word.low));
    let unit = |at: usize| UNITS.contains(&low(Some(at)));
    let counted = unit(at + 1) || (span && unit(at + 3));
    let hours = TIMES.contains(&before)
        && word.low.parse::<u8>().is_ok_and(|hour| hour <= 24)
        && !next.ends_with("th");
    !(counted || hours)
}

/// Up to three digits, or two such joined: `30`, `3-5`.
fn range(text: &str) -> bool {
    let mut parts = text.split(['-', '–']);
    let fine = parts.clone().count() <= 2;
    fine && parts.all(|part| small(part, 3))
}

fn small(text: &str, digits: usize) -> bool {
    (1..=digits).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `14:00`.
fn clock(text: &str) -> bool {
    text.split_once(':').is_some_and(|(hours, minutes)| small(hours, 2) && small(minutes, 2))
}

#[cfg(test)]
mod tests {
    use crate::words::words;

    fn personal(sentence: &str) -> bool {
        let words = words(sentence);
        (0..words.len())
            .any(|at| words[at].raw.contains(|c: char| c.is_ascii_digit()) && super::personal(&words, at))
    }

    #[test]
    fn a_figure_that_states_a_rule_belongs_to_nobody() {
        for rule in [
            "Items can be returned within 30 days of delivery.",
            "It takes 3 to 5 working days.",
            "It takes 3-5 working days.",
            "The link is valid for 60 minutes.",
            "A fee of 15 percent applies.",
            "A fee of 15% applies.",
            "Orders above 50 euros are free.",
            "Orders over €50 are free.",
            "Our chat is open from 8 to 20 on weekdays.",
            "The chat is open on weekdays until 20.",
            "Express orders placed before 14:00 leave the same day.",
        ] {
            assert!(!personal(rule), "{rule}");
        }
    }

    #[test]
    fn a_figure_of_a_case_belongs_to_somebody() {
        for case in [
            "Order 48213 is listed there.",
            "A refund of 34.90 euro is possible.",
            "The 96 euro come back.",
            "It was restored at 10:40.",
            "It arrives on 5 October.",
            "Invoice 2026-30117 is open.",
            "With your 140 euro basket it is free.",
            "Send it to Lindenhof 12.",
            "Your box LR-20931 is there.",
            "It leaves before the 27th.",
            "The total is 49.95€.",
        ] {
            assert!(personal(case), "{case}");
        }
    }
}
