//! Wall time and processor time.

use std::time::Instant;

/// What something took, in seconds.
#[derive(Clone, Copy)]
pub struct Took {
    pub wall: f64,
    /// Processor time of all threads of this process.
    pub cpu: f64,
}

pub fn took(work: impl FnOnce()) -> Took {
    let (begun, before) = (Instant::now(), cpu());
    work();
    Took { wall: begun.elapsed().as_secs_f64(), cpu: cpu() - before }
}

/// Each median by itself.
pub fn median(taken: &[Took]) -> Took {
    let of = |figure: fn(&Took) -> f64| quantile(taken.iter().map(figure).collect(), 0.5);
    Took { wall: of(|took| took.wall), cpu: of(|took| took.cpu) }
}

/// The value below which a share of them lies.
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len().saturating_sub(1)) as f64 * share;
    values.get(at.round() as usize).copied().unwrap_or(f64::NAN)
}

/// Fields 14 and 15 of `/proc/self/stat`, in hundredths of a second.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let rest = stat.rsplit_once(')').unwrap().1;
    rest.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
