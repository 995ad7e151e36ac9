//! The index on disk: a file to which lines are only ever added.
//!
//! The first line names the encoder. Each further line is one entry; the last one of a ticket counts. A line
//! without its line feed is what a killed process left: nobody reads it, and the next writer cuts it off.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use super::super::{
    IndexError, Space,
    entry::{Card, Entry, Part},
};

/// Version of the file's form.
const FORMAT: u32 = 1;

/// The file of one encoder.
#[derive(Debug, Clone)]
pub(super) struct Log {
    path: PathBuf,
    space: Space,
}

/// What was read: whole lines only.
#[derive(Default)]
pub(super) struct Lines {
    /// The entries, in the order they were written.
    pub entries: Vec<Entry>,
    /// Lines that are no entries.
    pub damaged: usize,
    /// The offset after the last whole line.
    pub end: u64,
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    encoder: String,
    dimension: usize,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(default)]
    part: Part,
    #[serde(flatten)]
    card: Card,
    content: String,
    vector: String,
}

impl Log {
    pub(super) fn new(folder: &Path, space: &Space) -> Self {
        Self { path: folder.join(format!("{}.jsonl", space.name())), space: space.clone() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the file; none if it is not there.
    pub(super) fn length(&self) -> Result<u64, IndexError> {
        match fs::metadata(&self.path) {
            Ok(meta) => Ok(meta.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The whole lines from an offset on.
    pub(super) fn read(&self, from: u64) -> Result<Lines, IndexError> {
        let mut bytes = Vec::new();
        match File::open(&self.path) {
            Ok(mut file) => file
                .seek(SeekFrom::Start(from))
                .and_then(|_| file.read_to_end(&mut bytes))
                .map_err(|error| self.failed(error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lines::default()),
            Err(error) => return Err(self.failed(error)),
        };
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut lines = Lines { end: from + whole as u64, ..Lines::default() };
        let mut rest = bytes.get(..whole).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
        if from == 0
            && let Some(head) = rest.next()
        {
            self.check(head)?;
        }
        for line in rest {
            match self.entry(line) {
                Some(entry) => lines.entries.push(entry),
                None => lines.damaged += 1,
            }
        }
        Ok(lines)
    }

    /// Adds entries. They are on the disk when this returns.
    pub(super) fn append(&self, entries: &[Entry]) -> Result<(), IndexError> {
        let mut bytes = Vec::new();
        for entry in entries {
            self.write_line(&mut bytes, entry)?;
        }
        self.append_bytes(bytes).map_err(|error| self.failed(error))
    }

    fn append_bytes(&self, mut lines: Vec<u8>) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&self.path)?;
        file.lock()?;
        if cut_torn_line(&mut file)? == 0 {
            let head =
                Head { format: FORMAT, encoder: self.space.encoder.clone(), dimension: self.space.dimension };
            let mut head = serde_json::to_vec(&head)?;
            head.push(b'\n');
            lines.splice(0..0, head);
        }
        file.write_all(&lines)?;
        file.sync_data()
    }

    fn write_line(&self, bytes: &mut Vec<u8>, entry: &Entry) -> Result<(), IndexError> {
        let numbers: Vec<u8> = entry.vector.iter().flat_map(|number| number.to_le_bytes()).collect();
        let vector = BASE64_STANDARD.encode(numbers);
        let line =
            Line { part: entry.part, card: entry.card.clone(), content: entry.content.clone(), vector };
        serde_json::to_writer(&mut *bytes, &line).map_err(|error| self.failed(error.into()))?;
        bytes.push(b'\n');
        Ok(())
    }

    /// Reads an entry, or nothing if the line is damaged.
    fn entry(&self, line: &[u8]) -> Option<Entry> {
        let line: Line = serde_json::from_slice(line).ok()?;
        let bytes = BASE64_STANDARD.decode(&line.vector).ok()?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        let vector: Vec<f32> = numbers.iter().map(|number| f32::from_le_bytes(*number)).collect();
        let sound =
            rest.is_empty() && vector.len() == self.space.dimension && vector.iter().all(|n| n.is_finite());
        sound.then_some(Entry { part: line.part, card: line.card, content: line.content, vector })
    }

    /// Refuses a file of another encoder.
    fn check(&self, head: &[u8]) -> Result<(), IndexError> {
        let foreign =
            |problem: String| IndexError::Foreign { path: self.path.display().to_string(), problem };
        let head: Head = serde_json::from_slice(head).map_err(|_| foreign("is not an index".to_owned()))?;
        if head.format != FORMAT {
            return Err(foreign(format!("has format {}, expected {FORMAT}", head.format)));
        }
        if head.encoder != self.space.encoder || head.dimension != self.space.dimension {
            return Err(foreign(format!("is of the encoder {}, {} numbers", head.encoder, head.dimension)));
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> IndexError {
        IndexError::File { path: self.path.display().to_string(), source }
    }
}

/// Cuts off what follows the last line feed, and says how long the file is then. Only the holder of the lock
/// may, for a line that is being written looks the same.
fn cut_torn_line(file: &mut File) -> io::Result<u64> {
    const WINDOW: u64 = 64 * 1024;
    let length = file.seek(SeekFrom::End(0))?;
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(WINDOW);
        let mut window = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        (&*file).take(end - start).read_to_end(&mut window)?;
        if let Some(last) = window.iter().rposition(|byte| *byte == b'\n') {
            end = start + last as u64 + 1;
            break;
        }
        end = start;
    }
    if end < length {
        file.set_len(end)?;
    }
    Ok(end)
}
