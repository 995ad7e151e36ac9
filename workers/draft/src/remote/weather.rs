//! What a response says about its request, and about the provider. The rule of the provider's own client libraries:
//! `x-should-retry` first, else 408, 409, 429 and from 500 on; `retry-after-ms`, then `retry-after`, if it is up to a minute.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::http::Received;

/// The longest wait that is honoured.
const MOST_WAIT: Duration = Duration::from_secs(60);

/// What a response says.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// There is an answer to read.
    Answered,
    /// The account can pay for no more, or the key opens nothing; asking again is of no use.
    Spent(String),
    /// Turned away.
    Away {
        reason: String,
        /// Whether the same may be asked again.
        again: bool,
        /// Whether the provider is not well or wants less.
        outage: bool,
        /// What it asks to wait.
        wait: Option<Duration>,
    },
}

/// Reads a response's status and headers, and the code in an error's body.
pub(super) fn verdict(received: &Received) -> Verdict {
    let status = received.status;
    if (200..300).contains(&status) {
        return Verdict::Answered;
    }
    let error: Value = serde_json::from_slice(&received.body).unwrap_or_default();
    let reason = reason(status, &error);
    let wait = wait(received);
    let limit = is_limit(&error);
    if matches!(status, 401..=403) || limit && matches!(status, 400 | 429) && wait.is_none() {
        return Verdict::Spent(reason);
    }
    let retried = matches!(status, 408 | 409 | 429) || status >= 500;
    let again = match received.header("x-should-retry") {
        Some("true") => true,
        Some("false") => false,
        _ => retried,
    };
    let outage = matches!(status, 404 | 408 | 429) || status >= 500 || (300..400).contains(&status);
    Verdict::Away { reason, again, outage, wait }
}

/// Status and kind, never the message: it may quote the prompt.
fn reason(status: u16, error: &Value) -> String {
    let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str);
    let kind =
        text("/error/details/error_code").or_else(|| text("/error/code")).or_else(|| text("/error/type"));
    let plain =
        |kind: &&str| kind.len() <= 60 && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match kind.filter(plain) {
        Some(kind) => format!("answered {status} {kind}"),
        None => format!("answered {status}"),
    }
}

/// Whether an error speaks of money and not of haste.
fn is_limit(error: &Value) -> bool {
    let text = |pointer: &str| error.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    text("/error/details/error_code").contains("spend_limit")
        || text("/error/code") == "insufficient_quota"
        || text("/error/message").contains("usage limit")
}

fn wait(received: &Received) -> Option<Duration> {
    let millis =
        || received.header("retry-after-ms")?.trim().parse::<f64>().ok().map(|millis| millis / 1000.0);
    let seconds = || {
        let text = received.header("retry-after")?.trim();
        let date = || {
            let date = DateTime::parse_from_rfc2822(text).ok()?;
            Some((date.to_utc() - Utc::now()).num_milliseconds() as f64 / 1000.0)
        };
        text.parse::<f64>().ok().or_else(date)
    };
    let wait = Duration::try_from_secs_f64(millis().or_else(seconds)?).ok()?;
    (!wait.is_zero() && wait <= MOST_WAIT).then_some(wait)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn received(status: u16, headers: &[(&'static str, &str)], body: &str) -> Received {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = headers.iter().map(pair).collect();
        Received { status, headers, body: body.as_bytes().to_vec() }
    }

    fn away(status: u16, headers: &[(&'static str, &str)]) -> (bool, bool, Option<Duration>) {
        match verdict(&received(status, headers, "")) {
            Verdict::Away { again, outage, wait, .. } => (again, outage, wait),
            other => panic!("{status}: {other:?}"),
        }
    }

    #[test]
    fn the_statuses_that_are_asked_again_are_those_of_the_providers_own_libraries() {
        for (status, again, outage) in [
            (400, false, false),
            (404, false, true),
            (408, true, true),
            (409, true, false),
            (413, false, false),
            (429, true, true),
            (500, true, true),
            (504, true, true),
            (529, true, true),
            (307, false, true),
        ] {
            assert_eq!(away(status, &[]), (again, outage, None), "{status}");
        }
    }

    #[test]
    fn x_should_retry_has_the_last_word() {
        assert!(!away(529, &[("x-should-retry", "false")]).0);
        assert!(away(400, &[("x-should-retry", "true")]).0);
    }

    #[test]
    fn a_wait_is_read_in_milliseconds_seconds_or_as_a_date_and_only_up_to_a_minute() {
        let seconds = |text: &str| away(429, &[("retry-after", text)]).2;
        assert_eq!(seconds("7"), Some(Duration::from_secs(7)));
        assert_eq!(seconds("0.5"), Some(Duration::from_millis(500)));
        for none in ["0", "-3", "61", "NaN", "soon", ""] {
            assert_eq!(seconds(none), None, "{none}");
        }
        let both = [("retry-after-ms", "250"), ("retry-after", "7")];
        assert_eq!(away(429, &both).2, Some(Duration::from_millis(250)));
        let date = (Utc::now() + chrono::TimeDelta::seconds(30)).to_rfc2822();
        assert!(seconds(&date).is_some_and(|wait| (28..=30).contains(&wait.as_secs())), "{date}");
    }

    #[test]
    fn a_limit_of_money_is_not_haste() {
        let spent = r#"{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
        let quota = r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}"#;
        for (status, body) in [(429, spent), (429, quota), (402, ""), (401, ""), (403, "")] {
            assert!(matches!(verdict(&received(status, &[], body)), Verdict::Spent(_)), "{status} {body}");
        }
    }

    #[test]
    fn a_reason_never_repeats_what_the_provider_said_in_words() {
        let body = r#"{"error":{"type":"please <b>","message":"prompt was: Ana Prado"}}"#;
        let Verdict::Away { reason, .. } = verdict(&received(400, &[], body)) else { panic!() };
        assert_eq!(reason, "answered 400");
    }
}
