//! What was found, and what it is worth.

use std::fmt::Write as _;

use shared::{
    policy::Policy,
    statistics::{BINS, Judged},
};

use super::judged_by;
use crate::{figures, labelled::Labelled};

/// A fit beside what was there before.
pub struct Report<'a> {
    /// The rows fitted on.
    pub fitting: &'a [&'a Labelled],
    /// The others.
    pub checking: &'a [&'a Labelled],
    /// The policy as it was.
    pub old: &'a Policy,
    /// The policy with the fitted score.
    pub new: &'a Policy,
}

impl Report<'_> {
    /// Tables: the weights, the figures before and after, and the reliability on rows that were not fitted on.
    pub fn text(&self, cross_validated: &[Judged]) -> String {
        let judged = |policy: &Policy, rows: &[&Labelled]| -> Vec<Judged> {
            rows.iter().map(|row| judged_by(policy, row)).collect()
        };
        let mut text = self.weights();
        text += &format!("\nprobability, with 95 % bootstrap intervals\n{}", figures::heading());
        text += &figures::line("before, rows fitted on", &judged(self.old, self.fitting));
        text += &figures::line("after, cross-validated", cross_validated);
        if self.checking.is_empty() {
            text += "\nreliability, cross-validated\n";
            return text + &figures::reliability_table(cross_validated, BINS);
        }
        let after = judged(self.new, self.checking);
        text += &figures::line("before, the other rows", &judged(self.old, self.checking));
        text += &figures::line("after, the other rows", &after);
        text += "\nreliability on the other rows\n";
        text + &figures::reliability_table(&after, BINS)
    }

    fn weights(&self) -> String {
        let mut text = format!("{:<12} {:>9} {:>9}   ramp\n", "log-odds", "before", "after");
        let (old, new) = (&self.old.score, &self.new.score);
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{:<12} {:>9.4} {:>9.4}", "intercept", old.intercept, new.intercept);
        for ((name, before), (_, after)) in old.features.each().iter().zip(new.features.each()) {
            let [from, to] = after.ramp;
            let _ =
                writeln!(text, "{name:<12} {:>9.4} {:>9.4}   {from} to {to}", before.weight, after.weight);
        }
        text
    }
}
