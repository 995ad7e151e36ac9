//! What a score is worth for acting alone above a threshold: risk against coverage.

use super::{Judged, share, surest_first};

/// One threshold of the risk-coverage curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// All with this score or a higher one are acted on.
    pub threshold: f64,
    /// How many these are.
    pub acted: u64,
    /// How many of them are wrong.
    pub wrong: u64,
    /// Their share of all, 0 to 1.
    pub coverage: f64,
    /// The share of wrong ones among them, 0 to 1.
    pub risk: f64,
}

/// The risk-coverage curve, one point for each distinct score, strictest first (El-Yaniv and Wiener, JMLR 11, 2010).
pub fn curve(judged: &[Judged]) -> Vec<Point> {
    let sorted = surest_first(judged);
    let (mut acted, mut wrong) = (0, 0);
    let mut points = Vec::new();
    for equals in sorted.chunk_by(|a, b| a.order() == b.order()) {
        acted += equals.len();
        wrong += equals.iter().filter(|one| !one.right).count();
        let threshold = equals.first().map_or(f64::NEG_INFINITY, Judged::order);
        let (coverage, risk) = (share(acted as f64, judged.len()), share(wrong as f64, acted));
        points.push(Point { threshold, acted: acted as u64, wrong: wrong as u64, coverage, risk });
    }
    points
}

/// Area under the risk-coverage curve: the mean, over the n coverages 1/n … 1, of the risk there (Geifman, Uziel and
/// El-Yaniv, ICLR 2019). Equal scores share their errors evenly, so that no order among them matters. 0 of nothing.
pub fn aurc(judged: &[Judged]) -> f64 {
    let (mut acted, mut wrong, mut area) = (0.0, 0.0, 0.0);
    for equals in surest_first(judged).chunk_by(|a, b| a.order() == b.order()) {
        let errors = equals.iter().filter(|one| !one.right).count() as f64 / equals.len() as f64;
        for _ in equals {
            acted += 1.0;
            wrong += errors;
            area += wrong / acted;
        }
    }
    share(area, judged.len())
}

/// The largest coverage at which the risk is not above `risk`; 0 if there is none.
pub fn coverage_at(curve: &[Point], risk: f64) -> f64 {
    curve.iter().filter(|point| point.risk <= risk).map(|point| point.coverage).fold(0.0, f64::max)
}
