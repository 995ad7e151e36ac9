//! The ledger: no call of a provider without a row in Postgres that says so first, so that none is billed twice unseen.
//!
//! ```text
//! claim ─► reserved (budget debited) ─► sent ─► done (answer stored) | failed (not billed) | ambiguous (answer lost)
//! ```
//!
//! A call is known by its content ([`CallKey`]). Whoever asks for one that is done gets the stored answer; for one that is
//! under way in a living process, waits; for one whose request left and whose answer was lost, is told so by policy.
//! `sent` is committed before a byte leaves, `done` before the event is produced. Who has a call holds a lease and extends
//! it; a dead process's lease ends by itself. The budget is that of the day the money is spent on: the server's wall clock,
//! in UTC, not the ticket's own time.

mod call;
mod key;
mod metrics;
mod money;
mod queue;
mod schema;
mod settings;
mod slots;
mod steps;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use shared::{
    Failure,
    bus::Lane,
    database::{Database, DatabaseError},
    events::Usage,
    policy::OnAmbiguous,
};
use uuid::Uuid;

pub(crate) use self::key::hex;
pub use self::{
    call::{Call, Go},
    key::CallKey,
    money::Money,
    schema::{database, migrate},
    settings::Settings,
};
use self::{metrics::METRICS, slots::Slots, steps::Steps};

/// How often a call under way elsewhere is looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// How the ledger works.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections that work side by side; each tenant keeps to one of them.
    pub connections: usize,
    /// How long a call is its process's own after that one's last sign of life.
    pub lease: Duration,
    /// How long a call under way in another process is waited for.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 2, lease: Duration::from_secs(10), patience: Duration::from_secs(90) }
    }
}

/// What a call is asked for with.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What it is known by.
    pub key: CallKey<'a>,
    /// The most it may cost; held from the budget until it is settled.
    pub estimate: Money,
    /// What the tenant may spend today; none: without limit.
    pub budget: Option<Money>,
    /// Which lane asks.
    pub lane: Lane,
    /// What policy says about an answer that was lost.
    pub ambiguous: OnAmbiguous,
}

/// What becomes of a call that is asked for.
#[derive(Debug)]
pub enum Claim {
    /// It is ours to make: the budget is debited.
    Ours(Call),
    /// It was made before, and this is the answer.
    Done(Stored),
    /// Requests left and nobody knows their answers; policy says that a person answers.
    Ambiguous {
        /// How many left: each may have been billed.
        unknown: i64,
    },
    /// The tenant's budget of the day does not have as much.
    OverBudget {
        /// Spent, held and in doubt today.
        used: Money,
    },
}

/// An answer as it came, and its bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The bytes the provider sent, with placeholders as they are.
    pub answer: Vec<u8>,
    /// What was billed for it.
    pub usage: Usage,
}

/// Why the ledger does not do its part.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// Not now.
    #[error("the ledger: {0}")]
    Away(DatabaseError),
    /// It will never take these values.
    #[error("the ledger: {0}")]
    Refused(DatabaseError),
    /// Another process has the call.
    #[error("the call is under way in another process, for {0:?} already; it is asked again")]
    Busy(Duration),
    /// Another process has taken the call over.
    #[error("the call's lease has ended and another process has taken it over; it is asked again")]
    Overtaken,
    /// The schema and this program do not fit.
    #[error("the ledger answers '{0}', which is not known here; is another version at work?")]
    Unknown(String),
}

impl From<DatabaseError> for LedgerError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Values(_) => Self::Refused(error),
            _ => Self::Away(error),
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Refused(_) => Self::reject(error),
            _ => Self::retry(error),
        }
    }
}

/// The way to the ledger; cheap to clone.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

/// What all clones and all calls under way share.
struct Inner {
    steps: Steps,
    slots: Slots,
    limits: Limits,
    owner: Uuid,
}

impl Ledger {
    /// Starts it; it connects when it is asked for the first time. The schema must be there: [`migrate`].
    pub fn open(database: &Database, limits: Limits) -> Self {
        let steps = Steps::start(database, limits.connections);
        let owner = Uuid::new_v4();
        tracing::info!(%owner, lease = ?limits.lease, "the ledger is open");
        let inner = Arc::new(Inner { steps, slots: Slots::default(), limits, owner });
        tokio::spawn(call::stay_alive(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// Asks for a call. One that is under way, here or elsewhere, is waited for.
    ///
    /// # Errors
    /// When Postgres is away, or another process has the call for longer than one waits.
    pub async fn claim(&self, ask: &Ask<'_>) -> Result<Claim, LedgerError> {
        let claim = self.wait(ask).await;
        let outcome = match &claim {
            Ok(Claim::Ours(call)) if call.repeats() => "repeated",
            Ok(Claim::Ours(_)) => "ours",
            Ok(Claim::Done(_)) => "found",
            Ok(Claim::Ambiguous { .. }) => "ambiguous",
            Ok(Claim::OverBudget { .. }) => "over_budget",
            Err(LedgerError::Busy(_)) => "busy",
            Err(_) => "error",
        };
        METRICS.claim(ask.key.provider, outcome);
        claim
    }

    async fn wait(&self, ask: &Ask<'_>) -> Result<Claim, LedgerError> {
        let (key, begun) = (ask.key.digest(), Instant::now());
        let busy = || LedgerError::Busy(begun.elapsed());
        let slot = tokio::time::timeout(self.0.limits.patience, self.0.slots.take(&key));
        let slot = slot.await.map_err(|_| busy())?;
        loop {
            let told = self.0.steps.reserve(&key, ask, self.0.owner, self.0.limits.lease).await?;
            let wait = match told.outcome.as_str() {
                "done" => return Ok(Claim::Done(told.stored(key)?)),
                "reserved" => {
                    return Ok(Claim::Ours(Call::new(
                        Arc::clone(&self.0),
                        slot,
                        ask,
                        told.epoch,
                        told.amount,
                    )));
                }
                "ambiguous" => return Ok(Claim::Ambiguous { unknown: told.amount }),
                "over" => return Ok(Claim::OverBudget { used: Money::nano(told.amount) }),
                "busy" => Duration::from_millis(told.amount.clamp(1, 60_000).unsigned_abs()).min(GLANCE),
                other => return Err(LedgerError::Unknown(other.to_owned())),
            };
            if begun.elapsed() + wait > self.0.limits.patience {
                return Err(busy());
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether the customer has had the offer (`take: false`), or gets it now: the received event it was granted to.
    pub(crate) async fn grant(&self, grant: &Grant<'_>, take: bool) -> Result<Option<Uuid>, LedgerError> {
        self.0.steps.grant(grant, take).await
    }
}

/// An offer for a customer.
pub(crate) struct Grant<'a> {
    pub lane: Lane,
    pub tenant: &'a str,
    /// A digest, not the id.
    pub customer: &'a str,
    pub offer: &'a str,
    pub root: Uuid,
}
