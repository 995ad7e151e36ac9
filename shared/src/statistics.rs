//! The statistics that a claim about the product rests on: exact bounds, calibration, ranking, and what a score is
//! worth for deciding when to act alone.
//!
//! Every function names the source of its formula. All are pure: the same input gives the same bits.

pub mod binomial;
mod bootstrap;
mod calibration;
mod classes;
mod ranking;
mod selective;

pub use bootstrap::bootstrap;
pub use calibration::{Bin, brier, ece, reliability};
pub use classes::{ClassFigures, by_class, macro_f1};
pub use ranking::auroc;
pub use selective::{Point, aurc, coverage_at, curve};

/// Bins of a reliability table and of the calibration error.
pub const BINS: usize = 15;

/// One prediction and what became of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// How sure the model was, 0 to 1; what is not a number counts as the least sure of all.
    pub score: f64,
    /// Whether it was right.
    pub right: bool,
}

impl Judged {
    /// One prediction and what became of it.
    pub fn new(score: f64, right: bool) -> Self {
        Self { score, right }
    }

    /// The score, as an order needs it.
    fn order(&self) -> f64 {
        if self.score.is_nan() { f64::NEG_INFINITY } else { self.score }
    }
}

/// Surest first; equals keep their order.
fn surest_first(judged: &[Judged]) -> Vec<Judged> {
    let mut sorted = judged.to_vec();
    sorted.sort_by(|a, b| b.order().total_cmp(&a.order()));
    sorted
}

/// A part of a whole; 0 of nothing.
fn share(part: f64, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part / whole as f64 }
}

#[cfg(test)]
mod tests;
