//! What an index keeps of a resolved ticket.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::events::Resolution;
use uuid::Uuid;

/// Names for point ids: UUIDv5 of `tenant/id` in this space.
const POINTS: Uuid = Uuid::from_u128(0x2c4a_58d1_90a7_5e0e_8f0b_61c2_7d34_a9e6);

/// A resolved ticket as it is quoted; the customer's own words are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Whose customer it was.
    pub tenant: String,
    /// The help desk's id.
    pub id: String,
    /// The intent, if it was labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// The subject line.
    pub subject: String,
    /// What the agent replied.
    pub reply: String,
    /// When it was resolved.
    pub resolved_at: DateTime<Utc>,
}

/// A card, the digest of all it was made from, and where it lies among the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What is quoted.
    pub card: Card,
    /// Digest of the resolution, to tell a changed one from one that is already there.
    pub content: String,
    /// Of length one.
    pub vector: Vec<f32>,
}

/// A card that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What is quoted.
    pub card: Card,
    /// Cosine similarity, -1 to 1.
    pub score: f32,
}

/// What is searched for.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Nobody else's passages are found.
    pub tenant: &'a str,
    /// The intent to search once more for.
    pub intent: &'a str,
    /// Of length one.
    pub vector: &'a [f32],
    /// How many hits at most of any intent, and as many again of this one.
    pub limit: usize,
}

impl Entry {
    /// Of a resolution and its vector.
    pub fn of(resolution: &Resolution, vector: Vec<f32>) -> Self {
        let card = Card {
            tenant: resolution.tenant.clone(),
            id: resolution.id.clone(),
            intent: resolution.intent.clone(),
            subject: resolution.subject.clone(),
            reply: resolution.reply.clone(),
            resolved_at: resolution.resolved_at,
        };
        Self { card, content: content(resolution), vector }
    }
}

/// The point's id of a ticket.
pub fn point_id(tenant: &str, id: &str) -> Uuid {
    Uuid::new_v5(&POINTS, format!("{tenant}/{id}").as_bytes())
}

/// Digest of what is embedded and quoted, 32 hex digits. The date is not part of it, so that a row without
/// one is the same row tomorrow.
pub fn content(resolution: &Resolution) -> String {
    let mut hasher = Sha256::new();
    let intent = resolution.intent.as_deref().unwrap_or_default();
    for part in [&resolution.subject, &resolution.body, &resolution.reply, intent] {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
