#![doc = include_str!("../README.md")]

mod classification;
mod language;
mod second;

use std::path::{Path, PathBuf};

use shared::{
    Envelope, Failure, StartError, Worker,
    events::{Classification, Classified, Received, Ticket},
    model::{Card, Cost, Generation, Kind, Model, ModelError, ModelSettings, Output},
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
        let bundle = self.model.current();
        let (output, said) = Self::ask(&bundle, ticket).await?;
        let Some(parts) = second::parts(&ticket.text(), !ticket.subject.trim().is_empty()) else {
            return Ok(said);
        };
        let [before, after] = parts.each_ref().map(|part| bundle.run(part));
        let (before, after) = futures::try_join!(before, after)?;
        let tokens = [output.tokens, before.tokens, after.tokens];
        let heads = &bundle.reading().heads;
        let secondary = second::chosen(&said.intent, [heads.intent(&before)?, heads.intent(&after)?]);
        Ok(Classification { secondary, cpu_ms: cpu_ms(bundle.card(), &tokens), ..said })
    }

    /// Reads one ticket for its one main request.
    ///
    /// # Errors
    /// When tokenizer or runtime fail.
    pub async fn first(&self, ticket: &Ticket) -> Result<Classification, ModelError> {
        Ok(Self::ask(&self.model.current(), ticket).await?.1)
    }

    async fn ask(
        bundle: &Generation<Reading>,
        ticket: &Ticket,
    ) -> Result<(Output, Classification), ModelError> {
        let output = bundle.run(&ticket.text()).await?;
        let Reading { heads, detector } = bundle.reading();
        let language = detector.language(ticket);
        let said = heads.classification(bundle.name(), &output, ticket.priority, language)?;
        let cpu_ms = cpu_ms(bundle.card(), &[output.tokens]);
        Ok((output, Classification { cpu_ms, ..said }))
    }
}

/// What texts of so many tokens cost by the bundle's own measurement; 0 if it has none.
fn cpu_ms(card: &Card, tokens: &[u32]) -> f64 {
    let each = |cost: &Cost| tokens.iter().map(|tokens| cost.cpu_ms(*tokens)).sum();
    rounded(card.cost.as_ref().map_or(0.0, each))
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
