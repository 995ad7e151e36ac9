//! From an answer to an acknowledged output, or to a transaction.

use std::sync::Arc;

use futures::FutureExt;
use tracing::warn;

use super::{
    super::{attend::attend, lanes::Lane, output::Verdict, progress::Progress},
    Shift,
};
use crate::{
    bus::{Ack, BusError, Outgoing, Token},
    events::Fault,
    worker::Worker,
};

impl<W: Worker> Shift<W> {
    /// Sends an output, or keeps it for the next transaction.
    pub(super) fn put(&mut self, token: Token, lane: Option<Lane>, output: Option<Outgoing>) {
        if self.transactional() {
            if let Some(progress) = self.seats.get_mut(&token.seat) {
                progress.stage(token, output);
            }
            self.pass_on(lane);
            return;
        }
        match output {
            None => {
                self.finish(token);
                self.pass_on(lane);
            }
            Some(output) => {
                self.sent.insert(token, lane);
                self.unsent.push_back((output, token));
            }
        }
        self.resend();
    }

    /// Sends what is ready, in order, until the bus's own queue is full.
    pub(super) fn resend(&mut self) {
        while let Some((output, token)) = self.unsent.pop_front() {
            if let Err(output) = self.producer.send(output, token) {
                self.unsent.push_front((output, token));
                return;
            }
        }
    }

    pub(super) fn on_acks(&mut self, acks: &mut Vec<Ack>) {
        for Ack { token, result } in acks.drain(..) {
            let Some(lane) = self.sent.remove(&token) else { continue };
            match result {
                Ok(()) => {
                    self.finish(token);
                    self.pass_on(lane);
                }
                Err(error) => self.answer_again(token, lane, &error),
            }
        }
    }

    /// An output did not arrive. The record is attended to once more: the same ids come of it. One that the bus will
    /// never take is given up.
    pub(super) fn answer_again(&mut self, token: Token, lane: Option<Lane>, error: &BusError) {
        let Some(record) = self.seats.get(&token.seat).and_then(|progress| progress.record(token)) else {
            return;
        };
        if let BusError::Refused(reason) = error {
            let verdict = Verdict { fault: Fault::Refused, reason: reason.clone(), attempts: 1 };
            return self.put(token, lane, self.desk.reject(&record, verdict));
        }
        self.desk.metrics.retry();
        self.attending.push(attend(Arc::clone(&self.desk), record, token, lane).boxed());
    }

    /// A record is finished.
    pub(super) fn finish(&mut self, token: Token) {
        if let Some(progress) = self.seats.get_mut(&token.seat) {
            let (records, bytes) = progress.finish(token);
            self.load = (self.load.0 - records, self.load.1 - bytes);
        }
    }

    /// The next of the same ticket may start.
    pub(super) fn pass_on(&mut self, lane: Option<Lane>) {
        if let Some(token) = lane.and_then(|lane| self.lanes.leave(lane)) {
            self.start_or_wait(token, lane);
        }
    }

    pub(super) fn on_transaction(&mut self, ended: Result<Vec<Token>, BusError>) {
        match ended {
            Ok(tokens) => {
                for token in tokens {
                    self.finish(token);
                    // The transaction has committed the offset already.
                    self.seats.get_mut(&token.seat).and_then(Progress::commit);
                }
            }
            Err(error) => warn!(worker = W::NAME, %error, "transaction aborted, will be tried again"),
        }
    }
}
