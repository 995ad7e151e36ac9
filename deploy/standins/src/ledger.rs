//! What the stand-in has billed.

use serde::{Deserialize, Serialize};

/// Dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Read.
    pub input: f64,
    /// Written.
    pub output: f64,
    /// Read from the cache.
    pub cache_read: f64,
    /// Written to the cache.
    pub cache_write: f64,
}

impl Default for Price {
    /// Of `claude-haiku-5-5` in November 2026.
    fn default() -> Self {
        Self { input: 0.10, output: 0.50, cache_read: 0.01, cache_write: 0.125 }
    }
}

/// One request that was billed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// The id in the response's header.
    pub request_id: String,
    /// The sender's own id, in a batch.
    pub custom_id: Option<String>,
    /// SHA-256 of the request, hex: two of the same were asked twice.
    pub digest: String,
    /// The model asked.
    pub model: String,
    /// Tokens read, without those of the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens written to the cache.
    pub cache_write_tokens: u64,
    /// All of that.
    pub dollars: f64,
}

/// Everything that was billed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Requests that came in, those turned away too.
    pub requests: u64,
    /// Those that were billed, oldest first.
    pub bills: Vec<Bill>,
    /// The bills' sums.
    pub totals: Totals,
}

/// Sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Bills.
    pub bills: u64,
    /// Tokens read, without those of the cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from the cache.
    pub cache_read_tokens: u64,
    /// Tokens written to the cache.
    pub cache_write_tokens: u64,
    /// All of that.
    pub dollars: f64,
}

/// Tokens of one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
}

impl Tokens {
    pub(crate) fn dollars(self, price: Price, discount: f64) -> f64 {
        let millionths = self.input as f64 * price.input
            + self.output as f64 * price.output
            + self.cache_read as f64 * price.cache_read
            + self.cache_write as f64 * price.cache_write;
        millionths / 1e6 * (1.0 - discount)
    }
}

impl Ledger {
    pub(crate) fn add(&mut self, bill: Bill) {
        let totals = &mut self.totals;
        totals.bills += 1;
        totals.input_tokens += bill.input_tokens;
        totals.output_tokens += bill.output_tokens;
        totals.cache_read_tokens += bill.cache_read_tokens;
        totals.cache_write_tokens += bill.cache_write_tokens;
        totals.dollars += bill.dollars;
        self.bills.push(bill);
    }
}

/// Tokens of a text, as counted here: four characters each.
pub(crate) fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}
