//! What was measured, beside its limit and its goal.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::Result;
use serde::Serialize;

/// What is asked of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Ours divided by the limit is at least this.
    RatioAtLeast(f64),
    /// Ours divided by the limit is at most this.
    RatioAtMost(f64),
    /// Ours is at most this.
    AtMost(f64),
    /// It is only reported.
    None,
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// What was measured.
    pub what: String,
    /// In what.
    pub unit: &'static str,
    /// The same of what it is compared to.
    pub limit: Option<f64>,
    /// The figure.
    pub ours: f64,
    /// Ours divided by the limit.
    pub ratio: Option<f64>,
    /// What is asked.
    pub goal: Goal,
    /// Whether it is met.
    pub met: Option<bool>,
    /// What the limit is, and what else is worth knowing.
    pub note: String,
    /// The machine's load in the last minute of the measurement; what it is measured with is in it.
    pub load: f64,
}

impl Finding {
    /// A figure beside its limit: medians of rounds.
    pub fn beside(what: &str, unit: &'static str, ours: &[f64], limit: &[f64], goal: Goal) -> Self {
        let (ours, limit) = (median(ours), median(limit));
        Self::new(what, unit, ours, Some(limit), goal)
    }

    /// A figure of its own.
    pub fn alone(what: &str, unit: &'static str, ours: f64, goal: Goal) -> Self {
        Self::new(what, unit, ours, None, goal)
    }

    fn new(what: &str, unit: &'static str, ours: f64, limit: Option<f64>, goal: Goal) -> Self {
        let ratio = limit.map(|limit| ours / limit);
        let met = match goal {
            Goal::RatioAtLeast(least) => ratio.map(|ratio| ratio >= least),
            Goal::RatioAtMost(most) => ratio.map(|ratio| ratio <= most),
            Goal::AtMost(most) => Some(ours <= most),
            Goal::None => None,
        };
        Self { what: what.to_owned(), unit, limit, ours, ratio, goal, met, note: String::new(), load: 0.0 }
    }

    /// With something worth knowing.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// Everything that was measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Rounds behind each median.
    pub rounds: usize,
    /// In the order they were measured.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The table.
    pub fn table(&self) -> String {
        let mut text = format!("# Speed and memory\n\nMedians of {} rounds in turn.\n\n", self.rounds);
        text.push_str("| what | limit measured | ours | ratio | goal | met | load | |\n|---|---|---|---|---|---|---|---|\n");
        for finding in &self.findings {
            let Finding { what, unit, limit, ours, ratio, goal, met, note, load } = finding;
            let limit = limit.map(figure).unwrap_or_default();
            let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
            let goal = match goal {
                Goal::RatioAtLeast(least) => format!("≥ {least} ×"),
                Goal::RatioAtMost(most) => format!("≤ {most} ×"),
                Goal::AtMost(most) => format!("≤ {most}"),
                Goal::None => String::new(),
            };
            let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
            let ours = figure(*ours);
            let _ = writeln!(
                text,
                "| {what}, {unit} | {limit} | {ours} | {ratio} | {goal} | {met} | {load:.1} | {note} |"
            );
        }
        text
    }

    /// Writes `report.md` and `report.json` into a folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("report.md"), self.table())?;
        fs::write(folder.join("report.json"), serde_json::to_vec_pretty(self)?)?;
        Ok(())
    }
}

/// A figure with as many digits as it can bear.
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

/// The value below which a share of them lies.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len().saturating_sub(1)) as f64 * share;
    sorted.get(at.round() as usize).copied().unwrap_or(f64::NAN)
}

/// The one in the middle.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_not_by_the_medians() {
        let goal = Goal::RatioAtLeast(0.5);
        let met = |ours: &[f64]| Finding::beside("x", "records/s", ours, &[100.0, 90.0, 1.0], goal).met;
        assert_eq!((met(&[60.0, 1.0, 45.0]), met(&[44.0])), (Some(true), Some(false)));
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        assert_eq!((median(&values), quantile(&values, 0.99)), (51.0, 100.0));
    }
}
