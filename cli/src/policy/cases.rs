//! `switchyard policy test`: tickets, and where they are to go.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use console::style;
use serde::Deserialize;
use serde_json::Value;
use shared::{
    events::{Decision, Drafted, Route},
    policy::Policy,
    start::find,
};

/// Where the cases are looked for when none are named.
const DEFAULT: &str = "deploy/policy/cases.yaml";

/// Fails if any case goes elsewhere than it says.
#[derive(Debug, Args)]
pub struct Test {
    /// The policy file
    file: Option<PathBuf>,

    /// The cases; without them, those of deploy/policy/cases.yaml
    cases: Option<PathBuf>,
}

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// A drafted event that goes out by itself; each case changes what it is about.
    base: Value,
    cases: Vec<Case>,
}

/// One ticket, and where it is to go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What it is an example of.
    theme: String,
    /// A sentence.
    name: String,
    /// What of the base is different (a JSON merge patch, RFC 7396: null takes a field away).
    #[serde(default)]
    with: Value,
    /// What of the policy is different, likewise.
    #[serde(default)]
    policy: Value,
    route: Route,
    /// The rule that decides.
    rule: String,
    #[serde(default)]
    holdout: bool,
    #[serde(default)]
    shadow: Option<Route>,
}

impl Test {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let file = super::named(self.file)?;
        let (_, text) = super::read(&file)?;
        let path = self
            .cases
            .or_else(|| find(DEFAULT))
            .context("there is no deploy/policy/cases.yaml; name the cases")?;
        let cases = open(&path)?;
        let mut wrong = 0;
        for case in &cases.cases {
            let outcome = case.tried(&cases.base, &text)?;
            wrong += usize::from(outcome.is_err());
            println!("{}", row(case, outcome.err().as_deref()));
        }
        println!("{} cases, {} wrong", cases.cases.len(), wrong);
        if wrong > 0 { bail!("{wrong} cases go elsewhere than they say") } else { Ok(()) }
    }
}

fn open(path: &Path) -> anyhow::Result<Cases> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_yaml_ng::from_str(&text).with_context(|| format!("{} holds no cases", path.display()))
}

fn row(case: &Case, wrong: Option<&str>) -> String {
    let mark = match wrong {
        None => style("ok   ").green(),
        Some(_) => style("wrong").red(),
    };
    let wrong = wrong.map(|text| format!("\n      {text}")).unwrap_or_default();
    let Case { theme, name, route, rule, .. } = case;
    let route = format!("{route:?}").to_lowercase();
    format!("{mark} {theme:<16} {route:<8} {rule:<26} {name}{wrong}")
}

impl Case {
    /// Whether it goes where it says; else where it goes.
    fn tried(&self, base: &Value, policy: &str) -> anyhow::Result<Result<(), String>> {
        let decision = self.decide(base, policy).with_context(|| format!("the case '{}'", self.name))?;
        let found = (decision.route, &*decision.rule.name, decision.holdout, decision.shadow);
        if found == (self.route, &*self.rule, self.holdout, self.shadow) {
            return Ok(Ok(()));
        }
        let Decision { route, rule, holdout, shadow, score, .. } = &decision;
        Ok(Err(format!(
            "is {route:?} by {} (score {score}, holdout {holdout}, shadow {shadow:?}): {}",
            rule.name, rule.reason
        )))
    }

    fn decide(&self, base: &Value, policy: &str) -> anyhow::Result<Decision> {
        let mut event = base.clone();
        merge(&mut event, &self.with);
        let drafted: Drafted = serde_json::from_value(event).context("is no drafted event")?;
        let policy = self.policy_of(policy)?;
        let Drafted { ticket, classification, retrieval, draft } = &drafted;
        Ok(route::decide(&policy, ticket, classification, retrieval, draft))
    }

    fn policy_of(&self, policy: &str) -> anyhow::Result<Policy> {
        if self.policy.is_null() {
            return Ok(Policy::parse(policy)?);
        }
        let mut value: Value = serde_yaml_ng::from_str(policy)?;
        merge(&mut value, &self.policy);
        Ok(Policy::parse(&serde_yaml_ng::to_string(&value)?)?)
    }
}

/// A JSON merge patch, RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        if !patch.is_null() {
            *target = patch.clone();
        }
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(object) = target.as_object_mut() else { return };
    for (name, value) in fields {
        if value.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const POLICY: &str = include_str!("../../../deploy/policy.yaml");

    fn shipped() -> Cases {
        serde_yaml_ng::from_str(include_str!("../../../deploy/policy/cases.yaml")).unwrap()
    }

    #[test]
    fn every_shipped_case_goes_where_it_says() {
        let cases = shipped();
        assert!(cases.cases.len() >= 60, "{} cases", cases.cases.len());
        let wrong: Vec<String> = cases
            .cases
            .iter()
            .filter_map(|case| {
                Some(format!("{}: {}", case.name, case.tried(&cases.base, POLICY).unwrap().err()?))
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_shipped_cases_try_every_rule_and_every_hazard_of_the_shipped_policy() {
        let tried: BTreeSet<String> = shipped().cases.into_iter().map(|case| case.rule).collect();
        let policy = Policy::parse(POLICY).unwrap();
        let rules = policy.rules.iter().map(|rule| format!("rule:{}", rule.name));
        let untried: Vec<String> = rules
            .chain(policy.hazards.iter().map(|rule| format!("hazard:{}", rule.kind)))
            .filter(|name| !tried.contains(name))
            .collect();
        assert!(untried.is_empty(), "{untried:?}");
    }

    #[test]
    fn a_case_that_goes_elsewhere_is_told() {
        let cases = shipped();
        let mut case = cases.cases.into_iter().next().unwrap();
        case.rule = "rule:of_nobody".to_owned();
        let told = case.tried(&cases.base, POLICY).unwrap().unwrap_err();
        assert!(told.starts_with("is "), "{told}");
    }
}
