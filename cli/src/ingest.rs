//! `switchyard ingest`: resolved tickets from a file into the index.

use std::{
    ffi::OsString,
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Args, Parser};
use index::ingest::{IngestError, Options, Progress, Source, Summary};
use indicatif::{ProgressBar, ProgressStyle};
use shared::StartError;

/// Reads resolved tickets from a file into the index that `retrieve` searches.
#[derive(Debug, Clone, Args)]
pub struct Ingest {
    #[command(flatten)]
    options: Options,

    #[command(flatten)]
    config: index::Config,

    /// Write the rows that were left out to this file too, one `line N: reason` each
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

/// The arguments as a command of their own, so that another subcommand can have the defaults.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    ingest: Ingest,
}

impl Ingest {
    /// Reads the file, and ends with a line that counts its rows.
    pub async fn run(self) -> anyhow::Result<()> {
        let dry = self.options.dry_run;
        let summary = self.read().await?;
        println!("{summary}{}", if dry { " (dry run, nothing was written)" } else { "" });
        Ok(())
    }

    async fn read(self) -> anyhow::Result<Summary> {
        let source = Source::open(&self.options.file).map_err(told)?;
        let mut errors = self.errors.as_deref().map(noted).transpose()?;
        let mut failed = Ok(());
        let bar = bar(source.bytes);
        let seen = |progress| match progress {
            Progress::Bad(row) => {
                bar.suspend(|| eprintln!("{row}"));
                if let (Some(file), Ok(())) = (&mut errors, &failed) {
                    failed = writeln!(file, "{row}");
                }
            }
            Progress::Sofar(summary, bytes) => {
                bar.set_position(bytes);
                bar.set_message(summary.to_string());
            }
        };
        let summary = index::ingest::run(&self.options, &self.config, source, seen).await;
        bar.finish_and_clear();
        let flushed = errors.map_or(Ok(()), |mut file| file.flush());
        failed.and(flushed).context("cannot write the file of --errors")?;
        summary.map_err(told)
    }
}

/// Reads a file into the index of a folder, for the demo.
pub async fn quietly(file: &Path, folder: &Path) -> anyhow::Result<Summary> {
    let arguments = ["ingest".into(), OsString::from(file), "--index-dir".into(), OsString::from(folder)];
    Alone::try_parse_from(arguments)?.ingest.read().await
}

/// The file for the rows that were left out.
fn noted(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(BufWriter::new(file))
}

/// A file or a column that is not there is an argument to be put right, like a setting.
fn told(error: IngestError) -> anyhow::Error {
    match error {
        IngestError::Start(error) => error.into(),
        error @ IngestError::Unusable { .. } => StartError::setting("FILE", error).into(),
        error => error.into(),
    }
}

/// By bytes, for nobody knows the number of rows; hidden where there is no terminal.
fn bar(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes.filter(|bytes| *bytes > 0) {
        Some(bytes) => (ProgressBar::new(bytes), "{bar:30} {percent:>3}% {msg} {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}"),
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}
