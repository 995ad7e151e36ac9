//! The whole line on this machine: a bus, a Postgres, every worker, and a look at what the audit has written.

use std::path::Path;

use all::{Line, Overrides};
use anyhow::Context;
use local::Postgres;
use shared::{bus::Bus, runner::Settings};
use tokio::task::spawn_blocking;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

/// Every worker at work, and the database they are seen through.
pub struct House {
    line: Line,
    stop: CancellationToken,
    audit: Client,
    // Ends with the house if it is ours.
    postgres: Postgres,
}

/// The law, as the audit counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Law {
    /// Distinct received events.
    pub received: i64,
    /// Of these, decided.
    pub routed: i64,
    /// Of these, rejected.
    pub rejected: i64,
    /// Of these, under way.
    pub open: i64,
}

impl House {
    /// Starts a Postgres (in `folder`, or a passing one; or the one `DATABASE_URL` names) and every worker.
    pub async fn open(
        bus: &Bus,
        settings: &Settings,
        folder: Option<&Path>,
        overrides: Overrides,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let folder = folder.map(Path::to_owned);
        let postgres = spawn_blocking(move || match (&folder, std::env::var("DATABASE_URL")) {
            (Some(folder), Err(_)) => Postgres::at(folder),
            _ => Postgres::provided_or_private(),
        })
        .await??;
        let overrides = overrides.with("database-url", postgres.url());
        let line = all::start(bus, settings, &overrides, &stop).await?;
        let (audit, connection) =
            tokio_postgres::connect(postgres.url(), NoTls).await.context("the audit's database")?;
        tokio::spawn(connection);
        Ok(Self { line, stop, audit, postgres })
    }

    /// The database with the audit.
    pub fn audit(&self) -> &Client {
        &self.audit
    }

    /// Where the database is.
    pub fn database_url(&self) -> &str {
        self.postgres.url()
    }

    /// The workers.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// The law of a lane, as of now.
    pub async fn law(&self, lane: &str) -> anyhow::Result<Law> {
        let query = "SELECT received, routed, rejected, open FROM law WHERE lane = $1";
        let row = self.audit.query_opt(query, &[&lane]).await?;
        Ok(row.map_or_else(Law::default, |row| Law {
            received: row.get("received"),
            routed: row.get("routed"),
            rejected: row.get("rejected"),
            open: row.get("open"),
        }))
    }

    /// Stops every worker, then the database.
    pub async fn close(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.line.finished().await?;
        drop(self.audit);
        spawn_blocking(move || drop(self.postgres)).await?;
        Ok(())
    }
}
