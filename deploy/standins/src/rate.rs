//! Requests a minute, as a token bucket, and the headers that tell of it.

use std::time::Instant;

/// What the headers say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// Seconds until the bucket is full.
    pub(crate) reset: f64,
    /// Seconds until there is room for one more; 0 if there is now.
    pub(crate) wait: f64,
}

/// The bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    limit: u64,
    a_second: f64,
    level: f64,
    looked: Instant,
}

impl Bucket {
    pub(crate) fn new(limit: u64, a_second: f64) -> Self {
        Self { limit, a_second, level: limit as f64, looked: Instant::now() }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self) -> Rate {
        let gained = self.looked.elapsed().as_secs_f64() * self.a_second;
        self.looked = Instant::now();
        self.level = (self.level + gained).min(self.limit as f64);
        let wait = if self.level >= 1.0 { 0.0 } else { (1.0 - self.level) / self.a_second };
        if wait == 0.0 {
            self.level -= 1.0;
        }
        let reset = (self.limit as f64 - self.level) / self.a_second;
        Rate { limit: self.limit, remaining: self.level as u64, reset, wait }
    }
}
