//! One HTTP exchange, bounded in time and size.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, header::HeaderMap, redirect};
use shared::StartError;
use tokio::time::{Instant, timeout_at};

/// Bytes of a response that are read at most.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What came back, whole.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Received {
    /// A header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why nothing whole came back.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The request never left.
    Unsent(String),
    /// It may have arrived.
    Lost(String),
}

/// The one client of this process: no redirects, as they would carry the key to elsewhere.
///
/// # Errors
/// When the certificates of this machine cannot be read.
pub(crate) fn client() -> Result<Client, StartError> {
    // Whoever installs it first has installed the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(2))
        .user_agent(concat!("switchyard/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| StartError::world(format!("no HTTP client: {}", said(&error))))
}

/// Sends a request and reads all of the response, until `deadline`.
pub(crate) async fn send(request: RequestBuilder, deadline: Instant) -> Result<Received, Broken> {
    let lost = |_| Broken::Lost("no answer in time".to_owned());
    timeout_at(deadline, exchange(request)).await.map_err(lost)?
}

async fn exchange(request: RequestBuilder) -> Result<Received, Broken> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            Broken::Unsent(said(&error))
        } else {
            Broken::Lost(said(&error))
        }
    })?;
    let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| Broken::Lost(said(&error)))? {
        if body.len() + part.len() > MOST_BYTES {
            return Err(Broken::Lost(format!("the answer is longer than {MOST_BYTES} bytes")));
        }
        body.extend_from_slice(&part);
    }
    Ok(Received { status, headers, body })
}

/// An error with its causes in one line, without the address it is about.
fn said(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "timed out".to_owned() } else { kind(error).to_owned() };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the exchange failed"
    }
}
