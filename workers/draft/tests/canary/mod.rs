//! What the canary is made of.

pub mod bad;
pub mod ear;
pub mod line;
pub mod look;
pub mod planted;
