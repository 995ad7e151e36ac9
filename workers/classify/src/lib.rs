#![doc = include_str!("../README.md")]

mod classification;
mod language;

use std::path::{Path, PathBuf};

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Classification, Classified, Received, Ticket},
    model::{Card, Kind, Model, ModelError, ModelSettings},
};

use classification::{Heads, rounded};
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
    model: Model<Reading>,
}

/// What belongs to one bundle and is exchanged with it.
struct Reading {
    heads: Heads,
    detector: Detector,
}

impl Reading {
    fn of(card: &Card) -> Result<Self, String> {
        Ok(Self { heads: Heads::of(card)?, detector: Detector::new(&card.language) })
    }
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
        let model = Model::open_reading(Kind::Classifier, folder, settings, Reading::of).await?;
        Ok(Self { model })
    }

    /// Reads one ticket; all that the worker does, without a bus.
    ///
    /// # Errors
    /// When tokenizer or runtime fail.
    pub async fn read(&self, ticket: &Ticket) -> Result<Classification, ModelError> {
        self.first(ticket).await
    }

    /// Reads one ticket for its one main request.
    ///
    /// # Errors
    /// When tokenizer or runtime fail.
    pub async fn first(&self, ticket: &Ticket) -> Result<Classification, ModelError> {
        let bundle = self.model.current();
        let output = bundle.run(&ticket.text()).await?;
        let Reading { heads, detector } = bundle.reading();
        let cpu_ms = bundle.card().cost.as_ref().map_or(0.0, |cost| cost.cpu_ms(output.tokens));
        let language = detector.language(ticket);
        let found = heads.classification(bundle.name(), &output, ticket.priority, language)?;
        Ok(Classification { cpu_ms: rounded(cpu_ms), ..found })
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
