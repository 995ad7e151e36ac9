//! The results of batches, by call key; each batch is fetched once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};
use tracing::warn;

use super::{Answer, Batch, Link, Trouble};
use crate::remote::anthropic::Message;

/// Pages of the list, of a hundred batches each, that are looked through for one call. What fell out of them was sent
/// ten thousand batches ago.
const MOST_PAGES: usize = 100;

/// What is known of batches.
#[derive(Debug)]
pub(super) struct Index {
    link: Link,
    glance: Duration,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    fetched: BTreeSet<String>,
    looked: BTreeMap<String, Instant>,
    answers: BTreeMap<String, Result<Answer, Trouble>>,
}

/// A line of the results.
#[derive(Debug, Deserialize)]
struct Line {
    custom_id: String,
    result: Outcome,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Outcome {
    Succeeded { message: Message },
    Errored,
    Canceled,
    Expired,
}

impl Index {
    pub(super) fn new(link: Link, glance: Duration) -> Self {
        Self { link, glance, known: Mutex::default() }
    }

    /// Waits until a batch has ended: the answer under this key.
    pub(super) async fn wait(&self, batch: &str, key: &str) -> Result<Answer, Trouble> {
        loop {
            match self.look(batch).await {
                Ok(true) => {
                    let found = self.take(key).await;
                    return found.unwrap_or_else(|| {
                        Err(Trouble::Lost("ended a batch without this result".to_owned()))
                    });
                }
                Ok(false) => {}
                Err(trouble @ (Trouble::Spent(_) | Trouble::Closed(_))) => {
                    return Err(Trouble::Lost(trouble.to_string()));
                }
                Err(trouble) => warn!(batch, %trouble, "a batch cannot be looked at; it is tried again"),
            }
            sleep(self.glance).await;
        }
    }

    /// The answer under this key in any batch that the provider lists, page by page; one under way is waited for.
    pub(super) async fn find(&self, key: &str) -> Result<Option<Answer>, Trouble> {
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self.link.list(after.as_deref()).await?;
            for batch in &page.data {
                if let Some(found) = self.take(key).await {
                    return found.map(Some);
                }
                while !self.fetch(&batch.id, batch.ended()).await? {
                    sleep(self.glance).await;
                }
            }
            after = page.data.last().map(|batch| batch.id.clone());
            if after.is_none() || !page.has_more {
                return self.take(key).await.transpose();
            }
        }
        warn!(key, pages = MOST_PAGES, "a call was looked for in the newest batches only, and is sent again");
        self.take(key).await.transpose()
    }

    async fn take(&self, key: &str) -> Option<Result<Answer, Trouble>> {
        self.known.lock().await.answers.remove(key)
    }

    /// Whether the batch has ended; its results are known then.
    async fn look(&self, id: &str) -> Result<bool, Trouble> {
        self.fetch(id, false).await
    }

    async fn fetch(&self, id: &str, ended: bool) -> Result<bool, Trouble> {
        let mut known = self.known.lock().await;
        if known.fetched.contains(id) {
            return Ok(true);
        }
        let now = Instant::now();
        if !ended && known.looked.get(id).is_some_and(|looked| now < *looked + self.glance) {
            return Ok(false);
        }
        known.looked.insert(id.to_owned(), now);
        if !ended && !self.link.read(id).await.as_ref().map(Batch::ended).map_err(Clone::clone)? {
            return Ok(false);
        }
        for line in self.link.results(id).await?.lines() {
            if let Ok(Line { custom_id, result }) = serde_json::from_str(line) {
                known.answers.insert(custom_id, result.answer(id));
            }
        }
        known.looked.remove(id);
        known.fetched.insert(id.to_owned());
        Ok(true)
    }
}

impl Outcome {
    /// Only what succeeded is billed.
    fn answer(self, batch: &str) -> Result<Answer, Trouble> {
        let away = |reason: &str| {
            Err(Trouble::TurnedAway { reason: format!("{reason} in a batch"), again: None, outage: false })
        };
        match self {
            Self::Succeeded { message } => Ok(message.answer(Some(batch.to_owned()))),
            Self::Errored => away("answered an error"),
            Self::Canceled => away("was called off"),
            Self::Expired => away("had no time"),
        }
    }
}
