//! What the labelled tickets look like to a threshold: decided anew by the policy, but for what moves from day to day.

use std::collections::{BTreeMap, BTreeSet};

use shared::{
    events::{Decision, Route},
    policy::{Autonomy, Policy},
};

use super::{Rows, ltt::Ticket};
use crate::labelled::{Labelled, Part};

/// The tested tickets, and the others.
#[derive(Debug)]
pub struct Population {
    /// Tested tickets.
    pub rows: u64,
    /// Each tested ticket, as the policy decides it.
    pub tested: Vec<Ticket>,
    /// The tickets that are not tested.
    pub others: Vec<Ticket>,
    /// By the intent that the classifier named, as if every intent were free to be auto: tested and others.
    pub by_intent: BTreeMap<String, (Vec<Ticket>, Vec<Ticket>)>,
    /// Score and verdict of the tested tickets that no rule holds back, whatever the thresholds.
    pub judged: Rows,
}

impl Population {
    /// Decides every row by `policy`. Kill switches, holdout and certificate are left out: they only ever take tickets
    /// away from auto, by no measure of the score.
    pub fn of(policy: &Policy, rows: &[Labelled], part: Part) -> Self {
        let (mut steady, mut free) = (steady(policy), freed(policy));
        steady.digest.clear();
        free.digest.clear();
        let open = unbounded(&free);
        let (tested, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| part.holds(row));
        let all = |rows: &[&Labelled], policy: &Policy| rows.iter().map(|row| ticket(policy, row)).collect();
        let names: BTreeSet<&str> = rows.iter().map(|row| &*row.routed.classification.intent).collect();
        let of_intent = |name: &str, rows: &[&Labelled]| {
            let same = rows.iter().filter(|row| row.routed.classification.intent == name);
            same.map(|row| ticket(&free, row)).collect()
        };
        let by_intent = names
            .into_iter()
            .map(|name| (name.to_owned(), (of_intent(name, &tested), of_intent(name, &others))))
            .collect();
        let judged = tested.iter().map(|row| ticket(&open, row)).filter(|ticket| ticket.reach.is_finite());
        Self {
            rows: tested.len() as u64,
            judged: judged
                .map(|ticket| shared::statistics::Judged::new(ticket.reach, ticket.right))
                .collect(),
            tested: all(&tested, &steady),
            others: all(&others, &steady),
            by_intent,
        }
    }
}

/// How far up a ticket is auto: to its score, if the policy would send the reply by itself.
fn ticket(policy: &Policy, row: &Labelled) -> Ticket {
    let Decision { route, score, .. } = decided(policy, row);
    Ticket { reach: if route == Route::Auto { score } else { f64::NEG_INFINITY }, right: row.right }
}

fn decided(policy: &Policy, row: &Labelled) -> Decision {
    let routed = &row.routed;
    route::decide(policy, &routed.ticket, &routed.classification, &routed.retrieval, &routed.draft)
}

/// The policy without kill switches, holdout and certificate.
fn steady(policy: &Policy) -> Policy {
    let mut steady = policy.clone();
    steady.kill_switch = false;
    steady.holdout.share = 0.0;
    steady.certificate = None;
    steady.certified = None;
    for terms in steady.tenants.values_mut() {
        terms.kill_switch = false;
    }
    steady
}

/// Moreover every intent and tenant free to be auto.
fn freed(policy: &Policy) -> Policy {
    let mut free = steady(policy);
    free.autonomy = Autonomy::Auto;
    let of_tenants = free.tenants.values_mut().flat_map(|terms| terms.intents.values_mut());
    for terms in free.intents.values_mut().chain(of_tenants) {
        terms.autonomy = None;
    }
    for terms in free.tenants.values_mut() {
        terms.autonomy = None;
    }
    free
}

/// Moreover no threshold, so that only rules hold tickets back.
fn unbounded(policy: &Policy) -> Policy {
    let mut open = policy.clone();
    (open.thresholds.auto, open.thresholds.suggest) = (-1.0, -1.0);
    let of_tenants = open.tenants.values_mut().flat_map(|terms| terms.intents.values_mut());
    for terms in open.intents.values_mut().chain(of_tenants) {
        terms.thresholds = None;
    }
    for terms in open.tenants.values_mut() {
        terms.thresholds = None;
    }
    open
}
