//! Tickets to measure with: those of the demo, again and again under new ids.

use anyhow::{Context, Result};
use serde_json::Value;
use shared::events::Ticket;

use crate::stage::root;

/// The demo's tickets.
pub struct Tickets(Vec<Ticket>);

impl Tickets {
    /// Reads them.
    ///
    /// # Errors
    /// When the file is not there or holds no tickets.
    pub fn read() -> Result<Self> {
        let path = root().join("deploy/demo/tickets.jsonl");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Self(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?))
    }

    /// The ticket with this number; its id is the number and the name of the run.
    ///
    /// # Errors
    /// When there are no tickets.
    pub fn ticket(&self, run: &str, number: usize) -> Result<Ticket> {
        let mut ticket = self.0.get(number % self.0.len().max(1)).context("there are no tickets")?.clone();
        ticket.id = format!("{run}-{number:07}");
        Ok(ticket)
    }

    /// Key and value of the received event with this number.
    ///
    /// # Errors
    /// When there are no tickets.
    pub fn record(&self, run: &str, number: usize) -> Result<(String, Vec<u8>)> {
        let ticket = self.ticket(run, number)?;
        let key = ticket.key();
        let value =
            Value::Object([("ticket".to_owned(), serde_json::to_value(ticket)?)].into_iter().collect());
        Ok((key, serde_json::to_vec(&value)?))
    }
}
