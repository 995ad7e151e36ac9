//! The batch lane: as [`Asked`], with more patience, at half the price.

use super::{End, asked::Asked};
use crate::{
    ledger::{Call, Go, Stored},
    remote::Batches,
};

impl Asked<'_> {
    /// The answer to a call in the batch lane. One that left before is looked for among the provider's batches, and is sent
    /// again only if none holds it.
    pub(super) async fn batched(&self, batches: &Batches, mut call: Call, body: &str) -> Result<Stored, End> {
        if call.repeats() {
            let found = batches.find(call.key()).await.map_err(|trouble| End::Again(trouble.to_string()))?;
            if let Some(answer) = found {
                return self.done(call, answer, true).await;
            }
        }
        let params = serde_json::from_str(body).map_err(|error| End::Next(error.to_string()))?;
        if let Go::Done(stored) = call.sent().await? {
            return Ok(stored);
        }
        let key = call.key().to_owned();
        match batches.ask(&key, params).await {
            Ok(answer) => self.done(call, answer, true).await,
            Err(trouble) if trouble.may_be_billed() => {
                call.lost(trouble.outcome()).await?;
                Err(End::Again(trouble.to_string()))
            }
            Err(trouble) => {
                call.failed(trouble.outcome()).await?;
                Err(End::Next(trouble.to_string()))
            }
        }
    }
}
