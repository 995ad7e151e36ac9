//! The four steps of a decision: hazards, score, thresholds, caps.

use shared::{
    events::{Classification, Cost, Decision, Draft, Retrieval, Route, Rule, Thresholds, Ticket},
    policy::Policy,
};

use crate::{
    caps::{self, Facts},
    features,
};

/// Who acts on a ticket, and why. The route is never above what the thresholds allow, and never above what a
/// hazard or a cap allows.
pub fn decide(
    policy: &Policy,
    ticket: &Ticket,
    classification: &Classification,
    retrieval: &Retrieval,
    draft: &Draft,
) -> Decision {
    let similarity = features::similarity(classification, retrieval);
    let contributions = features::contributions(&policy.features, classification, similarity);
    let score = features::rounded(contributions.iter().map(|contribution| contribution.points).sum());
    let facts = Facts { ticket, classification, similarity, draft };
    let (route, rule) = hazard(policy, classification).unwrap_or_else(|| {
        let (route, rule) = threshold(policy.thresholds, score);
        caps::lowered(policy, &facts, route).unwrap_or((route, rule))
    });
    Decision {
        route,
        score,
        probability: score,
        rule,
        contributions,
        thresholds: policy.thresholds,
        holdout: false,
        cost: cost(policy, classification, draft),
        certificate: None,
        policy: policy.digest.clone(),
    }
}

/// What the ticket has cost so far, in dollars.
fn cost(policy: &Policy, classification: &Classification, draft: &Draft) -> Cost {
    let compute = policy.compute.map_or(0.0, |price| price.dollars(classification.cpu_ms));
    let usage = match draft {
        Draft::Reply(reply) => reply.usage.as_ref(),
        Draft::Withheld { .. } => None,
    };
    Cost { compute, tokens: usage.map_or(0.0, |usage| usage.dollars) }
}

/// Where a danger sends a ticket. One that policy does not know is a danger all the same.
fn hazard(policy: &Policy, classification: &Classification) -> Option<(Route, Rule)> {
    let first = classification.hazards.first()?;
    Some(match policy.hazard(classification) {
        Some(known) => (
            known.route.min(Route::Suggest),
            Rule { name: format!("hazard:{}", known.kind), reason: known.reason.clone() },
        ),
        None => (
            Route::Escalate,
            Rule {
                name: format!("hazard:{}", first.kind),
                reason: "a danger is named that the policy does not know".to_owned(),
            },
        ),
    })
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
