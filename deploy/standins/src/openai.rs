//! `POST /v1/chat/completions`.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    FORBIDDEN_KEY, KEY,
    anthropic::request_id,
    author,
    faults::{advice, deliver, put, response},
    ledger::{Tokens, tokens},
    rate::Rate,
    state::Shared,
    weather::Weather,
};

/// The one route.
pub(crate) async fn completions(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let id = request_id();
    let (weather, rate, _under_way) = shared.receive(&body);
    let mut out = rate_headers(&id, rate);
    let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
    match bearer.and_then(|value| value.strip_prefix("Bearer ")) {
        Some(KEY) => {}
        Some(FORBIDDEN_KEY) => return fault(403, out, "permission_denied", "you may not use this model"),
        _ => return fault(401, out, "invalid_api_key", "Incorrect API key provided"),
    }
    match weather {
        Weather::SpendLimit => {
            return fault(429, out, "insufficient_quota", "You exceeded your current quota");
        }
        Weather::Status { code, retry_after, should_retry } => {
            advice(&mut out, retry_after, should_retry);
            return fault(code, out, "error", "the request was not answered");
        }
        Weather::Echo { code: code @ 400.. } => return fault(code, out, "error", &body),
        _ if rate.wait > 0.0 => {
            advice(&mut out, Some(rate.wait.ceil() as u64), None);
            return fault(429, out, "rate_limit_exceeded", "Rate limit reached");
        }
        _ => {}
    }
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    if let Err((status, message)) = refused(&request, &shared.terms.models) {
        return fault(status, out, "invalid_request_error", &message);
    }
    let (completion, tokens) = completion(&shared, &request, weather);
    shared.bill(&id, None, &body, request["model"].as_str().unwrap_or_default(), tokens);
    tokio::time::sleep(shared.terms.latency).await;
    match weather {
        Weather::Echo { .. } => response(200, out, &json!({ "choices": body, "usage": body })),
        _ => deliver(weather, out, &completion).await,
    }
}

fn fault(status: u16, headers: HeaderMap, code: &str, message: &str) -> Response {
    let kind = if code == "insufficient_quota" { code } else { "invalid_request_error" };
    let body = json!({ "error": { "message": message, "type": kind, "param": null, "code": code } });
    response(status, headers, &body)
}

fn rate_headers(id: &str, rate: Rate) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, "x-request-id", id);
    put(&mut headers, "x-ratelimit-limit-requests", rate.limit);
    put(&mut headers, "x-ratelimit-remaining-requests", rate.remaining);
    put(&mut headers, "x-ratelimit-reset-requests", format!("{:.0}ms", rate.reset * 1000.0));
    headers
}

fn refused(request: &Value, models: &[String]) -> Result<(), (u16, String)> {
    let model = request["model"].as_str().ok_or((400, "you must provide a model parameter".to_owned()))?;
    if !models.iter().any(|known| known == model) {
        return Err((404, format!("the model `{model}` does not exist")));
    }
    if request["messages"].as_array().is_none_or(Vec::is_empty) {
        return Err((400, "'messages' is too short".to_owned()));
    }
    let format = &request["response_format"];
    if !format.is_null()
        && (format["type"] != "json_schema"
            || format["json_schema"]["name"].as_str().is_none()
            || !format["json_schema"]["schema"].is_object())
    {
        return Err((400, "response_format: needs json_schema with name and schema".to_owned()));
    }
    Ok(())
}

fn completion(shared: &Shared, request: &Value, weather: Weather) -> (Value, Tokens) {
    let messages = request["messages"].as_array().into_iter().flatten();
    let texts: Vec<&str> = messages.filter_map(|one| one["content"].as_str()).collect();
    let prompt = texts.join("\n");
    let schema = request.pointer("/response_format/json_schema/schema");
    let mut text = match weather {
        Weather::OffSchema => "Dear customer, all is well.".to_owned(),
        Weather::Refusal | Weather::Empty => String::new(),
        Weather::Placeholders => author::placeholders(texts.last().unwrap_or(&"")),
        _ => author::answer(texts.last().unwrap_or(&""), schema, shared.is_hostile()),
    };
    let limit =
        request["max_completion_tokens"].as_u64().or(request["max_tokens"].as_u64()).unwrap_or(u64::MAX / 8);
    let limit = if weather == Weather::MaxTokens { 6 } else { limit };
    let cut = tokens(&text) > limit;
    if cut {
        text = text.chars().take(limit as usize * 4).collect();
    }
    let refusal = (weather == Weather::Refusal).then_some("I cannot help with that.");
    let tokens = Tokens { input: tokens(&prompt), output: tokens(&text), ..Tokens::default() };
    let content = (refusal.is_none() && weather != Weather::Empty).then_some(text);
    let body = json!({
        "id": format!("chatcmpl-{}", Uuid::new_v4().simple()), "object": "chat.completion", "created": 1_795_000_000,
        "model": request["model"],
        "choices": [{
            "index": 0, "finish_reason": if cut { "length" } else { "stop" },
            "message": { "role": "assistant", "content": content, "refusal": refusal },
        }],
        "usage": {
            "prompt_tokens": tokens.input, "completion_tokens": tokens.output,
            "total_tokens": tokens.input + tokens.output, "prompt_tokens_details": { "cached_tokens": 0 },
        },
    });
    (body, tokens)
}
