//! What the audit has kept of a decision.

use std::{io::Read as _, path::Path};

use anyhow::{Context, bail};
use secrecy::SecretString;
use serde_json::Value;
use shared::{StartError, events::Routed};
use uuid::Uuid;

/// The latest decision on a ticket, by its name or by the received event's id.
const QUERY: &str = "SELECT tenant, ticket, lane, root_id, event_time, data FROM events \
    WHERE kind = 'routed' AND data IS NOT NULL AND problem IS NULL \
    AND ((root_id = $1) OR ($1 IS NULL AND ticket = $2 AND ($3::text IS NULL OR tenant = $3))) \
    ORDER BY event_time DESC, root_id LIMIT 2";

/// A `routed` event as it was written, and where it was found.
#[derive(Debug, Clone)]
pub struct Row {
    /// The event, number for number.
    pub data: Value,
    /// Where it comes from, in words.
    pub place: String,
}

impl Row {
    /// From a file that holds the event.
    ///
    /// # Errors
    /// If it cannot be read or is no JSON.
    pub fn of_file(path: &Path) -> anyhow::Result<Self> {
        let named = || format!("cannot read {}", path.display());
        let mut text = String::new();
        if path == Path::new("-") {
            std::io::stdin().read_to_string(&mut text).with_context(named)?;
        } else {
            text = std::fs::read_to_string(path).with_context(named)?;
        }
        let data = serde_json::from_str(&text).with_context(named)?;
        Ok(Self { data, place: path.display().to_string() })
    }

    /// From the audit's table.
    ///
    /// # Errors
    /// If the database cannot be used, or knows no such decision, or more than one tenant has such a ticket.
    pub async fn of_audit(url: Option<&SecretString>, ticket: &str) -> anyhow::Result<Self> {
        let unset = || StartError::setting("DATABASE_URL", "is not set; it says where the audit is");
        let unusable = |error| StartError::setting("DATABASE_URL", error);
        let database = audit::database(url.ok_or_else(unset)?).map_err(unusable)?;
        let client = database.connect().await?;
        let root = Uuid::parse_str(ticket).ok();
        let (tenant, id) = ticket.split_once('/').map_or((None, ticket), |(tenant, id)| (Some(tenant), id));
        let rows = client.query(QUERY, &[&root, &id, &tenant]).await.context("the audit's table")?;
        let row = rows.first().with_context(|| format!("the audit has no decision on {ticket}"))?;
        let owner: String = row.get("tenant");
        if let Some(other) = rows.iter().map(|row| row.get::<_, String>("tenant")).find(|name| *name != owner)
        {
            bail!("{owner} and {other} both have a ticket {id}; name it as {owner}/{id}");
        }
        let (lane, root): (String, Uuid) = (row.get("lane"), row.get("root_id"));
        let time: chrono::DateTime<chrono::Utc> = row.get("event_time");
        Ok(Self {
            data: row.get("data"),
            place: format!("the audit: lane {lane}, received event {root}, {}", time.format("%F %T UTC")),
        })
    }

    /// The event.
    ///
    /// # Errors
    /// Says what keeps it from being one.
    pub fn routed(&self) -> anyhow::Result<Routed> {
        serde_json::from_value(self.data.clone()).context("this is no `routed` event")
    }

    /// The decision as it was written.
    pub fn decision(&self) -> Value {
        self.data.get("decision").cloned().unwrap_or_default()
    }

    /// The classification as it was written.
    pub fn classification(&self) -> Value {
        self.data.get("classification").cloned().unwrap_or_default()
    }
}
