//! `switchyard up`: the whole product on one machine.

use std::{net::SocketAddr, path::PathBuf};

use all::Overrides;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use shared::{
    bus::{Bus, Lane, kafka::KafkaSettings, memory::MemoryBus},
    process::{Logs, stop_on_signal},
    runner::{Settings, Vitals, render_metrics},
};
use std::sync::Arc;
use tokio::{net::TcpListener, sync::Mutex};
use tokio_util::sync::CancellationToken;

use crate::{line::House, send::Sender, tickets};

/// Which bus the workers meet on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    /// In this process: gone when it ends.
    Memory,
    /// The cluster at `KAFKA_BOOTSTRAP_SERVERS`.
    Kafka,
}

/// Every worker in one process. Each takes its settings from the environment, as its own `--help` has them.
#[derive(Debug, Args)]
pub struct Up {
    /// Which bus the workers meet on
    #[arg(long, env = "SWITCHYARD_BUS", value_enum, default_value_t = Which::Memory)]
    bus: Which,

    /// Where a private Postgres keeps its data, if DATABASE_URL is not set
    #[arg(long, env = "SWITCHYARD_POSTGRES_DIR", default_value = ".local/postgres")]
    postgres: PathBuf,

    /// Address for tickets (POST /tickets, JSON lines), /law, /healthz, /readyz and /metrics
    #[arg(long, env = "SWITCHYARD_HTTP", default_value = "127.0.0.1:8080")]
    http: SocketAddr,

    #[command(flatten)]
    kafka: KafkaSettings,

    #[command(flatten)]
    runner: Settings,

    #[command(flatten)]
    logs: Logs,
}

/// What the requests share.
struct Desk {
    house: House,
    sender: Mutex<Sender>,
    lane: Lane,
}

impl Up {
    /// Runs until told to stop.
    pub async fn run(self) -> anyhow::Result<()> {
        self.logs.install();
        let bus = self.open_bus().await?;
        let stop = CancellationToken::new();
        let house =
            House::open(&bus, &self.runner, Some(&self.postgres), Overrides::default(), stop.clone()).await?;
        let listener = TcpListener::bind(self.http).await?;
        println!("tickets   POST http://{}/tickets", listener.local_addr()?);
        println!("audit     {}", house.database_url());
        let desk = Arc::new(Desk { house, sender: Mutex::new(Sender::open(&bus)?), lane: self.runner.lane });
        let stopped = stop.clone();
        let server = axum::serve(listener, routes(Arc::clone(&desk)))
            .with_graceful_shutdown(async move { stopped.cancelled().await });
        tokio::select! {
            served = server => served?,
            () = stop_on_signal(stop) => return Ok(()),
        }
        match Arc::try_unwrap(desk) {
            Ok(desk) => desk.house.close().await,
            Err(_) => Ok(()),
        }
    }

    async fn open_bus(&self) -> anyhow::Result<Bus> {
        if self.bus == Which::Memory {
            return Ok(Bus::Memory(MemoryBus::forgetful(6)));
        }
        let bus = self.kafka.open()?;
        bus.create_topics(self.runner.lane).await?;
        Ok(Bus::Kafka(bus))
    }
}

fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/tickets", post(take_tickets))
        .route("/law", get(law))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(async || render_metrics()))
        .with_state(desk)
}

/// Takes tickets, one JSON object a line, and answers once the bus has them.
async fn take_tickets(State(desk): State<Arc<Desk>>, body: String) -> impl IntoResponse {
    let mut sender = desk.sender.lock().await;
    let mut taken = 0;
    let mut bad = Vec::new();
    for parsed in tickets::parse_all(&body) {
        match parsed {
            Ok(event) => {
                let Ok(record) = tickets::record(desk.lane, &event) else { continue };
                if let Err(error) = sender.send(record).await {
                    return refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
                }
                taken += 1;
            }
            Err(line) => bad.push(line.to_string()),
        }
    }
    match sender.finish().await {
        Ok(()) if bad.is_empty() => (StatusCode::ACCEPTED, Json(json!({ "taken": taken }))),
        Ok(()) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "taken": taken, "bad": bad }))),
        Err(error) => refusal(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

fn refusal(status: StatusCode, problem: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": problem })))
}

async fn law(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    let lane = if desk.lane == Lane::Live { "live" } else { "replay" };
    match desk.house.law(lane).await {
        Ok(law) => {
            let of = json!({ "received": law.received, "routed": law.routed, "rejected": law.rejected, "open": law.open });
            (StatusCode::OK, Json(of))
        }
        Err(error) => refusal(StatusCode::SERVICE_UNAVAILABLE, &format!("{error:#}")),
    }
}

async fn healthz(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    reports(&desk, |vitals| vitals.report().healthy)
}

async fn readyz(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    reports(&desk, |vitals| vitals.report().ready)
}

/// How every worker is; good only if all are.
fn reports(desk: &Desk, good: impl Fn(&Vitals) -> bool) -> (StatusCode, Json<Value>) {
    let vitals = desk.house.line().vitals();
    let all_good = vitals.iter().all(|(_, vitals)| good(vitals));
    let reports: serde_json::Map<String, Value> =
        vitals.iter().map(|(name, vitals)| ((*name).to_owned(), json!(vitals.report()))).collect();
    (if all_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(Value::Object(reports)))
}
