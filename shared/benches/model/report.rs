//! What was measured, beside its goal.

use crate::{
    clock::{Took, median},
    texts::Mix,
};

/// What is asked of a figure.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    None,
}

pub struct Report(String);

impl Report {
    pub fn of(model: &str, rounds: usize) -> Self {
        let mut report = Self(String::new());
        report.line(&format!("# The model runtime: {model}\n\nMedians of {rounds} rounds in turn.\n"));
        report.line("| what | | goal | met | load |\n|---|---|---|---|---|");
        report
    }

    /// Every contender, and the model against the best bare one.
    pub fn throughput(&mut self, mix: &Mix, taken: &[(String, Vec<Took>)]) {
        let count = mix.texts.len() as f64;
        let medians: Vec<(&str, Took)> =
            taken.iter().map(|(name, taken)| (name.as_str(), median(taken))).collect();
        for (name, took) in &medians {
            let what = format!("{} ({:.0} tokens): {name}", mix.name, mix.tokens());
            self.figure(&what, "texts/s", count / took.wall, Goal::None);
            self.figure(&what, "ms of processor a text", 1000.0 * took.cpu / count, Goal::None);
        }
        let best = |figure: fn(&Took) -> f64| {
            let bare = medians.iter().filter(|(name, _)| name.starts_with("bare"));
            bare.map(|(_, took)| figure(took)).fold(f64::INFINITY, f64::min)
        };
        let model = medians[0].1;
        let what = |by: &str| format!("{}: model against the best bare loop, {by}", mix.name);
        self.figure(&what("wall time"), "×", best(|took| took.wall) / model.wall, Goal::AtLeast(0.95));
        self.figure(&what("processor time"), "×", best(|took| took.cpu) / model.cpu, Goal::AtLeast(0.95));
    }

    pub fn figure(&mut self, what: &str, unit: &str, value: f64, goal: Goal) {
        let (asked, met) = match goal {
            Goal::AtLeast(least) => (format!("≥ {least}"), Some(value >= least)),
            Goal::AtMost(most) => (format!("≤ {most}"), Some(value <= most)),
            Goal::None => (String::new(), None),
        };
        let met = met.map_or("", |met| if met { "yes" } else { "**no**" });
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().next().unwrap_or_default();
        let digits = if value >= 100.0 { 0 } else { 2 };
        self.line(&format!("| {what} | {value:.digits$} {unit} | {asked} | {met} | {load} |"));
    }

    pub fn note(&mut self, text: String) {
        self.line(&format!("| {text} | | | | |"));
    }

    #[allow(clippy::print_stdout, reason = "the report is what the bench is for")]
    fn line(&mut self, line: &str) {
        println!("{line}");
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Puts it where `make bench` puts its own.
    pub fn write(&self) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("runtime.md"), &self.0).unwrap();
    }
}
