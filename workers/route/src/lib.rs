#![doc = include_str!("../README.md")]

mod decide;
mod features;
mod holdout;
mod limits;

use std::path::PathBuf;

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Drafted, Routed},
    policy::{PolicyFile, locate},
};

pub use decide::decide;
pub use features::{Score, features, score};

/// The settings of `route`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Config {
    /// The policy file; without it, deploy/policy.yaml here or in a folder above the executable
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

impl shared::Config for Config {
    type Worker = RouteWorker;

    async fn start(&self) -> Result<RouteWorker, StartError> {
        Ok(RouteWorker { policy: PolicyFile::open(locate(self.policy.as_deref())?)? })
    }
}

/// Decides who acts on a ticket.
#[derive(Debug)]
pub struct RouteWorker {
    policy: PolicyFile,
}

impl Worker for RouteWorker {
    const NAME: &'static str = "route";
    type Input = Drafted;
    type Output = Routed;

    async fn handle(&self, event: Envelope<Drafted>) -> Result<Routed, Failure> {
        let Drafted { ticket, classification, retrieval, draft } = event.data;
        let decision = decide(&self.policy.current(), &ticket, &classification, &retrieval, &draft);
        Ok(Routed { ticket, classification, retrieval, draft, decision })
    }
}
