//! Whether "90 % sure" is right nine times in ten.

use super::{Judged, share, surest_first};

/// One bin of a reliability table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The least sure score in it.
    pub from: f64,
    /// The surest score in it.
    pub to: f64,
    /// Predictions in it.
    pub rows: u64,
    /// Their mean score.
    pub claimed: f64,
    /// The share of them that were right.
    pub right: f64,
}

/// The reliability table: bins of equal mass, by score, least sure first (Nguyen and O'Connor, EMNLP 2015). Equal
/// scores may part between bins; there are fewer bins if there are fewer rows.
pub fn reliability(judged: &[Judged], bins: usize) -> Vec<Bin> {
    let mut sorted = surest_first(judged);
    sorted.reverse();
    let (rows, bins) = (sorted.len(), bins.clamp(1, sorted.len().max(1)));
    let cut = |bin: usize| bin * rows / bins;
    (0..bins).filter_map(|bin| of(sorted.get(cut(bin)..cut(bin + 1))?)).collect()
}

fn of(rows: &[Judged]) -> Option<Bin> {
    let (first, last) = (rows.first()?, rows.last()?);
    let claimed = rows.iter().map(|one| one.score).sum();
    let right = rows.iter().filter(|one| one.right).count() as f64;
    Some(Bin {
        from: first.score,
        to: last.score,
        rows: rows.len() as u64,
        claimed: share(claimed, rows.len()),
        right: share(right, rows.len()),
    })
}

/// Expected calibration error over `bins` bins of equal mass: the mean, weighted by rows, of how far a bin's claim is
/// from its share of right ones (Naeini, Cooper and Hauskrecht, AAAI 2015; there with bins of equal width).
pub fn ece(judged: &[Judged], bins: usize) -> f64 {
    let gaps =
        reliability(judged, bins).into_iter().map(|bin| bin.rows as f64 * (bin.claimed - bin.right).abs());
    share(gaps.sum(), judged.len())
}

/// The mean squared distance of the score from 1 (right) or 0 (wrong) (Brier, Monthly Weather Review 78, 1950).
pub fn brier(judged: &[Judged]) -> f64 {
    let squares = judged.iter().map(|one| (one.score - f64::from(u8::from(one.right))).powi(2));
    share(squares.sum(), judged.len())
}
