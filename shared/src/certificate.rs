//! What `switchyard certify` found: above which scores P(wrong | auto) is at most α with confidence 1 − δ, for which
//! policy and which models, and until when.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::events::{Classification, Retrieval};

/// The sections of a policy file that decide who acts; a certificate speaks for exactly these.
pub const DECIDING: [&str; 8] =
    ["thresholds", "autonomy", "intents", "tenants", "score", "care", "hazards", "rules"];

/// What was found about a policy's decisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// When it was made.
    pub created: DateTime<Utc>,
    /// From then on it holds no more.
    pub expires: DateTime<Utc>,
    /// The most that P(wrong | auto) may be, 0 to 1.
    pub alpha: f64,
    /// How probable it may be that the claims are false, 0 to 1: once for `overall`, once for all of `intents` together.
    pub delta: f64,
    /// What it was learnt from.
    pub data: Data,
    /// Digest of the classifier bundle.
    pub bundle: String,
    /// Digest of the encoder bundle.
    pub encoder: String,
    /// Digest of the policy file.
    pub policy: String,
    /// Digest of the sections of it that decide; see [`terms`].
    pub terms: String,
    /// The claim about all tickets that are auto.
    pub overall: Claim,
    /// The claims about the auto tickets of one intent each.
    pub intents: BTreeMap<String, Claim>,
    /// What the score is worth on these rows.
    pub figures: Figures,
}

/// What a certificate was learnt from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Digest of the file of labelled decisions.
    pub digest: String,
    /// Labelled decisions that were tested.
    pub rows: u64,
    /// Of these, those that a person judged; the others follow from the ticket's labels.
    pub by_people: u64,
}

/// A claim about tickets that are auto.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Above this score it holds; none: it could not be shown for any.
    pub threshold: Option<f64>,
    /// Tickets above it, or above the policy's threshold if there is none.
    pub auto: u64,
    /// Of these, the wrong ones.
    pub wrong: u64,
    /// Their share of all tickets, 0 to 1.
    pub coverage: f64,
    /// Exact upper bound of P(wrong | auto) there, at the claim's own confidence.
    pub bound: f64,
    /// Why there is no threshold, and what it would take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a score is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Rows with a reply that no rule holds back.
    pub rows: u64,
    /// Of these, the share that is right.
    pub right: f64,
    /// Area under the risk-coverage curve.
    pub aurc: f64,
    /// Expected calibration error over 15 bins of equal mass.
    pub ece: f64,
    /// Mean squared distance of the score from what became of it.
    pub brier: f64,
}

/// Why a certificate file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// It cannot be read from disk.
    #[error("cannot be read: {0}")]
    Unread(#[from] std::io::Error),
    /// Not JSON, or not of this shape.
    #[error("is no certificate: {0}; `switchyard certify` writes one")]
    Shape(#[from] serde_json::Error),
}

/// A certificate and the digest of its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// `certificate@` and 12 hexadecimal digits of the file's SHA-256.
    pub digest: String,
    /// What it says.
    pub certificate: Certificate,
}

impl Signed {
    /// Reads a certificate.
    ///
    /// # Errors
    /// If the file is not there or is no certificate.
    pub fn read(path: &Path) -> Result<Self, CertificateError> {
        let bytes = std::fs::read(path)?;
        Ok(Self { certificate: serde_json::from_slice(&bytes)?, digest: digest("certificate", &bytes) })
    }
}

impl Certificate {
    /// Why it says nothing about a ticket that came in at `time` and was read by these models; none: it speaks for it.
    pub fn is_silent_on(
        &self,
        time: DateTime<Utc>,
        classification: &Classification,
        retrieval: &Retrieval,
    ) -> Option<String> {
        if time >= self.expires {
            return Some(format!("the certificate has expired on {}", self.expires.date_naive()));
        }
        let models = [(&self.bundle, &classification.model), (&self.encoder, &retrieval.model)];
        let other = models.into_iter().find(|(certified, used)| certified != used);
        other.map(|(certified, used)| format!("the certificate is for {certified}, not for {used}"))
    }

    /// Whether tickets of this intent may be auto with this score: above the overall threshold if the intent was among
    /// the tickets it was learnt from, or above the intent's own.
    pub fn covers(&self, intent: &str, score: f64) -> bool {
        let above = |claim: &Claim| claim.threshold.is_some_and(|threshold| score > threshold);
        self.intents.get(intent).is_some_and(|own| above(own) || (own.auto > 0 && above(&self.overall)))
    }
}

/// `terms@` and 12 hexadecimal digits: the digest of the [`DECIDING`] sections of a policy file. Comments, spacing and the
/// other sections do not count, so that a price may change and a certificate be named without making it void.
///
/// # Errors
/// If the text is no YAML.
pub fn terms(yaml: &str) -> Result<String, serde_yaml_ng::Error> {
    let file: serde_yaml_ng::Value = serde_yaml_ng::from_str(yaml)?;
    let mut text = String::new();
    for name in DECIDING {
        let section = serde_yaml_ng::to_string(&file.get(name))?;
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{name}: {section}");
    }
    Ok(digest("terms", text.as_bytes()))
}

/// A kind, `@` and the first 12 hexadecimal digits of a SHA-256.
pub fn digest(kind: &str, bytes: &[u8]) -> String {
    let mut digest = format!("{kind}@");
    for byte in Sha256::digest(bytes).iter().take(6) {
        // Writing into a String cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::events::Routed;

    const ROUTED: &str = include_str!("../../schemas/examples/routed/late_parcel.json");
    const POLICY: &str = include_str!("../../deploy/policy.yaml");

    fn claim(threshold: Option<f64>, auto: u64) -> Claim {
        Claim { threshold, auto, wrong: 0, coverage: 0.5, bound: 0.01, reason: None }
    }

    fn certificate(routed: &Routed) -> Certificate {
        let created = routed.ticket.created_at - TimeDelta::days(1);
        Certificate {
            created,
            expires: created + TimeDelta::days(90),
            alpha: 0.02,
            delta: 0.05,
            data: Data { digest: "data@1".to_owned(), rows: 400, by_people: 0 },
            bundle: routed.classification.model.clone(),
            encoder: routed.retrieval.model.clone(),
            policy: "policy@1".to_owned(),
            terms: "terms@1".to_owned(),
            overall: claim(Some(0.9), 200),
            intents: BTreeMap::from([
                ("track_order".to_owned(), claim(None, 20)),
                ("cancel_order".to_owned(), claim(Some(0.87), 180)),
                ("delete_account".to_owned(), claim(None, 0)),
            ]),
            figures: Figures { rows: 300, right: 0.9, aurc: 0.01, ece: 0.02, brier: 0.05 },
        }
    }

    #[test]
    fn an_intent_is_covered_by_its_own_claim_or_by_the_one_it_was_part_of() {
        let routed = serde_json::from_str(ROUTED).unwrap();
        let certificate = certificate(&routed);
        assert!(certificate.covers("track_order", 0.91) && !certificate.covers("track_order", 0.9));
        assert!(certificate.covers("cancel_order", 0.88));
        assert!(!certificate.covers("delete_account", 0.99), "none of its tickets was among the tested");
        assert!(!certificate.covers("no_such_intent", 0.99));
    }

    #[test]
    fn it_is_silent_when_it_has_expired_or_another_model_has_read() {
        let mut routed: Routed = serde_json::from_str(ROUTED).unwrap();
        let certificate = certificate(&routed);
        let silent =
            |routed: &Routed, time| certificate.is_silent_on(time, &routed.classification, &routed.retrieval);
        assert_eq!(silent(&routed, routed.ticket.created_at), None);
        assert!(silent(&routed, certificate.expires).unwrap().contains("has expired"));
        routed.retrieval.model = "encoder@other".to_owned();
        assert!(silent(&routed, routed.ticket.created_at).unwrap().ends_with("not for encoder@other"));
    }

    #[test]
    fn the_terms_are_those_that_decide_and_no_others() {
        let here = terms(POLICY).unwrap();
        assert_eq!(terms(&format!("# a comment\n{POLICY}")).unwrap(), here);
        assert_eq!(terms(&POLICY.replace("dollars_a_day: 20.0", "dollars_a_day: 21.0")).unwrap(), here);
        assert_ne!(terms(&POLICY.replace("suggest: 0.60", "suggest: 0.61")).unwrap(), here);
        assert_ne!(terms(&POLICY.replace("kind: press", "kind: presse")).unwrap(), here);
    }

    #[test]
    fn a_file_that_is_no_certificate_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("certificate.json");
        assert!(Signed::read(&path).unwrap_err().to_string().starts_with("cannot be read"));
        std::fs::write(&path, "{}").unwrap();
        assert!(Signed::read(&path).unwrap_err().to_string().starts_with("is no certificate"));
        let routed = serde_json::from_str(ROUTED).unwrap();
        std::fs::write(&path, serde_json::to_vec(&certificate(&routed)).unwrap()).unwrap();
        let read = Signed::read(&path).unwrap();
        assert_eq!(read.certificate, certificate(&routed));
        assert!(read.digest.starts_with("certificate@"));
    }
}
