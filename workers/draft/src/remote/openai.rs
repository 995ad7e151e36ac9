//! OpenAI-compatible Chat Completions: vLLM, Ollama, a proxy.

use reqwest::{Client, RequestBuilder};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use shared::policy::{ModelTerms, Tokens};

use super::{Answer, http::Received};
use crate::{prompt::Prompt, settings::Door};

/// The request's body. `max_tokens` is what all of these servers know.
pub(super) fn body(model: &str, prompt: &Prompt, terms: &ModelTerms) -> String {
    json!({
        "model": model,
        "max_tokens": terms.max_tokens,
        "messages": [
            { "role": "system", "content": prompt.instructions() },
            { "role": "user", "content": prompt.data() },
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": { "name": "reply", "strict": true, "schema": prompt.schema() },
        },
    })
    .to_string()
}

/// The request without its body.
pub(super) fn request(client: &Client, door: &Door) -> Result<RequestBuilder, String> {
    let path = if door.base.path().ends_with("/v1/") { "chat/completions" } else { "v1/chat/completions" };
    let url = door.base.join(path).map_err(|error| error.to_string())?;
    let request = client.post(url).header("content-type", "application/json");
    Ok(match &door.key {
        Some(key) => request.bearer_auth(key.expose_secret()),
        None => request,
    })
}

#[derive(Debug, Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Details {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

/// Reads a response. Here the tokens read include those of the cache.
pub(super) fn read(received: &Received) -> Result<Answer, String> {
    let completion: Completion = serde_json::from_slice(&received.body).map_err(|error| {
        format!("answered what is no completion: line {} column {}", error.line(), error.column())
    })?;
    let tokens = completion.usage.map_or_else(Tokens::default, |usage| {
        let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens).unwrap_or(0);
        let cache_read = cached.min(usage.prompt_tokens);
        Tokens {
            input: usage.prompt_tokens - cache_read,
            output: usage.completion_tokens,
            cache_read,
            cache_write: 0,
        }
    });
    let request_id = received.header("x-request-id").map(str::to_owned);
    Ok(Answer { text: text(completion.choices), tokens, request_id })
}

fn text(choices: Vec<Choice>) -> Result<String, String> {
    let choice = choices.into_iter().next().ok_or_else(|| "answered nothing".to_owned())?;
    let refused = choice.message.refusal.is_some_and(|refusal| !refusal.is_empty());
    match choice.finish_reason.as_deref() {
        Some("content_filter") => return Err("refused to write it".to_owned()),
        Some("length") => return Err("came to the end of its tokens before the end of its answer".to_owned()),
        _ if refused => return Err("refused to write it".to_owned()),
        _ => {}
    }
    choice.message.content.filter(|text| !text.trim().is_empty()).ok_or_else(|| "answered nothing".to_owned())
}
