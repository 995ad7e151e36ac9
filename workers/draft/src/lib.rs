#![doc = include_str!("../README.md")]

mod answer;
mod brief;
mod claims;
mod counts;
mod desk;
mod fold;
mod frame;
mod grants;
pub mod ground;
mod ledger;
mod letter;
mod local;
mod numbers;
mod particulars;
mod patterns;
mod placeholders;
mod prompt;
mod provider;
pub mod redact;
mod remote;
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
pub use grants::{Asked, Granted, Grants, had};
pub use ledger::{
    Ask, Call, CallKey, Claim, Go, Ledger, LedgerError, Limits, Money, Settings as LedgerSettings, Stored,
    database, migrate,
};
pub use settings::Config;
pub use shared::events::DISCLOSURE;

use brief::{Brief, Idle};
use desk::Desk;
use provider::Providers;

impl shared::Config for Config {
    type Worker = DraftWorker;

    async fn start(&self) -> Result<DraftWorker, StartError> {
        let policy = locate(self.policy.as_deref()).and_then(PolicyFile::open);
        let (policy, doors) = StartError::both(policy, self.doors())?;
        let providers = Providers::new(doors)?;
        let billing = providers.turns(&policy.current()).iter().any(|turn| turn.model.is_some());
        let ledger = self.ledger.open(billing).await?;
        desk::warm(&policy.current());
        Ok(DraftWorker { policy, desk: Desk::new(providers, ledger) })
    }
}

/// Writes a reply that rests on resolved tickets, or says why there is none.
pub struct DraftWorker {
    policy: PolicyFile,
    desk: Desk,
}

impl Worker for DraftWorker {
    const NAME: &'static str = "draft";
    type Input = Retrieved;
    type Output = Drafted;

    async fn handle(&self, event: Envelope<Retrieved>) -> Result<Drafted, Failure> {
        let draft = self.desk.draft(&self.policy.current(), &event).await?;
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
        Idle::NoUse(_, reason) | Idle::NoMatter(reason) => reason,
    });
    let written = written.and_then(|brief| local::reply(&policy.draft, ticket, &brief.passages, brief.offer));
    match written {
        Ok(reply) => Draft::Reply(reply),
        Err(reason) => Draft::withheld(reason),
    }
}
