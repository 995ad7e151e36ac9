//! A call that is ours: its steps, and what happens if it is dropped half-way.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use shared::events::Usage;
use tracing::{error, warn};

use super::{Ask, Inner, LedgerError, Stored, metrics::METRICS, queue::Step, slots::Slot};

/// How long a step that must not be lost is tried; whoever waits for it is told then.
const INSIST: Duration = Duration::from_secs(600);

/// How long one who gives a call up waits until that is written down; it is written down all the same.
const COURTESY: Duration = Duration::from_secs(1);

/// Characters of a provider's request id that are kept.
const REQUEST_ID: usize = 200;

/// What to do once `sent` is stored.
#[derive(Debug)]
pub enum Go {
    /// The request may leave.
    Send,
    /// Somebody's answer came meanwhile: nothing must leave.
    Done(Stored),
}

/// What has happened to the call, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has left that could be billed.
    Unsent,
    /// A request has left, its answer is not there.
    Sent,
    /// Postgres has it, or has been told.
    Settled,
}

/// A call that is ours to make. Dropped before it is settled it counts as failed if nothing has left, else as lost.
pub struct Call {
    /// Both, until they go to the task that settles the call.
    held: Option<(Arc<Inner>, Slot)>,
    tenant: String,
    provider: String,
    epoch: i32,
    unknown: i64,
    stage: Stage,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("key", &self.key()).field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl Call {
    pub(super) fn new(inner: Arc<Inner>, slot: Slot, ask: &Ask<'_>, epoch: i32, unknown: i64) -> Self {
        slot.keep(epoch);
        Self {
            held: Some((inner, slot)),
            tenant: ask.key.tenant.to_owned(),
            provider: ask.key.provider.to_owned(),
            epoch,
            unknown,
            stage: Stage::Unsent,
        }
    }

    /// Its key: 64 hexadecimal digits.
    pub fn key(&self) -> &str {
        self.held.as_ref().map_or("", |(_, slot)| slot.key())
    }

    /// Whether an earlier request of it left without an answer, so that this may be a second bill.
    pub fn repeats(&self) -> bool {
        self.unknown > 0
    }

    /// Writes down that a request leaves now; only then may its first byte. Again for each further attempt.
    ///
    /// # Errors
    /// When it is not written: then nothing may leave.
    pub async fn sent(&mut self) -> Result<Go, LedgerError> {
        let Some((inner, slot)) = &self.held else { return Err(LedgerError::Overtaken) };
        // If this fails nothing has left, whatever Postgres has stored: dropped now it counts as failed.
        self.stage = Stage::Unsent;
        let told = inner.steps.sent(&self.tenant, slot.key(), self.epoch, inner.limits.lease).await?;
        match told.outcome.as_str() {
            "sent" => {
                self.stage = Stage::Sent;
                Ok(Go::Send)
            }
            "done" => Ok(Go::Done(told.stored(slot.key().to_owned())?)),
            _ => Err(LedgerError::Overtaken),
        }
    }

    /// The last request was answered, and nothing is billed for it (an overloaded or rejecting provider): it may be sent
    /// again with [`Self::sent`].
    pub fn refused(&mut self) {
        self.stage = Stage::Unsent;
    }

    /// Stores the answer with its bill, and says which answer counts: the first one stored. Comes back only once it is
    /// stored; goes on even if whoever waits for it is gone.
    ///
    /// # Errors
    /// When Postgres is away for ten minutes: then the answer is lost.
    pub async fn done(mut self, answer: Vec<u8>, mut usage: Usage) -> Result<Stored, LedgerError> {
        self.stage = Stage::Settled;
        let Some((inner, slot)) = self.held.take() else { return Err(LedgerError::Overtaken) };
        usage.request_id =
            usage.request_id.map(|id| id.chars().filter(char::is_ascii_graphic).take(REQUEST_ID).collect());
        let (tenant, provider, epoch) = (self.tenant.clone(), self.provider.clone(), self.epoch);
        let storing = tokio::spawn(async move {
            let told =
                insist("done", || inner.steps.done(&tenant, slot.key(), epoch, &answer, &usage)).await?;
            METRICS.bill(&provider, &usage);
            told.stored(slot.key().to_owned())
        });
        storing.await.unwrap_or(Err(LedgerError::Overtaken))
    }

    /// Nothing was billed and it is not tried again: the budget is free. `problem` says why, in a word of ours. Comes back
    /// once it is written down, or after a second: the ticket goes on, and for ten minutes it is tried to write it down.
    ///
    /// # Errors
    /// When the ledger does not take it.
    pub async fn failed(self, problem: &'static str) -> Result<(), LedgerError> {
        self.give_up(Step::Failed, problem).await
    }

    /// A request has left and its answer will not come (time is up, the line was cut): it may have been billed. Asked for
    /// again, policy decides. Waits as [`Self::failed`] does.
    ///
    /// # Errors
    /// When the ledger does not take it.
    pub async fn lost(self, problem: &'static str) -> Result<(), LedgerError> {
        self.give_up(Step::Lost, problem).await
    }

    async fn give_up(mut self, step: Step, problem: &'static str) -> Result<(), LedgerError> {
        let Some(settling) = self.settle(step, problem) else { return Ok(()) };
        match tokio::time::timeout(COURTESY, settling).await {
            Ok(settled) => settled.unwrap_or(Err(LedgerError::Overtaken)),
            // Its task goes on, and has the call until then: whoever asks for it waits.
            Err(_) => Ok(()),
        }
    }

    /// Starts the task that writes it down.
    fn settle(
        &mut self,
        step: Step,
        problem: &'static str,
    ) -> Option<tokio::task::JoinHandle<Result<(), LedgerError>>> {
        self.stage = Stage::Settled;
        let (inner, slot) = self.held.take()?;
        let (tenant, epoch) = (self.tenant.clone(), self.epoch);
        // Without a runtime the process is ending: its lease ends by itself.
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        Some(runtime.spawn(async move {
            insist("settle", || inner.steps.give_up(step, &tenant, slot.key(), epoch, problem))
                .await
                .map(drop)
        }))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let step = match self.stage {
            Stage::Unsent => Step::Failed,
            Stage::Sent => Step::Lost,
            Stage::Settled => return,
        };
        drop(self.settle(step, "dropped"));
    }
}

/// Tries until Postgres has it.
async fn insist<T, F>(step: &str, attempt: impl Fn() -> F) -> Result<T, LedgerError>
where
    F: Future<Output = Result<T, LedgerError>>,
{
    let begun = Instant::now();
    let mut wait = Duration::from_millis(50);
    loop {
        match attempt().await {
            Err(LedgerError::Away(problem)) if begun.elapsed() < INSIST => {
                warn!(step, %problem, "the ledger is away; what must not be lost is tried again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(2));
            }
            Err(problem) => {
                error!(step, %problem, "the ledger does not take this; the call stays ambiguous");
                return Err(problem);
            }
            Ok(done) => return Ok(done),
        }
    }
}

/// Extends the leases of the calls that are ours, as long as the ledger is there.
pub(super) async fn stay_alive(inner: Weak<Inner>) {
    loop {
        let Some(wait) = inner.upgrade().map(|inner| inner.limits.lease / 4) else { return };
        tokio::time::sleep(wait).await;
        let Some(inner) = inner.upgrade() else { return };
        let (keys, epochs) = inner.slots.ours();
        if keys.is_empty() {
            continue;
        }
        if let Err(problem) = inner.steps.extend(keys, epochs, inner.limits.lease).await {
            warn!(%problem, "the leases of calls under way are not extended");
        }
    }
}
