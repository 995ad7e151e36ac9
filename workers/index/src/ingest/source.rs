//! Where the bytes come from, and what they are.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use chrono::{DateTime, Utc};

use super::{
    Format, IngestError, Options,
    rows::{self, Defaults, Rows},
};

/// An opened file or the standard input.
pub struct Source {
    path: String,
    input: Box<dyn BufRead + Send>,
    /// Bytes of it, if it is a file.
    pub bytes: Option<u64>,
    changed: Option<DateTime<Utc>>,
}

impl Source {
    /// Opens the file; `-` is the standard input.
    ///
    /// # Errors
    /// If it is not there or may not be read.
    pub fn open(path: &Path) -> Result<Self, IngestError> {
        if path == Path::new("-") {
            let input = Box::new(BufReader::new(io::stdin()));
            return Ok(Self { path: "standard input".to_owned(), input, bytes: None, changed: None });
        }
        let shown = path.display().to_string();
        let failed = |source| IngestError::File { path: shown.clone(), source };
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if meta.is_dir() {
            return Err(IngestError::Unusable { path: shown, problem: "is a folder".to_owned() });
        }
        let bytes = meta.is_file().then_some(meta.len());
        let changed = meta.modified().ok().map(DateTime::from);
        Ok(Self { input: Box::new(BufReader::with_capacity(1 << 16, file)), path: shown, bytes, changed })
    }

    /// Something that is neither, such as a request's body or a test's bytes.
    pub fn of(name: &str, input: impl Read + Send + 'static) -> Self {
        Self { path: name.to_owned(), input: Box::new(BufReader::new(input)), bytes: None, changed: None }
    }

    /// Its rows.
    pub(super) fn rows(mut self, options: &Options) -> Result<Rows, IngestError> {
        let failed = |source| IngestError::File { path: self.path.clone(), source };
        let start = beginning(&mut self.input).map_err(failed)?;
        if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
            let problem = "is UTF-16; save it as UTF-8".to_owned();
            return Err(IngestError::Unusable { path: self.path, problem });
        }
        let bare = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&start);
        let first = bare.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        let input = Box::new(io::Cursor::new(bare.to_vec()).chain(self.input));
        let defaults = Defaults {
            tenant: options.tenant.clone(),
            resolved_at: options.resolved_at.or(self.changed).unwrap_or_else(Utc::now),
        };
        let rows = match options.format.unwrap_or_else(|| format(&self.path, first)) {
            Format::Jsonl => Ok(rows::jsonl(input, defaults)),
            Format::Csv => rows::csv(input, defaults, options),
        };
        rows.map_err(|problem| IngestError::Unusable { path: self.path, problem })
    }
}

/// The first bytes, a few at least if there are so many.
fn beginning(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    input.by_ref().take(4096).read_to_end(&mut start)?;
    Ok(start)
}

/// By the name's ending, else by the first character.
fn format(path: &str, first: Option<u8>) -> Format {
    match Path::new(path)
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("csv" | "tsv") => Format::Csv,
        Some("jsonl" | "ndjson" | "json") => Format::Jsonl,
        _ if first.is_none_or(|first| first == b'{') => Format::Jsonl,
        _ => Format::Csv,
    }
}
