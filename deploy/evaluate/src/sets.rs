//! The sets of texts that figures are made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::read_to_string,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use shared::events::{Ticket, joined};

use crate::{
    sample::{Row, Sample, Split, kind_of},
    scenery,
};

/// Texts by the name of their set.
pub type Sets = BTreeMap<String, Vec<Sample>>;

/// Texts to answer, and the digests of the files they come from.
#[derive(Debug, Default)]
pub struct Texts {
    /// By name.
    pub sets: Sets,
    /// `sha256:` and hex of every file read, by its name.
    pub digests: BTreeMap<String, String>,
}

/// A line of `deploy/decisions/*.jsonl`.
#[derive(Deserialize)]
struct Labelled {
    ticket: Ticket,
    truth: Truth,
}

#[derive(Deserialize)]
struct Truth {
    intent: Option<String>,
    hazards: Vec<String>,
    sentiment: Option<String>,
    urgency: Option<String>,
    also: Option<String>,
}

/// A line of `deploy/demo/resolved.jsonl`, as far as it is needed.
#[derive(Deserialize)]
struct Resolved {
    subject: String,
    body: String,
    intent: Option<String>,
}

impl Texts {
    /// What the repository holds and training leaves alone; `root` is the repository.
    ///
    /// # Errors
    /// Names the file and line that cannot be read.
    pub fn of_the_repository(root: &Path) -> Result<Self> {
        let mut texts = Self::default();
        texts.held_out(root)?;
        texts.decisions(root)?;
        texts.resolved(root)?;
        let tickets = texts.sets.get("natural_tickets").cloned().unwrap_or_default();
        for (name, changed) in scenery::VARIANTS {
            // Texts that fill the model take their time.
            let most = match name {
                "request_beyond_reading" => 30,
                name if name.starts_with("request_") => 60,
                _ => tickets.len(),
            };
            let some = scenery::some(&tickets, most);
            texts.sets.insert(format!("natural_tickets:{name}"), scenery::varied(&some, name, changed));
        }
        texts.sets.insert("joined".to_owned(), scenery::joined(&tickets));
        Ok(texts)
    }

    /// The test share of the texts written for training.
    fn held_out(&mut self, root: &Path) -> Result<()> {
        let folder = root.join("training/data");
        for path in files(&folder)? {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let kind = kind_of(&stem);
            let set = match kind {
                "tickets" => "natural_tickets",
                "requests" | "intents_extra" => "handwritten_requests",
                "hazards" | "out_of_scope" | "mood" => kind,
                _ => continue,
            };
            let rows: Vec<Row> = self.lines(root, &path)?;
            let held = rows.into_iter().filter(|row| row.split(&stem) == Split::Test);
            self.sets.entry(set.to_owned()).or_default().extend(held.map(|row| row.sample(kind)));
        }
        Ok(())
    }

    fn decisions(&mut self, root: &Path) -> Result<()> {
        for path in files(&root.join("deploy/decisions"))? {
            let rows: Vec<Labelled> = self.lines(root, &path)?;
            let set = self.sets.entry("decisions".to_owned()).or_default();
            set.extend(rows.into_iter().map(Labelled::sample));
        }
        Ok(())
    }

    fn resolved(&mut self, root: &Path) -> Result<()> {
        let rows: Vec<Resolved> = self.lines(root, &root.join("deploy/demo/resolved.jsonl"))?;
        let labelled = rows.into_iter().filter(|row| row.intent.is_some()).map(|row| Sample {
            text: joined(&row.subject, &row.body),
            intent: row.intent,
            ..Sample::default()
        });
        self.sets.insert("resolved_tickets".to_owned(), labelled.collect());
        Ok(())
    }

    /// The rows of a file of JSON lines; its digest is kept.
    fn lines<T: DeserializeOwned>(&mut self, root: &Path, path: &Path) -> Result<Vec<T>> {
        let text = read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
        self.digests.insert(name, digest(text.as_bytes()));
        let rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        rows.map(|(at, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), at + 1))
        })
        .collect()
    }

    /// Adds a Bitext release: as published, in mails and mistyped.
    ///
    /// # Errors
    /// Names the file that is missing or the column that it lacks.
    pub fn add_bitext(&mut self, given: &Path) -> Result<()> {
        let (name, path) = release(given)?;
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.digests.insert(file, digest(&bytes));
        let samples = of_one_meaning(&path, &bytes)?;
        let some: Vec<Sample> = scenery::some(&samples, 1000);
        let few: Vec<Sample> = scenery::some(&samples, 400);
        self.sets.insert(format!("{name}_in_mails"), scenery::varied(&some, "mails", scenery::mail));
        self.sets.insert(format!("{name}_in_long_mails"), scenery::varied(&few, "long", scenery::long_mail));
        self.sets.insert(format!("{name}_with_typos"), scenery::varied(&some, "typos", scenery::typos));
        self.sets.insert(name, samples);
        Ok(())
    }
}

impl Labelled {
    fn sample(self) -> Sample {
        Sample {
            text: self.ticket.text(),
            // A ticket that holds nothing but a danger is nobody else's business either.
            outside: self.truth.intent.is_none() && self.truth.hazards.is_empty(),
            intent: self.truth.intent,
            sentiment: self.truth.sentiment,
            urgency: self.truth.urgency,
            hazards: Some(self.truth.hazards),
            also: self.truth.also,
        }
    }
}

/// The JSON lines of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = read.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    Ok(files)
}

/// `sha256:` and hex.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

/// A release's name and file: the 4,514 release of a folder, or the file given.
fn release(given: &Path) -> Result<(String, PathBuf)> {
    const TESTING: &str = "Bitext_Sample_Customer_Support_Training_Dataset_4514_with_responses.csv";
    if !given.is_dir() {
        return Ok(("bitext".to_owned(), given.to_owned()));
    }
    let path = given.join(TESTING);
    if path.is_file() {
        return Ok(("bitext_4514".to_owned(), path));
    }
    bail!("{} is not there; give the folder that holds it, or a release's CSV file", path.display())
}

/// Every text once, but none that the releases beside it give a second meaning.
fn of_one_meaning(path: &Path, bytes: &[u8]) -> Result<Vec<Sample>> {
    let own = pairs(path, bytes)?;
    let mut meanings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let beside = std::fs::read_dir(path.parent().unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    for other in
        beside.map(|entry| entry.path()).filter(|other| other.extension().is_some_and(|end| end == "csv"))
    {
        // Whatever else lies there need not be a release.
        for (text, intent) in
            std::fs::read(&other).ok().and_then(|bytes| pairs(&other, &bytes).ok()).unwrap_or_default()
        {
            meanings.entry(text.to_lowercase()).or_default().insert(intent);
        }
    }
    let mut seen = BTreeSet::new();
    let once = own.into_iter().filter(|(text, _)| {
        let text = text.to_lowercase();
        meanings.get(&text).is_none_or(|meanings| meanings.len() == 1) && seen.insert(text)
    });
    Ok(once
        .map(|(text, intent)| Sample {
            text,
            intent: Some(intent),
            hazards: Some(Vec::new()),
            ..Sample::default()
        })
        .collect())
}

/// Text and intent of every row of a release.
fn pairs(path: &Path, bytes: &[u8]) -> Result<Vec<(String, String)>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::Reader::from_reader(bytes);
    let headers = reader.headers().with_context(|| format!("{}:1", path.display()))?.clone();
    let column = |names: &[&str]| headers.iter().position(|header| names.contains(&header));
    let (Some(text), Some(intent)) = (column(&["instruction", "utterance"]), column(&["intent"])) else {
        bail!("{}:1: has no columns `instruction` (or `utterance`) and `intent`", path.display());
    };
    let mut pairs = Vec::new();
    for row in reader.records() {
        let row = row.with_context(|| format!("cannot read {}", path.display()))?;
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let intent = if cell(intent) == "check_invoices" { "check_invoice" } else { cell(intent) };
        if !cell(text).is_empty() {
            pairs.push((cell(text).to_owned(), intent.to_owned()));
        }
    }
    Ok(pairs)
}
