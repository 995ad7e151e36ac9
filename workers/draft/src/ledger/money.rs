//! Money that adds up.

use std::fmt;

const NANO: f64 = 1e9;

/// An amount in billionths of a dollar: whole numbers, so that sums are exact whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(i64);

impl Money {
    /// So many dollars, to the next billionth. What is negative or no number counts as nothing.
    pub fn dollars(dollars: f64) -> Self {
        // The cast saturates, and takes NaN for 0.
        Self((dollars * NANO).round().max(0.0) as i64)
    }

    /// So many billionths of a dollar.
    pub fn nano(nanodollars: i64) -> Self {
        Self(nanodollars)
    }

    /// In dollars.
    pub fn as_dollars(self) -> f64 {
        self.0 as f64 / NANO
    }

    /// In billionths of a dollar.
    pub fn as_nano(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${:.6}", self.as_dollars())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_kept_to_the_billionth_and_nonsense_is_nothing() {
        for (dollars, nano) in [
            (0.000_000_01, 10),
            (20.0, 20_000_000_000),
            (0.1 + 0.2, 300_000_000),
            (-1.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, i64::MAX),
        ] {
            assert_eq!(Money::dollars(dollars).as_nano(), nano, "{dollars}");
        }
        assert_eq!(Money::nano(1_500_000_000).as_dollars(), 1.5);
    }
}
