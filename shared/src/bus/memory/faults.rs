//! Trouble on purpose, drawn from a seed.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};

/// How often what goes wrong, as probabilities from 0 to 1.
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    /// What all draws are made from.
    pub seed: u64,
    /// A record is written, and its acknowledgement is lost.
    pub lose_ack: f64,
    /// A record is not written, and the producer is told so.
    pub lose_record: f64,
    /// The producer's queue is full.
    pub queue_full: f64,
    /// At a poll: one partition is lost and assigned again, so that what is not committed comes again.
    pub redeliver: f64,
    /// At a poll: one partition is asked back and assigned again.
    pub revoke: f64,
    /// Acknowledgements take up to this long.
    pub slow: Duration,
}

/// A fault plan and its random numbers.
pub(super) struct Dice {
    plan: FaultPlan,
    random: StdRng,
}

impl Dice {
    pub(super) fn new(plan: FaultPlan) -> Self {
        let random = StdRng::seed_from_u64(plan.seed);
        Self { plan, random }
    }

    /// No more trouble.
    pub(super) fn heal(&mut self) {
        self.plan = FaultPlan { seed: self.plan.seed, ..FaultPlan::default() };
    }

    pub(super) fn queue_full(&mut self) -> bool {
        self.roll(self.plan.queue_full)
    }

    pub(super) fn redeliver(&mut self) -> bool {
        self.roll(self.plan.redeliver)
    }

    pub(super) fn revoke(&mut self) -> bool {
        self.roll(self.plan.revoke)
    }

    /// Whether a record arrives, whether that is acknowledged, and after how long.
    pub(super) fn send(&mut self) -> (bool, bool, Option<Duration>) {
        let lost = self.roll(self.plan.lose_record);
        let unheard = self.roll(self.plan.lose_ack);
        (!lost, !lost && !unheard, self.delay())
    }

    /// One of `0..count`.
    pub(super) fn pick(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.random.random_range(0..count) }
    }

    fn roll(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.random.random_bool(probability.min(1.0))
    }

    fn delay(&mut self) -> Option<Duration> {
        let most = u64::try_from(self.plan.slow.as_micros()).unwrap_or(u64::MAX);
        (most > 0).then(|| Duration::from_micros(self.random.random_range(0..=most)))
    }
}
