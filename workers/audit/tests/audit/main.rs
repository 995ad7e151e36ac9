//! The audit on a real Postgres: a private one, or the one at `DATABASE_URL`.

mod faults;
mod property;
mod store;
mod support;
mod views;
