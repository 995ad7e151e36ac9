//! What an index keeps of a resolved ticket.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::events::Resolution;
use uuid::Uuid;

/// Names for point ids: UUIDv5 of `tenant/id` in this space.
const POINTS: Uuid = Uuid::from_u128(0x2c4a_58d1_90a7_5e0e_8f0b_61c2_7d34_a9e6);

/// Which parts are embedded; another text here has every ticket embedded anew by the next ingestion.
const PARTS: &str = "subject, whole";

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

/// What of a resolved ticket a vector stands for. A ticket is found by the nearer of the two: a question in one line
/// is nearer to a subject line than to a whole mail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Subject and body.
    #[default]
    Whole,
    /// The subject line; all of it where there is none.
    Subject,
}

/// A card, the digest of all it was made from, and where it lies among the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What its vector stands for.
    pub part: Part,
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
    /// A resolution's two entries from the vectors of its subject and of its whole text. The whole comes last, so that
    /// where it is, the subject is.
    pub fn both(resolution: &Resolution, subject: Vec<f32>, whole: Vec<f32>) -> [Self; 2] {
        [(Part::Subject, subject), (Part::Whole, whole)]
            .map(|(part, vector)| Self::of(resolution, part, vector))
    }

    fn of(resolution: &Resolution, part: Part, vector: Vec<f32>) -> Self {
        let card = Card {
            tenant: resolution.tenant.clone(),
            id: resolution.id.clone(),
            intent: resolution.intent.clone(),
            subject: resolution.subject.clone(),
            reply: resolution.reply.clone(),
            resolved_at: resolution.resolved_at,
        };
        Self { part, card, content: content(resolution), vector }
    }

    /// Where it lies.
    pub fn point(&self) -> Uuid {
        point_id(&self.card.tenant, &self.card.id, self.part)
    }
}

/// The point's id of a ticket's part.
pub fn point_id(tenant: &str, id: &str, part: Part) -> Uuid {
    let whole = Uuid::new_v5(&POINTS, format!("{tenant}/{id}").as_bytes());
    match part {
        Part::Whole => whole,
        Part::Subject => Uuid::new_v5(&whole, b"subject"),
    }
}

/// Digest of what is embedded, how, and quoted, 32 hex digits. The date is not part of it, so that a row without
/// one is the same row tomorrow.
pub fn content(resolution: &Resolution) -> String {
    let mut hasher = Sha256::new_with_prefix(PARTS);
    let intent = resolution.intent.as_deref().unwrap_or_default();
    for part in [&resolution.subject, &resolution.body, &resolution.reply, intent] {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
