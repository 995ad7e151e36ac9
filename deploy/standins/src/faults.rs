//! How an answer goes out, or fails to: the same for every protocol.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use futures::stream;
use serde_json::Value;
use tokio::time::sleep;

use crate::weather::Weather;

/// A response of JSON with headers.
pub(crate) fn response(status: u16, headers: HeaderMap, body: &Value) -> Response {
    raw(status, headers, Body::from(body.to_string()))
}

fn raw(status: u16, headers: HeaderMap, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Sends what was billed as the weather lets it.
pub(crate) async fn deliver(weather: Weather, headers: HeaderMap, body: &Value) -> Response {
    let text = body.to_string();
    match weather {
        Weather::Hang => {
            sleep(Duration::from_secs(3600)).await;
            response(504, headers, body)
        }
        Weather::Drip { millis } => raw(200, headers, drip(text, Duration::from_millis(millis))),
        Weather::Cut => cut(headers, &text),
        Weather::Garbled => raw(200, headers, Body::from("<html>upstream is fine, {\"id\": ")),
        Weather::Flood { mib } => raw(200, headers, flood(mib)),
        Weather::Redirect => {
            let mut headers = headers;
            put(&mut headers, "location", "http://127.0.0.1:9/elsewhere");
            raw(307, headers, Body::empty())
        }
        _ => raw(200, headers, Body::from(text)),
    }
}

fn drip(text: String, pause: Duration) -> Body {
    let bytes = text.into_bytes().into_iter();
    let parts = stream::unfold(bytes, move |mut bytes| async move {
        sleep(pause).await;
        bytes.next().map(|byte| (Ok::<_, Infallible>(vec![byte]), bytes))
    });
    Body::from_stream(parts)
}

/// Half of the body under the length of the whole, then the connection ends.
fn cut(mut headers: HeaderMap, text: &str) -> Response {
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
    let half = text.as_bytes().get(..text.len() / 2).unwrap_or_default().to_vec();
    let ended = Err(io::Error::from(io::ErrorKind::ConnectionReset));
    raw(200, headers, Body::from_stream(stream::iter([Ok(half), ended])))
}

fn flood(mib: usize) -> Body {
    let part = vec![b' '; 1024 * 1024];
    Body::from_stream(stream::iter((0..mib).map(move |_| Ok::<_, Infallible>(part.clone()))))
}

/// Sets a header whose value is made here; one that cannot be a header's value is left out.
pub(crate) fn put(headers: &mut HeaderMap, name: &'static str, value: impl std::fmt::Display) {
    if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The headers that go with a status of the weather.
pub(crate) fn advice(headers: &mut HeaderMap, retry_after: Option<u64>, should_retry: Option<bool>) {
    if let Some(seconds) = retry_after {
        put(headers, "retry-after", seconds);
    }
    if let Some(should) = should_retry {
        put(headers, "x-should-retry", should);
    }
}
