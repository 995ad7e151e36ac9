//! Message Batches.

use std::{collections::BTreeSet, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::{
    anthropic::{Fault, authorised, message, refused, request_id, turned_away},
    faults::{put, response},
    state::Shared,
    weather::Weather,
};

/// A batch, its answers already written.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    id: String,
    made: Instant,
    created: DateTime<Utc>,
    cancelled: bool,
    results: Vec<Value>,
}

impl Batch {
    fn ended(&self, shared: &Shared) -> bool {
        self.cancelled || self.made.elapsed() >= shared.terms.batch
    }

    fn body(&self, shared: &Shared, host: &str) -> Value {
        let ended = self.ended(shared);
        let of = |kind: &str| self.results.iter().filter(|one| one["result"]["type"] == kind).count();
        let counts = if ended {
            json!({ "processing": 0, "succeeded": of("succeeded"), "errored": of("errored"), "canceled": of("canceled"), "expired": of("expired") })
        } else {
            json!({ "processing": self.results.len(), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0 })
        };
        let results = ended.then(|| format!("http://{host}/v1/messages/batches/{}/results", self.id));
        json!({
            "id": self.id, "type": "message_batch", "processing_status": if ended { "ended" } else { "in_progress" },
            "request_counts": counts, "results_url": results, "created_at": self.created,
            "expires_at": self.created + TimeDelta::hours(24), "ended_at": ended.then(Utc::now),
            "archived_at": null, "cancel_initiated_at": null,
        })
    }
}

/// `POST /v1/messages/batches`.
pub(crate) async fn create(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let id = request_id();
    let (weather, rate, _under_way) = shared.receive(&body);
    let mut out = HeaderMap::new();
    put(&mut out, "request-id", &id);
    if let Err(fault) = authorised(&headers) {
        return fault.response(&id, out);
    }
    if let Some(turned_away) = turned_away(weather, rate, &id, &out, &body) {
        return turned_away;
    }
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    let requests = match checked(&request) {
        Ok(requests) => requests,
        Err(fault) => return fault.response(&id, out),
    };
    let results = requests.iter().map(|one| result(&shared, one, weather)).collect();
    let name = format!("msgbatch_{:024}", shared.serial());
    let batch =
        Batch { id: name.clone(), made: Instant::now(), created: Utc::now(), cancelled: false, results };
    let body = batch.body(&shared, host(&headers));
    shared.batches(|batches| batches.insert(name, batch));
    if weather == Weather::Hang {
        tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
    }
    response(200, out, &body)
}

fn host(headers: &HeaderMap) -> &str {
    headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1")
}

/// The requests, each with an id of 1 to 64 letters, digits, hyphens and underscores, none twice.
fn checked(request: &Value) -> Result<&Vec<Value>, Fault> {
    let requests = request["requests"].as_array().filter(|requests| !requests.is_empty());
    let requests = requests.ok_or_else(|| Fault::invalid("requests: at least one is required"))?;
    if requests.len() > 100_000 {
        return Err(Fault::of(413));
    }
    let mut seen = BTreeSet::new();
    for (at, one) in requests.iter().enumerate() {
        let id = one["custom_id"].as_str().unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !(1..=64).contains(&id.len()) || !id.chars().all(fits) {
            let message =
                format!("requests.{at}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'");
            return Err(Fault::invalid(message));
        }
        if !seen.insert(id) {
            return Err(Fault::invalid(format!("requests.{at}.custom_id: stands there twice")));
        }
        if !one["params"].is_object() {
            return Err(Fault::invalid(format!("requests.{at}.params: Field required")));
        }
    }
    Ok(requests)
}

/// One request's line in the results; it is billed if it succeeds.
fn result(shared: &Shared, one: &Value, weather: Weather) -> Value {
    let custom_id = one["custom_id"].as_str().unwrap_or_default();
    let params = &one["params"];
    let result = match (weather, refused(params, &shared.terms.models)) {
        (Weather::Empty, Ok(())) => json!({ "type": "expired" }),
        (Weather::Echo { .. }, Ok(())) => {
            json!({ "type": "errored", "error": Fault::invalid(params.to_string()).body("") })
        }
        (_, Ok(())) => {
            let (message, tokens) = message(shared, params, weather);
            let model = params["model"].as_str().unwrap_or_default();
            shared.bill(&request_id(), Some(custom_id.to_owned()), &params.to_string(), model, tokens);
            json!({ "type": "succeeded", "message": message })
        }
        (_, Err(fault)) => json!({ "type": "errored", "error": fault.body("") }),
    };
    json!({ "custom_id": custom_id, "result": result })
}

/// `GET /v1/messages/batches`: a page of them, newest first.
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let id = request_id();
    if let Err(fault) = keyed(&headers) {
        return fault.response(&id, HeaderMap::new());
    }
    let query = query.unwrap_or_default();
    let asked = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    let limit = asked("limit").map_or(Some(20), |limit| limit.parse().ok());
    let Some(limit @ 1..=1000) = limit else {
        return Fault::invalid("limit: must be from 1 to 1000").response(&id, HeaderMap::new());
    };
    let (limit, after) = (limit.min(shared.terms.page), asked("after_id"));
    // Their ids grow with time.
    let after = |batch: &&Batch| after.as_ref().is_none_or(|after| batch.id < *after);
    let mut all: Vec<Batch> =
        shared.batches(|batches| batches.values().rev().filter(after).take(limit + 1).cloned().collect());
    let more = all.len() > limit;
    all.truncate(limit);
    let data: Vec<Value> = all.iter().map(|batch| batch.body(&shared, host(&headers))).collect();
    let end = |one: Option<&Batch>| one.map(|batch| batch.id.clone());
    let body =
        json!({ "data": data, "has_more": more, "first_id": end(all.first()), "last_id": end(all.last()) });
    response(200, HeaderMap::new(), &body)
}

/// A key; what has no body needs no content type.
fn keyed(headers: &HeaderMap) -> Result<(), Fault> {
    let mut headers = headers.clone();
    put(&mut headers, "content-type", "application/json");
    authorised(&headers)
}

/// `GET /v1/messages/batches/{id}`.
pub(crate) async fn read(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    found(&shared, &name, &headers, |batch| {
        response(200, HeaderMap::new(), &batch.body(&shared, host(&headers)))
    })
}

/// `POST /v1/messages/batches/{id}/cancel`.
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    shared.batches(|batches| {
        if let Some(batch) = batches.get_mut(&name) {
            batch.cancelled = true;
        }
    });
    found(&shared, &name, &headers, |batch| {
        response(200, HeaderMap::new(), &batch.body(&shared, host(&headers)))
    })
}

/// `GET /v1/messages/batches/{id}/results`: a line for each, in any order.
pub(crate) async fn results(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    found(&shared, &name, &headers, |batch| {
        if !batch.ended(&shared) {
            return Fault::of(404).response(&request_id(), HeaderMap::new());
        }
        let lines = batch.results.iter().rev().map(|one| format!("{one}\n")).collect::<String>();
        Response::new(Body::from(lines))
    })
}

fn found(
    shared: &Shared,
    name: &str,
    headers: &HeaderMap,
    then: impl FnOnce(&Batch) -> Response,
) -> Response {
    let mut out = HeaderMap::new();
    let id = request_id();
    put(&mut out, "request-id", &id);
    if let Err(fault) = keyed(headers) {
        return fault.response(&id, out);
    }
    match shared.batches(|batches| batches.get(name).cloned()) {
        Some(batch) => then(&batch),
        None => Fault::of(404).response(&id, out),
    }
}
