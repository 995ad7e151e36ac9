#![doc = include_str!("../README.md")]

mod claims;
mod fold;
mod grants;
pub mod ground;
mod ledger;
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
    bus::Lane,
    events::{Drafted, Retrieved},
    policy::{PolicyFile, locate},
};

pub use grants::{Asked, Granted, Grants, had};
pub use ledger::{
    Ask, Call, CallKey, Claim, Go, Ledger, LedgerError, Limits, Money, Settings as LedgerSettings, Stored,
    database, migrate,
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
    /// The ledger, where bills and grants are written
    #[command(flatten)]
    pub ledger: LedgerSettings,
}

impl shared::Config for Config {
    type Worker = DraftWorker;

    async fn start(&self) -> Result<DraftWorker, StartError> {
        let policy = locate(self.policy.as_deref()).and_then(PolicyFile::open);
        let (policy, _) = StartError::both(policy, self.ledger.check(false))?;
        let ledger = self.ledger.open(false).await?;
        Ok(DraftWorker { policy, provider: Provider::Local, grants: Grants::new(ledger) })
    }
}

/// Writes a reply that rests on resolved tickets, or says why there is none.
pub struct DraftWorker {
    policy: PolicyFile,
    provider: Provider,
    grants: Grants,
}

impl Worker for DraftWorker {
    const NAME: &'static str = "draft";
    type Input = Retrieved;
    type Output = Drafted;

    async fn handle(&self, event: Envelope<Retrieved>) -> Result<Drafted, Failure> {
        let Retrieved { ticket, classification, retrieval } = event.data;
        let policy = self.policy.current();
        let draft = draft(self.provider, &policy, &ticket, &classification, &retrieval);
        let asked = Asked { ticket: &ticket, root: event.root, lane: Lane::of(&event.origin.topic) };
        let draft = self.grants.settle(&policy, &classification, asked, draft).await?;
        Ok(Drafted { ticket, classification, retrieval, draft })
    }
}
