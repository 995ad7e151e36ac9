//! Tables of what a score is worth, for people.

use std::fmt::Write as _;

use shared::{
    certificate::Figures,
    statistics::{BINS, Bin, Judged, aurc, bootstrap, brier, ece, reliability},
};

/// Draws of a bootstrap interval, and its seed.
const DRAWS: usize = 1_000;
const SEED: u64 = 20_261_126;

/// What a score is worth on these rows.
pub fn of(judged: &[Judged]) -> Figures {
    let right = judged.iter().filter(|one| one.right).count() as f64;
    Figures {
        rows: judged.len() as u64,
        right: right / (judged.len().max(1)) as f64,
        aurc: aurc(judged),
        ece: ece(judged, BINS),
        brier: brier(judged),
    }
}

/// One line of figures with their 95 % bootstrap intervals.
pub fn line(name: &str, judged: &[Judged]) -> String {
    let Figures { rows, right, aurc: area, ece: gap, brier: squares } = of(judged);
    let gap_of = |rows: &[Judged]| ece(rows, BINS);
    format!(
        "{name:<28} {rows:>5} {right:>7.3}   {}   {}   {}\n",
        with_interval(area, judged, aurc),
        with_interval(gap, judged, gap_of),
        with_interval(squares, judged, brier),
    )
}

/// The heading of [`line()`].
pub fn heading() -> String {
    format!("{:<28} {:>5} {:>7}   {:<23}   {:<23}   {:<23}\n", "", "rows", "right", "AURC", "ECE", "Brier")
}

fn with_interval(figure: f64, judged: &[Judged], of: impl Fn(&[Judged]) -> f64) -> String {
    let of_sample = |sample: &[usize]| {
        let rows: Vec<Judged> = sample.iter().filter_map(|row| judged.get(*row)).copied().collect();
        Some(of(&rows))
    };
    let (low, high) = bootstrap(judged.len(), DRAWS, 0.95, SEED, of_sample).unwrap_or((figure, figure));
    format!("{figure:.4} ({low:.4}, {high:.4})")
}

/// A reliability table.
pub fn reliability_table(judged: &[Judged], bins: usize) -> String {
    let mut text = format!("{:>17}  {:>5} {:>8} {:>7}\n", "score", "rows", "claimed", "right");
    for Bin { from, to, rows, claimed, right } in reliability(judged, bins) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{from:>7.3} … {to:>7.3}  {rows:>5} {claimed:>8.3} {right:>7.3}");
    }
    text
}
