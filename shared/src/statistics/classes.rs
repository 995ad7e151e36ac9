//! How well each class is told from the others.

use std::collections::BTreeMap;

use super::share;

/// The figures of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ClassFigures {
    /// Rows that are of this class.
    pub rows: u64,
    /// Rows that were said to be.
    pub said: u64,
    /// Rows that are and were said to be.
    pub hit: u64,
}

impl ClassFigures {
    /// Of those said to be of the class, the share that is; 0 if none was.
    pub fn precision(&self) -> f64 {
        share(self.hit as f64, self.said as usize)
    }

    /// Of those of the class, the share that was said to be; 0 if there is none.
    pub fn recall(&self) -> f64 {
        share(self.hit as f64, self.rows as usize)
    }

    /// The harmonic mean of precision and recall, `2 hit / (rows + said)` (van Rijsbergen, Information Retrieval,
    /// 1979).
    pub fn f1(&self) -> f64 {
        share(2.0 * self.hit as f64, (self.rows + self.said) as usize)
    }
}

/// The figures of every class that occurs, of pairs `(truth, said)`.
pub fn by_class<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, ClassFigures> {
    let mut figures: BTreeMap<&str, ClassFigures> = BTreeMap::new();
    for (truth, said) in pairs {
        let of_truth = figures.entry(truth).or_default();
        of_truth.rows += 1;
        of_truth.hit += u64::from(truth == said);
        figures.entry(said).or_default().said += 1;
    }
    figures
}

/// The plain mean of F1 over the classes that are true of at least one row, of pairs `(truth, said)`. 0 of nothing.
pub fn macro_f1<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> f64 {
    let figures = by_class(pairs);
    let present: Vec<f64> = figures.values().filter(|one| one.rows > 0).map(ClassFigures::f1).collect();
    share(present.iter().sum(), present.len())
}
