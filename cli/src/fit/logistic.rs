//! Logistic regression whose weights are not negative, so that no value that rises can lower the probability.
//!
//! Minimises the sum of log losses plus `penalty / 2` times the squared weights (the intercept is free) under weights ≥
//! 0. The problem is convex, so the minimum is the only one; it is found by cyclic coordinate descent, each step the
//! one-dimensional Newton step cut off at 0 (Fan, Chang, Hsieh, Wang and Lin, LIBLINEAR, JMLR 9, 2008, appendix) and
//! halved until the objective falls. No chance is involved: the same rows in the same order give the same bits.

/// Sweeps over all coordinates, at most.
const SWEEPS: usize = 5_000;
/// A sweep that moves no coefficient by more than this is the last, in log-odds.
const STILL: f64 = 1e-9;

/// One row: the values, 0 to 1, and whether the resolution was right.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// In the order of the features.
    pub values: Vec<f64>,
    /// 1 or 0.
    pub right: bool,
}

/// A fitted line in log-odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Log-odds when every value is 0.
    pub intercept: f64,
    /// Log-odds that each value adds at 1; none is negative.
    pub weights: Vec<f64>,
}

/// Fits `features` weights and an intercept.
pub fn fit(rows: &[Row], features: usize, penalty: f64) -> Fit {
    let mut descent = Descent {
        rows,
        penalty,
        log_odds: vec![0.0; rows.len()],
        fit: Fit { intercept: 0.0, weights: vec![0.0; features] },
    };
    for _ in 0..SWEEPS {
        let moved = (0..=features).map(|at| descent.step(at)).fold(0.0, f64::max);
        if moved <= STILL {
            break;
        }
    }
    descent.fit
}

struct Descent<'a> {
    rows: &'a [Row],
    penalty: f64,
    log_odds: Vec<f64>,
    fit: Fit,
}

impl Descent<'_> {
    /// A Newton step along one coordinate, the last being the intercept; returns how far it went.
    fn step(&mut self, at: usize) -> f64 {
        let old = self.fit.weights.get(at).copied();
        let penalty = if old.is_some() { self.penalty } else { 0.0 };
        let weight = old.unwrap_or(self.fit.intercept);
        let (mut slope, mut bend) = (penalty * weight, penalty + 1e-12);
        for (row, log_odds) in self.rows.iter().zip(&self.log_odds) {
            let (x, p) = (value(row, at), sigmoid(*log_odds));
            slope += x * (p - f64::from(u8::from(row.right)));
            bend += x * x * p * (1.0 - p);
        }
        let least = if old.is_some() { 0.0 } else { f64::NEG_INFINITY };
        let full = (weight - slope / bend).max(least) - weight;
        let step = self.shortened(at, penalty, weight, full);
        for (row, log_odds) in self.rows.iter().zip(&mut self.log_odds) {
            *log_odds += step * value(row, at);
        }
        match self.fit.weights.get_mut(at) {
            Some(weight) => *weight += step,
            None => self.fit.intercept += step,
        }
        step.abs()
    }

    /// The step, halved until it lowers the objective; 0 if none does.
    fn shortened(&self, at: usize, penalty: f64, weight: f64, full: f64) -> f64 {
        let objective = |step: f64| {
            let losses = self.rows.iter().zip(&self.log_odds);
            let loss: f64 =
                losses.map(|(row, log_odds)| log_loss(log_odds + step * value(row, at), row.right)).sum();
            loss + penalty / 2.0 * (weight + step).powi(2)
        };
        let here = objective(0.0);
        let mut steps = std::iter::successors(Some(full), |step| Some(step / 2.0)).take(30);
        steps.find(|step| objective(*step) < here).unwrap_or(0.0)
    }
}

/// A row's value at a coordinate; the intercept's is 1.
fn value(row: &Row, at: usize) -> f64 {
    row.values.get(at).copied().unwrap_or(1.0)
}

fn log_loss(log_odds: f64, right: bool) -> f64 {
    let wrong_way = if right { -log_odds } else { log_odds };
    wrong_way.max(0.0) + (-wrong_way.abs()).exp().ln_1p()
}

fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    use super::*;

    impl Fit {
        fn log_odds(&self, values: &[f64]) -> f64 {
            self.weights.iter().zip(values).fold(self.intercept, |sum, (weight, value)| sum + weight * value)
        }

        fn probability(&self, values: &[f64]) -> f64 {
            sigmoid(self.log_odds(values))
        }
    }

    /// Rows whose true log-odds are known.
    fn drawn(rows: usize, intercept: f64, weights: &[f64], seed: u64) -> Vec<Row> {
        let mut random = StdRng::seed_from_u64(seed);
        let truth = Fit { intercept, weights: weights.to_vec() };
        let row = |random: &mut StdRng| {
            let values: Vec<f64> = weights.iter().map(|_| random.random::<f64>()).collect();
            Row { right: random.random::<f64>() < truth.probability(&values), values }
        };
        (0..rows).map(|_| row(&mut random)).collect()
    }

    #[test]
    fn what_the_rows_were_drawn_from_is_found_again() {
        let found = fit(&drawn(20_000, -2.0, &[3.0, 1.0, 0.0], 1), 3, 1e-3);
        assert!((found.intercept + 2.0).abs() < 0.2, "{found:?}");
        for (weight, truth) in found.weights.iter().zip([3.0, 1.0, 0.0]) {
            assert!((weight - truth).abs() < 0.25, "{found:?}");
        }
    }

    #[test]
    fn a_value_that_would_lower_the_probability_gets_no_weight() {
        let found = fit(&drawn(5_000, 0.5, &[2.0, -3.0], 2), 2, 1e-3);
        assert_eq!(found.weights[1], 0.0);
        assert!(found.weights[0] > 1.0);
    }

    #[test]
    fn the_minimum_is_one_that_no_allowed_step_lowers() {
        let rows = drawn(800, -1.0, &[2.0, 0.5, -1.0, 1.0], 3);
        let found = fit(&rows, 4, 0.5);
        let objective = |fit: &Fit| {
            let loss: f64 = rows.iter().map(|row| log_loss(fit.log_odds(&row.values), row.right)).sum();
            loss + 0.25 * fit.weights.iter().map(|weight| weight * weight).sum::<f64>()
        };
        let best = objective(&found);
        for at in 0..=4 {
            for step in [-1e-3, 1e-3] {
                let mut near = found.clone();
                match near.weights.get_mut(at) {
                    Some(weight) => *weight = (*weight + step).max(0.0),
                    None => near.intercept += step,
                }
                assert!(objective(&near) >= best - 1e-9, "{at} {step}");
            }
        }
    }

    #[test]
    fn rows_that_can_be_parted_get_finite_weights_and_repeat_bit_for_bit() {
        let rows: Vec<Row> =
            (0..40).map(|at| Row { values: vec![f64::from(at) / 40.0], right: at >= 20 }).collect();
        let found = fit(&rows, 1, 1.0);
        assert!(found.weights[0].is_finite() && found.weights[0] > 1.0);
        assert_eq!(fit(&rows, 1, 1.0), found);
    }

    #[test]
    fn no_rows_give_even_odds() {
        assert_eq!(fit(&[], 2, 1.0).probability(&[1.0, 1.0]), 0.5);
    }
}
