#![doc = include_str!("../README.md")]

pub mod ingest;

use retrieve::{
    encoder::Encoder,
    index::{Entry, Index},
};
use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Nothing, Resolution, Resolved},
};

/// Settings of the index worker, and of `switchyard ingest`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Which encoder embeds the tickets, and which index is written.
    #[command(flatten)]
    pub search: retrieve::Config,
}

impl shared::Config for Config {
    type Worker = IndexWorker;

    async fn start(&self) -> Result<IndexWorker, StartError> {
        let (encoder, index) = self.search.open().await?;
        Ok(IndexWorker::new(encoder, index))
    }
}

/// Keeps resolved tickets where `retrieve` finds them.
pub struct IndexWorker {
    encoder: Encoder,
    index: Index,
}

impl IndexWorker {
    /// A worker that embeds with `encoder` and writes to `index`.
    pub fn new(encoder: Encoder, index: Index) -> Self {
        Self { encoder, index }
    }
}

impl Worker for IndexWorker {
    const NAME: &'static str = "index";

    type Input = Resolved;
    type Output = Nothing;

    async fn handle(&self, event: Envelope<Resolved>) -> Result<Nothing, Failure> {
        let resolution = event.data.resolution;
        let entries = embedded(&self.encoder, &resolution).await?;
        self.index.upsert(entries.into()).await?;
        Ok(Nothing)
    }
}

/// What the index keeps of a resolution: its subject's vector and that of its whole text.
async fn embedded(encoder: &Encoder, resolution: &Resolution) -> Result<[Entry; 2], Failure> {
    let text = resolution.text();
    let subject = if resolution.subject.trim().is_empty() { &text } else { &resolution.subject };
    let (subject, whole) = tokio::try_join!(encoder.embed(subject), encoder.embed(&text))?;
    Ok(Entry::both(resolution, subject, whole))
}
