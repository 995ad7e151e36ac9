//! From lines or records to resolved tickets.

use std::io::{self, BufRead, Read};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use shared::events::Resolution;

use super::{Options, mapping};

/// Bytes of one row beyond which it is not looked at.
const MAX_ROW: usize = 4 * 1024 * 1024;

/// Any of the rows, and the bytes read up to its end.
pub type Row = (u64, Result<(u64, Resolution), BadRow>);

/// The rows of a file, read as they are asked for. An error ends the file.
pub(super) type Rows = Box<dyn Iterator<Item = io::Result<Row>> + Send>;

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadRow {
    /// The line it begins in, from 1.
    pub line: u64,
    /// Why, in words.
    pub reason: String,
}

/// What a row need not say itself.
pub(super) struct Defaults {
    pub tenant: Option<String>,
    pub resolved_at: DateTime<Utc>,
}

/// One JSON object a line, blank lines left out.
pub(super) fn jsonl(mut input: impl BufRead + Send + 'static, defaults: Defaults) -> Rows {
    let (mut line, mut bytes) = (0, 0);
    Box::new(std::iter::from_fn(move || {
        loop {
            let (text, read) = match next_line(&mut input) {
                Ok((_, 0)) => return None,
                Ok(found) => found,
                Err(error) => return Some(Err(error)),
            };
            line += 1;
            bytes += read as u64;
            if text.trim_ascii().is_empty() && read <= MAX_ROW {
                continue;
            }
            let row = if read > MAX_ROW { Err(oversize(read)) } else { object(&text) };
            return Some(Ok((bytes, finished(line, row, &defaults))));
        }
    }))
}

/// A line, at most [`MAX_ROW`] bytes of it, and the bytes it really has.
fn next_line(input: &mut impl BufRead) -> io::Result<(Vec<u8>, usize)> {
    let mut text = Vec::new();
    let mut read = input.by_ref().take(MAX_ROW as u64).read_until(b'\n', &mut text)?;
    if read == MAX_ROW && text.last() != Some(&b'\n') {
        read += input.skip_until(b'\n')?.max(1);
    }
    Ok((text, read))
}

/// The fields of `{…}` or of `{"resolution": {…}}`.
fn object(text: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(text).map_err(|error| not_utf8(error.valid_up_to()))?;
    match serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))? {
        Value::Object(mut fields) => match fields.remove("resolution") {
            Some(Value::Object(inner)) => Ok(inner),
            Some(_) => Err("'resolution' is not an object".to_owned()),
            None => Ok(fields),
        },
        _ => Err("not a JSON object".to_owned()),
    }
}

/// Records under a header.
pub(super) fn csv(
    input: impl Read + Send + 'static,
    defaults: Defaults,
    options: &Options,
) -> Result<Rows, String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(options.delimiter).flexible(true).from_reader(input);
    let header = reader.byte_headers().map_err(|error| error.to_string())?;
    let header: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let columns = mapping::columns(&header, &options.map, options.tenant.as_deref())
        .map_err(|error| error.to_string())?;
    let width = header.len();
    let mut record = csv::ByteRecord::new();
    Ok(Box::new(std::iter::from_fn(move || match reader.read_byte_record(&mut record) {
        Ok(false) => None,
        Ok(true) => {
            let line = record.position().map_or(0, csv::Position::line);
            let row = cells(&record, &columns, width);
            Some(Ok((reader.position().byte(), finished(line, row, &defaults))))
        }
        Err(error) => Some(Err(error.into())),
    })))
}

/// The mapped cells of a record; a blank one counts as not there.
fn cells(
    record: &csv::ByteRecord,
    columns: &[(&'static str, usize)],
    width: usize,
) -> Result<Map<String, Value>, String> {
    let size = record.as_slice().len();
    if size > MAX_ROW {
        return Err(format!("{}; is a quote left open?", oversize(size)));
    }
    if record.len() != width {
        return Err(format!("has {} cells, the header has {width}", record.len()));
    }
    let mut fields = Map::new();
    for (field, place) in columns {
        let cell = record.get(*place).unwrap_or_default();
        let text = std::str::from_utf8(cell)
            .map_err(|error| format!("{field} is {}", not_utf8(error.valid_up_to())))?;
        if !text.trim().is_empty() {
            fields.insert((*field).to_owned(), text.into());
        }
    }
    Ok(fields)
}

/// A checked resolution, or the row's line and what is wrong with it.
fn finished(
    line: u64,
    fields: Result<Map<String, Value>, String>,
    defaults: &Defaults,
) -> Result<(u64, Resolution), BadRow> {
    let resolution = fields.and_then(|fields| resolution(fields, defaults));
    resolution.map(|resolution| (line, resolution)).map_err(|reason| BadRow { line, reason })
}

fn resolution(mut fields: Map<String, Value>, defaults: &Defaults) -> Result<Resolution, String> {
    if let (false, Some(tenant)) = (fields.contains_key("tenant"), &defaults.tenant) {
        fields.insert("tenant".to_owned(), tenant.as_str().into());
    }
    if !fields.contains_key("resolved_at") {
        let date = defaults.resolved_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        fields.insert("resolved_at".to_owned(), date.into());
    }
    if !fields.contains_key("id") {
        let id = id(&fields);
        fields.insert("id".to_owned(), id.into());
    }
    let resolution: Resolution =
        serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
    resolution.check().map_err(|error| error.to_string())?;
    Ok(resolution)
}

/// The id of a row that has none: the same for the same text.
fn id(fields: &Map<String, Value>) -> String {
    let mut hasher = Sha256::new();
    for field in ["tenant", "subject", "body", "reply"] {
        let text = fields.get(field).and_then(Value::as_str).unwrap_or_default();
        hasher.update(text.len().to_le_bytes());
        hasher.update(text.as_bytes());
    }
    let hex: String = hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("row-{hex}")
}

fn oversize(bytes: usize) -> String {
    format!("has {bytes} bytes, more than {MAX_ROW}")
}

fn not_utf8(at: usize) -> String {
    format!("not UTF-8 from byte {at}")
}
