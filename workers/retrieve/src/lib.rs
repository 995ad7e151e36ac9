#![doc = include_str!("../README.md")]

pub mod choose;
pub mod encoder;
pub mod index;

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Classified, Retrieval, Retrieved},
};

use encoder::{Encoder, EncoderSettings};
use index::{Index, IndexSettings, Query};

/// Settings of the retrieve worker; `index` and `switchyard ingest` write what it reads, with the same ones.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Which encoder embeds the tickets.
    #[command(flatten)]
    pub encoder: EncoderSettings,

    /// Which index is searched.
    #[command(flatten)]
    pub index: IndexSettings,
}

impl Config {
    /// The encoder, and the index of its vectors.
    ///
    /// # Errors
    /// All settings that cannot be used, or a store that is not there yet.
    pub async fn open(&self) -> Result<(Encoder, Index), StartError> {
        let (encoder, ()) = StartError::both(Encoder::open(&self.encoder).await, self.index.check())?;
        let index = Index::open(&self.index, encoder.space()).await?;
        Ok((encoder, index))
    }
}

impl shared::Config for Config {
    type Worker = Retrieve;

    async fn start(&self) -> Result<Retrieve, StartError> {
        let (encoder, index) = self.open().await?;
        Ok(Retrieve::new(encoder, index))
    }
}

/// Finds the resolved tickets that are most like a new one.
pub struct Retrieve {
    encoder: Encoder,
    index: Index,
}

impl Retrieve {
    /// A worker that embeds with `encoder` and searches in `index`.
    pub fn new(encoder: Encoder, index: Index) -> Self {
        Self { encoder, index }
    }
}

impl Worker for Retrieve {
    const NAME: &'static str = "retrieve";

    type Input = Classified;
    type Output = Retrieved;

    async fn handle(&self, event: Envelope<Classified>) -> Result<Retrieved, Failure> {
        let Classified { ticket, classification } = event.data;
        let vector = self.encoder.embed(&ticket.text()).await?;
        let intent = classification.intent.as_str();
        let query = Query { tenant: &ticket.tenant, intent, vector: &vector, limit: choose::HITS };
        let hits = self.index.search(query).await?;
        let retrieval = Retrieval {
            model: self.encoder.space().encoder.clone(),
            index: self.index.name(),
            passages: choose::choose(hits, &ticket.id, intent),
        };
        Ok(Retrieved { ticket, classification, retrieval })
    }
}
