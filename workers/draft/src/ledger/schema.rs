//! The ledger's own tables.

use secrecy::SecretString;
use shared::database::{Database, DatabaseError, Owner};

refinery::embed_migrations!("migrations");

const OWNER: Owner = Owner { name: "draft", history: "draft_schema_history", lock: 0x64_7261_6674 };

/// The database at this URL.
///
/// # Errors
/// When the URL cannot be used; the text never holds the password.
pub fn database(url: &SecretString) -> Result<Database, DatabaseError> {
    Database::new(url, OWNER)
}

/// Brings the ledger's tables, functions and views up to date.
///
/// # Errors
/// When Postgres cannot be reached or refuses the change.
pub async fn migrate(database: &Database) -> Result<(), DatabaseError> {
    database.migrate(migrations::runner()).await
}
