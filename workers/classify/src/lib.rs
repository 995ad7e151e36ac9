#![doc = include_str!("../README.md")]

mod classification;
mod language;

use std::path::{Path, PathBuf};

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Classification, Classified, Received, Ticket},
    model::{Kind, Model, ModelError, ModelSettings},
};

use classification::Heads;
use language::Detector;

/// What the classifier is told.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Config {
    /// Folder of the classifier bundle [default: models/classifier, here or above the executable]
    #[arg(long, env = "SWITCHYARD_CLASSIFIER", value_name = "FOLDER")]
    pub classifier: Option<PathBuf>,

    /// The model runtime.
    #[command(flatten)]
    pub model: ModelSettings,
}

/// The worker.
pub struct Classify {
    model: Model,
    heads: Heads,
    detector: Detector,
}

impl shared::Config for Config {
    type Worker = Classify;

    async fn start(&self) -> Result<Classify, StartError> {
        Classify::open(self.classifier.as_deref(), &self.model).await
    }
}

impl Classify {
    /// Opens the bundle in this folder, or where it is looked for.
    ///
    /// # Errors
    /// Names the setting, the file and what is wrong with it.
    pub async fn open(folder: Option<&Path>, settings: &ModelSettings) -> Result<Self, StartError> {
        let model = Model::open(Kind::Classifier, folder, settings).await?;
        let heads = Heads::of(model.card())
            .map_err(|problem| StartError::setting(Kind::Classifier.setting(), problem))?;
        let detector = Detector::new(&model.card().language);
        Ok(Self { model, heads, detector })
    }

    /// Reads one ticket; all that the worker does, without a bus.
    ///
    /// # Errors
    /// When tokenizer or runtime fail.
    pub async fn read(&self, ticket: &Ticket) -> Result<Classification, ModelError> {
        let output = self.model.run(&ticket.text()).await?;
        let language = self.detector.language(ticket);
        self.heads.classification(self.model.name(), &output, ticket.priority, language)
    }
}

impl Worker for Classify {
    const NAME: &'static str = "classify";
    type Input = Received;
    type Output = Classified;

    async fn handle(&self, event: Envelope<Received>) -> Result<Classified, Failure> {
        let ticket = event.data.ticket;
        match self.read(&ticket).await {
            Ok(classification) => Ok(Classified { ticket, classification }),
            Err(error @ ModelError::Tokenizer { .. }) => Err(Failure::reject(error)),
            Err(error) => Err(Failure::retry(error)),
        }
    }
}
