//! What the provider refuses before a model reads it.

use axum::http::HeaderMap;
use serde_json::Value;

use super::Fault;
use crate::{FORBIDDEN_KEY, KEY};

/// Fields that a request may have.
const FIELDS: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "metadata",
    "stop_sequences",
    "stream",
    "service_tier",
    "thinking",
    "tools",
    "tool_choice",
    "output_config",
    "cache_control",
];

/// Key and version.
pub(crate) fn authorised(headers: &HeaderMap) -> Result<(), Fault> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match header("x-api-key") {
        Some(KEY) => {}
        Some(FORBIDDEN_KEY) => return Err(Fault::of(403)),
        Some(_) => return Err(Fault::of(401)),
        None => {
            return Err(Fault { message: "x-api-key header is required".to_owned(), ..Fault::of(401) });
        }
    }
    if header("anthropic-version") != Some("2023-06-01") {
        return Err(Fault::invalid("anthropic-version: header is required"));
    }
    if !header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Fault::invalid("content-type: must be application/json"));
    }
    Ok(())
}

/// The rules of the models of autumn 2026.
pub(crate) fn refused(request: &Value, models: &[String]) -> Result<(), Fault> {
    let fields = request.as_object().ok_or_else(|| Fault::invalid("the body must be an object"))?;
    for sampling in ["temperature", "top_p", "top_k"] {
        if fields.contains_key(sampling) {
            return Err(Fault::invalid(format!(
                "{sampling}: sampling parameters are not supported by this model"
            )));
        }
    }
    if fields.contains_key("output_format") {
        return Err(Fault::invalid("output_format: deprecated, use output_config.format"));
    }
    if let Some(unknown) = fields.keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(Fault::invalid(format!("{unknown}: Extra inputs are not permitted")));
    }
    model(request, models)?;
    if request["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return Err(Fault::invalid("max_tokens: must be a whole number above 0"));
    }
    messages(request)?;
    thinking_and_tools(request)?;
    output_config(&request["output_config"])
}

fn model(request: &Value, models: &[String]) -> Result<(), Fault> {
    let model = request["model"].as_str().ok_or_else(|| Fault::invalid("model: Field required"))?;
    if models.iter().any(|known| known == model) {
        return Ok(());
    }
    Err(Fault { message: format!("model: {model}"), ..Fault::of(404) })
}

fn messages(request: &Value) -> Result<(), Fault> {
    let messages = request["messages"].as_array().filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| Fault::invalid("messages: at least one message is required"))?;
    if messages.last().is_some_and(|last| last["role"] == "assistant") {
        return Err(Fault::invalid("messages: this model does not support assistant message prefill"));
    }
    let blocks = messages.iter().filter_map(|message| message["content"].as_array()).flatten();
    for block in blocks.chain(request["system"].as_array().into_iter().flatten()) {
        let known = ["text", "image", "document", "search_result"].iter().any(|kind| block["type"] == *kind);
        if !known || block["type"] == "text" && block["text"].as_str().is_none_or(str::is_empty) {
            return Err(Fault::invalid("messages.content: text content blocks must be non-empty"));
        }
        if block.get("cache_control").is_some_and(|control| control["type"] != "ephemeral") {
            return Err(Fault::invalid("cache_control.type: must be ephemeral"));
        }
    }
    Ok(())
}

fn thinking_and_tools(request: &Value) -> Result<(), Fault> {
    match request["thinking"]["type"].as_str() {
        None | Some("adaptive") => {}
        Some(kind) => {
            return Err(Fault::invalid(format!("thinking.type: {kind} is not supported by this model")));
        }
    }
    match request["tool_choice"]["type"].as_str() {
        None | Some("auto" | "none") => Ok(()),
        Some(kind) => Err(Fault::invalid(format!("tool_choice.type: {kind} is not supported by this model"))),
    }
}

fn output_config(config: &Value) -> Result<(), Fault> {
    if let Some(effort) = config["effort"].as_str()
        && !["low", "medium", "high", "xhigh", "max"].contains(&effort)
    {
        return Err(Fault::invalid(format!("output_config.effort: {effort} is not an effort")));
    }
    let format = &config["format"];
    if format.is_null() {
        return Ok(());
    }
    if format["type"] != "json_schema" || !format["schema"].is_object() {
        return Err(Fault::invalid("output_config.format: needs type json_schema and a schema"));
    }
    closed(&format["schema"])
}

/// Every object in a schema must say `additionalProperties: false`.
pub(crate) fn closed(schema: &Value) -> Result<(), Fault> {
    if schema["type"] == "object" && schema["additionalProperties"] != Value::Bool(false) {
        let message = "output_config.format.schema: For 'object' type, 'additionalProperties' must be false";
        return Err(Fault::invalid(message));
    }
    match schema {
        Value::Object(inner) => inner.values().try_for_each(closed),
        Value::Array(inner) => inner.iter().try_for_each(closed),
        _ => Ok(()),
    }
}
