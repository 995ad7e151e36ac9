//! The line without a bus: each worker's own function, one after the other.

use std::path::Path;

use all::Overrides;
use retrieve::Retrieve;
use shared::{
    Config, Envelope, Worker,
    bus::Origin,
    envelope::Meta,
    events::{Classified, Retrieved, Routed, Ticket},
    policy::{PolicyFile, locate},
};
use tempfile::TempDir;

use crate::ingest;

/// classify, retrieve, draft and route, with an index of their own.
pub struct Workers {
    classify: classify::Classify,
    retrieve: Retrieve,
    policy: PolicyFile,
    // The index is gone with it.
    _index: TempDir,
}

impl Workers {
    /// Reads the resolved tickets into an index that lasts as long as this, and opens models and policy.
    pub async fn open(resolved: &Path, policy: Option<&Path>) -> anyhow::Result<Self> {
        let index = tempfile::tempdir()?;
        let summary = ingest::quietly(resolved, index.path()).await?;
        tracing::info!(%summary, "the index is filled");
        let overrides = Overrides::default().with("index-dir", index.path().to_string_lossy());
        Ok(Self {
            classify: overrides.config::<classify::Config>()?.start().await?,
            retrieve: overrides.config::<retrieve::Config>()?.start().await?,
            policy: PolicyFile::open(locate(policy)?)?,
            _index: index,
        })
    }

    /// What the line makes of a ticket.
    pub async fn routed(&self, ticket: Ticket) -> anyhow::Result<Routed> {
        let classification = self.classify.read(&ticket).await?;
        let classified = envelope(Classified { ticket, classification });
        let Retrieved { ticket, classification, retrieval } = self.retrieve.handle(classified).await?;
        let policy = self.policy.current();
        let draft = draft::local(&policy, &ticket, &classification, &retrieval);
        let decision = route::decide(&policy, &ticket, &classification, &retrieval, &draft);
        Ok(Routed { ticket, classification, retrieval, draft, decision })
    }
}

/// The event as it would be read from its topic, at the time when the customer wrote.
fn envelope(event: Classified) -> Envelope<Classified> {
    let time_ms = event.ticket.created_at.timestamp_millis();
    let origin = Origin { topic: "tickets.classified".into(), partition: 0, offset: 0, follows: 0, time_ms };
    let key = event.ticket.key();
    Meta::of_place(&origin).envelope(key, origin, event)
}
