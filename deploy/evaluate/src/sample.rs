//! Labelled texts, and which of them training leaves alone.

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// One text with what is known about it; what is absent is not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// Subject, newline, body; or the body alone.
    pub text: String,
    /// What is asked for.
    pub intent: Option<String>,
    /// One of the five levels, as events spell it.
    pub sentiment: Option<String>,
    /// One of the four levels, as events spell it.
    pub urgency: Option<String>,
    /// Dangers named in the text.
    pub hazards: Option<Vec<String>>,
    /// Whether no intent fits.
    pub outside: bool,
    /// A second, lesser request.
    pub also: Option<String>,
}

/// Which part of the work a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Learnt from.
    Train,
    /// Temperatures and thresholds are fitted on it.
    Calibrate,
    /// Neither.
    Test,
}

impl Split {
    /// Where texts of a group belong: by the first eight bytes of the SHA-256 of `<file stem>/<group>`, as
    /// `training/switchyard_training` has it.
    pub fn of(group: &str) -> Self {
        let first =
            Sha256::digest(group).iter().take(8).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
        // The same sum as in Python: 0.7 + 0.15 is not 0.85 in binary.
        let place = first as f64 / 2_f64.powi(64);
        if place < 0.7 {
            Self::Train
        } else if place < 0.7 + 0.15 {
            Self::Calibrate
        } else {
            Self::Test
        }
    }
}

/// A line of `training/data/*.jsonl`.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    text: String,
    group: Option<String>,
    intent: Option<String>,
    sentiment: Option<String>,
    urgency: Option<String>,
    hazards: Option<Vec<String>>,
}

impl Row {
    /// Where the row belongs, in the file of this stem.
    pub(crate) fn split(&self, stem: &str) -> Split {
        let group = self.group.as_deref().filter(|group| !group.is_empty()).unwrap_or(&self.text);
        Split::of(&format!("{stem}/{group}"))
    }

    /// The sample of a row in a file of this kind; a file that names no hazards has none, but of `mood` nothing is known.
    pub(crate) fn sample(self, kind: &str) -> Sample {
        Sample {
            text: self.text.trim().to_owned(),
            intent: self.intent,
            sentiment: self.sentiment,
            urgency: self.urgency,
            hazards: if kind == "mood" { None } else { Some(self.hazards.unwrap_or_default()) },
            outside: kind == "out_of_scope",
            also: None,
        }
    }
}

/// What a hand-written file holds: `requests_more` are requests, `tickets_b` are tickets.
pub(crate) fn kind_of(stem: &str) -> &str {
    match stem.rsplit_once('_') {
        Some((kind, "more")) => kind,
        Some((kind, part)) if part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_lowercase()) => kind,
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_file_are_of_its_kind() {
        for (stem, kind) in [
            ("requests_more", "requests"),
            ("tickets_b", "tickets"),
            ("out_of_scope", "out_of_scope"),
            ("out_of_scope_b", "out_of_scope"),
            ("intents_extra", "intents_extra"),
        ] {
            assert_eq!(kind_of(stem), kind);
        }
    }

    #[test]
    fn a_group_falls_where_training_puts_it() {
        // Written down from `switchyard_training.sample.split_of(group, 0.7, 0.15)`.
        for (group, split) in KNOWN {
            assert_eq!(Split::of(group), split, "{group}");
        }
    }

    const KNOWN: [(&str, Split); 9] = [
        ("hazards/legal-regulator-report", Split::Train),
        ("out_of_scope_b/bk-salary", Split::Train),
        ("tickets_c/tc-request_discount-c2", Split::Train),
        ("hazards/legal-vat-invoice-tax", Split::Calibrate),
        ("out_of_scope/smalltalk_greet", Split::Calibrate),
        ("tickets_c/tc-track_refund-c1", Split::Calibrate),
        ("hazards/legal-refund-court", Split::Test),
        ("out_of_scope_b/bk-declined-everywhere", Split::Test),
        ("tickets_c/tc-registration_problems-c2", Split::Test),
    ];
}
