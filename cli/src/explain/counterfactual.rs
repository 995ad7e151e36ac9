//! What would have changed a decision: the smallest change of one figure that moves the route, found by deciding again.

use shared::{
    events::{Decision, Draft, Priority, Route, Routed, Sentiment},
    policy::{Facts, Policy},
};

use super::recompute;

/// Steps from one end of a figure's scale to the other; a change is found to one step.
const STEPS: u32 = 1_000;

/// A figure that a decision rests on, with the two ends of its scale.
#[derive(Debug, Clone, Copy)]
struct Figure {
    name: &'static str,
    scale: [f64; 2],
    steps: u32,
    now: fn(&Routed) -> Option<f64>,
    set: fn(&mut Routed, f64) -> Option<()>,
}

/// A change of one figure that moves the route.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The figure.
    pub name: &'static str,
    /// What it is.
    pub now: f64,
    /// The nearest that it would have to be.
    pub then: f64,
    /// How far that is, as a share of the figure's scale.
    pub distance: f64,
    /// Where the ticket would go.
    pub route: Route,
    /// What would decide there.
    pub rule: String,
}

/// For each figure its smallest change that moves the route, if there is one; the smallest of all comes first.
pub fn all(policy: &Policy, routed: &Routed) -> Vec<Change> {
    let mut changes: Vec<Change> =
        FIGURES.iter().filter_map(|figure| smallest(policy, routed, figure)).collect();
    changes.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    changes
}

/// The nearest value, upwards or downwards, at which the route is another.
fn smallest(policy: &Policy, routed: &Routed, figure: &Figure) -> Option<Change> {
    let now = (figure.now)(routed)?;
    let [from, to] = figure.scale;
    let step = (to - from) / f64::from(figure.steps);
    // Values on the grid of the scale, nearest first, so that what is printed is what was tried.
    let at = |value: f64| ((value - from) / step).round();
    let outwards = (1..=figure.steps).flat_map(|away| [f64::from(away), -f64::from(away)]);
    outwards
        .map(|away| from + (at(now) + away) * step)
        .map(|value| (value * 1e6).round() / 1e6)
        .filter(|value| (from..=to).contains(value))
        .find_map(|then| {
            let Decision { route, rule, .. } = decided_with(policy, routed, figure, then)?;
            let distance = (then - now).abs() / (to - from);
            (route != routed.decision.route).then_some(Change {
                name: figure.name,
                now,
                then,
                distance,
                route,
                rule: rule.name,
            })
        })
}

fn decided_with(policy: &Policy, routed: &Routed, figure: &Figure, value: f64) -> Option<Decision> {
    let mut other = routed.clone();
    (figure.set)(&mut other, value)?;
    Some(recompute::decision(policy, &other))
}

/// Every figure that can be changed alone.
const FIGURES: [Figure; 8] = [
    Figure {
        name: "confidence",
        scale: [0.0, 1.0],
        steps: STEPS,
        now: |routed| Some(routed.classification.confidence),
        set: |routed, value| {
            routed.classification.confidence = value;
            Some(())
        },
    },
    Figure {
        name: "margin",
        scale: [0.0, 1.0],
        steps: STEPS,
        now: |routed| Some(routed.classification.margin),
        set: |routed, value| {
            routed.classification.margin = value;
            Some(())
        },
    },
    Figure {
        name: "in_scope",
        scale: [0.0, 1.0],
        steps: STEPS,
        now: |routed| Some(1.0 - routed.classification.out_of_scope),
        set: |routed, value| {
            routed.classification.out_of_scope = 1.0 - value;
            Some(())
        },
    },
    Figure {
        name: "similarity",
        scale: [0.0, 1.0],
        steps: STEPS,
        now: |routed| facts(routed).similarity(),
        set: set_similarity,
    },
    Figure {
        name: "agreement",
        scale: [0.0, 1.0],
        steps: STEPS,
        now: |routed| facts(routed).similarity().map(|_| facts(routed).agreement()),
        set: set_agreement,
    },
    Figure {
        name: "grounded",
        scale: [0.0, 1.0],
        steps: STEPS,
        now: |routed| facts(routed).reply().map(|reply| reply.grounded),
        set: |routed, value| match &mut routed.draft {
            Draft::Reply(reply) => {
                reply.grounded = value;
                Some(())
            }
            Draft::Withheld { .. } => None,
        },
    },
    Figure {
        name: "sentiment",
        scale: [-1.0, 1.0],
        steps: STEPS,
        now: |routed| Some(routed.classification.mood.score),
        set: |routed, value| {
            let level = ((value + 1.0) * 2.0).round() as usize;
            routed.classification.mood.score = value;
            routed.classification.mood.sentiment = *SENTIMENTS.get(level)?;
            Some(())
        },
    },
    Figure {
        name: "priority",
        scale: [0.0, 3.0],
        steps: 3,
        now: |routed| Some(f64::from(routed.classification.attention.priority as u8)),
        set: |routed, value| {
            routed.classification.attention.priority = *PRIORITIES.get(value as usize)?;
            Some(())
        },
    },
];

const SENTIMENTS: [Sentiment; 5] = [
    Sentiment::VeryNegative,
    Sentiment::Negative,
    Sentiment::Neutral,
    Sentiment::Positive,
    Sentiment::VeryPositive,
];

const PRIORITIES: [Priority; 4] = [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent];

fn facts(routed: &Routed) -> Facts<'_> {
    Facts::new(&routed.ticket, &routed.classification, &routed.retrieval, &routed.draft)
}

/// All passages nearer or farther by the same factor, which leaves the agreement as it is.
fn set_similarity(routed: &mut Routed, value: f64) -> Option<()> {
    let now = facts(routed).similarity().filter(|now| *now > 0.0)?;
    for passage in &mut routed.retrieval.passages {
        passage.score *= value / now;
    }
    Some(())
}

/// The passages of other intents nearer or farther, which leaves the similarity as it is. Not possible without any of
/// either kind.
fn set_agreement(routed: &mut Routed, value: f64) -> Option<()> {
    let agreement = facts(routed).agreement();
    if !(agreement > 0.0 && agreement < 1.0 && value > 0.0) {
        return None;
    }
    let factor = (1.0 - value) / value * agreement / (1.0 - agreement);
    let intent = &routed.classification.intent;
    for passage in &mut routed.retrieval.passages {
        if passage.intent.as_ref() != Some(intent) {
            passage.score *= factor;
        }
    }
    routed.retrieval.passages.iter().all(|passage| passage.score <= 1.0).then_some(())
}
