//! Rate headers: `anthropic-ratelimit-<what>-{limit,remaining,reset}` and `x-ratelimit-{limit,remaining,reset}-<what>`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;

/// Tokens that one call takes, where a limit counts tokens and nothing better is known.
const TOKENS_A_CALL: f64 = 3_000.0;

/// The longest pause that a header can impose.
const MOST_PAUSE: Duration = Duration::from_secs(60);

/// One limit, as of one response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Allowance {
    limit: f64,
    remaining: f64,
    /// Seconds until it is whole again.
    reset: f64,
    /// What one call takes of it.
    call: f64,
}

impl Allowance {
    /// Every limit that the headers name whole.
    pub(super) fn all(headers: &HeaderMap) -> Vec<Self> {
        let anthropic = ["requests", "tokens", "input-tokens", "output-tokens"].map(|what| {
            let name = |part: &str| format!("anthropic-ratelimit-{what}-{part}");
            Self::read(headers, what, name)
        });
        let openai = ["requests", "tokens"].map(|what| {
            let name = |part: &str| format!("x-ratelimit-{part}-{what}");
            Self::read(headers, what, name)
        });
        anthropic.into_iter().chain(openai).flatten().collect()
    }

    fn read(headers: &HeaderMap, what: &str, name: impl Fn(&str) -> String) -> Option<Self> {
        let header = |part: &str| headers.get(name(part))?.to_str().ok();
        let number =
            |part: &str| header(part)?.trim().parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
        let call = if what == "requests" { 1.0 } else { TOKENS_A_CALL };
        let reset = header("reset").and_then(seconds).unwrap_or(1.0);
        Some(Self {
            limit: number("limit").filter(|limit| *limit > 0.0)?,
            remaining: number("remaining")?,
            reset,
            call,
        })
    }

    /// What is left of it, 0 to 1.
    pub(super) fn share(&self) -> f64 {
        (self.remaining / self.limit).min(1.0)
    }

    /// Calls that still fit, where calls are what is counted.
    pub(super) fn calls(&self) -> Option<u64> {
        (self.call <= 1.0).then_some(self.remaining as u64)
    }

    /// How long until one more call fits, if none does now: it fills evenly until it is whole.
    pub(super) fn pause(&self) -> Option<Duration> {
        let call = self.call.min(self.limit);
        if self.remaining >= call {
            return None;
        }
        let seconds = self.reset.max(0.0) * (call - self.remaining) / (self.limit - self.remaining);
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(MOST_PAUSE).min(MOST_PAUSE))
    }
}

/// Seconds from now: a time (RFC 3339), a plain number, or `6m0s`, `1.5s`, `20ms`.
fn seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some((time.to_utc() - Utc::now()).num_milliseconds() as f64 / 1000.0);
    }
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let scale = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * scale;
        rest = tail;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Vec<Allowance> {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        Allowance::all(&headers.iter().map(pair).collect())
    }

    #[test]
    fn both_families_of_headers_are_read() {
        let reset = (Utc::now() + chrono::TimeDelta::seconds(30)).to_rfc3339();
        let anthropic = read(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "5"),
            ("anthropic-ratelimit-requests-reset", &reset),
        ]);
        assert_eq!((anthropic[0].share(), anthropic[0].calls(), anthropic[0].pause()), (0.1, Some(5), None));
        let openai = read(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "1m0s"),
        ]);
        assert_eq!(openai[0].pause(), Some(Duration::from_secs(1)), "it fills evenly");
    }

    #[test]
    fn what_is_no_allowance_is_left_out() {
        for value in ["", "-1", "NaN", "many", "0"] {
            let found = read(&[
                ("x-ratelimit-limit-requests", value),
                ("x-ratelimit-remaining-requests", "5"),
                ("x-ratelimit-reset-requests", "1s"),
            ]);
            assert_eq!(found, [], "{value}");
        }
    }

    #[test]
    fn resets_are_read_in_every_way_they_are_written() {
        for (text, expected) in
            [("6m0s", 360.0), ("1.5s", 1.5), ("20ms", 0.02), ("12", 12.0), ("1h2m", 3720.0)]
        {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for none in ["s", "1x", "soon", "1m2"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
