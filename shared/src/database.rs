//! The way to Postgres: its URL, its certificate, its schema. Several workers share one database; each brings up its own
//! tables, under its own lock, and keeps its own history of migrations.

use std::{error::Error, fmt::Write, time::Duration};

use refinery::Runner;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{
    Client, Config, NoTls,
    config::SslMode,
    error::{DbError, SqlState},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Whose tables these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The worker's name; the server shows it for each connection.
    pub name: &'static str,
    /// The table that says which of its migrations were made.
    pub history: &'static str,
    /// What every replica locks while it brings the schema up to date: a number no other owner uses.
    pub lock: i64,
}

/// A stopped worker must not hold its locks, a slow statement must end: both show as an outage and are tried again.
const SESSION: &str = "SET client_min_messages = warning; \
    SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '5s'";

/// What goes wrong between us and Postgres.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DatabaseError {
    /// The URL cannot be used.
    #[error("is not a Postgres URL: {0}")]
    Url(String),
    /// The operating system's certificates cannot be used.
    #[error("asks for TLS, but {0}")]
    Tls(String),
    /// It does not answer now, or not as it should.
    #[error("Postgres does not do its part: {0}")]
    Away(String),
    /// It will never take these values.
    #[error("Postgres refuses the values: {0}")]
    Values(String),
    /// Somebody else has written the same row first.
    #[error("somebody else stores the same and is further")]
    Contested,
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(error: tokio_postgres::Error) -> Self {
        let text = described(&error);
        match error.code() {
            Some(code) if is_about_values(code) => Self::Values(text),
            _ => Self::Away(text),
        }
    }
}

/// Class 22 is data exception, class 54 is a limit of the program: the same values fail again.
fn is_about_values(code: &SqlState) -> bool {
    code.code().starts_with("22") || code.code().starts_with("54")
}

/// An error with its causes in one line; the driver's own text leaves them out. The server's details are left out:
/// they quote whole rows, and so what customers wrote.
fn described(error: &(dyn Error + 'static)) -> String {
    let mut text = said(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {}", said(error));
        cause = error.source();
    }
    text
}

/// One error without its causes. A message about values quotes them at its end: that is cut off.
fn said(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<DbError>() {
        Some(db) if is_about_values(db.code()) => {
            let words = db.message().split('"').next().unwrap_or_default().trim_end_matches([' ', ':']);
            format!("{} {}: {words}", db.severity(), db.code().code())
        }
        Some(db) => format!("{} {}: {}", db.severity(), db.code().code(), db.message()),
        None => error.to_string(),
    }
}

/// Where Postgres is and how to reach it.
#[derive(Clone)]
pub struct Database {
    owner: Owner,
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Database {
    /// Reads a URL. `sslmode=require`, `verify-ca` and `verify-full` all check the server's certificate and name
    /// against the operating system's certificates; any other mode is plain text.
    ///
    /// # Errors
    /// When it cannot be used; the text never holds the password.
    pub fn new(url: &SecretString, owner: Owner) -> Result<Self, DatabaseError> {
        let url = url.expose_secret().replace("sslmode=verify-full", "sslmode=require");
        let url = url.replace("sslmode=verify-ca", "sslmode=require");
        let mut config: Config = url.parse().map_err(|error| DatabaseError::Url(described(&error)))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(DatabaseError::Url("it names no host".to_owned()));
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Require => Some(tls()?),
            _ => None,
        };
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        config.application_name(owner.name);
        config.keepalives_idle(Duration::from_secs(10)).tcp_user_timeout(Duration::from_secs(20));
        Ok(Self { owner, config, tls })
    }

    /// Brings the schema up to date; replicas that start together wait for each other.
    ///
    /// # Errors
    /// When Postgres cannot be reached or refuses the change.
    pub async fn migrate(&self, mut migrations: Runner) -> Result<(), DatabaseError> {
        let mut client = self.open().await?;
        client.execute("SELECT pg_advisory_lock($1)", &[&self.owner.lock]).await?;
        migrations.set_migration_table_name(self.owner.history);
        let done = migrations.run_async(&mut client).await;
        done.map(drop).map_err(|error| DatabaseError::Away(described(&error)))
    }

    /// A connection for short transactions.
    ///
    /// # Errors
    /// When Postgres cannot be reached.
    pub async fn connect(&self) -> Result<Client, DatabaseError> {
        let client = self.open().await?;
        client.batch_execute(SESSION).await?;
        Ok(client)
    }

    /// A connection as the server gives it.
    async fn open(&self) -> Result<Client, DatabaseError> {
        if let Some(tls) = self.tls.clone() {
            let (client, connection) = self.config.connect(tls).await?;
            tokio::spawn(connection);
            Ok(client)
        } else {
            let (client, connection) = self.config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

/// TLS with the operating system's certificates.
fn tls() -> Result<MakeRustlsConnect, DatabaseError> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let none =
        |problems| DatabaseError::Tls(format!("the operating system has no certificates: {problems:?}"));
    let (tls, problems) = MakeRustlsConnect::with_native_certs().map_err(none)?;
    for problem in problems {
        tracing::debug!(%problem, "a certificate of the operating system cannot be read");
    }
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { name: "test", history: "test_schema_history", lock: 1 };

    fn refused(url: &str) -> String {
        Database::new(&SecretString::from(url), OWNER)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_wrong_url_is_refused_without_its_password() {
        for url in [
            "",
            "hello",
            "mysql://a:geheim@b/c",
            "postgres://a:geheim@b:port/c",
            "postgres://",
            "postgres://a:geheim@b/c?nope=1",
        ] {
            let problem = refused(url);
            assert!(!problem.is_empty() && !problem.contains("geheim"), "{url}: {problem}");
        }
    }

    #[test]
    fn tls_is_used_when_the_url_asks_for_it() {
        for (mode, tls) in [("verify-full", true), ("require", true), ("disable", false), ("prefer", false)] {
            let url = SecretString::from(format!("postgres://a@b/c?sslmode={mode}"));
            assert_eq!(Database::new(&url, OWNER).unwrap().tls.is_some(), tls, "{mode}");
        }
    }
}
