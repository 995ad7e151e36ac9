//! One bundle in service, and the place where the next one takes over.

use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Card, ModelError, Output,
    bundle::Bundle,
    engine::{Engine, Opening},
};
use crate::StartError;

/// One bundle in service: sessions, tokenizer, card and what was made of the card, which change together or not
/// at all.
pub struct Generation<Reading> {
    engine: Arc<Engine>,
    reading: Reading,
}

impl<Reading> Generation<Reading> {
    /// This bundle's numbers for one text, as [`Model::run`](super::Model::run).
    ///
    /// # Errors
    /// When tokenizer or runtime fail, or the model is being closed.
    pub async fn run(&self, text: &str) -> Result<Output, ModelError> {
        self.engine.run(text).await
    }

    /// What the caller made of its card.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.engine.bundle
    }

    /// What it says about itself.
    pub fn card(&self) -> &Card {
        &self.engine.bundle.card
    }

    /// Name and shortened digest, as events show it: `classifier@3f2a91c07d5e`.
    pub fn name(&self) -> String {
        self.engine.bundle.name()
    }
}

/// What makes of a card what belongs to it, or says what is wrong with it.
pub(super) type Reader<Reading> = Box<dyn Fn(&Card) -> Result<Reading, String> + Send + Sync>;

/// What opens a bundle for one model.
pub(super) struct Readings<Reading> {
    pub(super) opening: Opening,
    pub(super) read: Reader<Reading>,
}

impl<Reading> Readings<Reading> {
    pub(super) async fn generation(&self, folder: &Path) -> Result<Arc<Generation<Reading>>, StartError> {
        let engine = self.opening.open(folder).await?;
        let reading = (self.read)(&engine.bundle.card).map_err(|problem| self.opening.misset(problem))?;
        Ok(Arc::new(Generation { engine, reading }))
    }
}

/// The generation in service.
pub(super) struct Served<Reading>(RwLock<Arc<Generation<Reading>>>);

impl<Reading> Served<Reading> {
    pub(super) fn new(first: Arc<Generation<Reading>>) -> Self {
        Self(RwLock::new(first))
    }

    pub(super) fn current(&self) -> Arc<Generation<Reading>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the next one in service; the old one comes back.
    pub(super) fn replace(&self, next: Arc<Generation<Reading>>) -> Arc<Generation<Reading>> {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), next)
    }
}
