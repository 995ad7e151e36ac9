#![doc = include_str!("../README.md")]

mod claims;
mod fold;
pub mod ground;
mod letter;
mod local;
mod numbers;
mod particulars;
mod patterns;
mod placeholders;
mod provider;
pub mod redact;
pub mod sanitize;
mod select;
mod words;

use std::path::PathBuf;

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Drafted, Retrieved},
    policy::{PolicyFile, locate},
};

pub use local::SIGN_OFF;
pub use provider::{Provider, draft};
pub use shared::events::DISCLOSURE;

/// The settings of `draft`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Config {
    /// The policy file; without it, deploy/policy.yaml here or in a folder above the executable
    #[arg(long, env = "SWITCHYARD_POLICY", value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

impl shared::Config for Config {
    type Worker = DraftWorker;

    async fn start(&self) -> Result<DraftWorker, StartError> {
        let policy = PolicyFile::open(locate(self.policy.as_deref())?)?;
        Ok(DraftWorker { policy, provider: Provider::Local })
    }
}

/// Writes a reply that rests on resolved tickets, or says why there is none.
#[derive(Debug)]
pub struct DraftWorker {
    policy: PolicyFile,
    provider: Provider,
}

impl Worker for DraftWorker {
    const NAME: &'static str = "draft";
    type Input = Retrieved;
    type Output = Drafted;

    async fn handle(&self, event: Envelope<Retrieved>) -> Result<Drafted, Failure> {
        let Retrieved { ticket, classification, retrieval } = event.data;
        let draft = draft(self.provider, &self.policy.current(), &ticket, &classification, &retrieval);
        Ok(Drafted { ticket, classification, retrieval, draft })
    }
}
