//! What the ledger counts. Labels are outcomes and providers, never a ticket or a customer.

use std::sync::LazyLock;

use prometheus::{CounterVec, IntCounterVec, IntGauge, Opts, core::Collector};
use shared::events::Usage;

/// This process's ledger, in numbers.
pub(super) static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

pub(super) struct Metrics {
    claims: IntCounterVec,
    steps: IntCounterVec,
    dollars: CounterVec,
    tokens: IntCounterVec,
    under_way: IntGauge,
}

impl Metrics {
    fn new() -> Self {
        let counter = |name: &str, help: &str, labels: &[&str]| {
            registered(IntCounterVec::new(Opts::new(name, help), labels))
        };
        Self {
            claims: counter(
                "switchyard_ledger_claims_total",
                "Calls asked for, by what became of it",
                &["provider", "outcome"],
            ),
            steps: counter(
                "switchyard_ledger_steps_total",
                "Steps of calls in Postgres",
                &["step", "outcome"],
            ),
            tokens: counter("switchyard_ledger_tokens_total", "Tokens billed", &["provider", "kind"]),
            dollars: registered(CounterVec::new(
                Opts::new("switchyard_ledger_dollars_total", "Dollars billed"),
                &["provider"],
            )),
            under_way: registered(IntGauge::new(
                "switchyard_ledger_under_way",
                "Calls this process has taken",
            )),
        }
    }

    /// A call was asked for.
    pub(super) fn claim(&self, provider: &str, outcome: &str) {
        self.claims.with_label_values(&[provider, outcome]).inc();
    }

    /// A step was tried.
    pub(super) fn step(&self, step: &str, stored: bool) {
        self.steps.with_label_values(&[step, if stored { "stored" } else { "refused" }]).inc();
    }

    /// A bill was stored.
    pub(super) fn bill(&self, provider: &str, usage: &Usage) {
        self.dollars.with_label_values(&[provider]).inc_by(usage.dollars.max(0.0));
        for (kind, tokens) in [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cache_read", usage.cache_read_tokens),
            ("cache_write", usage.cache_write_tokens),
        ] {
            self.tokens.with_label_values(&[provider, kind]).inc_by(tokens);
        }
    }

    /// How many calls this process has taken and not settled.
    pub(super) fn under_way(&self, calls: usize) {
        self.under_way.set(i64::try_from(calls).unwrap_or(i64::MAX));
    }
}

/// The names above are fixed and valid, and each is registered once; a test makes them all.
#[allow(clippy::panic, reason = "runs once, on constants")]
fn registered<C: Collector + Clone + 'static>(made: prometheus::Result<C>) -> C {
    let registered = made.and_then(|family| {
        prometheus::register(Box::new(family.clone()))?;
        Ok(family)
    });
    registered.unwrap_or_else(|error| panic!("a metric's own name is wrong: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_there_once_it_counts() {
        METRICS.claim("anthropic", "ours");
        METRICS.step("reserve", true);
        let usage = Usage {
            call: String::new(),
            request_id: None,
            input_tokens: 5,
            output_tokens: 2,
            cache_read_tokens: 0,
            cache_write_tokens: 0,
            dollars: 0.5,
        };
        METRICS.bill("anthropic", &usage);
        METRICS.under_way(1);
        let text = shared::runner::render_metrics();
        for name in ["claims_total{", "steps_total{", "dollars_total{", "tokens_total{", "under_way 1"] {
            assert!(text.contains(&format!("switchyard_ledger_{name}")), "{name} is missing in\n{text}");
        }
    }
}
