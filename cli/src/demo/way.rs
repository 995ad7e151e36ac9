//! What the audit says about a ticket's way.

use anyhow::Context;
use shared::events::Routed;
use tokio_postgres::Client;

/// One ticket's way through the line.
pub struct Way {
    /// The last event, with every section.
    pub routed: Routed,
    /// Milliseconds by stage: classify, retrieve, draft, route, and all together.
    pub millis: [Option<i64>; 5],
}

/// The way of a ticket that has been routed.
pub async fn of(audit: &Client, tenant: &str, ticket: &str) -> anyhow::Result<Way> {
    let query =
        "SELECT e.data::text AS data, t.classify_ms, t.retrieve_ms, t.draft_ms, t.route_ms, t.total_ms
        FROM tickets t JOIN events e ON e.root_id = t.root_id AND e.lane = t.lane AND e.kind = 'routed'
        WHERE t.lane = 'live' AND t.tenant = $1 AND t.ticket = $2";
    let row = audit.query_opt(query, &[&tenant, &ticket]).await?;
    let row = row.with_context(|| format!("ticket {tenant}/{ticket} was not routed"))?;
    let routed = serde_json::from_str(row.get("data")).context("the audit's own row cannot be read")?;
    let millis =
        ["classify_ms", "retrieve_ms", "draft_ms", "route_ms", "total_ms"].map(|column| row.get(column));
    Ok(Way { routed, millis })
}

/// How many tickets took each route, and how many were rejected.
pub async fn routes(audit: &Client) -> anyhow::Result<Vec<(String, i64)>> {
    let query = "SELECT coalesce(route, state) AS route, count(*) FROM tickets WHERE lane = 'live' GROUP BY 1 ORDER BY 2 DESC";
    let rows = audit.query(query, &[]).await?;
    Ok(rows.into_iter().map(|row| (row.get(0), row.get(1))).collect())
}
