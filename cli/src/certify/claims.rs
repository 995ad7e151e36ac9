//! From tallies to claims: overall at δ, by intent at δ shared among the intents (Bonferroni).

use std::collections::BTreeMap;

use shared::certificate::Claim;

use super::{
    ltt::{self, Tally, Ticket},
    population::Population,
};

/// What is asked of the rows.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The most that P(wrong | auto) may be.
    pub alpha: f64,
    /// How probable it may be that the claim is false.
    pub delta: f64,
    /// The policy's own threshold: none below it is tried.
    pub loosest: f64,
}

impl Asked {
    /// The claim about all auto tickets.
    pub fn overall(&self, population: &Population) -> Claim {
        self.claim(&population.tested, &population.others, population.rows)
    }

    /// A claim for each intent that the classifier named, which hold all together with confidence 1 − δ: each is tested
    /// at δ divided by their number.
    pub fn by_intent(&self, population: &Population) -> BTreeMap<String, Claim> {
        let intents = population.by_intent.len().max(1) as f64;
        let each = Self { delta: self.delta / intents, ..*self };
        let claim =
            |(tested, others): &(Vec<Ticket>, Vec<Ticket>)| each.claim(tested, others, population.rows);
        population.by_intent.iter().map(|(intent, tickets)| (intent.clone(), claim(tickets))).collect()
    }

    fn claim(&self, tested: &[Ticket], others: &[Ticket], rows: u64) -> Claim {
        let grid = ltt::grid(self.loosest);
        let thresholds = grid.get(ltt::start(&grid, others, self.alpha)..).unwrap_or_default();
        let shown = ltt::test(thresholds, tested, self.alpha, self.delta);
        let tally = shown.unwrap_or_else(|| Tally::of(tested, self.loosest));
        Claim {
            threshold: shown.map(|tally| tally.threshold),
            auto: tally.auto,
            wrong: tally.wrong,
            coverage: tally.auto as f64 / rows.max(1) as f64,
            bound: tally.bound(self.delta),
            reason: shown.is_none().then(|| self.reason(&grid, tested, rows)),
        }
    }

    /// Why nothing could be shown, and how many more labelled tickets it would take where the tested rows look best. That
    /// place is chosen by those rows, so the number is a guide and no claim.
    fn reason(&self, grid: &[f64], tested: &[Ticket], rows: u64) -> String {
        let tallies = grid.iter().map(|threshold| Tally::of(tested, *threshold));
        let best = tallies.min_by(|a, b| a.p_value(self.alpha).total_cmp(&b.p_value(self.alpha)));
        let Tally { threshold, auto, wrong } = best.unwrap_or_else(|| Tally::of(tested, self.loosest));
        let found =
            format!("above {threshold:.3}, where it looks best, {wrong} of {auto} auto tickets are wrong");
        let Some(needed) = (Tally { threshold, auto, wrong }).needed(self.alpha, self.delta) else {
            return format!(
                "{found}, which is not below {:.1} %: more tickets would not help, the score or the models have to \
                 get better",
                self.alpha * 100.0
            );
        };
        let more = needed.saturating_sub(auto);
        if auto == 0 {
            return format!("{found}: {needed} auto ones without an error would do");
        }
        // Of so many labelled tickets, one is auto.
        let labelled = (more as f64 * rows as f64 / auto as f64).ceil();
        format!(
            "{found}; if that share stays, {more} more auto ones would do, which takes about {labelled} more labelled tickets"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(auto: usize, wrong: usize, never: usize) -> Vec<Ticket> {
        let one = |reach, right| Ticket { reach, right };
        let mut all = vec![one(0.97, true); auto - wrong];
        all.extend(vec![one(0.97, false); wrong]);
        all.extend(vec![one(f64::NEG_INFINITY, false); never]);
        all
    }

    const ASKED: Asked = Asked { alpha: 0.02, delta: 0.05, loosest: 0.85 };

    #[test]
    fn enough_right_answers_certify_and_the_loosest_threshold_is_taken() {
        let claim = ASKED.claim(&tickets(149, 0, 51), &tickets(100, 0, 0), 200);
        assert_eq!((claim.threshold, claim.auto, claim.coverage), (Some(0.85), 149, 0.745));
        assert!(claim.bound <= 0.02 && claim.reason.is_none());
    }

    #[test]
    fn too_few_tickets_are_not_certifiable_and_say_how_many_more_it_takes() {
        let claim = ASKED.claim(&tickets(100, 0, 100), &tickets(100, 0, 0), 200);
        assert_eq!(claim.threshold, None);
        let reason = claim.reason.unwrap();
        assert!(reason.contains("49 more auto ones") && reason.contains("98 more labelled"), "{reason}");
    }

    #[test]
    fn too_many_errors_are_not_certifiable_whatever_the_number() {
        let claim = ASKED.claim(&tickets(300, 9, 0), &tickets(100, 0, 0), 300);
        assert_eq!(claim.threshold, None);
        assert!(claim.reason.unwrap().contains("more tickets would not help"));
    }

    #[test]
    fn intents_share_the_delta() {
        let population = |intents: usize| Population {
            rows: 1_000,
            tested: Vec::new(),
            others: Vec::new(),
            by_intent: (0..intents)
                .map(|at| (format!("intent_{at}"), (tickets(149, 0, 0), tickets(149, 0, 0))))
                .collect(),
            judged: Vec::new(),
        };
        assert_eq!(ASKED.by_intent(&population(1))["intent_0"].threshold, Some(0.85));
        assert_eq!(ASKED.by_intent(&population(2))["intent_0"].threshold, None);
    }
}
