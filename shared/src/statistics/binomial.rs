//! Exact bounds on a probability of which a number of trials are known (Clopper and Pearson, Biometrika 26, 1934).

use statrs::function::beta::checked_beta_reg;

/// Halvings of the unit interval until neighbouring doubles are told apart.
const HALVINGS: usize = 80;

/// P(X ≤ `successes`) for X binomial with `trials` and `probability`: `I_{1-p}(n-k, k+1)`, the regularised incomplete
/// beta function (Abramowitz and Stegun 26.5.24). 1 for a probability that is not a number, so that no test built
/// on it rejects.
pub fn cumulative(successes: u64, trials: u64, probability: f64) -> f64 {
    if successes >= trials || probability.is_nan() {
        return 1.0;
    }
    let (n, k) = (trials as f64, successes as f64);
    checked_beta_reg(n - k, k + 1.0, (1.0 - probability).clamp(0.0, 1.0)).unwrap_or(1.0)
}

/// The largest probability under which no more than these successes are still more probable than 1 −
/// `confidence`: with that confidence, the true one is not above it. 1 without a trial.
pub fn upper(successes: u64, trials: u64, confidence: f64) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    root(|p| cumulative(successes, trials, p) > 1.0 - confidence)
}

/// The mirror image of [`upper`]: with that confidence, the true probability is not below it. 0 without a trial.
pub fn lower(successes: u64, trials: u64, confidence: f64) -> f64 {
    1.0 - upper(trials.saturating_sub(successes), trials, confidence)
}

/// The two-sided interval: half of what is left of the confidence on each side.
pub fn interval(successes: u64, trials: u64, confidence: f64) -> (f64, f64) {
    let each = 0.5 + confidence / 2.0;
    (lower(successes, trials, each), upper(successes, trials, each))
}

/// Trials that are needed before `errors` among them show, with that confidence, a probability of at most `most`;
/// `None` if no number of them would do.
pub fn trials_needed(errors: u64, most: f64, confidence: f64) -> Option<u64> {
    if !(most > 0.0 && confidence < 1.0) {
        return None;
    }
    let enough = |trials: u64| cumulative(errors, trials, most) <= 1.0 - confidence;
    let mut high = errors.max(1);
    while !enough(high) {
        high = high.checked_mul(2).filter(|trials| *trials < 1 << 50)?;
    }
    let mut low = errors;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The largest number in 0..1 of which `holds`, where it holds below a point and not above it.
fn root(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if holds(middle) { low = middle } else { high = middle }
    }
    high
}
