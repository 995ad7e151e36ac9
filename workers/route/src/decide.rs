//! A decision: what the score allows, and what lowers it.

use shared::{
    events::{Classification, Cost, Decision, Draft, Retrieval, Route, Rule, Thresholds, Ticket},
    policy::{Autonomy, Facts, Policy},
};

use crate::{features, holdout, limits};

/// Who acts on a ticket, and why. The route is never above what the thresholds allow, and everything else only lowers
/// it: hazards, hard rules, the kill switch, what cannot be sent, the other rules, the certificate, autonomy, holdout.
/// Of what asks for the lowest route the first in this order gives the reason; the thresholds come after the hard rules.
///
/// The same event under the same policy gets the same decision, bit for bit.
pub fn decide(
    policy: &Policy,
    ticket: &Ticket,
    classification: &Classification,
    retrieval: &Retrieval,
    draft: &Draft,
) -> Decision {
    let facts = Facts::new(ticket, classification, retrieval, draft);
    let scored = features::of(policy, &facts);
    let thresholds = policy.thresholds_of(&ticket.tenant, &classification.intent);
    let before = limits::lowest(policy, &facts, scored.score, threshold(thresholds, scored.score));
    let autonomy = policy.autonomy_of(&ticket.tenant, &classification.intent);
    let shadow = (autonomy == Autonomy::Shadow).then_some(before.0);
    let (route, rule) = limits::by_autonomy(autonomy, classification, before);
    let holdout = route == Route::Auto && holdout::is_held_out(&policy.holdout, ticket);
    let (route, rule) =
        if holdout { (Route::Suggest, holdout::rule(&policy.holdout)) } else { (route, rule) };
    Decision {
        route,
        score: scored.score,
        probability: scored.probability,
        rule,
        contributions: scored.contributions,
        thresholds,
        holdout,
        shadow,
        cost: cost(policy, classification, draft),
        certificate: policy.certified.as_ref().map(|certified| certified.digest.clone()),
        policy: policy.digest.clone(),
    }
}

/// What the ticket has cost so far, in dollars.
fn cost(policy: &Policy, classification: &Classification, draft: &Draft) -> Cost {
    let compute = policy.compute.map_or(0.0, |price| price.dollars(classification.cpu_ms));
    Cost { compute, tokens: draft.usage().map_or(0.0, |usage| usage.dollars) }
}

fn threshold(Thresholds { auto, suggest }: Thresholds, score: f64) -> (Route, Rule) {
    let (route, reason) = if score > auto {
        (Route::Auto, format!("the score {score} is above {auto}, so the reply goes out by itself"))
    } else if score >= suggest {
        (
            Route::Suggest,
            format!("the score {score} lies between {suggest} and {auto}, so a person sees the reply first"),
        )
    } else {
        (Route::Escalate, format!("the score {score} is below {suggest}, so a supervisor takes it"))
    };
    (route, Rule { name: "thresholds".to_owned(), reason })
}
