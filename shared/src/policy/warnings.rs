//! What is allowed in a policy and yet hardly meant: rules that never apply or never decide, names that nobody has,
//! offers that are over.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{HAZARDS, Policy, Problem, domain, in_order, inspect};

/// What the warnings are measured by.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The intents that the classifier knows; empty if that is not known.
    pub intents: BTreeSet<String>,
    /// The day on which an offer is over or not.
    pub today: NaiveDate,
}

impl Policy {
    /// What is hardly meant, in the order of the file; `yaml` is the text that the policy was read from.
    pub fn warnings(&self, yaml: &str, known: &Known) -> Vec<Problem> {
        let mut found = Vec::new();
        self.unlikely_rules(&mut found);
        self.unknown_names(known, &mut found);
        self.lapsed_offers(known, &mut found);
        in_order(yaml, found)
    }

    fn unlikely_rules(&self, found: &mut Vec<(String, String)>) {
        let alternatives: Vec<_> = self.rules.iter().map(|rule| rule.when.alternatives()).collect();
        for (at, (rule, own)) in self.rules.iter().zip(&alternatives).enumerate() {
            let Some(own) = own else { continue };
            let field = format!("rules[{at}]");
            if own.is_empty() {
                found.push((
                    field,
                    format!("'{}' can never apply: its conditions exclude each other", rule.name),
                ));
                continue;
            }
            if own.iter().any(domain::Conjunction::is_always) {
                found.push((field.clone(), format!("'{}' applies to every ticket", rule.name)));
            }
            let shadow =
                self.rules.iter().zip(&alternatives).enumerate().find(|(other, (stronger, theirs))| {
                    let as_low =
                        stronger.most() < rule.most() || (stronger.most() == rule.most() && *other < at);
                    let as_hard = stronger.is_hard() >= rule.is_hard();
                    let covered = |theirs: &Vec<domain::Conjunction>| {
                        own.iter().all(|own| theirs.iter().any(|wide| wide.covers(own)))
                    };
                    *other != at && as_low && as_hard && theirs.as_ref().is_some_and(covered)
                });
            if let Some((_, (stronger, _))) = shadow {
                let text = format!(
                    "'{}' never decides: '{}' applies wherever it does and asks for as low a route",
                    rule.name, stronger.name
                );
                found.push((field, text));
            }
        }
    }

    fn unknown_names(&self, known: &Known, found: &mut Vec<(String, String)>) {
        let is_unknown = |intent: &str| !known.intents.is_empty() && !known.intents.contains(intent);
        let mut check = |field: String, intent: &str| {
            if is_unknown(intent) {
                found.push((
                    field,
                    format!("names the intent '{intent}', which the classifier does not know"),
                ));
            }
        };
        for intent in self.intents.keys() {
            check(format!("intents.{intent}"), intent);
        }
        for (tenant, terms) in &self.tenants {
            for intent in terms.intents.keys() {
                check(format!("tenants.{tenant}.intents.{intent}"), intent);
            }
        }
        for (at, offer) in self.offers.iter().enumerate() {
            check(format!("offers[{at}].intent"), &offer.intent);
        }
        let mut tenants: BTreeSet<&str> = self.tenants.keys().map(String::as_str).collect();
        tenants.extend(self.offers.iter().flat_map(|offer| offer.tenants.iter().map(String::as_str)));
        tenants.extend(self.budgets.tenants.keys().map(String::as_str));
        for (at, rule) in self.rules.iter().enumerate() {
            for (variable, value) in rule.when.compared() {
                let wrong = match variable.as_str() {
                    "intent" | "secondary" if !value.is_empty() => is_unknown(&value),
                    "hazards" => !HAZARDS.contains(&&*value),
                    "tenant" => !tenants.contains(&*value),
                    "tier" => !["standard", "plus", "vip"].contains(&&*value),
                    "channel" => !["email", "chat", "web", "phone", "social", "api"].contains(&&*value),
                    _ => false,
                };
                if wrong {
                    found.push((
                        format!("rules[{at}].when"),
                        format!("asks whether {variable} is '{value}', which nothing else here or in the classifier is called"),
                    ));
                }
            }
        }
    }

    fn lapsed_offers(&self, known: &Known, found: &mut Vec<(String, String)>) {
        for (at, offer) in self.offers.iter().enumerate() {
            if offer.until < known.today {
                found.push((
                    format!("offers[{at}].until"),
                    format!("'{}' was over on {}; it is {}", offer.name, offer.until, known.today),
                ));
            }
        }
    }
}

impl super::Expression {
    fn alternatives(&self) -> Option<Vec<domain::Conjunction>> {
        self.tree().and_then(|tree| domain::alternatives(tree, false))
    }

    /// The variables that are compared with a text, each with that text.
    fn compared(&self) -> Vec<(String, String)> {
        self.tree().map(inspect::compared).unwrap_or_default()
    }
}
