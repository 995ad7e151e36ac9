//! A resolved ticket as a point, and back.

use std::collections::HashMap;

use qdrant_client::{
    Payload,
    qdrant::{
        Condition, Filter, PointId, PointStruct, QueryPoints, QueryPointsBuilder, RetrievedPoint,
        ScoredPoint, Value, r#match::MatchValue, point_id::PointIdOptions,
    },
};
use uuid::Uuid;

use super::super::entry::{Card, Entry, Hit, Query};

/// The payload field with the content's digest.
pub(super) const CONTENT: &str = "content";

/// The point of an entry.
pub(super) fn of(entry: Entry) -> PointStruct {
    let id = entry.point().to_string();
    let Entry { card, content, vector, .. } = entry;
    let mut payload = Payload::new();
    payload.insert("tenant", card.tenant);
    payload.insert("id", card.id);
    if let Some(intent) = card.intent {
        payload.insert("intent", intent);
    }
    payload.insert("subject", card.subject);
    payload.insert("reply", card.reply);
    payload.insert("resolved_at", card.resolved_at.to_rfc3339());
    payload.insert(CONTENT, content);
    PointStruct::new(id, vector, payload)
}

/// A search among one tenant's points, of one intent or of all. There is no other way to search.
pub(super) fn query(collection: &str, query: Query<'_>, intent: Option<&str>) -> QueryPoints {
    // Said to be a keyword: the client takes a plain string with a space in it for a full-text match.
    let word = |field: &str, word: &str| Condition::matches(field, MatchValue::Keyword(word.to_owned()));
    let tenant = word("tenant", query.tenant);
    let intent = intent.map(|intent| word("intent", intent));
    QueryPointsBuilder::new(collection)
        .query(query.vector.to_vec())
        .filter(Filter::must(std::iter::once(tenant).chain(intent)))
        .limit(query.limit as u64)
        .with_payload(true)
        .build()
}

/// What a found point holds, or which field of it is not as we write it.
pub(super) fn hit(found: ScoredPoint) -> Result<Hit, String> {
    let text = |name: &str| {
        let text = found.payload.get(name).and_then(Value::as_str);
        text.cloned().ok_or_else(|| format!("the point {:?} has no '{name}'", id(found.id.as_ref())))
    };
    let resolved_at = text("resolved_at")?;
    let card = Card {
        tenant: text("tenant")?,
        id: text("id")?,
        intent: text("intent").ok(),
        subject: text("subject")?,
        reply: text("reply")?,
        resolved_at: resolved_at.parse().map_err(|_| format!("'{resolved_at}' is not a time"))?,
    };
    Ok(Hit { card, score: found.score })
}

/// A point's id and content digest.
pub(super) fn content(point: RetrievedPoint) -> Option<(Uuid, String)> {
    let payload: HashMap<String, Value> = point.payload;
    let content = payload.get(CONTENT)?.as_str()?.clone();
    Some((id(point.id.as_ref())?, content))
}

fn id(id: Option<&PointId>) -> Option<Uuid> {
    match id?.point_id_options.as_ref()? {
        PointIdOptions::Uuid(uuid) => uuid.parse().ok(),
        PointIdOptions::Num(_) => None,
    }
}
