//! From a text to a vector.

use std::path::PathBuf;

use shared::{
    Failure, StartError,
    model::{Kind, Model, ModelSettings},
};

use crate::index::Space;

/// Which encoder embeds the texts.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct EncoderSettings {
    /// Folder of the encoder bundle [default: models/encoder, here or above the executable]
    #[arg(long, env = "SWITCHYARD_ENCODER", value_name = "FOLDER")]
    pub encoder: Option<PathBuf>,

    /// How the model runs.
    #[command(flatten)]
    pub model: ModelSettings,
}

/// An opened encoder. Cheap to clone.
#[derive(Clone)]
pub struct Encoder {
    model: Model,
    space: Space,
}

impl Encoder {
    /// Opens the bundle.
    ///
    /// # Errors
    /// [`StartError::Settings`] if the bundle or the library cannot be used.
    pub async fn open(settings: &EncoderSettings) -> Result<Self, StartError> {
        let model = Model::open(Kind::Encoder, settings.encoder.as_deref(), &settings.model).await?;
        let dimension = model.card().dimension.unwrap_or_default();
        let space = Space { encoder: model.name(), dimension };
        Ok(Self { model, space })
    }

    /// The space its vectors lie in.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The vector of a text, of length one.
    ///
    /// # Errors
    /// [`Failure::Retry`] if the model does not answer; no text can be to blame.
    pub async fn embed(&self, text: &str) -> Result<Vec<f32>, Failure> {
        self.model.embed(text).await.map_err(|error| Failure::Retry(error.into()))
    }
}
