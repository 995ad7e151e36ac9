//! Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei, 2021): which thresholds keep P(wrong | auto) ≤ α.
//!
//! Each threshold λ is a null hypothesis "the risk above λ is more than α". Given that n tickets are above it, the wrong
//! ones among them are binomial, so `P(Binomial(n, α) ≤ wrong)` is an exact p-value. The hypotheses are tested in an
//! order that does not depend on the tested rows, from strict to loose, each at the full δ, up to the first that is
//! not rejected (fixed-sequence testing); the probability that any rejected one was true is then at most δ.
//!
//! Above the strictest thresholds there are too few tickets to reject anything. So the sequence begins where *other*
//! rows, those the score was fitted on, give the smallest p-value. As those are independent of the tested ones, the
//! claim stays exact.

use shared::statistics::binomial;

/// One ticket, as a threshold sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ticket {
    /// Auto for every threshold below it; `-∞` for what is never auto.
    pub reach: f64,
    /// Whether the drafted resolution is right.
    pub right: bool,
}

/// What rows say about a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// Auto are tickets that reach above it.
    pub threshold: f64,
    /// Tickets that are auto.
    pub auto: u64,
    /// Of these, the wrong ones.
    pub wrong: u64,
}

impl Tally {
    /// Counts the tickets above a threshold.
    pub fn of(tickets: &[Ticket], threshold: f64) -> Self {
        let above = tickets.iter().filter(|ticket| ticket.reach > threshold);
        let (mut auto, mut wrong) = (0, 0);
        for ticket in above {
            auto += 1;
            wrong += u64::from(!ticket.right);
        }
        Self { threshold, auto, wrong }
    }

    /// How probable so few wrong ones are if the risk is `alpha`.
    pub fn p_value(&self, alpha: f64) -> f64 {
        binomial::cumulative(self.wrong, self.auto, alpha)
    }

    /// With confidence 1 − `delta`, the risk is not above this.
    pub fn bound(&self, delta: f64) -> f64 {
        binomial::upper(self.wrong, self.auto, 1.0 - delta)
    }

    /// Auto tickets that would be enough if the share of wrong ones stays as it is; `None`: no number would do.
    pub fn needed(&self, alpha: f64, delta: f64) -> Option<u64> {
        let rate = if self.auto == 0 { 0.0 } else { self.wrong as f64 / self.auto as f64 };
        let wrong_of = |auto: u64| (rate * auto as f64).ceil() as u64;
        let mut auto = binomial::trials_needed(0, alpha, 1.0 - delta)?;
        while binomial::cumulative(wrong_of(auto), auto, alpha) > delta {
            auto = binomial::trials_needed(wrong_of(auto), alpha, 1.0 - delta)?.max(auto + 1);
            if auto > 10_000_000 {
                return None;
            }
        }
        Some(auto)
    }
}

/// Where to begin, by rows that are not tested: the threshold with the smallest p-value there, of equals the strictest.
pub fn start(grid: &[f64], others: &[Ticket], alpha: f64) -> usize {
    let p_values = grid.iter().map(|threshold| Tally::of(others, *threshold).p_value(alpha));
    p_values.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at)
}

/// Tests the thresholds in their order, each at `delta`, up to the first that is not rejected. The last rejected one
/// has the largest coverage of those for which the risk is at most `alpha`; `None`: not even the first.
pub fn test(thresholds: &[f64], tickets: &[Ticket], alpha: f64, delta: f64) -> Option<Tally> {
    let tallies = thresholds.iter().map(|threshold| Tally::of(tickets, *threshold));
    tallies.take_while(|tally| tally.p_value(alpha) <= delta).last()
}

/// The thresholds that are tried, strict to loose: in steps of 0.005 from 0.995 to the policy's own, which is the last.
pub fn grid(loosest: f64) -> Vec<f64> {
    let steps = (1..200).map(|step| (1_000 - 5 * step) as f64 / 1_000.0);
    steps.take_while(|threshold| *threshold > loosest).chain([loosest]).collect()
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    use super::*;

    const ALPHA: f64 = 0.05;
    const DELTA: f64 = 0.1;

    /// How probable a ticket is to be wrong, by its reach.
    type Risk = fn(f64) -> f64;

    /// A world whose risk is known: a ticket's reach is uniform, and `risk` says how probable it is to be wrong.
    fn draw(random: &mut StdRng, rows: usize, risk: impl Fn(f64) -> f64) -> Vec<Ticket> {
        let ticket = |random: &mut StdRng| {
            let reach: f64 = random.random();
            Ticket { reach, right: random.random::<f64>() >= risk(reach) }
        };
        (0..rows).map(|_| ticket(random)).collect()
    }

    /// P(wrong | reach above the threshold), by the midpoint rule.
    fn true_risk(threshold: f64, risk: impl Fn(f64) -> f64) -> f64 {
        let steps = 4_000;
        let at = |step: u32| threshold + (1.0 - threshold) * (f64::from(step) + 0.5) / f64::from(steps);
        (0..steps).map(|step| risk(at(step))).sum::<f64>() / f64::from(steps)
    }

    /// Of 2,000 draws, the share in which the certified threshold's true risk is above α, and the share certified.
    fn failures(risk: impl Fn(f64) -> f64 + Copy, seed: u64) -> (f64, f64) {
        let grid = grid(0.3);
        let truth: Vec<f64> = grid.iter().map(|threshold| true_risk(*threshold, risk)).collect();
        let mut random = StdRng::seed_from_u64(seed);
        let (mut failed, mut certified) = (0, 0);
        for _ in 0..2_000 {
            let others = draw(&mut random, 300, risk);
            let tested = draw(&mut random, 300, risk);
            let begin = start(&grid, &others, ALPHA);
            let Some(found) = test(&grid[begin..], &tested, ALPHA, DELTA) else { continue };
            certified += 1;
            let at = grid.iter().position(|threshold| *threshold == found.threshold).unwrap();
            failed += u32::from(truth[at] > ALPHA);
        }
        (f64::from(failed) / 2_000.0, f64::from(certified) / 2_000.0)
    }

    #[test]
    fn over_2000_draws_the_bound_fails_no_more_often_than_promised() {
        let noise = 3.0 * (DELTA * (1.0 - DELTA) / 2_000.0).sqrt();
        let worlds: [(&str, Risk); 5] = [
            ("falls in a line", |reach| 0.3 * (1.0 - reach)),
            ("just above alpha everywhere", |_| ALPHA * 1.0001),
            ("a cliff", |reach| if reach > 0.6 { 0.02 } else { 0.4 }),
            ("worse among the surest", |reach| if reach > 0.9 { 0.15 } else { 0.02 }),
            ("useless", |_| 0.4),
        ];
        for (seed, (name, risk)) in worlds.into_iter().enumerate() {
            let (failed, _) = failures(risk, seed as u64);
            assert!(failed <= DELTA + noise, "{name}: failed in {failed} of the draws");
        }
    }

    #[test]
    fn the_promise_is_not_kept_by_never_certifying() {
        let (_, certified) = failures(|reach| if reach > 0.5 { 0.01 } else { 0.4 }, 9);
        assert!(certified > 0.8, "{certified}");
        // On the edge of what is allowed, it fails nearly as often as promised: the test is not slack.
        let (failed, _) = failures(|_| ALPHA * 1.0001, 10);
        assert!(failed > 0.02, "{failed}");
    }

    #[test]
    fn a_test_that_looks_for_the_best_threshold_among_the_tested_rows_would_break_the_promise() {
        let grid = grid(0.3);
        let mut random = StdRng::seed_from_u64(11);
        let fooled = (0..2_000)
            .filter(|_| {
                let tested = draw(&mut random, 300, |_| ALPHA * 1.0001);
                let p_value = |threshold: &f64| Tally::of(&tested, *threshold).p_value(ALPHA);
                grid.iter().any(|threshold| p_value(threshold) <= DELTA)
            })
            .count();
        assert!(fooled as f64 / 2_000.0 > 2.0 * DELTA, "this simulation can tell a broken test: {fooled}");
    }

    #[test]
    fn the_grid_goes_from_strict_to_the_policys_own_threshold() {
        let thresholds = grid(0.85);
        assert_eq!((thresholds[0], thresholds[29], thresholds.len()), (0.995, 0.85, 30));
        assert!(thresholds.windows(2).all(|pair| pair[0] > pair[1]));
        assert_eq!(grid(0.999), [0.999]);
    }

    #[test]
    fn what_is_needed_is_counted_from_the_share_of_wrong_ones() {
        let tally = |auto, wrong| Tally { threshold: 0.9, auto, wrong };
        assert_eq!(tally(100, 0).needed(0.02, 0.05), Some(149));
        assert_eq!(tally(0, 0).needed(0.02, 0.05), Some(149));
        let needed = tally(200, 2).needed(0.02, 0.05).unwrap();
        assert!(needed > 400 && tally(needed, needed.div_ceil(100)).p_value(0.02) <= 0.05, "{needed}");
        assert_eq!(tally(100, 3).needed(0.02, 0.05), None);
    }
}
