//! Decisions of which it is known whether they were right: what `fit` and `certify` learn from.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shared::{
    Event, certificate,
    events::{Draft, Priority, Routed, Sentiment},
};

/// One decision and what is known about it; a line of the file that `judge` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    /// The event with the decision in it.
    pub routed: Routed,
    /// Whether the drafted resolution is right for the ticket.
    pub right: bool,
    /// Who says so.
    pub by: Witness,
    /// What the ticket really is, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<Truth>,
}

/// Who says that a drafted resolution is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// A person who saw ticket and draft.
    Person,
    /// [`follows`], from the ticket's labels.
    Labels,
}

/// What a ticket really is, as a person labelled it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// What is asked for; none if it is nothing that is known.
    pub intent: Option<String>,
    /// Dangers named in the text.
    #[serde(default)]
    pub hazards: Vec<String>,
    /// How the customer feels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// How soon somebody has to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<Priority>,
    /// A second, lesser request in the same ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
}

/// A line as it may stand in a file: with a verdict, a review, or at least the truth.
#[derive(Debug, Deserialize)]
struct Line {
    routed: Routed,
    right: Option<bool>,
    review: Option<Review>,
    by: Option<Witness>,
    truth: Option<Truth>,
}

/// What a person did with a draft.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Review {
    Approve,
    Edit,
    Reject,
}

/// Whether the drafted resolution is right, as far as labels can tell: the ticket is something that is known, its
/// intent was found, no danger in it was missed, and the reply rests on at least one resolved ticket of that intent, or
/// on an offer of the policy. It stands in for a person's word: it does not read the reply.
pub fn follows(truth: &Truth, routed: &Routed) -> bool {
    let Some(intent) = truth.intent.as_deref() else { return false };
    let named: BTreeSet<&str> = routed.classification.hazards.iter().map(|hazard| &*hazard.kind).collect();
    intent == routed.classification.intent
        && truth.hazards.iter().all(|hazard| named.contains(&**hazard))
        && rests_on(intent, routed)
}

/// Whether some sentence of the reply rests on a resolved ticket of this intent, or on policy; no reply says nothing wrong.
fn rests_on(intent: &str, routed: &Routed) -> bool {
    let Draft::Reply(reply) = &routed.draft else { return true };
    let of_intent: BTreeSet<&str> = routed
        .retrieval
        .passages
        .iter()
        .filter(|passage| passage.intent.as_deref() == Some(intent))
        .map(|passage| &*passage.id)
        .collect();
    let mut sources = reply.sentences.iter().flat_map(|sentence| &sentence.sources);
    sources.any(|source| source.id.starts_with("policy:") || of_intent.contains(&*source.id))
}

impl Line {
    /// The line with its verdict: a person's, if there is one, else what follows from the truth.
    fn labelled(self) -> Option<Labelled> {
        let Self { routed, right, review, by, truth } = self;
        let reviewed = review.map(|review| matches!(review, Review::Approve));
        let given = reviewed.or(right).map(|right| (right, by.unwrap_or(Witness::Person)));
        let (right, by) = given.or_else(|| Some((follows(truth.as_ref()?, &routed), Witness::Labels)))?;
        Some(Labelled { routed, right, by, truth })
    }
}

/// A file of labelled decisions.
#[derive(Debug)]
pub struct File {
    /// Its rows, in order.
    pub rows: Vec<Labelled>,
    /// `data@` and 12 hexadecimal digits: the SHA-256 of its tickets and verdicts. Deciding them anew by another policy
    /// leaves it as it is.
    pub digest: String,
}

/// Reads labelled decisions: one JSON object a line, `{"routed": event}` with one of `"right": true|false`, `"review":
/// "approve"|"edit"|"reject"` (an edited draft was not right) or `"truth"`. `-` is standard input.
///
/// # Errors
/// Names the first bad line and what is wrong with it.
pub fn open(path: &Path) -> anyhow::Result<File> {
    let named = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).with_context(named)?;
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).with_context(named)?;
    }
    let rows = parse(&bytes).with_context(named)?;
    if rows.is_empty() {
        bail!("{} holds no labelled decision; `switchyard judge` makes some", path.display());
    }
    let digest = digest(&rows)?;
    Ok(File { rows, digest })
}

fn digest(rows: &[Labelled]) -> anyhow::Result<String> {
    let mut said = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut said, &(&row.routed.ticket, row.right, row.by))?;
        said.push(b'\n');
    }
    Ok(certificate::digest("data", &said))
}

fn parse(bytes: &[u8]) -> anyhow::Result<Vec<Labelled>> {
    let mut rows = Vec::new();
    for (at, line) in BufReader::new(bytes).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let parsed: Line = serde_json::from_str(&line).with_context(|| format!("line {}", at + 1))?;
        parsed.routed.check().with_context(|| format!("line {}", at + 1))?;
        rows.push(
            parsed
                .labelled()
                .with_context(|| format!("line {}: says neither `right` nor `review` nor `truth`", at + 1))?,
        );
    }
    Ok(rows)
}

/// Which rows of a file are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Every row.
    All,
    /// One half, by the hash of the ticket's key, so that a ticket stays where it is when others come.
    First,
    /// The other half.
    Second,
}

impl Part {
    /// Whether a row is meant.
    pub fn holds(self, row: &Labelled) -> bool {
        let even = || Sha256::digest(row.routed.ticket.key()).first().is_some_and(|byte| byte % 2 == 0);
        match self {
            Self::All => true,
            Self::First => even(),
            Self::Second => !even(),
        }
    }
}

/// The models that made these decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundles {
    /// Digest of the classifier bundle.
    pub classifier: String,
    /// Digest of the encoder bundle.
    pub encoder: String,
}

/// The one pair of models that made all of these decisions.
///
/// # Errors
/// If there is none, or more than one: figures of a mixture speak for neither.
pub fn bundles(rows: &[&Labelled]) -> anyhow::Result<Bundles> {
    let all = rows.iter().map(|row| &row.routed);
    let pairs: BTreeSet<_> =
        all.map(|routed| (&routed.classification.model, &routed.retrieval.model)).collect();
    let mut pairs = pairs.into_iter();
    match (pairs.next(), pairs.next()) {
        (Some((classifier, encoder)), None) => {
            Ok(Bundles { classifier: classifier.clone(), encoder: encoder.clone() })
        }
        (None, _) => bail!("there are no rows"),
        (Some((a, b)), Some((c, d))) => {
            bail!(
                "the decisions were made by more than one pair of models ({a} with {b}, {c} with {d}); judge them anew"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTED: &str = include_str!("../../schemas/examples/routed/late_parcel.json");

    fn routed() -> Routed {
        serde_json::from_str(ROUTED).unwrap()
    }

    fn truth(intent: Option<&str>) -> Truth {
        Truth {
            intent: intent.map(str::to_owned),
            hazards: vec![],
            sentiment: None,
            urgency: None,
            also: None,
        }
    }

    fn line(fields: &str) -> String {
        let flat: serde_json::Value = serde_json::from_str(ROUTED).unwrap();
        format!("{{\"routed\":{flat}{fields}}}\n")
    }

    #[test]
    fn a_reply_from_a_ticket_of_the_true_intent_is_right() {
        let routed = routed();
        let intent = routed.classification.intent.clone();
        assert!(follows(&truth(Some(&intent)), &routed));
        assert!(!follows(&truth(Some("get_refund")), &routed), "another intent");
        assert!(!follows(&truth(None), &routed), "out of scope");
        let missed = Truth { hazards: vec!["legal".to_owned()], ..truth(Some(&intent)) };
        assert!(!follows(&missed, &routed), "a danger missed");
    }

    #[test]
    fn a_reply_that_rests_on_another_intent_is_not_right() {
        let mut other = routed();
        let intent = other.classification.intent.clone();
        for passage in &mut other.retrieval.passages {
            passage.intent = Some("get_refund".to_owned());
        }
        assert!(!follows(&truth(Some(&intent)), &other));
    }

    #[test]
    fn without_a_reply_it_is_the_intent_that_is_right_or_not() {
        let mut none = routed();
        none.draft = Draft::withheld("nothing like it");
        assert!(follows(&truth(Some(&none.classification.intent)), &none));
        assert!(!follows(&truth(Some("another")), &none));
    }

    #[test]
    fn a_persons_word_stands_before_the_labels() {
        let text = [
            line(r#","right":false,"truth":{"intent":"track_order"}"#),
            line(r#","review":"approve""#),
            line(r#","review":"edit""#),
            line(r#","truth":{"intent":null}"#),
        ];
        let rows = parse(text.concat().as_bytes()).unwrap();
        let seen: Vec<(bool, Witness)> = rows.iter().map(|row| (row.right, row.by)).collect();
        use Witness::{Labels, Person};
        assert_eq!(seen, [(false, Person), (true, Person), (false, Person), (false, Labels)]);
    }

    #[test]
    fn a_line_without_a_verdict_is_named() {
        let text = line(r#","right":true"#) + &line("");
        let error = format!("{:#}", parse(text.as_bytes()).unwrap_err());
        assert!(error.contains("line 2: says neither"), "{error}");
        let error = format!("{:#}", parse(b"\n{\"right\":true}").unwrap_err());
        assert!(error.contains("line 2") && error.contains("routed"), "{error}");
    }

    #[test]
    fn the_digest_is_of_tickets_and_verdicts_and_not_of_who_decides() {
        let row = Labelled { routed: routed(), right: true, by: Witness::Labels, truth: None };
        let mut other = row.clone();
        other.routed.decision.policy = "policy@another".to_owned();
        let digest_of = |row: &Labelled| digest(std::slice::from_ref(row)).unwrap();
        assert_eq!(digest_of(&row), digest_of(&other));
        other.right = false;
        assert_ne!(digest_of(&row), digest_of(&other));
    }

    #[test]
    fn a_row_that_is_written_is_read_again() {
        let row =
            Labelled { routed: routed(), right: true, by: Witness::Labels, truth: Some(truth(Some("x"))) };
        assert_eq!(parse(&serde_json::to_vec(&row).unwrap()).unwrap(), [row]);
    }
}
