//! What drafting counts. Labels are providers and outcomes, never a ticket or a customer.

use std::sync::LazyLock;

use prometheus::{CounterVec, IntCounterVec, IntGaugeVec, Opts, core::Collector};
use shared::policy::Tokens;

struct Families {
    calls: IntCounterVec,
    tokens: IntCounterVec,
    dollars: CounterVec,
    saved: CounterVec,
    breaker: IntGaugeVec,
}

static FAMILIES: LazyLock<Families> = LazyLock::new(|| {
    let opts = |name: &str, help: &str| Opts::new(format!("switchyard_draft_{name}"), help);
    let families = Families {
        calls: known(IntCounterVec::new(
            opts("calls_total", "Requests to a provider, by what came of them"),
            &["provider", "outcome"],
        )),
        tokens: known(IntCounterVec::new(
            opts("tokens_total", "Tokens that were billed"),
            &["provider", "kind"],
        )),
        dollars: known(CounterVec::new(
            opts("dollars_total", "Dollars for them, at the policy's prices"),
            &["provider"],
        )),
        saved: known(CounterVec::new(
            opts("saved_dollars_total", "Dollars, estimated, for replies that were not asked for"),
            &["reason"],
        )),
        breaker: known(IntGaugeVec::new(
            opts("breaker", "0: calls are made, 1: one is tried, 2: the provider is left alone"),
            &["provider"],
        )),
    };
    let all: [Box<dyn Collector>; 5] = [
        Box::new(families.calls.clone()),
        Box::new(families.tokens.clone()),
        Box::new(families.dollars.clone()),
        Box::new(families.saved.clone()),
        Box::new(families.breaker.clone()),
    ];
    for family in all {
        known(prometheus::register(family));
    }
    families
});

/// The names above are fixed and valid; a test makes them all.
#[allow(clippy::panic, reason = "runs once at start, on constants")]
fn known<T>(made: prometheus::Result<T>) -> T {
    made.unwrap_or_else(|error| panic!("a metric's own name is wrong: {error}"))
}

/// One request to a provider came to an end.
pub(crate) fn call(provider: &str, outcome: &str) {
    FAMILIES.calls.with_label_values(&[provider, outcome]).inc();
}

/// These tokens were billed.
pub(crate) fn billed(provider: &str, tokens: Tokens, dollars: f64) {
    let kinds = [
        ("input", tokens.input),
        ("output", tokens.output),
        ("cache_read", tokens.cache_read),
        ("cache_write", tokens.cache_write),
    ];
    for (kind, count) in kinds {
        FAMILIES.tokens.with_label_values(&[provider, kind]).inc_by(count);
    }
    FAMILIES.dollars.with_label_values(&[provider]).inc_by(dollars.max(0.0));
}

/// A reply of no use was not asked for.
pub(crate) fn saved(reason: &str, dollars: f64) {
    FAMILIES.saved.with_label_values(&[reason]).inc_by(dollars.max(0.0));
}

/// 0: closed, 1: half open, 2: open.
pub(crate) fn breaker(provider: &str, state: i64) {
    FAMILIES.breaker.with_label_values(&[provider]).set(state);
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_metric_is_in_the_process_metrics() {
        super::call("test", "answered");
        super::billed("test", Default::default(), 0.0);
        super::saved("test", 0.1);
        super::breaker("test", 1);
        let text = shared::runner::render_metrics();
        for name in ["calls_total", "tokens_total", "dollars_total", "saved_dollars_total", "breaker"] {
            assert!(text.contains(&format!("switchyard_draft_{name}{{")), "{name} is missing in\n{text}");
        }
    }
}
