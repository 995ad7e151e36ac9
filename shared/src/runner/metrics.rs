//! What the runner counts. Labels are workers, topics and outcomes, never a ticket or a customer.

use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder,
    core::{AtomicU64, GenericCounter},
};
use std::sync::LazyLock;

/// Every metric of this process.
struct Families {
    registry: Registry,
    events: IntCounterVec,
    seconds: HistogramVec,
    lag: IntGaugeVec,
    retries: IntCounterVec,
}

static FAMILIES: LazyLock<Families> = LazyLock::new(Families::new);

impl Families {
    fn new() -> Self {
        let registry = Registry::new();
        let events = counter("switchyard_events_total", "Events answered", &["worker", "outcome"]);
        let retries = counter("switchyard_retries_total", "Attempts repeated", &["worker"]);
        let seconds = HistogramOpts::new("switchyard_event_seconds", "From start to answer of an event")
            .buckets(vec![
                0.000_1, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
            ]);
        let seconds = known(HistogramVec::new(seconds, &["worker"]));
        let lag = Opts::new("switchyard_lag_events", "Records not yet committed");
        let lag = known(IntGaugeVec::new(lag, &["worker", "topic"]));
        let all: [Box<dyn prometheus::core::Collector>; 4] = [
            Box::new(events.clone()),
            Box::new(seconds.clone()),
            Box::new(lag.clone()),
            Box::new(retries.clone()),
        ];
        for family in all {
            known(registry.register(family));
        }
        Self { registry, events, seconds, lag, retries }
    }
}

fn counter(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    known(IntCounterVec::new(Opts::new(name, help), labels))
}

/// The names above are fixed and valid; a test makes them all.
#[allow(clippy::panic, reason = "runs once at start, on constants")]
fn known<T>(made: prometheus::Result<T>) -> T {
    made.unwrap_or_else(|error| panic!("a metric's own name is wrong: {error}"))
}

/// All metrics of this process in Prometheus' text format: the runner's, and what others have registered with
/// [`prometheus::register`].
pub fn render() -> String {
    let mut text = Vec::new();
    let families = [FAMILIES.registry.gather(), prometheus::gather()].concat();
    if TextEncoder::new().encode(&families, &mut text).is_err() {
        return String::new();
    }
    String::from_utf8(text).unwrap_or_default()
}

/// One worker's metrics, looked up once.
pub(super) struct Metrics {
    worker: &'static str,
    handled: GenericCounter<AtomicU64>,
    rejected: GenericCounter<AtomicU64>,
    retries: GenericCounter<AtomicU64>,
    seconds: prometheus::Histogram,
}

impl Metrics {
    pub(super) fn of(worker: &'static str) -> Self {
        let families = &*FAMILIES;
        Self {
            worker,
            handled: families.events.with_label_values(&[worker, "handled"]),
            rejected: families.events.with_label_values(&[worker, "rejected"]),
            retries: families.retries.with_label_values(&[worker]),
            seconds: families.seconds.with_label_values(&[worker]),
        }
    }

    /// An event was answered.
    pub(super) fn handled(&self, took: Duration) {
        self.handled.inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// An event was rejected.
    pub(super) fn rejected(&self, took: Duration) {
        self.rejected.inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// An attempt is repeated.
    pub(super) fn retry(&self) {
        self.retries.inc();
    }

    /// Records of a topic that are not yet committed.
    pub(super) fn lag(&self, topic: &str, events: i64) {
        FAMILIES.lag.with_label_values(&[self.worker, topic]).set(events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_there_once_a_worker_is() {
        let metrics = Metrics::of("test");
        metrics.handled(Duration::from_millis(2));
        metrics.lag("tickets.received", 3);
        let text = render();
        for name in ["switchyard_events_total", "switchyard_event_seconds_bucket", "switchyard_lag_events"] {
            assert!(text.contains(&format!("{name}{{")), "{name} is missing in\n{text}");
        }
    }
}
