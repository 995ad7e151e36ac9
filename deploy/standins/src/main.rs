//! The stand-in as a process.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::Parser;
use standins::{KEY, StandIn, Terms};

/// A stand-in for Anthropic and for OpenAI-compatible providers; it listens on this machine only
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = 8090)]
    port: u16,

    /// Milliseconds it takes to answer
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,

    /// Milliseconds a batch takes
    #[arg(long, default_value_t = 300)]
    batch_ms: u64,

    /// Do what the ticket asks for
    #[arg(long)]
    hostile: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terms = Terms {
        latency: Duration::from_millis(arguments.latency_ms),
        batch: Duration::from_millis(arguments.batch_ms),
        ..Terms::default()
    };
    let address: SocketAddr = ([127, 0, 0, 1], arguments.port).into();
    match StandIn::listen(address, terms).await {
        Ok(stand_in) => {
            stand_in.hostile(arguments.hostile);
            println!("{} takes the key {KEY}", stand_in.url());
            let _ = tokio::signal::ctrl_c().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot listen on {address}: {error}");
            ExitCode::FAILURE
        }
    }
}
