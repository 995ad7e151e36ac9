//! The one trait: a step of the line, and the two ways it can fail.

use std::fmt::Display;

use crate::{
    bus::{Partition, Peek},
    envelope::Envelope,
    events::Event,
};

/// One step of the line. Knows nothing of the bus; may see the same event twice.
pub trait Worker: Send + Sync + 'static {
    /// The verb. Also crate, binary, consumer group, metric label, Deployment.
    const NAME: &'static str;

    /// Whether one ticket's events must be handled one after the other. A sink whose rows carry their own
    /// place may say no, and is then handed a partition's records as fast as they come.
    const ORDERED: bool = true;

    /// The event this worker reads.
    type Input: Event;

    /// The event this worker writes; [`Nothing`](crate::events::Nothing) for a sink.
    type Output: Event;

    /// Answers one event with exactly one event.
    ///
    /// # Errors
    /// [`Failure::Retry`] when the world is ill, [`Failure::Reject`] when this event is.
    fn handle(
        &self,
        event: Envelope<Self::Input>,
    ) -> impl Future<Output = Result<Self::Output, Failure>> + Send;

    /// The offset to read from, for each newly assigned partition, by a worker that keeps its own progress;
    /// `None` leaves it to what the group has committed.
    ///
    /// # Errors
    /// [`Failure::Retry`] when the progress cannot be read now; it is asked again.
    fn positions(
        &self,
        assigned: &[Partition],
        _peek: &Peek,
    ) -> impl Future<Output = Result<Vec<Option<i64>>, Failure>> + Send {
        let none = vec![None; assigned.len()];
        async { Ok(none) }
    }
}

/// Why a step did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The world is ill: the same event may well succeed later.
    #[error("{0:#}")]
    Retry(anyhow::Error),
    /// This event is ill: it will never succeed.
    #[error("{0:#}")]
    Reject(anyhow::Error),
}

impl Failure {
    /// The world is ill, said in one line.
    pub fn retry(reason: impl Display) -> Self {
        Self::Retry(anyhow::anyhow!("{reason}"))
    }

    /// The event is ill, said in one line.
    pub fn reject(reason: impl Display) -> Self {
        Self::Reject(anyhow::anyhow!("{reason}"))
    }
}

/// Holds only when what `A` writes is what `B` reads: the wiring, checked by the compiler.
pub const fn linked<A, B>()
where
    A: Worker,
    B: Worker<Input = A::Output>,
{
}
