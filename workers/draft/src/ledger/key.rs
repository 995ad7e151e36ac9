//! What a call is known by.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// All that makes a call the one it is: the same event and the same words to the same model are the same call, in
/// whatever process, lane or year.
#[derive(Debug, Clone, Copy)]
pub struct CallKey<'a> {
    /// Who pays.
    pub tenant: &'a str,
    /// The received event it all began with.
    pub root: Uuid,
    /// The event it is made for.
    pub cause: Uuid,
    /// SHA-256 of the request's body as it would leave, redacted.
    pub prompt: [u8; 32],
    /// Whose API.
    pub provider: &'a str,
    /// The provider's name of the model.
    pub model: &'a str,
    /// All else that changes the answer, in one fixed form.
    pub params: &'a str,
}

impl CallKey<'_> {
    /// 64 hexadecimal digits: SHA-256 over the fields, each with its length before it. Fits a batch's `custom_id`.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let fields: [&[u8]; 7] = [
            self.tenant.as_bytes(),
            self.root.as_bytes(),
            self.cause.as_bytes(),
            &self.prompt,
            self.provider.as_bytes(),
            self.model.as_bytes(),
            self.params.as_bytes(),
        ];
        for field in fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        hex(&hash.finalize())
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const KEY: CallKey<'static> = CallKey {
        tenant: "harbor",
        root: Uuid::from_u128(1),
        cause: Uuid::from_u128(2),
        prompt: [3; 32],
        provider: "anthropic",
        model: "small",
        params: "max_tokens=1024",
    };

    #[test]
    fn the_same_content_has_the_same_key_and_any_other_another() {
        assert_eq!(KEY.digest(), KEY.digest());
        let others = [
            KEY,
            CallKey { tenant: "lumen", ..KEY },
            CallKey { root: Uuid::from_u128(9), ..KEY },
            CallKey { cause: Uuid::from_u128(9), ..KEY },
            CallKey { prompt: [4; 32], ..KEY },
            CallKey { provider: "openai", ..KEY },
            CallKey { model: "large", ..KEY },
            CallKey { params: "max_tokens=99", ..KEY },
            CallKey { provider: "anthropics", model: "mall", ..KEY },
        ];
        let digests: BTreeSet<_> = others.iter().map(CallKey::digest).collect();
        assert_eq!(digests.len(), others.len());
    }

    #[test]
    fn a_key_is_fit_for_a_batch() {
        let digest = KEY.digest();
        assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{digest}");
    }
}
