//! Passwords, keys and tokens.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, Kind};
use crate::patterns::{any_of, compiled};

/// What a key looks like, whoever issued it.
static SHAPES: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,5000}?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
        r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?",
        r"\b(?:sk|pk|rk)[-_](?:live|test|ant|proj|or)?[-_]?[A-Za-z0-9_-]{14,}",
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{8,}",
        r"\bAIza[\w-]{30,}",
        r"\bwhsec_[A-Za-z0-9+/=]{16,}",
        r"\b(?:SG|npm|pypi|shpat|shpss|dop_v1|hf)[._-][A-Za-z0-9._-]{20,}",
        r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b",
        r"(?i)\b[0-9a-f]{32,}\b",
    ])
});

/// After these words and a sign or `is`, a secret follows.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"(?i)\b(pass ?word|passwort|kennwort|passwd|pwd|pw|pass ?phrase|pass ?code|mot de passe|contrase[ñn]a|wachtwoord|senha|pin(?: code| number)?|cvv2?|cvc2?|cvv code|security code|sicherheitscode|otp|tan|one[- ]time (?:code|password|pin)|2fa(?: code)?|verification code|login code|sms code|recovery code|secret(?: key| answer)?|api[ _-]?key|access[ _-]?(?:key|token)|auth[ _-]?token|client[ _-]?secret|token|private key|credentials)\b(?: (?:on|at) the (?:back|card|front))?(\s*(?:[:=]|->|\bis now\b|\bis\b|\bwas\b|\bare\b|\bist\b|\blautet\b|\best\b|\bes\b|\bto\b)\s*|\s+)(["']?)([^\s"',;]{3,120})"#,
    )
});

/// A secret in quotation marks, which may hold spaces.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"(?i)\b(?:pass ?word|passwort|kennwort|pass ?phrase|pass ?code|secret|token|pin|pwd)\b\s*(?:[:=]|is|was)\s*["']([^"'\n]{3,80})["']"#,
    )
});

static BEARER: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"(?i)\b(?:bearer|basic|authorization:\s*\w+|x-api-key:)\s+([A-Za-z0-9._~+/=-]{8,})")
});

static IN_LINK: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)[?&#](?:token|key|sig|signature|code|session|sid|auth|access_token|password|pw|secret|reset|otp|api_key)=([^&\s#)\]>]+)|://([^\s/@:]+:[^\s/@]+)@",
    )
});

static LONG: LazyLock<Regex> = LazyLock::new(|| compiled(r"[A-Za-z0-9+/_=-]{24,}"));

/// Words that come after "password is" and are none.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "not", "wrong", "incorrect", "correct", "being", "always", "never", "rejected", "invalid", "expired", "too",
    "the", "that", "required", "right", "accepted", "refused", "lost", "forgotten", "reset", "changed", "still",
    "now", "only", "already", "also", "set", "sent", "stored", "saved", "visible", "shown", "safe", "secure",
    "weak", "strong", "fine", "ok", "okay", "good", "empty", "missing", "unknown", "blocked", "locked", "valid",
    "asked", "needed", "what", "because", "and", "but", "for", "has", "have", "does", "doesn't", "dont", "don't",
    "didn't", "won't", "reset,", "link", "field", "page", "manager", "box", "email", "mail", "mails", "can", "cannot",
    "must", "should", "will", "with", "when", "where", "who", "which", "please", "longer", "short", "case", "same",
    "different", "old", "new", "your", "our", "their", "his", "her", "its", "mine", "this", "there", "here", "from",
    "again", "working", "wrong.", "no", "yes", "just", "very", "actually", "definitely", "written", "printed", "bad",
    "hard", "easy", "long", "enough", "case-sensitive", "used", "protected", "matched", "recognised", "recognized",
    "falsch", "nicht", "richtig", "ungültig", "incorrecto", "incorrecte", "compromised", "known", "leaked", "stolen",
    "something", "anything", "nothing", "it", "log", "sign", "access", "get", "open", "use", "enter", "continue", "unlock",
    "confirm", "verify", "proceed", "protect", "delivered", "forgot", "for", "to", "is", "was", "does", "did", "ist",
];

pub(super) fn find(found: &mut Found<'_>) {
    let text = found.text;
    for one in SHAPES.find_iter(text) {
        claim(found, one.range());
    }
    for one in BEARER.captures_iter(text).filter_map(|one| one.get(1)) {
        if one.as_str().bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
            claim(found, one.range());
        }
    }
    for one in IN_LINK.captures_iter(text).filter_map(|one| one.get(1).or(one.get(2))) {
        claim(found, one.range());
    }
    for one in QUOTED.captures_iter(text).filter_map(|one| one.get(1)) {
        claim(found, one.range());
    }
    for one in NAMED.captures_iter(text) {
        named(found, &one);
    }
    for one in LONG.find_iter(text).filter(|one| random(one.as_str())) {
        claim(found, one.range());
    }
}

fn claim(found: &mut Found<'_>, range: std::ops::Range<usize>) {
    let value = found.slice(&range).to_owned();
    found.claim(range, Kind::Secret, value);
}

/// A value after its name: what stands in quotes, what comes after a colon, or what is no word of a sentence.
fn named(found: &mut Found<'_>, one: &regex::Captures<'_>) {
    let (Some(what), Some(link), Some(quote), Some(value)) = (one.get(1), one.get(2), one.get(3), one.get(4))
    else {
        return;
    };
    let spelt = value.as_str().trim_end_matches(['.', '!', '?', ')', ':']);
    let low = spelt.to_lowercase();
    let sign = link.as_str().contains([':', '=', '>']);
    let stated = !link.as_str().trim().is_empty();
    let mixed = spelt.chars().any(|c| c.is_ascii_digit()) || spelt.chars().any(|c| "!@#$%^&*_+".contains(c));
    let figures = spelt.chars().all(|c| c.is_ascii_digit());
    let short = ["pin", "cvv", "cvc", "otp", "tan", "code", "2fa"]
        .iter()
        .any(|word| what.as_str().to_lowercase().contains(word));
    let quoted = !quote.as_str().is_empty();
    let to = link.as_str().trim().eq_ignore_ascii_case("to");
    let secret = if quoted {
        stated || mixed
    } else if sign {
        !PLAIN.contains(&low.as_str()) || mixed
    } else if stated && !to {
        !PLAIN.contains(&low.as_str())
            && (mixed || low.len() >= 5 && ends_the_clause(found.after(value.end())))
    } else {
        mixed
            && (!figures || short)
            && (to || low.len() >= 3)
            && !low.starts_with(|c: char| "(*#".contains(c))
    };
    if secret && (short || spelt.len() >= 4) && spelt.len() >= 3 {
        claim(found, value.start()..value.start() + spelt.len());
    }
}

fn ends_the_clause(after: &str) -> bool {
    after.trim_start_matches(['"', '\'']).chars().next().is_none_or(|c| !c.is_whitespace())
        || after.starts_with('\n')
        || after.trim_start().starts_with("and ")
        || after.trim_start().starts_with("but ")
}

/// Upper case, lower case and figures in one long word, as words have them never.
fn random(word: &str) -> bool {
    let turns =
        word.as_bytes().windows(2).filter(|pair| matches!(pair, [a, b] if class(*a) != class(*b))).count();
    [0, 1, 2].iter().all(|kind| word.bytes().any(|b| class(b) == *kind)) && turns * 5 >= word.len()
}

fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}
