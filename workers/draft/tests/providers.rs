//! Real providers' code against a stand-in that speaks their protocol: good answers, and each kind of weather.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "providers/batches.rs"]
mod batches;
#[path = "providers/bench.rs"]
mod bench;
#[path = "providers/good.rs"]
mod good;
#[path = "providers/weather.rs"]
mod weather;
