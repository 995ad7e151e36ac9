//! The way to Postgres: its URL, its certificate, its schema.

use std::{error::Error, fmt::Write, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::{Client, Config, NoTls, config::SslMode, error::SqlState};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What every replica locks while it brings the schema up to date: any number nobody else uses here.
const MIGRATION_LOCK: i64 = 0x7377_6974_6368;

/// A stopped worker must not hold its locks, a slow statement must end: both show as an outage and are tried again.
const SESSION: &str = "SET application_name = 'audit'; SET client_min_messages = warning; \
    SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '5s'";

refinery::embed_migrations!("migrations");

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
    /// Somebody else has written down a later progress.
    #[error("somebody else stores the same partition and is further")]
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

/// An error with its causes in one line; the driver's own text leaves them out.
fn described(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// Where Postgres is and how to reach it.
#[derive(Clone)]
pub struct Database {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Database {
    /// Reads a URL. `sslmode=require`, `verify-ca` and `verify-full` all check the server's certificate and name
    /// against the operating system's certificates; any other mode is plain text.
    ///
    /// # Errors
    /// When it cannot be used; the text never holds the password.
    pub fn new(url: &SecretString) -> Result<Self, DatabaseError> {
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
        config.keepalives_idle(Duration::from_secs(10)).tcp_user_timeout(Duration::from_secs(20));
        Ok(Self { config, tls })
    }

    /// Brings the schema up to date; replicas that start together wait for each other.
    ///
    /// # Errors
    /// When Postgres cannot be reached or refuses the change.
    pub async fn migrate(&self) -> Result<(), DatabaseError> {
        let mut client = self.open().await?;
        client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATION_LOCK]).await?;
        let done = migrations::runner().run_async(&mut client).await;
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

    fn refused(url: &str) -> String {
        Database::new(&SecretString::from(url)).err().map(|error| error.to_string()).unwrap_or_default()
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
            assert_eq!(Database::new(&url).unwrap().tls.is_some(), tls, "{mode}");
        }
    }
}
