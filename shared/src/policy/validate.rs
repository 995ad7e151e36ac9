//! What a schema cannot say about a policy; each problem comes with the path of its entry.

use std::collections::BTreeSet;

use super::{
    Care, Feature, Features, HAZARDS, Offer, PartialThresholds, Policy, RuleTerms, ScoreTerms, variables,
};
use crate::events::Route;

/// Everything that is wrong, as path and text.
pub(super) fn problems(policy: &Policy) -> Vec<(String, String)> {
    let mut found = Problems::default();
    thresholds(policy, &mut found);
    score(&policy.score, &mut found);
    care(&policy.care, &mut found);
    found.share("holdout.share", policy.holdout.share);
    found.unless(
        policy.holdout.share == 0.0 || !policy.holdout.salt.is_empty(),
        "holdout.salt",
        "is missing: without one the choice could be foreseen",
    );
    hazards(policy, &mut found);
    rules(&policy.rules, &mut found);
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
struct Problems(Vec<(String, String)>);

impl Problems {
    fn unless(&mut self, holds: bool, field: &str, problem: impl std::fmt::Display) {
        if !holds {
            self.0.push((field.to_owned(), problem.to_string()));
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
    for (intent, terms) in &policy.intents {
        partial(&format!("intents.{intent}"), terms.thresholds, found);
    }
    for (tenant, terms) in &policy.tenants {
        partial(&format!("tenants.{tenant}"), terms.thresholds, found);
        for (intent, terms) in &terms.intents {
            partial(&format!("tenants.{tenant}.intents.{intent}"), terms.thresholds, found);
        }
    }
}

fn partial(field: &str, limits: Option<PartialThresholds>, found: &mut Problems) {
    let PartialThresholds { auto, suggest } = limits.unwrap_or_default();
    for (name, value) in [("auto", auto), ("suggest", suggest)] {
        if let Some(value) = value {
            found.share(&format!("{field}.thresholds.{name}"), value);
        }
    }
    if let (Some(auto), Some(suggest)) = (auto, suggest) {
        found.unless(
            suggest <= auto,
            &format!("{field}.thresholds.suggest"),
            format_args!("{suggest} is above its auto {auto}"),
        );
    }
}

/// Log-odds beyond this are certainties, and no fit gives them.
const MAX_LOG_ODDS: f64 = 50.0;

fn score(terms: &ScoreTerms, found: &mut Problems) {
    found.unless(
        terms.intercept.abs() <= MAX_LOG_ODDS,
        "score.intercept",
        format_args!("{} is not between -{MAX_LOG_ODDS} and {MAX_LOG_ODDS}", terms.intercept),
    );
    let Features { confidence, margin, .. } = terms.features;
    for (name, Feature { weight, ramp }) in terms.features.each() {
        let field = format!("score.features.{name}");
        log_odds(&format!("{field}.weight"), weight, found);
        rising(&format!("{field}.ramp"), ramp, found);
    }
    found.unless(
        confidence.weight != 0.0 || margin.weight != 0.0,
        "score.features.confidence.weight",
        "is 0, and so is the margin's: the score would not depend on how sure the intent is",
    );
}

fn log_odds(field: &str, value: f64, found: &mut Problems) {
    found.unless(
        (0.0..=MAX_LOG_ODDS).contains(&value),
        field,
        format_args!("{value} is not between 0 and {MAX_LOG_ODDS}"),
    );
}

fn rising(field: &str, ramp: [f64; 2], found: &mut Problems) {
    let [from, to] = ramp;
    found.unless(from < to, field, format_args!("{ramp:?} must rise"));
}

fn care(care: &Care, found: &mut Problems) {
    log_odds("care.sentiment.most", care.sentiment.most, found);
    log_odds("care.priority.most", care.priority.most, found);
    rising("care.sentiment.ramp", care.sentiment.ramp, found);
    let [from, to] = care.priority.ramp;
    found.unless(
        from > to,
        "care.priority.ramp",
        format_args!("{:?} must fall: a higher priority is less safe", care.priority.ramp),
    );
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

fn rules(rules: &[RuleTerms], found: &mut Problems) {
    found.unique("rules", "name", rules.iter().map(|rule| rule.name.as_str()));
    for (at, rule) in rules.iter().enumerate() {
        let field = format!("rules[{at}]");
        found.text(&format!("{field}.reason"), &rule.reason);
        found.unless(
            rule.at_most.is_some() != rule.route.is_some(),
            &field,
            "needs one of at_most and route, not both",
        );
        for (name, route) in [("at_most", rule.at_most), ("route", rule.route)] {
            found.unless(
                route != Some(Route::Auto),
                &format!("{field}.{name}"),
                "must not be auto: a rule only lowers",
            );
        }
        for problem in rule.when.problems() {
            found.unless(false, &format!("{field}.when"), problem);
        }
        let of_the_draft = rule.when.variables().into_iter().find(|name| variables::is_of_the_draft(name));
        if let (Some(name), true) = (of_the_draft, rule.is_hard()) {
            let problem = format!("asks for {name}, but a hard rule is applied before there is a draft");
            found.unless(false, &format!("{field}.when"), problem);
        }
    }
    let guard = |rule: &RuleTerms| rule.when.variables().iter().all(|name| name == "out_of_scope");
    found.unless(
        rules.iter().any(|rule| !rule.when.variables().is_empty() && guard(rule)),
        "rules",
        "needs one whose only variable is out_of_scope: what no intent fits must not be auto",
    );
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
