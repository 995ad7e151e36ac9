//! What became of labelled tickets, as a table, and what kept back those that an intent fits.

use std::collections::BTreeMap;

use shared::{
    events::{Route, Routed},
    statistics::binomial,
};

use crate::labelled::{Labelled, Truth};

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;

/// Width of the first two columns.
const NAMES: (usize, usize) = (24, 13);

/// Counts by set and by what the tickets are.
#[derive(Debug, Default)]
pub struct Table {
    rows: BTreeMap<(String, Kind), Row>,
    held: BTreeMap<String, u64>,
}

/// What a ticket really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    InScope,
    OutOfScope,
    Hazard,
}

#[derive(Debug, Default, Clone, Copy)]
struct Row {
    tickets: u64,
    auto: u64,
    suggest: u64,
    /// Among auto.
    wrong_intent: u64,
    /// Among auto: the intent is right, yet not the resolution.
    wrong_otherwise: u64,
}

impl Kind {
    fn of(truth: &Truth) -> Self {
        match (truth.hazards.is_empty(), &truth.intent) {
            (false, _) => Self::Hazard,
            (true, Some(_)) => Self::InScope,
            (true, None) => Self::OutOfScope,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::InScope => "in scope",
            Self::OutOfScope => "out of scope",
            Self::Hazard => "hazard",
        }
    }

    /// Only where an intent fits can it be the wrong one.
    fn wrong(self, wrong: u64, auto: u64) -> String {
        if self == Self::InScope { format!("{wrong}: {}", share(wrong, auto)) } else { "-".to_owned() }
    }
}

impl Table {
    /// Counts a ticket of this set.
    pub fn count(&mut self, set: &str, row: &Labelled) {
        let (Some(truth), routed) = (&row.truth, &row.routed) else { return };
        let kind = Kind::of(truth);
        self.rows.entry((set.to_owned(), kind)).or_default().count(truth, routed, row.right);
        if kind == Kind::InScope && routed.decision.route != Route::Auto {
            *self.held.entry(routed.decision.rule.name.clone()).or_default() += 1;
        }
    }
}

impl Row {
    fn count(&mut self, truth: &Truth, routed: &Routed, right: bool) {
        self.tickets += 1;
        match routed.decision.route {
            Route::Auto if truth.intent.as_deref() != Some(&*routed.classification.intent) => {
                self.auto += 1;
                self.wrong_intent += 1;
            }
            Route::Auto => {
                self.auto += 1;
                self.wrong_otherwise += u64::from(!right);
            }
            Route::Suggest => self.suggest += 1,
            Route::Escalate => {}
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (set, kind) = NAMES;
        writeln!(
            f,
            "{:set$} {:kind$} {:>7} {:>7} {:>8} {:>7}   {:25} {:31} wrong otherwise",
            "set",
            "tickets",
            "",
            "auto",
            "suggest",
            "escal.",
            "auto, 95 % interval",
            "wrong intent among auto"
        )?;
        for ((name, what), row) in &self.rows {
            let Row { tickets, auto, suggest, wrong_intent, wrong_otherwise } = *row;
            writeln!(
                f,
                "{name:set$} {:kind$} {tickets:>7} {auto:>7} {suggest:>8} {:>7}   {:25} {:31} {wrong_otherwise}",
                what.name(),
                tickets - auto - suggest,
                share(auto, tickets),
                what.wrong(wrong_intent, auto),
            )?;
        }
        let mut held: Vec<_> = self.held.iter().collect();
        held.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), *name));
        let held: Vec<String> = held.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if held.is_empty() { Ok(()) } else { writeln!(f, "in scope, not auto, by rule: {}", held.join(", ")) }
    }
}

/// A share with its exact interval, in per cent.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let (low, high) = binomial::interval(part, whole, CONFIDENCE);
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    format!("{} % ({} to {})", percent(part as f64 / whole as f64), percent(low), percent(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labelled::{Witness, follows};

    fn row(intent: Option<&str>, hazards: &[&str], route: Route) -> Labelled {
        let mut routed: Routed =
            serde_json::from_str(include_str!("../../../schemas/examples/routed/late_parcel.json")).unwrap();
        routed.decision.route = route;
        routed.decision.rule.name = "thresholds".to_owned();
        let hazards = hazards.iter().map(|&kind| kind.to_owned()).collect();
        let intent = intent.map(str::to_owned);
        let truth = Truth { intent, hazards, sentiment: None, urgency: None, also: None };
        Labelled { right: follows(&truth, &routed), by: Witness::Labels, truth: Some(truth), routed }
    }

    #[test]
    fn what_goes_out_by_itself_is_counted_by_what_it_is_and_whether_the_intent_is_right() {
        let known = row(None, &[], Route::Auto).routed.classification.intent;
        let mut table = Table::default();
        for row in [
            row(Some(&known), &[], Route::Auto),
            row(Some("get_refund"), &[], Route::Auto),
            row(Some(&known), &[], Route::Suggest),
            row(Some(&known), &[], Route::Escalate),
            row(None, &[], Route::Auto),
            row(Some(&known), &["legal"], Route::Auto),
        ] {
            table.count("some", &row);
        }
        insta::assert_snapshot!(table.to_string());
    }

    #[test]
    fn a_share_of_nothing_is_no_share() {
        assert_eq!((share(0, 0), share(0, 60)), ("-".to_owned(), "0.00 % (0.00 to 5.96)".to_owned()));
    }
}
