//! A model's answer, taken to be hostile.

use serde::Deserialize;
use shared::events::{Sentence, Source};

/// Bytes of an answer that are read at most.
const MOST_BYTES: usize = 32 * 1024;

/// Sources of one sentence at most.
const MOST_SOURCES: usize = 5;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    sentences: Vec<Said>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    text: String,
    sources: Vec<From>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    id: String,
    quote: String,
}

/// Reads an answer: JSON of the schema and nothing beside it, of one to `most` sentences.
///
/// # Errors
/// Why it cannot be used; never a word of it.
pub(crate) fn read(text: &str, most: usize) -> Result<Vec<Sentence>, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("answered {} bytes, more than {MOST_BYTES}", text.len()));
    }
    let reply: Reply = serde_json::from_str(text).map_err(|error| {
        format!("answered what is not of the schema: line {} column {}", error.line(), error.column())
    })?;
    match reply.sentences.len() {
        0 => return Err("found nothing in the passages that answers the ticket".to_owned()),
        count if count > most => return Err(format!("answered {count} sentences, more than {most}")),
        _ => {}
    }
    reply.sentences.into_iter().map(sentence).collect()
}

fn sentence(said: Said) -> Result<Sentence, String> {
    if said.sources.len() > MOST_SOURCES {
        return Err(format!("gave {} sources for a sentence, more than {MOST_SOURCES}", said.sources.len()));
    }
    let sources = said.sources.into_iter().map(|from| Source { id: from.id, quote: from.quote });
    Ok(Sentence { text: said.text.trim().to_owned(), sources: sources.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_the_schema_is_read() {
        let text = r#"{"sentences":[{"text":" It is free. ","sources":[{"id":"R-1","quote":"is free"}]}]}"#;
        let read = read(text, 4).unwrap();
        assert_eq!((read[0].text.as_str(), read[0].sources[0].id.as_str()), ("It is free.", "R-1"));
    }

    #[test]
    fn anything_else_is_refused_and_not_repeated() {
        for text in [
            "",
            "Geheim",
            "null",
            "[]",
            "{}",
            r#"{"sentences":[]}"#,
            r#"{"sentences":"Geheim"}"#,
            r#"{"sentences":[{"text":"Geheim"}]}"#,
            r#"{"sentences":[],"route":"auto"}"#,
            r#"{"sentences":[],"sentences":[]}"#,
            r#"{"sentences":[{"text":"Geheim","sources":[],"auto":true}]}"#,
            r#"{"sentences":[{"text":"a","sources":[]}]} Geheim"#,
            "```json\n{\"sentences\":[]}\n```",
        ] {
            let problem = read(text, 4).unwrap_err();
            assert!(!problem.contains("Geheim"), "{problem}");
        }
        let many = format!(r#"{{"sentences":[{}]}}"#, [r#"{"text":"a","sources":[]}"#; 5].join(","));
        assert!(read(&many, 4).is_err());
        assert!(read(&"[".repeat(100_000), 4).is_err());
        assert!(read(&"[".repeat(20_000), 4).is_err(), "depth");
    }
}
