//! Whether right ones have higher scores than wrong ones.

use super::{Judged, surest_first};

/// Area under the receiver operating characteristic: the probability that a right one scores higher than a wrong
/// one, equals counting half (Hanley and McNeil, Radiology 143, 1982). `None` unless there are some of both.
pub fn auroc(judged: &[Judged]) -> Option<f64> {
    let (mut right, mut wrong, mut pairs) = (0.0, 0.0, 0.0);
    for equals in surest_first(judged).chunk_by(|a, b| a.order() == b.order()) {
        let of_these = equals.iter().filter(|one| one.right).count() as f64;
        let others = equals.len() as f64 - of_these;
        pairs += others * (right + of_these / 2.0);
        right += of_these;
        wrong += others;
    }
    (right > 0.0 && wrong > 0.0).then(|| pairs / (right * wrong))
}
