#![doc = include_str!("../README.md")]
#![allow(clippy::indexing_slicing, reason = "a serde_json::Value has null where nothing is")]

mod anthropic;
mod author;
mod batches;
mod faults;
mod ledger;
mod openai;
mod rate;
mod state;
mod weather;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    routing::{get, post},
};
use tokio::{net::TcpListener, task::JoinHandle};

pub use ledger::{Bill, Ledger, Price, Totals};
pub use state::Terms;
pub use weather::{Forecast, Weather};

use state::Shared;

/// The key that the stand-in takes, as `x-api-key` and as a bearer token.
pub const KEY: &str = "sk-ant-standin";

/// A key that is known and may do nothing.
pub const FORBIDDEN_KEY: &str = "sk-ant-forbidden";

/// A stand-in at work; it stops when it is dropped.
#[derive(Debug)]
pub struct StandIn {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<io::Result<()>>,
}

impl StandIn {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(terms: Terms) -> io::Result<Self> {
        Self::listen(([127, 0, 0, 1], 0).into(), terms).await
    }

    /// Starts one at this address.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn listen(address: SocketAddr, terms: Terms) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(terms));
        let routes = routes(Arc::clone(&shared));
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, shared, serving })
    }

    /// Where it is, without a path: `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, until it is changed again.
    pub fn standing(&self, weather: Weather) {
        self.shared.standing(weather);
    }

    /// For the next requests, one each.
    pub fn next(&self, weather: impl IntoIterator<Item = Weather>) {
        self.shared.next(weather);
    }

    /// Whether it does what the ticket asks.
    pub fn hostile(&self, hostile: bool) {
        self.shared.set_hostile(hostile);
    }

    /// What it has billed so far.
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger()
    }

    /// Every request body that came in, oldest first.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests()
    }

    /// The most requests that were under way at once.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_at_once()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/messages", post(anthropic::messages))
        .route("/v1/messages/batches", post(batches::create).get(batches::list))
        .route("/v1/messages/batches/{id}", get(batches::read))
        .route("/v1/messages/batches/{id}/results", get(batches::results))
        .route("/v1/messages/batches/{id}/cancel", post(batches::cancel))
        .route("/v1/chat/completions", post(openai::completions))
        .route("/ledger", get(async |State(shared): State<Arc<Shared>>| Json(shared.ledger())))
        .route("/weather", post(forecast))
        .layer(DefaultBodyLimit::max(256 * 1024 * 1024))
        .with_state(shared)
}

async fn forecast(State(shared): State<Arc<Shared>>, body: String) -> Result<&'static str, String> {
    let forecast: Forecast = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    shared.forecast(forecast);
    Ok("so be it\n")
}
