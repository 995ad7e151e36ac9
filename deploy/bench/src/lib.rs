//! Speed and memory of the line beside their limits, measured in the same run on the same machine: `make bench`.
//!
//! Every figure is a median of rounds in turn with what it is compared to. `target/bench/report.md` and
//! `report.json` hold them all.

pub mod auditing;
pub mod classifying;
pub mod event;
pub mod latency;
pub mod memory;
pub mod passing;
pub mod records;
pub mod report;
pub mod stage;
pub mod takeover;
pub mod tickets;
pub mod watch;
