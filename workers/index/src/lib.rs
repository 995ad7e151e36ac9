#![doc = include_str!("../README.md")]

pub mod ingest;

use retrieve::{
    encoder::Encoder,
    index::{Entry, Index},
};
use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Nothing, Resolved},
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
        let vector = self.encoder.embed(&resolution.text()).await?;
        self.index.upsert(vec![Entry::of(&resolution, vector)]).await?;
        Ok(Nothing)
    }
}
