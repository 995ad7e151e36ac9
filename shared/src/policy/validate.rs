//! What the types cannot say about a policy; each problem begins with the path of its field.

use std::collections::BTreeSet;

use super::{Cap, Feature, HAZARDS, Offer, Policy, When};
use crate::events::Route;

/// Everything that is wrong, in the order of the file.
pub(super) fn problems(policy: &Policy) -> Vec<String> {
    let mut found = Problems::default();
    thresholds(policy, &mut found);
    features(policy, &mut found);
    hazards(policy, &mut found);
    caps(&policy.caps, &mut found);
    found.share("draft.similarity_from", policy.draft.similarity_from);
    found.unless(
        (2..=5).contains(&policy.draft.sentences),
        "draft.sentences",
        format_args!("{} is not between 2 and 5", policy.draft.sentences),
    );
    offers(&policy.offers, &mut found);
    found.0.extend(super::providers::problems(policy));
    found.0
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn unless(&mut self, holds: bool, field: &str, problem: impl std::fmt::Display) {
        if !holds {
            self.0.push(format!("{field} {problem}"));
        }
    }

    fn share(&mut self, field: &str, value: f64) {
        self.unless((0.0..=1.0).contains(&value), field, format_args!("{value} is not between 0 and 1"));
    }

    fn text(&mut self, field: &str, text: &str) {
        self.unless(!text.trim().is_empty(), field, "is empty");
    }

    fn unique<'a>(&mut self, field: &str, key: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (at, name) in names.enumerate() {
            self.text(&format!("{field}[{at}].{key}"), name);
            self.unless(
                seen.insert(name),
                &format!("{field}[{at}].{key}"),
                format_args!("'{name}' stands there twice"),
            );
        }
    }
}

fn thresholds(policy: &Policy, found: &mut Problems) {
    let limits = policy.thresholds;
    found.share("thresholds.auto", limits.auto);
    found.share("thresholds.suggest", limits.suggest);
    found.unless(
        limits.suggest <= limits.auto,
        "thresholds.suggest",
        format_args!("{} is above thresholds.auto {}", limits.suggest, limits.auto),
    );
}

fn features(policy: &Policy, found: &mut Problems) {
    let features = policy.features;
    let rising = |Feature { ramp: [from, to], .. }: Feature| from < to;
    let named = [
        ("features.confidence", features.confidence, rising(features.confidence)),
        ("features.similarity", features.similarity, rising(features.similarity)),
        ("features.sentiment", features.sentiment, rising(features.sentiment)),
        ("features.priority", features.priority, features.priority.ramp[0] > features.priority.ramp[1]),
    ];
    for (field, feature, ordered) in named {
        found.share(&format!("{field}.weight"), feature.weight);
        found.unless(
            ordered && feature.ramp.iter().all(|end| end.is_finite()),
            &format!("{field}.ramp"),
            format_args!(
                "{:?} must {}",
                feature.ramp,
                if field.ends_with("priority") { "fall: a higher priority is less safe" } else { "rise" }
            ),
        );
    }
    let sum: f64 = named.iter().map(|(_, feature, _)| feature.weight).sum();
    found.unless((sum - 1.0).abs() < 1e-9, "features.*.weight", format_args!("add up to {sum}, not to 1"));
}

fn hazards(policy: &Policy, found: &mut Problems) {
    found.unique("hazards", "kind", policy.hazards.iter().map(|rule| rule.kind.as_str()));
    for (at, rule) in policy.hazards.iter().enumerate() {
        found.unless(
            HAZARDS.contains(&rule.kind.as_str()),
            &format!("hazards[{at}].kind"),
            format_args!("'{}' is none of {}", rule.kind, HAZARDS.join(", ")),
        );
        found.unless(rule.route != Route::Auto, &format!("hazards[{at}].route"), "must not be auto");
        found.text(&format!("hazards[{at}].reason"), &rule.reason);
    }
    for kind in HAZARDS {
        let listed = policy.hazards.iter().any(|rule| rule.kind == kind);
        found.unless(listed, "hazards", format_args!("says nothing about {kind}"));
    }
}

fn caps(caps: &[Cap], found: &mut Problems) {
    found.unique("caps", "name", caps.iter().map(|cap| cap.name.as_str()));
    for (at, cap) in caps.iter().enumerate() {
        let field = format!("caps[{at}]");
        found.unless(
            cap.at_most != Route::Auto,
            &format!("{field}.at_most"),
            "must not be auto: that is no cap",
        );
        found.text(&format!("{field}.reason"), &cap.reason);
        found.unless(
            cap.when != When::default(),
            &format!("{field}.when"),
            "has no condition, so nothing would ever be auto",
        );
        conditions(&field, &cap.when, found);
    }
    let guard = |cap: &Cap| {
        let only = When { out_of_scope_above: cap.when.out_of_scope_above, ..When::default() };
        cap.when.out_of_scope_above.is_some() && cap.when == only
    };
    found.unless(
        caps.iter().any(guard),
        "caps",
        "needs one with out_of_scope_above as its only condition: what no intent fits must not be auto",
    );
}

fn conditions(field: &str, when: &When, found: &mut Problems) {
    let shares = [
        ("out_of_scope_above", when.out_of_scope_above),
        ("confidence_below", when.confidence_below),
        ("margin_below", when.margin_below),
        ("similarity_below", when.similarity_below),
        ("grounded_below", when.grounded_below),
    ];
    for (name, value) in shares {
        if let Some(value) = value {
            found.share(&format!("{field}.when.{name}"), value);
        }
    }
    for (name, list) in [("intents", &when.intents), ("tenants", &when.tenants)] {
        let named = list
            .as_ref()
            .is_none_or(|list| !list.is_empty() && list.iter().all(|name| !name.trim().is_empty()));
        found.unless(named, &format!("{field}.when.{name}"), "is empty or holds an empty name");
    }
}

fn offers(offers: &[Offer], found: &mut Problems) {
    found.unique("offers", "name", offers.iter().map(|offer| offer.name.as_str()));
    for (at, offer) in offers.iter().enumerate() {
        let field = |name: &str| format!("offers[{at}].{name}");
        found.text(&field("intent"), &offer.intent);
        found.unless(
            !offer.code.is_empty() && offer.code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            &field("code"),
            format_args!("'{}' must be letters, digits and hyphens", offer.code),
        );
        found.unless(
            offer.percent > 0.0 && offer.percent <= 100.0,
            &field("percent"),
            format_args!("{} is not above 0 and up to 100", offer.percent),
        );
        found.unless(!offer.tenants.is_empty(), &field("tenants"), "is empty, so nobody could have it");
        found.unless(
            offer.from <= offer.until,
            &field("until"),
            format_args!("{} is before offers[{at}].from {}", offer.until, offer.from),
        );
        found.unless(
            !offer.code.is_empty() && offer.text.contains(&offer.code),
            &field("text"),
            format_args!("does not name the code '{}'", offer.code),
        );
        found.unless(
            !offer.text.contains(['{', '}', '\n']),
            &field("text"),
            "must be one sentence without braces",
        );
    }
}
