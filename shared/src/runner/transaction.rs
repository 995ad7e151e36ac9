//! Exactly once: outputs are kept back and written together with the offsets they stand for.

use std::{collections::HashMap, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::progress::Progress;
use crate::bus::{BusError, Command, Seat, Token};

/// The transaction under way, if any.
#[derive(Default)]
pub(super) struct Transaction {
    open: Option<Open>,
    not_before: Option<Instant>,
}

/// After an abort the bus gets this long before the next try.
const REST: Duration = Duration::from_millis(100);

/// What it covers.
struct Open {
    tokens: Vec<Token>,
    done: oneshot::Receiver<Result<(), BusError>>,
}

impl Transaction {
    /// Whether one is under way.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Begins one over the staged prefix of every partition, unless one is under way or nothing is staged.
    pub(super) fn begin(
        &mut self,
        seats: &HashMap<Seat, Progress>,
        commands: &mpsc::UnboundedSender<Command>,
    ) {
        if self.is_open() || self.not_before.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let (mut tokens, mut outputs, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
        for progress in seats.values() {
            if let Some((of_tokens, of_outputs, next)) = progress.staged() {
                tokens.extend(of_tokens);
                outputs.extend(of_outputs);
                offsets.push((progress.partition.clone(), next));
            }
        }
        if tokens.is_empty() {
            return;
        }
        let (tell, done) = oneshot::channel();
        if commands.send(Command::Transact { outputs, offsets, done: tell }).is_ok() {
            self.open = Some(Open { tokens, done });
        }
    }

    /// Waits for its end: what it covered if it was committed, nothing if it has to be tried again.
    pub(super) async fn ended(&mut self) -> Result<Vec<Token>, BusError> {
        let Some(open) = &mut self.open else { return std::future::pending().await };
        let result = (&mut open.done).await;
        let tokens = self.open.take().map(|open| open.tokens).unwrap_or_default();
        let result =
            result.unwrap_or_else(|_| Err(BusError::Unreachable("the poll loop has ended".to_owned())));
        self.not_before = result.is_err().then(|| Instant::now() + REST);
        result.map(|()| tokens)
    }
}
