//! E-mail addresses, telephone numbers, IP and MAC addresses.

use std::{net::Ipv6Addr, sync::LazyLock};

use regex::Regex;

use super::{Found, Kind, digits};
use crate::patterns::{any_of, compiled};

const MAIL: &str = r"[\p{L}\p{N}_][\p{L}\p{N}._%+'-]*@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+";
const SPACED: &str = r"(?i)[\p{L}\p{N}_][\p{L}\p{N}._%+-]*\s{0,2}@\s{0,2}[\p{L}\p{N}-]+(?:\s{0,2}\.\s{0,2}[\p{L}\p{N}-]+)*?\s{0,2}\.\s{0,2}(?:com|net|org|info|biz|io|co|app|dev|de|fr|uk|eu|us|es|it|nl|at|ch|be|pl|pt|se|no|dk|fi|ie|ca|au|br|in|jp|example|test)\b";
const BRACKETED: &str = r"(?i)[\p{L}\p{N}_][\p{L}\p{N}._%+-]*\s{0,2}[\(\[\{<]\s?(?:at|@|ät)\s?[\)\]\}>]\s{0,2}[\p{L}\p{N}-]+(?:(?:\.|\s{0,2}[\(\[\{<]\s?(?:dot|\.|punkt|point)\s?[\)\]\}>]\s{0,2}|\sdot\s)[\p{L}\p{N}-]+)+";
const SPOKEN: &str = r"(?i)[\p{L}\p{N}_]+(?:(?:[._-]|\s(?:dot|punkt|underscore|dash|hyphen)\s)[\p{L}\p{N}_]+){0,4}\s+(?:at|ät)\s+[\p{L}\p{N}-]+(?:\s?-?(?:dot|punkt)\s?[\p{L}\p{N}-]+|\s+dot\s+[\p{L}\p{N}-]+)+";
const PROVIDER: &str = r"(?i)[\p{L}\p{N}._-]+\s+at\s+(?:gmail|googlemail|hotmail|outlook|yahoo|icloud|gmx|web|proton|protonmail|aol|live|posteo|mailbox|t-online|orange|free|laposte|libero|btinternet)\s?\.\s?(?:com|net|org|de|fr|it|co\.uk|at|ch|es|me)\b";

static EMAIL: LazyLock<Regex> = LazyLock::new(|| any_of(&[MAIL, SPACED, BRACKETED, SPOKEN, PROVIDER]));

pub(super) fn emails(found: &mut Found<'_>) {
    let text = found.text;
    if !text.contains('@')
        && !text.contains("at")
        && !text.contains("AT")
        && !text.contains("At")
        && !text.contains('ä')
    {
        return;
    }
    for one in EMAIL.find_iter(text) {
        found.claim(one.range(), Kind::Email, address(one.as_str()));
    }
}

/// An address as it would be typed, in lower case.
fn address(spelt: &str) -> String {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?:\s*[\(\[\{<]\s?|\s+)(at|ät|@|dot|punkt|point|\.|underscore|dash|hyphen)(?:\s?[\)\]\}>]\s*|\s+)",
        )
    });
    let low = spelt.to_lowercase();
    let typed = WORDS.replace_all(&low, |word: &regex::Captures<'_>| {
        match word.get(1).map_or("", |one| one.as_str()) {
            "at" | "ät" | "@" => "@",
            "underscore" => "_",
            "dash" | "hyphen" => "-",
            _ => ".",
        }
    });
    typed.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Figures and what may stand between them in a telephone number.
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?:\+|\(\+|\()?\d(?:(?:[ \-/()]{0,3}|\.)\d){5,16}(?:\s?(?:ext|x|extension)\.?\s?\d{1,5})?")
});

/// Words that say a telephone number follows.
static CALLED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:\btel|phone|\bcall|\bmobile|\bcell|\bring\b|\bfax|whatsapp|\bsms|\btext me|\bdial|reach me|telefon|\bhandy|mobil|telef|t[ée]l\b|m[óo]vil|rufnummer|contact number|hotline|number(?: is|:))[^\d]{0,25}$",
    )
});

/// What is written like a number of some country.
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        r"^\+\d[\d ().\-/]{6,20}\d$",
        r"^\(\+\d{1,3}\)[\d ().\-/]{6,20}$",
        r"^00[1-9][\d ().\-/]{6,20}\d$",
        r"^1?[ .-]?\(?[2-9]\d{2}\)?[ .-]{1,2}\d{3}[ .-]\d{4}$",
        r"^\([2-9]\d{2}\)\s?\d{3}[ .-]?\d{4}$",
        r"^0[1-9](?:[ .-]?\d{2}){4}$",
        r"^\(?0\d{2,5}\)?[ /-]{1,3}\d{2,8}(?:[ /-]\d{1,8}){0,4}$",
        r"^0[1-9]\d{8,10}$",
        r"^[6789]\d{2} \d{3} \d{3}$",
        r"^[6789]\d{2} \d{2} \d{2} \d{2}$",
        r"^3\d{2}[ .-]\d{3}[ .-]?\d{3,4}$",
        r"^555[- .]\d{4}$",
        r"^1?[- ]?8(?:00|33|44|55|66|77|88)[ -]\d{3}[ -]\d{4}$",
    ])
});

/// Days, books and ranges, which no number of a telephone looks like.
static DAYS: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        r"^(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}(?: .*)?$",
        r"^\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2}$",
        r"^\d{1,2}\.\d{1,2}\.\d{2}$",
        r"^97[89][- ]?\d[- \d]{8,13}$",
        r"^(?:19|20)\d{2}\s?[-/]\s?(?:19|20)\d{2}$",
        r"^\d{1,3}(?:\.\d{3})+$",
    ])
});

pub(super) fn phones(found: &mut Found<'_>) {
    for one in PHONE.find_iter(found.text) {
        let range = one.range();
        let before = found.before(range.start, 40);
        if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '€' | '$' | '£' | '#' | '_'))
            || found.after(range.end).starts_with(|c: char| c.is_alphanumeric() || c == '%')
        {
            continue;
        }
        let spelt = one.as_str().trim();
        let bare = spelt.split(['e', 'x']).next().unwrap_or(spelt).trim();
        let count = bare.bytes().filter(u8::is_ascii_digit).count();
        if DAYS.is_match(bare) || before.trim_end().ends_with("isbn") || !(6..=15).contains(&count) {
            continue;
        }
        if SHAPES.is_match(bare) || CALLED.is_match(&before) {
            found.claim(range, Kind::Phone, number(bare));
        }
    }
}

/// A number's last nine figures: the same with and without a country's.
fn number(spelt: &str) -> String {
    let digits = digits(&spelt.replace("(0)", ""));
    digits.get(digits.len().saturating_sub(9)..).unwrap_or_default().to_owned()
}

const FIGURES: [(&str, &str); 11] = [
    ("zero", "0"),
    ("oh", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
];

/// Figures said one by one, as a transcript of a call has them.
pub(super) fn spoken(found: &mut Found<'_>) {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?i)\b(?:(?:double |triple )?(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)[\s,-]{1,2}){6,}(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b",
        )
    });
    for one in WORDS.find_iter(found.text) {
        let mut value = String::new();
        let mut times = 1;
        for word in one.as_str().to_lowercase().split([' ', ',', '-', '\n']) {
            match word {
                "double" => times = 2,
                "triple" => times = 3,
                _ => {
                    if let Some((_, figure)) = FIGURES.iter().find(|(name, _)| *name == word) {
                        value.push_str(&figure.repeat(times));
                        times = 1;
                    }
                }
            }
        }
        found.claim(one.range(), Kind::Phone, number(&value));
    }
}

static V4: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\d{1,3}(?:\s?\.\s?\d{1,3}){3}(?::\d{2,5}|/\d{1,2}\b)?"));
static V6: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?"));
static MAC: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b"));

pub(super) fn ips(found: &mut Found<'_>) {
    for one in MAC.find_iter(found.text) {
        found.claim(one.range(), Kind::Ip, super::squeezed(one.as_str()));
    }
    for one in V4.find_iter(found.text) {
        let spelt: String = one.as_str().chars().filter(|c| !c.is_whitespace()).collect();
        let host = spelt.split([':', '/']).next().unwrap_or_default();
        let before = found.before(one.start(), 14);
        let version = ["version", "firmware", "v", "release", "build", "ver."]
            .iter()
            .any(|word| before.trim_end().ends_with(word));
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '.')
            && !found.after(one.end()).starts_with(|c: char| c.is_alphanumeric());
        let loose = one.as_str().contains(char::is_whitespace) && host.len() < 9;
        if whole && !version && !loose && host.parse::<std::net::Ipv4Addr>().is_ok() {
            found.claim(one.range(), Kind::Ip, host.to_owned());
        }
    }
    for one in V6.find_iter(found.text) {
        let spelt = one.as_str().trim_end_matches(|c| c == ':' && !one.as_str().ends_with("::"));
        let groups = spelt.split(':').filter(|group| !group.is_empty()).count();
        if let (true, Ok(address)) = (groups >= 2, spelt.parse::<Ipv6Addr>()) {
            found.claim(one.start()..one.start() + spelt.len(), Kind::Ip, address.to_string());
        }
    }
}
