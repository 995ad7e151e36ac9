//! The ledger on a real Postgres: a private one, or the one at `DATABASE_URL`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod budgets;
mod crashes;
mod faults;
mod grants;
mod once;
mod support;
