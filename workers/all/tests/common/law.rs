//! The law.

use tokio_postgres::Row;

use crate::reader::Reader;

/// The state of the line, as the view `law` has it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Law {
    pub received: i64,
    pub routed: i64,
    pub rejected: i64,
    pub open: i64,
    pub stray: i64,
}

impl Law {
    /// As it is now.
    ///
    /// # Errors
    /// When Postgres is away.
    pub fn read(reader: &Reader) -> Result<Self, tokio_postgres::Error> {
        let rows =
            reader.rows("SELECT received, routed, rejected, open, stray FROM law WHERE lane = 'live'")?;
        let law = |row: &Row| Self {
            received: row.get(0),
            routed: row.get(1),
            rejected: row.get(2),
            open: row.get(3),
            stray: row.get(4),
        };
        Ok(rows.first().map(law).unwrap_or_default())
    }
}
