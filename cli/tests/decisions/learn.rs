//! `judge`, `fit` and `certify`, one after the other.

use std::{fs, path::PathBuf};

use serde_json::Value;
use shared::{certificate::Certificate, policy::Policy};

use crate::support::{JUDGED, error, out, policy, switchyard};

/// The shipped policy as if its score had been set by hand, for it may have been fitted on decisions of earlier models.
fn by_hand() -> String {
    let shipped = policy();
    let Some((before, after)) = shipped.split_once("\n  fitted:\n") else { return shipped };
    let rest = after.split_inclusive('\n').skip_while(|line| line.starts_with("    "));
    format!("{before}\n{}", rest.collect::<String>())
}

/// A policy file of its own.
fn policy_file(name: &str) -> PathBuf {
    let path = JUDGED.folder.path().join(name);
    fs::write(&path, by_hand()).unwrap();
    path
}

#[test]
fn every_labelled_ticket_gets_a_decision_and_a_verdict() {
    let rows = &JUDGED.rows;
    assert_eq!(rows.len(), 400);
    let right = |row: &&Value| row["right"] == Value::Bool(true);
    let many = rows.iter().filter(right).count();
    assert!((100..390).contains(&many), "{many}");
    for row in rows.iter().filter(right) {
        assert_eq!(row["truth"]["intent"], row["routed"]["classification"]["intent"]);
        assert_eq!(row["by"], "labels");
    }
    let auto = rows.iter().filter(|row| row["routed"]["decision"]["route"] == "auto");
    assert!(auto.clone().count() > 0);
    for row in auto {
        assert_eq!(row["routed"]["draft"]["outcome"], "reply", "nothing goes out by itself without a reply");
    }
}

#[test]
fn a_fit_changes_the_score_and_nothing_else() {
    let file = policy_file("fitted.yaml");
    let (labelled, path) = (JUDGED.labelled.to_str().unwrap(), file.to_str().unwrap());
    let printed = switchyard(&["fit", labelled, "--policy", path]);
    assert!(printed.status.success(), "{}", error(&printed));
    assert_eq!(fs::read_to_string(&file).unwrap(), by_hand(), "nothing is written unless asked for");

    let written = switchyard(&["fit", labelled, "--policy", path, "--write"]);
    assert!(written.status.success(), "{}", error(&written));
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.contains(&out(&printed)), "what was printed is what was written");
    let (old, new) = (Policy::parse(&by_hand()).unwrap(), Policy::parse(&after).unwrap());
    let fitted = new.score.fitted.clone().unwrap();
    assert_eq!(fitted.bundle, JUDGED.rows[0]["routed"]["classification"]["model"]);
    assert!(new.score.features.each().iter().all(|(_, feature)| feature.weight >= 0.0));
    let restored =
        Policy { score: old.score.clone(), digest: old.digest.clone(), terms: old.terms.clone(), ..new };
    assert_eq!(restored, old);
    let report = error(&written);
    for part in ["intercept", "after, cross-validated", "after, the other rows", "reliability", "AURC"] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

#[test]
fn two_fits_are_the_same() {
    let file = policy_file("twice.yaml");
    let arguments = ["fit", JUDGED.labelled.to_str().unwrap(), "--policy", file.to_str().unwrap()];
    assert_eq!(out(&switchyard(&arguments)), out(&switchyard(&arguments)));
}

#[test]
fn what_cannot_be_shown_is_not_certified_and_says_what_it_would_take() {
    let file = policy_file("strict.yaml");
    let (labelled, path) = (JUDGED.labelled.to_str().unwrap(), file.to_str().unwrap());
    let refused = switchyard(&["certify", labelled, "--policy", path, "--alpha", "0.0001"]);
    assert_eq!(refused.status.code(), Some(2), "{}", error(&refused));
    let said = error(&refused);
    assert!(said.contains("not certifiable: above"), "{said}");
    let certificate: Certificate = serde_json::from_str(&out(&refused)).unwrap();
    assert_eq!(certificate.overall.threshold, None);
}

#[test]
fn a_certificate_says_what_was_shown_on_which_data_for_which_policy_and_draws_it() {
    let file = policy_file("lenient.yaml");
    let folder = JUDGED.folder.path();
    let (json, svg) = (folder.join("certificate.json"), folder.join("risk.svg"));
    let certified = switchyard(&[
        "certify",
        JUDGED.labelled.to_str().unwrap(),
        "--policy",
        file.to_str().unwrap(),
        "--alpha",
        "0.25",
        "--out",
        json.to_str().unwrap(),
        "--picture",
        svg.to_str().unwrap(),
    ]);
    assert!(certified.status.success(), "{}", error(&certified));
    let certificate: Certificate = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let policy = Policy::parse(&by_hand()).unwrap();
    assert_eq!((&certificate.policy, &certificate.terms), (&policy.digest, &policy.terms));
    assert!(certificate.overall.threshold.is_some_and(|threshold| threshold >= policy.thresholds.auto));
    assert!(certificate.overall.bound <= 0.25);
    assert_eq!((certificate.expires - certificate.created).num_days(), 90);
    assert!(fs::read_to_string(&svg).unwrap().contains("polyline"));
}

#[test]
fn a_score_is_not_certified_on_the_rows_it_was_fitted_on() {
    let file = policy_file("flattered.yaml");
    let (labelled, path) = (JUDGED.labelled.to_str().unwrap(), file.to_str().unwrap());
    assert!(switchyard(&["fit", labelled, "--policy", path, "--write"]).status.success());
    let refused = switchyard(&["certify", labelled, "--policy", path, "--part", "all"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(error(&refused).contains("certify on the other half"), "{}", error(&refused));
}
