//! `/healthz`, `/readyz` and `/metrics`.

use std::{net::SocketAddr, sync::Arc};

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    runner::{Report, Vitals, render_metrics},
    start::StartError,
};

/// Answers until `stop`; returns the address it listens on.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(
    address: SocketAddr,
    vitals: Arc<Vitals>,
    stop: CancellationToken,
) -> Result<SocketAddr, StartError> {
    let unusable =
        |error| StartError::setting("SWITCHYARD_HTTP", format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    let routes = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(async || render_metrics()))
        .with_state(vitals);
    info!(%address, "listening");
    let server = axum::serve(listener, routes).with_graceful_shutdown(async move { stop.cancelled().await });
    tokio::spawn(async move { server.await });
    Ok(address)
}

async fn healthz(State(vitals): State<Arc<Vitals>>) -> impl IntoResponse {
    let report = vitals.report();
    answer(report.healthy, report)
}

async fn readyz(State(vitals): State<Arc<Vitals>>) -> impl IntoResponse {
    let report = vitals.report();
    answer(report.ready, report)
}

fn answer(good: bool, report: Report) -> (StatusCode, Json<Report>) {
    (if good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(report))
}
