//! What is counted of bundles: which one is in service, and what became of those that were to follow it.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, IntGaugeVec, Opts};

use super::Generation;

static INFO: LazyLock<Option<IntGaugeVec>> = LazyLock::new(|| {
    let opts = Opts::new("switchyard_model_info", "1 for the bundle in service");
    let made = IntGaugeVec::new(opts, &["name", "digest"]).ok()?;
    prometheus::register(Box::new(made.clone())).ok()?;
    Some(made)
});

static SWAPS: LazyLock<Option<IntCounterVec>> = LazyLock::new(|| {
    let opts = Opts::new("switchyard_model_swaps_total", "Bundles that came while another was in service");
    let made = IntCounterVec::new(opts, &["name", "outcome"]).ok()?;
    prometheus::register(Box::new(made.clone())).ok()?;
    Some(made)
});

/// A bundle is in service, in the place of an old one.
pub(super) fn serves<Reading>(old: Option<&Generation<Reading>>, now: &Generation<Reading>) {
    let Some(info) = INFO.as_ref() else { return };
    if let Some(old) = old.map(Generation::bundle) {
        let _unknown = info.remove_label_values(&[&old.card.name, &old.digest]);
    }
    let now = now.bundle();
    info.with_label_values(&[&now.card.name, &now.digest]).set(1);
}

/// A bundle was `taken` into service or `refused`.
pub(super) fn swapped<Reading>(old: &Generation<Reading>, outcome: &str) {
    if let Some(swaps) = SWAPS.as_ref() {
        swaps.with_label_values(&[old.card().name.as_str(), outcome]).inc();
    }
}
