//! The model runtime: a bundle, its tokenizer, one session a core and the queue that batches for them.
//!
//! [`Model::run`] takes one text and answers for one text; that texts are batched shows only in the speed. The
//! same text gets bitwise the same answer in any batch.

mod bundle;
mod card;
mod golden;
mod heads;
mod library;
mod queue;
mod session;
mod settings;
pub mod text;
mod tokens;

use std::{path::Path, sync::Arc};

pub use bundle::{Bundle, BundleError};
pub use card::{Card, Golden, Kind};
pub use heads::{Head, sigmoid, softmax};
pub use library::{LIBRARY_SETTING, LibraryError, environment};
pub use settings::ModelSettings;

use crate::StartError;
use queue::Queue;
use session::Sessions;
use tokens::Tokens;

/// An opened bundle. Cheap to clone; the sessions end with the last clone.
#[derive(Clone)]
pub struct Model(Arc<Inner>);

struct Inner {
    bundle: Bundle,
    tokens: Tokens,
    queue: Arc<Queue>,
    names: Arc<[String]>,
    _sessions: Sessions,
}

/// Why a text got no answer. The text is not to blame, so it is worth another try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The tokenizer failed.
    #[error("the tokenizer of {bundle} failed: {reason}")]
    Tokenizer {
        /// The bundle's name and digest.
        bundle: String,
        /// The library's words.
        reason: String,
    },
    /// The runtime failed.
    #[error("onnx runtime failed on a batch of {texts} texts: {reason}")]
    Runtime {
        /// How many texts were in the batch.
        texts: usize,
        /// The library's words.
        reason: String,
    },
    /// The model has no output of this name.
    #[error("the model has no output '{0}'")]
    NoOutput(String),
    /// The model is being closed.
    #[error("the model is closed")]
    Closed,
}

/// What a model answers for one text.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    names: Arc<[String]>,
    rows: Vec<Vec<f32>>,
    /// Tokens the model read.
    pub tokens: u32,
    /// Whether the text was longer than that: its beginning and its end were read.
    pub truncated: bool,
}

impl Output {
    /// The raw numbers of one output.
    ///
    /// # Errors
    /// When the model has no output of this name.
    pub fn row(&self, name: &str) -> Result<&[f32], ModelError> {
        let found = self.names.iter().zip(&self.rows).find(|(known, _)| known.as_str() == name);
        found.map(|(_, row)| row.as_slice()).ok_or_else(|| ModelError::NoOutput(name.to_owned()))
    }
}

impl Model {
    /// Opens the bundle in this folder, or where bundles of its kind are looked for, and asks it its golden
    /// examples.
    ///
    /// # Errors
    /// [`StartError::Settings`] with the setting's name, the file and what to do.
    pub async fn open(
        kind: Kind,
        folder: Option<&Path>,
        settings: &ModelSettings,
    ) -> Result<Self, StartError> {
        let (folder, library) = StartError::both(settings::bundle(kind, folder), settings.library())?;
        let count = settings.sessions();
        let opened =
            tokio::task::spawn_blocking(move || Self::load(kind, &folder, &library, count))
                .await
                .map_err(|error| StartError::world(format!("opening the {kind} did not end: {error}")))??;
        opened.prove().await.map_err(|error| StartError::setting(kind.setting(), error))?;
        Ok(opened)
    }

    fn load(kind: Kind, folder: &Path, library: &Path, sessions: usize) -> Result<Self, StartError> {
        let misset = |error: BundleError| StartError::setting(kind.setting(), error);
        let environment =
            environment(library).map_err(|error| StartError::setting(LIBRARY_SETTING, error))?;
        let bundle = Bundle::load(folder, kind).map_err(misset)?;
        let tokens = Tokens::load(&bundle).map_err(misset)?;
        let queue = Arc::new(Queue::new(sessions));
        let (sessions, names) =
            Sessions::open(&environment, &bundle, tokens.padding(), sessions, &queue).map_err(misset)?;
        Ok(Self(Arc::new(Inner { bundle, tokens, queue, names, _sessions: sessions })))
    }

    /// The model's numbers for one text. Waits for room in the queue; dropping the future gives the place up.
    ///
    /// # Errors
    /// When tokenizer or runtime fail, or the model is being closed.
    pub async fn run(&self, text: &str) -> Result<Output, ModelError> {
        let inner = &self.0;
        let read = inner
            .tokens
            .read(&text::prepare(text))
            .map_err(|reason| ModelError::Tokenizer { bundle: inner.bundle.name(), reason })?;
        let tokens = u32::try_from(read.ids.len()).unwrap_or(u32::MAX);
        let rows = inner.queue.run(read.ids).await?;
        Ok(Output { names: Arc::clone(&inner.names), rows, tokens, truncated: read.truncated })
    }

    /// The vector of one text, of length one; for encoders.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn embed(&self, text: &str) -> Result<Vec<f32>, ModelError> {
        Ok(self.run(text).await?.row("embedding")?.to_vec())
    }

    /// What the bundle says about itself.
    pub fn card(&self) -> &Card {
        &self.0.bundle.card
    }

    /// Name and shortened digest, as events show it: `classifier@3f2a91c07d5e`.
    pub fn name(&self) -> String {
        self.0.bundle.name()
    }

    /// Asks the golden examples, all at once, so that every session has worked before the first ticket.
    async fn prove(&self) -> Result<(), BundleError> {
        let bundle = &self.0.bundle;
        let asked = bundle.card.golden.iter().map(|golden| async move {
            let output = self.run(golden.text()).await.map_err(|error| bundle.failed(error))?;
            bundle.check(golden, &output)
        });
        futures::future::try_join_all(asked).await.map(|_| ())
    }
}
