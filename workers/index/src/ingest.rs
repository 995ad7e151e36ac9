//! Many resolved tickets from a file into the index.
//!
//! A row that is there already, with the same content, is left alone; so a second run does nothing, and a run
//! after a killed one goes on where that ended.

mod load;
mod mapping;
mod rows;
mod source;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use shared::StartError;

use crate::Config;
pub use mapping::{Mapping, MappingError};
pub use rows::{BadRow, Row};
pub use source::Source;

/// What is to be read, and how.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Resolved tickets: JSON lines, or CSV with a header; `-` is the standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Which column holds a field, as `reply=response`; columns named like a field need none
    #[arg(long = "map", value_name = "FIELD=COLUMN")]
    pub map: Vec<Mapping>,

    /// Whose tickets they are, where a row does not say so
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,

    /// When they were resolved, where a row does not say so [default: the file's own date]
    #[arg(long, value_name = "RFC3339")]
    pub resolved_at: Option<DateTime<Utc>>,

    /// What the file is, where its name and its first character do not tell
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// What stands between two columns
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter)]
    pub delimiter: u8,

    /// Read and check every row, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values under a header.
    Csv,
}

/// What became of the rows; `read` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows that are not blank.
    pub read: u64,
    /// Written, or in a dry run good enough to be.
    pub indexed: u64,
    /// There already, or twice in the file.
    pub unchanged: u64,
    /// Left out.
    pub bad: u64,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { read, indexed, unchanged, bad } = self;
        write!(f, "{read} read, {indexed} indexed, {unchanged} unchanged, {bad} bad")
    }
}

/// What is seen of a run while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A row was left out.
    Bad(BadRow),
    /// So far, and the bytes read of the file.
    Sofar(Summary, u64),
}

/// Why a run ends before the file does.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not one that rows can be read from.
    #[error("{path}: {problem}")]
    Unusable {
        /// Its path.
        path: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Encoder or index cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Encoder or index failed several times in a row; what is written stays, and the same command goes on.
    #[error("stopped at line {line}: {reason}; the same command goes on from here")]
    Stopped {
        /// The first line of the batch that failed.
        line: u64,
        /// Why.
        reason: String,
    },
}

/// Reads the file into the index. `seen` is called in the order of the rows.
///
/// # Errors
/// If the file cannot be used, or encoder or index fail; never because of a row.
pub async fn run(
    options: &Options,
    config: &Config,
    source: Source,
    seen: impl FnMut(Progress),
) -> Result<Summary, IngestError> {
    let rows = source.rows(options)?;
    if options.dry_run {
        return load::check(rows, seen).await;
    }
    let (encoder, index) = config.search.open().await?;
    load::load(rows, &encoder, &index, seen).await
}

/// A delimiter is one byte; `\t` is a tab.
fn delimiter(given: &str) -> Result<u8, String> {
    match given.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        b"\\t" => Ok(b'\t'),
        _ => Err(format!("'{given}' is not one ASCII character")),
    }
}
