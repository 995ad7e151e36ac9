//! The runner: polls, decodes, handles, produces and commits for a [`Worker`], and keeps the promises of the design:
//! nothing is lost, nothing is doubled where it matters, one ticket's events stay in order, poison is set aside, an
//! outage is not poison.
//!
//! One task runs it all. A record is *admitted* to its partition's progress, *started* once no earlier record of
//! its ticket is under way, *attended* by the worker, its output *sent*, and *finished* when the broker has
//! acknowledged that; offsets are committed as the contiguous finished prefix.

mod attend;
mod lanes;
mod metrics;
mod output;
mod panics;
mod progress;
mod settings;
mod shift;
mod transaction;
mod vitals;
mod weather;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::{
    bus::{Bus, BusError},
    worker::Worker,
};
pub use metrics::render as render_metrics;
pub use panics::quiet as quiet_panics;
pub use settings::{Delivery, Settings};
pub use vitals::{Report, Vitals};

/// Runs a worker until `stop` is cancelled, then drains what is in flight, commits and leaves the group.
///
/// # Errors
/// When the bus's settings cannot be used, or the bus is closed under it; an outage is waited out.
pub async fn run<W: Worker>(
    worker: Arc<W>,
    bus: &Bus,
    settings: Settings,
    vitals: Arc<Vitals>,
    stop: CancellationToken,
) -> Result<(), BusError> {
    shift::Shift::begin(worker, bus, settings, vitals, stop)?.work().await
}
