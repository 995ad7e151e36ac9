//! The resolved tickets, searchable by meaning: in this process, or in Qdrant.

mod entry;
mod memory;
mod qdrant;
mod settings;

use std::collections::{HashMap, HashSet};

use shared::{Failure, StartError};
use uuid::Uuid;

pub use entry::{Card, Entry, Hit, Part, Query, content, point_id};
pub use memory::MemoryIndex;
pub use qdrant::QdrantIndex;
pub use settings::IndexSettings;

/// Where the resolved tickets are.
pub enum Index {
    /// In this process, kept in a file.
    Memory(MemoryIndex),
    /// In Qdrant.
    Qdrant(QdrantIndex),
}

/// The encoder that an index belongs to: vectors of different ones cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Digest of the encoder's bundle, `sha256:` and hex.
    pub encoder: String,
    /// Numbers in a vector.
    pub dimension: usize,
}

impl Space {
    /// The name of everything that holds vectors of this space: `resolved_` and 12 hex digits.
    pub fn name(&self) -> String {
        let hex = self.encoder.rsplit([':', '@']).next().unwrap_or_default();
        format!("resolved_{}", hex.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>())
    }
}

/// What an index cannot do now; trying again may help, for it is never the ticket's fault.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file cannot be read or written.
    #[error("the index file {path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is another encoder's, or no index at all.
    #[error("the index file {path} {problem}; move it away and ingest again")]
    Foreign {
        /// Its path.
        path: String,
        /// What it is instead.
        problem: String,
    },
    /// Qdrant did not answer in time.
    #[error("qdrant at {url} did not answer a {call} within {ms} ms")]
    Slow {
        /// Where it was asked.
        url: String,
        /// What it was asked for.
        call: &'static str,
        /// How long it had.
        ms: u128,
    },
    /// Qdrant is away, or answered with an error.
    #[error("qdrant at {url}, {call}: {reason}")]
    Qdrant {
        /// Where it was asked.
        url: String,
        /// What it was asked for.
        call: &'static str,
        /// Its own words.
        reason: String,
    },
    /// The work was broken off because the process ends.
    #[error("the index was closed while it worked")]
    Closed,
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        Self::Retry(error.into())
    }
}

impl Index {
    /// Opens the index of one encoder; an absent one is made.
    ///
    /// # Errors
    /// Settings that cannot be used, or a store that is not there yet.
    pub async fn open(settings: &IndexSettings, space: &Space) -> Result<Self, StartError> {
        match settings.qdrant()? {
            Some(target) => Ok(Self::Qdrant(QdrantIndex::open(target, space).await?)),
            None => Ok(Self::Memory(MemoryIndex::open(&settings.index_dir, space).await?)),
        }
    }

    /// Its kind and name, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Memory(index) => format!("memory/{}", index.name()),
            Self::Qdrant(index) => format!("qdrant/{}", index.name()),
        }
    }

    /// The nearest of the tenant's resolved tickets, and the nearest of those with the same intent; each
    /// once, by its nearest part, nearest first.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn search(&self, query: Query<'_>) -> Result<Vec<Hit>, IndexError> {
        let hits = match self {
            Self::Memory(index) => index.search(query).await,
            Self::Qdrant(index) => index.search(query).await,
        };
        hits.map(once_each)
    }

    /// Writes the entries; one with the same tenant, id and part is replaced. All are kept when this returns.
    ///
    /// # Errors
    /// If the store does not answer; some may have been written, and writing them again does no harm.
    pub async fn upsert(&self, entries: Vec<Entry>) -> Result<(), IndexError> {
        match self {
            Self::Memory(index) => index.upsert(entries).await,
            Self::Qdrant(index) => index.upsert(entries).await,
        }
    }

    /// The content digests of those of these points that are there.
    ///
    /// # Errors
    /// If the store does not answer.
    pub async fn contents(&self, points: &[Uuid]) -> Result<HashMap<Uuid, String>, IndexError> {
        match self {
            Self::Memory(index) => index.contents(points).await,
            Self::Qdrant(index) => index.contents(points).await,
        }
    }
}

/// Each ticket at its nearest part, nearest first.
fn once_each(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut seen = HashSet::new();
    hits.retain(|hit| seen.insert(hit.card.id.clone()));
    hits
}
