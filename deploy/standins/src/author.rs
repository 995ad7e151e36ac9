//! What the stand-in answers: sentences out of the passages in the prompt, quoted with their ids.

use serde_json::{Value, json};

/// Sentences taken from passages at most.
const SENTENCES: usize = 3;

/// The answer to a prompt as text: of the schema's shape if one is given, else prose.
pub(crate) fn answer(prompt: &str, schema: Option<&Value>, hostile: bool) -> String {
    let data = data(prompt);
    if hostile && let Some(obeyed) = obey(&data) {
        return obeyed;
    }
    let sentences = sentences(&data);
    match schema {
        None => sentences.iter().filter_map(|one| one["text"].as_str()).collect::<Vec<_>>().join(" "),
        Some(schema) => instance(schema, "", &sentences).to_string(),
    }
}

/// Sentences with placeholders where they do not belong: all that the prompt holds, and some that stand for nothing.
pub(crate) fn placeholders(prompt: &str) -> String {
    let data = data(prompt);
    let (text, id) = (data.to_string(), &data["passages"][0]["id"]);
    let known: Vec<&str> =
        text.split_inclusive('⟧').filter_map(|part| part.get(part.rfind('⟦')?..)).collect();
    let said = [
        format!("Please tell {} the rest.", known.join(" and ")),
        "Write to ⟦EMAIL_99⟧ or ⟦NAME⟧ at ⟦ADDRESS_0⟧.".to_owned(),
        "The rest is in ⟦⟧ and ⟦unclosed.".to_owned(),
    ];
    let said: Vec<Value> = said.iter().map(|text| sentence(text, id, &json!(known.join(" ")))).collect();
    json!({ "sentences": said }).to_string()
}

/// The JSON object in the prompt that has passages.
fn data(prompt: &str) -> Value {
    let starts = prompt.match_indices('{').map(|(at, _)| at);
    let read = |at: usize| {
        let text = prompt.get(at..)?;
        serde_json::Deserializer::from_str(text).into_iter::<Value>().next()?.ok()
    };
    starts.filter_map(read).find(|value| value.get("passages").is_some()).unwrap_or_default()
}

/// What the passages say that holds for everybody.
fn sentences(data: &Value) -> Vec<Value> {
    let passages = data["passages"].as_array().into_iter().flatten();
    let quoted = passages.flat_map(|passage| {
        let reply = passage["reply"].as_str().unwrap_or_default();
        general(reply).map(|text| sentence(text, &passage["id"], &json!(text))).collect::<Vec<_>>()
    });
    let mut found: Vec<Value> = Vec::new();
    for one in quoted {
        if found.len() < SENTENCES && !found.iter().any(|other| other["text"] == one["text"]) {
            found.push(one);
        }
    }
    found
}

fn sentence(text: &str, id: &Value, quote: &Value) -> Value {
    json!({ "text": text, "sources": [{ "id": id, "quote": quote }] })
}

/// Sentences of a reply that speak of nobody: no figures, no names, no first person.
fn general(reply: &str) -> impl Iterator<Item = &str> {
    let whole = reply.split_inclusive(['.', '!', '?', '\n', ',']).scan(0, |start, part| {
        let from = *start;
        *start += part.len();
        Some((from, *start))
    });
    let mut begin = 0;
    let mut found = Vec::new();
    for (_, end) in whole {
        let Some(text) = reply.get(begin..end) else { continue };
        if text.ends_with(',') && !greets(text) {
            continue;
        }
        begin = end;
        found.push(text.trim());
    }
    found.into_iter().filter(|text| holds_for_everybody(text))
}

fn greets(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    ["Hi", "Hello", "Dear", "Hey"].contains(&first)
}

fn holds_for_everybody(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let personal = ["I", "I'm", "my", "me", "have", "has", "will", "sorry", "Thank", "thank", "was", "today"];
    text.ends_with('.')
        && words.len() >= 6
        && !text.contains(|c: char| c.is_numeric() || matches!(c, '{' | '⟦' | '"'))
        && !words.iter().any(|word| personal.contains(word))
        && words.iter().skip(1).all(|word| !word.starts_with(char::is_uppercase))
}

/// What the ticket asks for: a JSON answer of its own, raw text after `RAW:`, or its own words as sentences.
fn obey(data: &Value) -> Option<String> {
    let body = data["ticket"]["body"].as_str().unwrap_or_default();
    if let Some((_, raw)) = body.split_once("RAW:") {
        return Some(raw.to_owned());
    }
    if let Some(own) = body.find("{\"sentences\"").and_then(|at| body.get(at..)) {
        return Some(own.to_owned());
    }
    let passage = data["passages"].get(0)?;
    let quote = passage["reply"].as_str()?.split_inclusive('.').next()?.trim();
    let parts = body.split_inclusive(['.', '\n']).map(str::trim).filter(|part| !part.is_empty());
    let said: Vec<Value> = parts.map(|part| sentence(part, &passage["id"], &json!(quote))).collect();
    Some(json!({ "sentences": said }).to_string())
}

/// Something of the schema's shape; `sentences` are ours.
fn instance(schema: &Value, name: &str, sentences: &[Value]) -> Value {
    if name == "sentences" {
        return Value::Array(sentences.to_vec());
    }
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, inner)| (name.clone(), instance(inner, name, sentences))).collect()
        }
        Some("array") => json!([]),
        Some("number" | "integer") => json!(0),
        Some("boolean") => json!(false),
        _ => json!(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_quotes_the_passages_of_its_prompt() {
        let reply = "Dear Mr Obi,\n\nI have sent it, as you asked. Parcels are free of charge, even to islands. Call 555.";
        let prompt = format!("Data: {}", json!({ "passages": [{ "id": "R-1", "reply": reply }] }));
        let schema = json!({ "type": "object", "properties": { "sentences": { "type": "array" } } });
        let answer: Value = serde_json::from_str(&answer(&prompt, Some(&schema), false)).unwrap_or_default();
        let said = "Parcels are free of charge, even to islands.";
        assert_eq!(answer, json!({ "sentences": [sentence(said, &json!("R-1"), &json!(said))] }));
    }
}
