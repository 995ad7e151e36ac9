//! The texts as labelled tickets, for `switchyard judge`.

use std::{io::Write as _, path::Path};

use anyhow::{Context as _, Result};
use chrono::DateTime;
use serde_json::{Value, json};

use crate::{
    sample::Sample,
    sets::{Sets, digest},
};

/// Sets that say nothing new about routes: `decisions` have their own file, `resolved_tickets` are what replies are drafted
/// from, `joined` tickets are two of another set.
const ELSEWHERE: [&str; 3] = ["decisions", "resolved_tickets", "joined"];

/// The shop whose customers wrote them: one of those that `deploy/demo/resolved.jsonl` holds replies of.
const TENANT: &str = "harbor";

/// Writes a file of labelled tickets for each set as it was written by people; texts of which it is not known whether an
/// intent fits are left out, and so are the sets made of them by changing their looks.
///
/// # Errors
/// Names the file that cannot be written.
pub fn write(sets: &Sets, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot write {}", folder.display()))?;
    for (name, samples) in sets.iter().filter(|(name, _)| is_meant(name)) {
        let tickets: Vec<Value> = samples.iter().filter(|sample| is_known(sample)).map(labelled).collect();
        if tickets.is_empty() {
            continue;
        }
        let path = folder.join(format!("{name}.jsonl"));
        let named = || format!("cannot write {}", path.display());
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).with_context(named)?);
        tickets.iter().try_for_each(|ticket| writeln!(file, "{ticket}")).with_context(named)?;
        file.flush().with_context(named)?;
    }
    Ok(())
}

fn is_meant(name: &str) -> bool {
    !name.contains(':') && !ELSEWHERE.contains(&name)
}

fn is_known(sample: &Sample) -> bool {
    let hazards = sample.hazards.as_ref().is_some_and(|named| !named.is_empty());
    sample.intent.is_some() || sample.outside || hazards
}

/// The id is the text's own, so that a text that comes twice stays one ticket.
fn labelled(sample: &Sample) -> Value {
    let id = digest(sample.text.as_bytes()).replace("sha256:", "").chars().take(12).collect::<String>();
    json!({
        "ticket": { "tenant": TENANT, "id": id, "body": sample.text, "created_at": DateTime::UNIX_EPOCH },
        "truth": {
            "intent": sample.intent,
            "hazards": sample.hazards.clone().unwrap_or_default(),
            "sentiment": sample.sentiment,
            "urgency": sample.urgency,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(intent: Option<&str>, hazards: Option<&[&str]>, outside: bool) -> Sample {
        let hazards = hazards.map(|named| named.iter().map(|&kind| kind.to_owned()).collect());
        Sample {
            text: "Where is it?".to_owned(),
            intent: intent.map(str::to_owned),
            hazards,
            outside,
            ..Sample::default()
        }
    }

    #[test]
    fn only_texts_of_which_the_truth_is_known_become_tickets() {
        let known = [
            sample(Some("track_order"), Some(&[]), false),
            sample(None, Some(&["legal"]), false),
            sample(None, Some(&[]), true),
        ];
        let unknown = [sample(None, Some(&[]), false), sample(None, None, false)];
        let folder = tempfile::tempdir().unwrap();
        let sets = Sets::from([
            ("some".to_owned(), known.iter().chain(&unknown).cloned().collect()),
            ("some:in_capitals".to_owned(), known.to_vec()),
            ("joined".to_owned(), known.to_vec()),
            ("mood".to_owned(), unknown.to_vec()),
        ]);
        write(&sets, folder.path()).unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(files, [folder.path().join("some.jsonl")]);
        let text = std::fs::read_to_string(&files[0]).unwrap();
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0]["truth"]["intent"], "track_order");
        assert_eq!(rows[1]["truth"]["hazards"], json!(["legal"]));
        assert_eq!(rows[2]["truth"]["intent"], Value::Null);
    }
}
