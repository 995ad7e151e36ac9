//! The curves: out of scope, reliability, risk against coverage.

use shared::statistics::{BINS, Judged, curve, reliability};

use crate::{
    answers::{Answered, Answers},
    figures::{judged, mixture, scope},
    picture::{Axes, Line, plot},
};

/// The sets that the curves show.
const SHOWN: [&str; 3] = ["bitext_4514", "natural_tickets", "decisions"];

/// The three pictures by file name.
pub(super) fn pictures(answers: &Answers) -> [(&'static str, String); 3] {
    let sets: Vec<(&str, &[Answered], Vec<&Answered>)> = SHOWN
        .iter()
        .filter_map(|name| {
            let rows = answers.get(*name)?;
            Some((*name, rows.as_slice(), crate::figures::outside(answers, rows)))
        })
        .collect();
    let mut roc = Vec::new();
    let mut reliable = Vec::new();
    let mut risk = Vec::new();
    for (name, rows, outside) in &sets {
        let inside: Vec<&Answered> = rows.iter().filter(|row| row.sample.intent.is_some()).collect();
        roc.push(line(name, roc_points(&scope::judged(&inside, outside, scope::known))));
        for (name, judged) in [
            ((*name).to_owned(), judged(rows)),
            (format!("{name}, one in five out of scope"), mixture(rows, outside)),
        ] {
            reliable.push(line(
                &name,
                reliability(&judged, BINS).iter().map(|bin| (bin.claimed, bin.right)).collect(),
            ));
            risk.push(line(&name, curve(&judged).iter().map(|point| (point.coverage, point.risk)).collect()));
        }
    }
    [
        ("roc.svg", plot(ROC, &roc)),
        ("reliability.svg", plot(RELIABILITY, &reliable)),
        ("risk_coverage.svg", plot(RISK, &risk)),
    ]
}

const ROC: Axes<'static> = Axes {
    title: "Out of scope told from in scope",
    x: "in-scope texts refused",
    y: "out-of-scope texts refused",
    top: 1.0,
    diagonal: true,
};
const RELIABILITY: Axes<'static> = Axes {
    title: "Reliability of the confidence",
    x: "confidence",
    y: "share of right answers",
    top: 1.0,
    diagonal: true,
};
const RISK: Axes<'static> = Axes {
    title: "Risk against coverage",
    x: "coverage: share of texts answered, surest first",
    y: "risk: share of wrong answers among them",
    top: 0.25,
    diagonal: false,
};

fn line(name: &str, points: Vec<(f64, f64)>) -> Line {
    Line { name: name.replace('_', " "), points }
}

/// What is refused below each threshold: of the in-scope texts, and of the others.
fn roc_points(judged: &[Judged]) -> Vec<(f64, f64)> {
    let inside = judged.iter().filter(|one| one.right).count().max(1) as f64;
    let outside = judged.iter().filter(|one| !one.right).count().max(1) as f64;
    let points = curve(judged);
    let refused = points.iter().map(|point| {
        let let_in = (point.acted - point.wrong) as f64;
        (1.0 - let_in / inside, 1.0 - point.wrong as f64 / outside)
    });
    std::iter::once((1.0, 1.0)).chain(refused).collect()
}
