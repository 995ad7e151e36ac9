//! What the shipped bundle answers, through the worker's own code.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use chrono::DateTime;
use classify::Classify;
use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use shared::events::{Channel, Classification, Customer, Ticket};

use crate::{sample::Sample, sets::Sets};

/// Texts under way at once.
const AT_ONCE: usize = 256;

/// A text and what was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The text with what is known about it.
    pub sample: Sample,
    /// What the worker says.
    pub said: Classification,
}

/// Answers by the name of the set.
pub type Answers = BTreeMap<String, Vec<Answered>>;

/// Reads every text of every set; `done` is told after each.
///
/// # Errors
/// When tokenizer or runtime fail.
pub async fn read(worker: &Classify, sets: &Sets, done: impl Fn()) -> Result<Answers> {
    let mut answers = Answers::new();
    for (name, samples) in sets {
        let reading = futures::stream::iter(samples).map(|sample| async {
            let said = worker.read(&ticket(&sample.text)).await?;
            done();
            Ok(Answered { sample: sample.clone(), said })
        });
        let found: Result<Vec<_>> = reading.buffered(AT_ONCE).try_collect().await;
        answers.insert(name.clone(), found.with_context(|| format!("the set {name}"))?);
    }
    Ok(answers)
}

/// A ticket of this text, said to be in English so that no time goes into finding that out.
pub(crate) fn ticket(text: &str) -> Ticket {
    Ticket {
        tenant: "evaluate".to_owned(),
        id: "1".to_owned(),
        subject: String::new(),
        body: text.to_owned(),
        channel: Channel::default(),
        customer: Customer::default(),
        priority: None,
        language: Some("en".to_owned()),
        created_at: DateTime::UNIX_EPOCH,
        attributes: BTreeMap::new(),
    }
}

/// A level as events spell it.
pub(crate) fn label(level: &impl Serialize) -> String {
    serde_json::to_value(level).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
