//! An answer as the ledger keeps it.

use serde::{Deserialize, Serialize};

/// What a provider wrote, with placeholders, or why that is of no use.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Text(String),
    Unusable(String),
}

/// The bytes to keep.
pub(super) fn bytes(text: Result<String, String>) -> Vec<u8> {
    let kept = text.map_or_else(Kept::Unusable, Kept::Text);
    // A string always has a form in JSON.
    serde_json::to_vec(&kept).unwrap_or_default()
}

/// The text in them, or why there is none.
pub(super) fn text(bytes: &[u8]) -> Result<String, String> {
    match serde_json::from_slice(bytes) {
        Ok(Kept::Text(text)) => Ok(text),
        Ok(Kept::Unusable(reason)) => Err(reason),
        Err(_) => Err("has an answer in the ledger that cannot be read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        for kept in [Ok("⟦NAME_1⟧ \"x\"".to_owned()), Err("refused".to_owned())] {
            assert_eq!(text(&bytes(kept.clone())), kept);
        }
        assert!(text(b"{}").is_err());
    }
}
