//! What whoever runs a test may ask for.

use std::{env, time::Duration};

use anyhow::{Context, Result};

/// The whole number in this variable of the environment, if there is one.
///
/// # Errors
/// When it is something else.
pub fn number(name: &str) -> Result<Option<u64>> {
    match env::var(name) {
        Ok(text) if !text.is_empty() => {
            text.parse().map(Some).with_context(|| format!("{name}: '{text}' is not a whole number"))
        }
        _ => Ok(None),
    }
}

/// How long a soak is to go on: `SWITCHYARD_SOAK_MINUTES`; none: the test is to be short.
///
/// # Errors
/// As [`number`].
pub fn soak() -> Result<Option<Duration>> {
    Ok(number("SWITCHYARD_SOAK_MINUTES")?.map(|minutes| Duration::from_secs(minutes * 60)))
}
