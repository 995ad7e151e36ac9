#![doc = include_str!("../README.md")]

mod answer;
mod brief;
mod claims;
mod counts;
mod desk;
mod frame;
mod fold;
pub mod ground;
mod letter;
mod local;
mod numbers;
mod particulars;
mod patterns;
mod placeholders;
mod prompt;
mod provider;
mod remote;
pub mod redact;
pub mod sanitize;
mod select;
mod settings;
mod words;

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Classification, Draft, Drafted, Retrieval, Retrieved, Ticket},
    policy::{Policy, PolicyFile, locate},
};

pub use frame::SIGN_OFF;
pub use settings::Config;
pub use shared::events::DISCLOSURE;

use brief::{Brief, Idle};
use provider::Providers;

impl shared::Config for Config {
    type Worker = DraftWorker;

    async fn start(&self) -> Result<DraftWorker, StartError> {
        let policy = locate(self.policy.as_deref()).and_then(PolicyFile::open);
        let (policy, doors) = StartError::both(policy, self.doors())?;
        let providers = Providers::new(doors)?;
        providers.turns(&policy.current());
        Ok(DraftWorker { policy, providers })
    }
}

/// Writes a reply that rests on resolved tickets, or says why there is none.
#[derive(Debug)]
pub struct DraftWorker {
    policy: PolicyFile,
    providers: Providers,
}

impl Worker for DraftWorker {
    const NAME: &'static str = "draft";
    type Input = Retrieved;
    type Output = Drafted;

    async fn handle(&self, event: Envelope<Retrieved>) -> Result<Drafted, Failure> {
        let draft = desk::draft(&self.providers, &self.policy.current(), &event).await;
        let Retrieved { ticket, classification, retrieval } = event.data;
        Ok(Drafted { ticket, classification, retrieval, draft })
    }
}

/// What the local provider writes, or the reason for nothing: the same for the same input.
pub fn local(
    policy: &Policy,
    ticket: &Ticket,
    classification: &Classification,
    retrieval: &Retrieval,
) -> Draft {
    let brief = Brief::new(policy, ticket, classification, retrieval);
    let written = brief.map_err(|idle| match idle {
        Idle::NoUse(reason) | Idle::NoMatter(reason) => reason,
    });
    let written = written.and_then(|brief| local::reply(&policy.draft, ticket, &brief.passages, brief.offer));
    match written {
        Ok(reply) => Draft::Reply(reply),
        Err(reason) => Draft::Withheld { reason, saved: None },
    }
}
