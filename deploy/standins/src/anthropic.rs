//! `POST /v1/messages`.

mod checks;

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    author,
    faults::{advice, deliver, put, response},
    ledger::{Tokens, tokens},
    rate::Rate,
    state::Shared,
    weather::Weather,
};

pub(crate) use checks::{authorised, refused};

/// An error of the provider: status, type, message, and the code in its details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) code: Option<&'static str>,
}

impl Fault {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", message: message.into(), code: None }
    }

    /// The body and type that go with a status.
    pub(crate) fn of(status: u16) -> Self {
        let (kind, message) = match status {
            400 => ("invalid_request_error", "the request is not valid"),
            401 => ("authentication_error", "invalid x-api-key"),
            402 => ("billing_error", "there is an issue with your payment information"),
            403 => ("permission_error", "your API key may not use this resource"),
            404 => ("not_found_error", "the resource was not found"),
            409 => ("conflict_error", "the resource was changed meanwhile"),
            413 => ("request_too_large", "the request exceeds the maximum number of bytes"),
            429 => ("rate_limit_error", "this request would exceed your rate limit"),
            504 | 408 => ("timeout_error", "the request timed out"),
            529 => ("overloaded_error", "Overloaded"),
            _ => ("api_error", "Internal server error"),
        };
        Self { status, kind, message: message.to_owned(), code: None }
    }

    /// The monthly limit of the account.
    pub(crate) fn spent() -> Self {
        let message = "this organization has reached its spend limit";
        Self { message: message.to_owned(), code: Some("enforced_spend_limit_reached"), ..Self::of(429) }
    }

    pub(crate) fn body(&self, request_id: &str) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["details"] = json!({ "error_code": code });
        }
        json!({ "type": "error", "error": error, "request_id": request_id })
    }

    pub(crate) fn response(&self, request_id: &str, headers: HeaderMap) -> Response {
        response(self.status, headers, &self.body(request_id))
    }
}

/// `req_` and 24 characters.
pub(crate) fn request_id() -> String {
    format!("req_{}", Uuid::new_v4().simple().to_string().get(..24).unwrap_or_default())
}

/// The one route.
pub(crate) async fn messages(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let id = request_id();
    let (weather, rate, _under_way) = shared.receive(&body);
    let out = rate_headers(&id, rate);
    if let Err(fault) = authorised(&headers) {
        return fault.response(&id, out);
    }
    if let Some(turned_away) = turned_away(weather, rate, &id, &out, &body) {
        return turned_away;
    }
    let request = match serde_json::from_str::<Value>(&body) {
        Ok(request) => request,
        Err(error) => return Fault::invalid(format!("invalid JSON: {error}")).response(&id, out),
    };
    if let Err(fault) = refused(&request, &shared.terms.models) {
        return fault.response(&id, out);
    }
    let (message, tokens) = message(&shared, &request, weather);
    let model = request["model"].as_str().unwrap_or_default();
    shared.bill(&id, None, &body, model, tokens);
    tokio::time::sleep(shared.terms.latency).await;
    match weather {
        Weather::Echo { .. } => response(200, out, &json!({ "content": body, "usage": body })),
        _ => deliver(weather, out, &message).await,
    }
}

/// What is not even read by the model.
pub(crate) fn turned_away(
    weather: Weather,
    rate: Rate,
    id: &str,
    out: &HeaderMap,
    body: &str,
) -> Option<Response> {
    let mut out = out.clone();
    match weather {
        Weather::SpendLimit => Some(Fault::spent().response(id, out)),
        Weather::Status { code, retry_after, should_retry } => {
            advice(&mut out, retry_after, should_retry);
            Some(Fault::of(code).response(id, out))
        }
        Weather::Echo { code: code @ 400.. } => {
            Some(Fault { message: body.to_owned(), ..Fault::of(code) }.response(id, out))
        }
        _ if rate.wait > 0.0 => {
            advice(&mut out, Some(rate.wait.ceil() as u64), None);
            Some(Fault::of(StatusCode::TOO_MANY_REQUESTS.as_u16()).response(id, out))
        }
        _ => None,
    }
}

fn rate_headers(id: &str, rate: Rate) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let reset: DateTime<Utc> = Utc::now() + TimeDelta::milliseconds((rate.reset * 1000.0) as i64);
    put(&mut headers, "request-id", id);
    put(&mut headers, "anthropic-ratelimit-requests-limit", rate.limit);
    put(&mut headers, "anthropic-ratelimit-requests-remaining", rate.remaining);
    put(
        &mut headers,
        "anthropic-ratelimit-requests-reset",
        reset.to_rfc3339_opts(SecondsFormat::Millis, true),
    );
    headers
}

/// The message, and the tokens that it costs.
pub(crate) fn message(shared: &Shared, request: &Value, weather: Weather) -> (Value, Tokens) {
    let model = request["model"].as_str().unwrap_or_default();
    let (prefix, prompt) = texts(request);
    let schema = request.pointer("/output_config/format/schema");
    let mut text = match weather {
        Weather::OffSchema => json!({ "sentences": "none" }).to_string(),
        Weather::Refusal | Weather::Empty => String::new(),
        Weather::Placeholders => author::placeholders(&prompt),
        _ => author::answer(&prompt, schema, shared.is_hostile()),
    };
    let thought = "The passages answer this.";
    let limit = request["max_tokens"].as_u64().unwrap_or(1);
    let limit = if weather == Weather::MaxTokens { 12 } else { limit };
    let room = limit.saturating_sub(tokens(thought)) as usize * 4;
    let cut = text.chars().count() > room;
    if cut {
        text = text.chars().take(room).collect();
    }
    let stop = match (weather, cut) {
        (Weather::Refusal, _) => "refusal",
        (_, true) => "max_tokens",
        _ => "end_turn",
    };
    let mut content = vec![json!({ "type": "thinking", "thinking": thought, "signature": "c3RhbmQtaW4=" })];
    if !matches!(weather, Weather::Refusal | Weather::Empty) {
        content.push(json!({ "type": "text", "text": text }));
    }
    let tokens = count(shared, model, &prefix, &prompt, tokens(thought) + tokens(&text));
    let message = json!({
        "id": format!("msg_{}", Uuid::new_v4().simple()), "type": "message", "role": "assistant", "model": model,
        "content": content, "stop_reason": stop, "stop_sequence": null,
        "usage": {
            "input_tokens": tokens.input, "output_tokens": tokens.output,
            "cache_creation_input_tokens": tokens.cache_write, "cache_read_input_tokens": tokens.cache_read,
            "service_tier": "standard",
        },
    });
    (message, tokens)
}

fn count(shared: &Shared, model: &str, prefix: &str, prompt: &str, output: u64) -> Tokens {
    let (prefixed, input) = (tokens(prefix), tokens(prompt));
    if prefixed < shared.terms.cache_from {
        return Tokens { input: prefixed + input, output, ..Tokens::default() };
    }
    if shared.cached(model, prefix) {
        Tokens { input, output, cache_read: prefixed, cache_write: 0 }
    } else {
        Tokens { input, output, cache_read: 0, cache_write: prefixed }
    }
}

/// The text up to the last `cache_control`, and the text after it.
fn texts(request: &Value) -> (String, String) {
    let blocks = |value: &Value| match value {
        Value::String(text) => vec![(text.clone(), false)],
        Value::Array(blocks) => blocks.iter().map(block).collect(),
        _ => Vec::new(),
    };
    let messages = request["messages"].as_array().into_iter().flatten();
    let all: Vec<(String, bool)> = blocks(&request["system"])
        .into_iter()
        .chain(messages.flat_map(|one| blocks(&one["content"])))
        .collect();
    let prefixed = all.iter().rposition(|(_, marked)| *marked).map_or(0, |at| at + 1);
    let joined =
        |part: &[(String, bool)]| part.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join("\n");
    let (prefix, rest) = all.split_at(prefixed);
    (joined(prefix), joined(rest))
}

fn block(block: &Value) -> (String, bool) {
    (block["text"].as_str().unwrap_or_default().to_owned(), block.get("cache_control").is_some())
}
