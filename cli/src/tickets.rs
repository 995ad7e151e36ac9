//! Tickets as people have them: one JSON object a line.

use std::{
    io::{BufRead, BufReader},
    path::Path,
};

use anyhow::Context;
use serde_json::{Value, json};
use shared::{
    bus::{Lane, Outgoing, no_headers},
    events::{Event, Received},
};

/// A line that is no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// A ticket, or what is wrong with its line.
pub type Parsed = Result<Received, BadLine>;

/// One ticket from one line: the ticket itself, or `{"ticket": …}`.
///
/// # Errors
/// Says what is wrong with it.
pub fn parse(line: usize, text: &str) -> Parsed {
    let bad = |reason: String| BadLine { line, reason };
    let value: Value = serde_json::from_str(text).map_err(|error| bad(format!("not JSON: {error}")))?;
    let event = if value.get("ticket").is_some() { value } else { json!({ "ticket": value }) };
    let bytes = serde_json::to_vec(&event).map_err(|error| bad(error.to_string()))?;
    Received::decode(&bytes).map_err(|error| bad(error.to_string()))
}

/// The tickets of a text, blank lines left out.
pub fn parse_all(text: &str) -> Vec<Parsed> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines.filter(|(_, text)| !text.trim().is_empty()).map(|(at, text)| parse(at + 1, text)).collect()
}

/// The tickets of a file, or of standard input for `-`; read as they are asked for.
///
/// # Errors
/// When the file cannot be opened.
pub fn open(path: &Path) -> anyhow::Result<impl Iterator<Item = std::io::Result<Parsed>> + use<>> {
    let reader: Box<dyn BufRead + Send> = if path == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Box::new(BufReader::new(file))
    };
    let lines = reader.split(b'\n').enumerate();
    Ok(lines.filter_map(|(at, line)| match line {
        Err(error) => Some(Err(error)),
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_start_matches('\u{feff}').trim();
            (!text.is_empty()).then(|| Ok(parse(at + 1, text)))
        }
    }))
}

/// The record of a ticket, as a help desk would write it.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn record(lane: Lane, event: &Received) -> serde_json::Result<Outgoing> {
    let topic = Received::TOPICS.first().copied().unwrap_or_default();
    let payload = serde_json::to_vec(event)?;
    Ok(Outgoing {
        topic: lane.name(topic),
        key: event.ticket.key().into_bytes(),
        headers: no_headers(),
        payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"tenant":"harbor","id":"1","body":"hello","created_at":"2026-11-20T09:00:00Z"}"#;

    #[test]
    fn a_ticket_is_read_with_and_without_its_wrapper() {
        let wrapped = format!(r#"{{"ticket":{GOOD}}}"#);
        assert_eq!(parse(1, GOOD).unwrap(), parse(1, &wrapped).unwrap());
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_are_read() {
        let text = format!("{GOOD}\n\nnonsense\n{GOOD}\n");
        let parsed = parse_all(&text);
        assert_eq!(parsed.iter().filter(|one| one.is_ok()).count(), 2);
        let bad: Vec<usize> =
            parsed.iter().filter_map(|one| one.as_ref().err()).map(|bad| bad.line).collect();
        assert_eq!(bad, [3]);
    }

    #[test]
    fn a_ticket_without_text_is_refused_with_its_field() {
        let empty = GOOD.replace("hello", " ");
        assert!(parse(7, &empty).unwrap_err().to_string().contains("line 7: ticket.body is empty"));
    }
}
