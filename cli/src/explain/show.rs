//! A decision in words and numbers.

use std::fmt::Write as _;

use console::style;
use shared::events::{Decision, Route, Routed};

use super::{counterfactual::Change, row::Row};
use crate::output;

/// Which ticket this is.
pub fn heading(row: &Row, routed: &Routed) -> String {
    let Routed { ticket, classification, retrieval, .. } = routed;
    format!(
        "{}  {}\nfrom {}\nread by {}, searched by {}\n\n",
        style(ticket.key()).bold(),
        output::safe(&ticket.text(), 80),
        row.place,
        classification.model,
        retrieval.model
    )
}

/// What was decided and why: the rule, the contributions, the sum.
pub fn decision(decision: &Decision) -> String {
    let Decision { route, score, probability, rule, thresholds, .. } = decision;
    let mut text = format!(
        "{}: {} ({})\n\n{:<12} {:>9} {:>9} {:>10}\n",
        style(name(*route)).bold(),
        output::safe(&rule.reason, 200),
        output::safe(&rule.name, 80),
        "",
        "value",
        "weight",
        "log-odds"
    );
    let mut sum = 0.0;
    for one in &decision.contributions {
        sum += one.points;
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "{:<12} {:>9.4} {:>9.4} {:>+10.4}   {}",
            one.feature,
            one.value,
            one.weight,
            one.points,
            output::safe(&one.reason, 100)
        );
    }
    text + &format!(
        "{:<12} {:>9} {:>9} {sum:>+10.4}   1 / (1 + e^-x) = {score}; before care {probability}; auto above {}, suggest from {}\n",
        "sum", "", "", thresholds.auto, thresholds.suggest
    )
}

/// Whether it comes out again.
pub fn verdict(decision: &Decision, differences: &[String], rerun: bool) -> String {
    let what = if rerun { "classification and decision come" } else { "the decision comes" };
    if differences.is_empty() {
        return format!("\nBy {}, {what} out again, bit for bit.\n", decision.policy);
    }
    let mut text = format!("\nBy {}, {what} out differently:\n", decision.policy);
    for difference in differences {
        let _ = writeln!(text, "  {}", output::safe(difference, 300));
    }
    text
}

/// What would have moved the route.
pub fn changes(changes: &[Change]) -> String {
    let Some(first) = changes.first() else {
        return "No change of one figure alone would have moved the route.\n".to_owned();
    };
    let mut text = format!(
        "The smallest change that would have moved it: {} {:.3} instead of {:.3}, then {}.\n",
        first.name,
        first.then,
        first.now,
        name(first.route)
    );
    for change in changes.iter().skip(1) {
        let Change { name: figure, now, then, route, rule, .. } = change;
        let _ = writeln!(
            text,
            "  or {figure} {then:.3} instead of {now:.3}, then {} ({})",
            name(*route),
            output::safe(rule, 80)
        );
    }
    text
}

fn name(route: Route) -> &'static str {
    match route {
        Route::Auto => "auto",
        Route::Suggest => "suggest",
        Route::Escalate => "escalate",
    }
}
