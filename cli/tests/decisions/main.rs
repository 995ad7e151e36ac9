//! From labelled tickets to a fitted score, a certificate and an explanation, with the real models and a real Postgres.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod explain;
mod learn;
mod support;
