//! The one library of Switchyard: what a worker is, what an event is, and the runner that joins them to a bus.
//!
//! Five names matter: [`Worker`], [`Event`], [`Envelope`], [`Failure`] and [`run`](runner::run).

pub mod bus;
pub mod certificate;
pub mod database;
pub mod envelope;
pub mod events;
pub mod model;
pub mod policy;
pub mod process;
pub mod runner;
pub mod start;
pub mod statistics;
mod worker;

pub use envelope::Envelope;
pub use events::Event;
pub use start::{Config, Misset, StartError};
pub use worker::{Failure, Worker, linked};
