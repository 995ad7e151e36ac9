//! What was found, for people.

use std::fmt::Write as _;

use shared::{
    certificate::{Certificate, Claim},
    statistics::{Point, coverage_at},
};

/// Risks at which the coverage is given.
const RISKS: [f64; 3] = [0.01, 0.02, 0.05];

/// Rows of the risk-coverage table.
const LINES: usize = 12;

/// The claims, the figures and the risk-coverage curve.
pub fn text(certificate: &Certificate, curve: &[Point]) -> String {
    let Certificate { alpha, delta, data, figures, .. } = certificate;
    let mut text = format!(
        "P(wrong | auto) at most {alpha} with confidence {}, on {} labelled decisions ({} judged by people)\n\n",
        1.0 - delta,
        data.rows,
        data.by_people
    );
    text += &format!(
        "{:<26} {:>9} {:>6} {:>6} {:>9} {:>8}\n",
        "", "threshold", "auto", "wrong", "coverage", "bound"
    );
    text += &line("overall", &certificate.overall);
    for (intent, claim) in certificate.intents.iter().filter(|(_, claim)| claim.auto > 0) {
        text += &line(intent, claim);
    }
    text += &format!(
        "\nAURC {:.4}   ECE {:.4}   Brier {:.4}   on {} rows that no rule holds back, {:.1} % right\n",
        figures.aurc,
        figures.ece,
        figures.brier,
        figures.rows,
        figures.right * 100.0
    );
    for risk in RISKS {
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "coverage at {:>2.0} % risk: {:>5.1} %",
            risk * 100.0,
            coverage_at(curve, risk) * 100.0
        );
    }
    text + "\n" + &table(curve)
}

fn line(name: &str, claim: &Claim) -> String {
    let threshold = claim.threshold.map_or_else(|| "-".to_owned(), |threshold| format!("{threshold:.3}"));
    format!(
        "{name:<26} {threshold:>9} {:>6} {:>6} {:>7.1} % {:>8.4}\n",
        claim.auto,
        claim.wrong,
        claim.coverage * 100.0,
        claim.bound
    )
}

/// The curve at evenly spread coverages.
fn table(curve: &[Point]) -> String {
    let mut text =
        format!("{:>9} {:>9} {:>6} {:>6} {:>8}\n", "coverage", "threshold", "acted", "wrong", "risk");
    for at in 1..=LINES.min(curve.len()) {
        let Some(point) = curve.get((at * curve.len() / LINES.min(curve.len())).saturating_sub(1)) else {
            continue;
        };
        let _ = writeln!(
            text,
            "{:>7.1} % {:>9.3} {:>6} {:>6} {:>8.4}",
            point.coverage * 100.0,
            point.threshold,
            point.acted,
            point.wrong,
            point.risk
        );
    }
    text
}

/// Why nothing at all is certified; none if something is.
pub fn refusal(certificate: &Certificate) -> Option<&str> {
    let any = certificate.overall.threshold.is_some()
        || certificate.intents.values().any(|claim| claim.threshold.is_some());
    if any { None } else { Some(certificate.overall.reason.as_deref().unwrap_or("no claim could be shown")) }
}
