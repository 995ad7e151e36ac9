//! The model runtime: a bundle, its tokenizer, one session a core and the queue that batches for them.
//!
//! [`Model::run`] takes one text and answers for one text; that texts are batched shows only in the speed. The
//! same text gets bitwise the same answer in any batch. The bundle's folder is watched: a new bundle is opened
//! beside the old one, proven on its golden examples and takes the texts that come after; one that cannot be used
//! is refused, and the old one goes on.

mod bundle;
mod card;
mod engine;
mod generation;
mod golden;
mod heads;
mod library;
mod metrics;
mod output;
mod queue;
mod session;
mod settings;
mod swap;
pub mod text;
mod tokens;
mod windows;

use std::{path::Path, sync::Arc};

pub use bundle::{Bundle, BundleError};
pub use card::{Card, Cost, Golden, Kind};
pub use generation::Generation;
pub use heads::{Head, sigmoid, softmax};
pub use library::{LIBRARY_SETTING, LibraryError, environment};
pub use output::Output;
pub use settings::ModelSettings;

use crate::StartError;
use engine::Opening;
use generation::{Readings, Served};
use swap::Watch;

/// An opened bundle, and after a swap the next one. Cheap to clone; the sessions end with the last clone.
///
/// `Reading` is what the caller makes of a bundle's card, once a bundle: it changes with the bundle.
pub struct Model<Reading = ()>(Arc<Served<Reading>>);

impl<Reading> Clone for Model<Reading> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
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
        Self::open_reading(kind, folder, settings, |_| Ok(())).await
    }
}

impl<Reading: Send + Sync + 'static> Model<Reading> {
    /// As [`open`](Model::open), with what `reading` makes of the card; a bundle whose card it cannot read is not
    /// used.
    ///
    /// # Errors
    /// As [`open`](Model::open), and what `reading` says.
    pub async fn open_reading(
        kind: Kind,
        folder: Option<&Path>,
        settings: &ModelSettings,
        reading: impl Fn(&Card) -> Result<Reading, String> + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let (folder, library) = StartError::both(settings::bundle(kind, folder), settings.library())?;
        let readings = Readings {
            opening: Opening { kind, library, sessions: settings.sessions() },
            read: Box::new(reading),
        };
        let watch = Watch::before(folder);
        let first = readings.generation(watch.folder()).await?;
        metrics::serves(None, &first);
        let served = Arc::new(Served::new(first));
        tokio::spawn(watch.run(Arc::downgrade(&served), readings));
        Ok(Self(served))
    }
}

impl<Reading> Model<Reading> {
    /// The bundle that takes texts now. Whoever asks it several things gets all answers from the same bundle.
    pub fn current(&self) -> Arc<Generation<Reading>> {
        self.0.current()
    }

    /// The model's numbers for one text. Waits for room in the queue; dropping the future gives the place up.
    ///
    /// # Errors
    /// When tokenizer or runtime fail, or the model is being closed.
    pub async fn run(&self, text: &str) -> Result<Output, ModelError> {
        self.current().run(text).await
    }

    /// The vector of one text, of length one; for encoders.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn embed(&self, text: &str) -> Result<Vec<f32>, ModelError> {
        Ok(self.run(text).await?.row("embedding")?.to_vec())
    }

    /// What the bundle that takes texts now says about itself.
    pub fn card(&self) -> Arc<Card> {
        Arc::clone(&self.current().bundle().card)
    }

    /// Name and shortened digest of the bundle that takes texts now, as events show it:
    /// `classifier@3f2a91c07d5e`.
    pub fn name(&self) -> String {
        self.current().name()
    }
}
