//! What is wrong with JSON, without the value that is wrong: that may be a customer's, and the words go into reasons and
//! logs.

use serde_json::error::Category;

/// serde's own words with line and column, but for the value found.
pub(super) fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.classify() != Category::Data {
        // The parser's words are fixed: they quote nothing.
        return text;
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    format!("{}{place}", without_value(text.strip_suffix(&place).unwrap_or(&text)))
}

/// Names of fields come from our types; of what was found only the kind is said.
fn without_value(said: &str) -> String {
    if ["missing field `", "duplicate field `"].iter().any(|fixed| said.starts_with(fixed)) {
        return said.to_owned();
    }
    // The last one is serde's, whatever the value holds.
    let known = ["invalid type: ", "invalid value: ", "unknown variant ", "unknown field "];
    let known = known.iter().any(|known| said.starts_with(known));
    match said.rfind(", expected ").filter(|_| known && !said.ends_with("there are no variants")) {
        Some(at) => {
            let (found, expected) = said.split_at(at);
            let kind = found.split(['"', '`']).next().unwrap_or_default().trim_end_matches([' ', ':']);
            format!("{kind}{expected}")
        }
        None => "a value is not what it should be".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::events::{Classified, Event, Received};

    fn of(json: &str) -> String {
        Received::decode(json.as_bytes()).unwrap_err().to_string()
    }

    fn ticket(more: &str) -> String {
        of(&format!(
            r#"{{"ticket":{{"tenant":"a","id":"1","body":"x","created_at":"2026-11-20T09:00:00Z",{more}}}}}"#
        ))
    }

    #[test]
    fn what_was_expected_and_where_is_said() {
        assert_eq!(of("{}"), "the value is not received: missing field `ticket` at line 1 column 2");
        assert!(of("{").ends_with("EOF while parsing an object at line 1 column 1"), "{}", of("{"));
        let said = ticket(r#""channel":"geheim""#);
        assert!(said.contains("unknown variant, expected one of `email`, `chat`"), "{said}");
        let said = ticket(r#""subject":4111111111111111"#);
        assert!(said.contains("invalid type: integer, expected a string at line 1 column "), "{said}");
    }

    #[test]
    fn the_value_found_is_not() {
        let hostile = r"geheim, expected geheim` at line 1 column 1, there are no variants";
        for more in [
            format!(r#""channel":"{hostile}""#),
            format!(r#""priority":"{hostile}""#),
            format!(r#""attributes":"{hostile}""#),
            format!(r#""customer":"{hostile}""#),
            format!(r#""customer":{{"tier":"{hostile}"}}"#),
            format!(r#""customer":{{"tier":{{"{hostile}":1}}}}"#),
            format!(r#""attributes":{{"{hostile}":["{hostile}"]}}"#),
        ] {
            let said = ticket(&more);
            assert!(!said.contains("geheim") && said.contains("expected"), "{said}");
        }
        let said = of(r#"{"ticket":{"tenant":"a","id":"1","body":"x","created_at":"geheim"}}"#);
        assert!(said.contains("a value is not what it should be at line 1 column"), "{said}");
        let text = r#"{"ticket":"geheim","classification":"geheim"}"#;
        assert!(!Classified::decode(text.as_bytes()).unwrap_err().to_string().contains("geheim"));
    }
}
