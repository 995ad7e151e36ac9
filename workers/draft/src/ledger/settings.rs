//! The ledger's settings.

use std::time::Duration;

use clap::Args;
use secrecy::SecretString;
use shared::{StartError, database::Database};

use super::{Ledger, Limits, migrate, schema};

/// Where the ledger is, and how it works.
#[derive(Debug, Clone, Default, Args)]
// The runner's settings have the same name, and would be a second group of it.
#[group(skip)]
pub struct Settings {
    /// Where calls and their bills are written: postgres://user:password@host:port/database; needed once a provider bills
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,
    /// Connections of the ledger; each tenant keeps to one of them [default: 2]
    #[arg(long, env = "SWITCHYARD_LEDGER_CONNECTIONS")]
    pub ledger_connections: Option<usize>,
    /// Milliseconds for which a call is its process's own after that one's last sign of life [default: 10000]
    #[arg(long, env = "SWITCHYARD_LEDGER_LEASE_MS")]
    pub ledger_lease_ms: Option<u64>,
}

impl Settings {
    /// The ledger, with its tables up to date; none without a URL.
    ///
    /// # Errors
    /// All unusable settings at once. `billing`: a provider bills, so that a URL has to be there.
    pub async fn open(&self, billing: bool) -> Result<Option<Ledger>, StartError> {
        let (database, limits) = self.check(billing)?;
        let Some(database) = database else { return Ok(None) };
        migrate(&database).await.map_err(StartError::world)?;
        Ok(Some(Ledger::open(&database, limits)))
    }

    /// What the settings say.
    ///
    /// # Errors
    /// As [`Self::open`], without a look at the world.
    pub fn check(&self, billing: bool) -> Result<(Option<Database>, Limits), StartError> {
        StartError::both(self.database(billing), self.limits())
    }

    fn database(&self, billing: bool) -> Result<Option<Database>, StartError> {
        let Some(url) = &self.database_url else {
            let problem =
                "is not set, and a provider of the policy bills: no money is spent without a ledger";
            return if billing { Err(StartError::setting("DATABASE_URL", problem)) } else { Ok(None) };
        };
        let database = schema::database(url);
        database.map(Some).map_err(|error| StartError::setting("DATABASE_URL", error))
    }

    fn limits(&self) -> Result<Limits, StartError> {
        let usual = Limits::default();
        let connections = self.ledger_connections.unwrap_or(usual.connections);
        let lease = self.ledger_lease_ms.map_or(usual.lease, Duration::from_millis);
        let within = |holds: bool, setting: &str, problem: String| {
            if holds { Ok(()) } else { Err(StartError::setting(setting, problem)) }
        };
        StartError::both(
            within(
                (1..=32).contains(&connections),
                "SWITCHYARD_LEDGER_CONNECTIONS",
                format!("is {connections}, expected 1 to 32"),
            ),
            within(
                (500..=600_000).contains(&lease.as_millis()),
                "SWITCHYARD_LEDGER_LEASE_MS",
                format!("is {}, expected 500 to 600000", lease.as_millis()),
            ),
        )?;
        Ok(Limits { connections, lease, ..usual })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_never_spent_without_a_ledger() {
        let none = Settings::default();
        let problem = none.check(true).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(problem.starts_with("DATABASE_URL: is not set"), "{problem}");
        assert!(none.check(false).is_ok_and(|(database, _)| database.is_none()));
    }

    #[test]
    fn the_settings_go_with_the_runners_on_one_command_line() {
        #[derive(clap::Parser)]
        struct Both {
            #[command(flatten)]
            _ledger: Settings,
            #[command(flatten)]
            _runner: shared::runner::Settings,
        }
        <Both as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_and_without_the_password() {
        let wrong = Settings {
            database_url: Some("mysql://a:geheim@b/c".into()),
            ledger_connections: Some(0),
            ledger_lease_ms: Some(1),
        };
        let problem = wrong.check(false).err().map(|error| error.to_string()).unwrap_or_default();
        for setting in ["DATABASE_URL", "SWITCHYARD_LEDGER_CONNECTIONS", "SWITCHYARD_LEDGER_LEASE_MS"] {
            assert!(problem.contains(setting), "{setting}: {problem}");
        }
        assert!(!problem.contains("geheim") && !format!("{wrong:?}").contains("geheim"));
    }
}
