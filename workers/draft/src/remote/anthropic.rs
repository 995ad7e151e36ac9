//! Anthropic Messages, as today's models take it: no sampling parameters, no prefill, no forced tool, thinking left as it
//! is; the answer's schema under `output_config`, the instructions under `cache_control`.

use reqwest::{Client, RequestBuilder};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::policy::{ModelTerms, Tokens};

use super::{Answer, http::Received};
use crate::{prompt::Prompt, settings::Door};

/// The request's body.
pub(super) fn body(model: &str, prompt: &Prompt, terms: &ModelTerms) -> String {
    params(model, prompt, terms).to_string()
}

/// The request, which is also what a batch has for each of its own.
pub(crate) fn params(model: &str, prompt: &Prompt, terms: &ModelTerms) -> Value {
    let mut output = json!({ "format": { "type": "json_schema", "schema": prompt.schema() } });
    if let (Some(effort), Some(output)) = (&terms.effort, output.as_object_mut()) {
        output.insert("effort".to_owned(), json!(effort));
    }
    json!({
        "model": model,
        "max_tokens": terms.max_tokens,
        "system": [{ "type": "text", "text": prompt.instructions(), "cache_control": { "type": "ephemeral" } }],
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": prompt.data() }] }],
        "output_config": output,
    })
}

/// The request without its body.
pub(super) fn request(client: &Client, door: &Door) -> Result<RequestBuilder, String> {
    let url = door.base.join("v1/messages").map_err(|error| error.to_string())?;
    Ok(keyed(client.post(url), door).header("content-type", "application/json"))
}

/// Key and version.
pub(crate) fn keyed(request: RequestBuilder, door: &Door) -> RequestBuilder {
    let key = door.key.as_ref().map_or("", |key| key.expose_secret());
    request.header("x-api-key", key).header("anthropic-version", "2023-06-01")
}

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Usage,
}

/// A block of the answer; only text is read.
#[derive(Debug, Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Debug, Deserialize)]
struct Usage {
    input_tokens: u64,
    output_tokens: u64,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
}

/// Reads a response.
pub(super) fn read(received: &Received) -> Result<Answer, String> {
    let message: Message = serde_json::from_slice(&received.body).map_err(|error| {
        format!("answered what is no message: line {} column {}", error.line(), error.column())
    })?;
    Ok(message.answer(received.header("request-id").map(str::to_owned)))
}

impl Message {
    /// Text and bill of a message.
    pub(crate) fn answer(self, request_id: Option<String>) -> Answer {
        let texts = self.content.iter().filter(|block| block.kind == "text");
        let text: String = texts.map(|block| block.text.as_str()).collect();
        let text = match self.stop_reason.as_deref() {
            Some("refusal") => Err("refused to write it".to_owned()),
            Some("max_tokens") => {
                Err("came to the end of its tokens before the end of its answer".to_owned())
            }
            _ if text.trim().is_empty() => Err("answered nothing".to_owned()),
            _ => Ok(text),
        };
        let tokens = Tokens {
            input: self.usage.input_tokens,
            output: self.usage.output_tokens,
            cache_read: self.usage.cache_read_input_tokens.unwrap_or(0),
            cache_write: self.usage.cache_creation_input_tokens.unwrap_or(0),
        };
        Answer { text, tokens, request_id }
    }
}
