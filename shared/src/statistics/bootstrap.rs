//! How far a figure might lie from what another sample would give.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// The percentile interval of a figure (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13):
/// `draws` samples of `rows` row numbers with replacement, the figure of each, and the quantiles that leave half of 1 −
/// `confidence` on each side. The same seed gives the same interval. `None` if no sample has a figure.
pub fn bootstrap(
    rows: usize,
    draws: usize,
    confidence: f64,
    seed: u64,
    figure: impl Fn(&[usize]) -> Option<f64>,
) -> Option<(f64, f64)> {
    if rows == 0 {
        return None;
    }
    let mut random = StdRng::seed_from_u64(seed);
    let mut sample = vec![0; rows];
    let mut figures: Vec<f64> = (0..draws)
        .filter_map(|_| {
            sample.fill_with(|| random.random_range(0..rows));
            figure(&sample)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Some((quantile(&figures, tail)?, quantile(&figures, 1.0 - tail)?))
}

/// The order statistic nearest to a quantile.
fn quantile(sorted: &[f64], quantile: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((quantile * last as f64).round() as usize).copied()
}
