//! Caps: the most a route may be. They lower a route and never raise it.

use shared::{
    events::{Classification, Draft, Route, Rule, Ticket},
    policy::{Policy, When},
};

/// What conditions are asked about.
pub(crate) struct Facts<'a> {
    pub(crate) ticket: &'a Ticket,
    pub(crate) classification: &'a Classification,
    pub(crate) similarity: Option<f64>,
    pub(crate) draft: &'a Draft,
}

/// The lower route and the cap that asks for it, if any cap asks for less than `route`. Of several the lowest
/// decides, of equals the first; the two that no policy can lift come before all.
pub(crate) fn lowered(policy: &Policy, facts: &Facts<'_>, route: Route) -> Option<(Route, Rule)> {
    let written = policy
        .caps
        .iter()
        .filter(|cap| cap.at_most < route && holds(&cap.when, facts))
        .min_by_key(|cap| cap.at_most)
        .map(|cap| (cap.at_most, Rule { name: format!("cap:{}", cap.name), reason: cap.reason.clone() }));
    let built_in =
        unsendable(policy, facts).filter(|_| route > Route::Suggest).map(|rule| (Route::Suggest, rule));
    [built_in, written].into_iter().flatten().min_by_key(|(at_most, _)| *at_most)
}

/// Why there is nothing that could go out by itself, whatever policy says.
fn unsendable(policy: &Policy, facts: &Facts<'_>) -> Option<Rule> {
    let reply = match facts.draft {
        Draft::Reply(reply) => reply,
        Draft::Withheld { reason, .. } => {
            return Some(Rule {
                name: "no_reply".to_owned(),
                reason: format!("there is no reply: {reason}"),
            });
        }
    };
    let code = reply.offer.as_deref()?;
    let Facts { ticket, classification, .. } = facts;
    let granted = policy.offer(&classification.intent, &ticket.tenant, ticket.created_at);
    (granted.map(|offer| offer.code.as_str()) != Some(code)).then(|| Rule {
        name: "no_such_offer".to_owned(),
        reason: format!("the reply grants the code {code}, which the policy does not offer here and now"),
    })
}

/// Whether all conditions hold.
fn holds(when: &When, facts: &Facts<'_>) -> bool {
    texts_hold(when, facts) && figures_hold(when, facts) && levels_hold(when, facts)
}

fn texts_hold(when: &When, Facts { ticket, classification, .. }: &Facts<'_>) -> bool {
    let named = |list: &Option<Vec<String>>, name: &str| {
        list.as_ref().is_none_or(|list| list.iter().any(|n| n == name))
    };
    named(&when.intents, &classification.intent) && named(&when.tenants, &ticket.tenant)
}

/// Written so that what is no number holds: it is a reason for care.
fn figures_hold(when: &When, Facts { classification, similarity, draft, .. }: &Facts<'_>) -> bool {
    let grounded = match draft {
        Draft::Reply(reply) => reply.grounded,
        Draft::Withheld { .. } => 0.0,
    };
    let below = |limit: Option<f64>, figure: f64| limit.is_none_or(|limit| figure < limit || figure.is_nan());
    below(when.confidence_below, classification.confidence)
        && below(when.margin_below, classification.margin)
        && below(when.similarity_below, similarity.unwrap_or(0.0))
        && below(when.grounded_below, grounded)
        && below(when.out_of_scope_above.map(|limit| -limit), -classification.out_of_scope)
}

fn levels_hold(when: &When, Facts { ticket, classification, .. }: &Facts<'_>) -> bool {
    when.language_supported.is_none_or(|is| classification.language.supported == is)
        && when.truncated.is_none_or(|is| classification.truncated == is)
        && when.priority_from.is_none_or(|least| classification.attention.priority >= least)
        && when.sentiment_to.is_none_or(|most| classification.mood.sentiment <= most)
        && when.tier.is_none_or(|tier| ticket.customer.tier == tier)
}
