//! What lowers a route. Nothing here raises one.

use shared::{
    certificate::Signed,
    events::{Classification, DISCLOSURE, Route, Rule},
    policy::{Autonomy, Facts, Policy},
};

/// The most a route may be, and what says so.
pub(crate) type Limit = (Route, Rule);

/// The lowest of all limits but autonomy; of equals the first in the order of [`decide`](crate::decide).
pub(crate) fn lowest(policy: &Policy, facts: &Facts<'_>, score: f64, by_score: Limit) -> Limit {
    let hard = lower(hazard(policy, facts.classification), policy.hard_rule(facts));
    let (route, rule) = match hard {
        Some(hard) if hard.0 <= by_score.0 => hard,
        _ => by_score,
    };
    let built_in = kill_switch(policy, facts)
        .or_else(|| unsendable(policy, facts))
        .or_else(|| uncertified(policy, facts, score));
    let built_in = built_in.filter(|_| route > Route::Suggest).map(|rule| (Route::Suggest, rule));
    lower(built_in, policy.lowered(facts, route)).unwrap_or((route, rule))
}

/// The lower of two; of equals the first.
fn lower(first: Option<Limit>, second: Option<Limit>) -> Option<Limit> {
    [first, second].into_iter().flatten().min_by_key(|(route, _)| *route)
}

/// Where a danger sends a ticket. One that policy does not know is a danger all the same.
fn hazard(policy: &Policy, classification: &Classification) -> Option<Limit> {
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

fn kill_switch(policy: &Policy, facts: &Facts<'_>) -> Option<Rule> {
    let whose = policy.is_killed(&facts.ticket.tenant)?;
    Some(rule("kill_switch", format!("{whose} kill switch is on, so every ticket goes to a person")))
}

/// Why there is nothing that could go out by itself, whatever policy says.
fn unsendable(policy: &Policy, facts: &Facts<'_>) -> Option<Rule> {
    let Facts { ticket, classification, draft, .. } = facts;
    let Some(reply) = facts.reply() else {
        let reason = match draft {
            Some(shared::events::Draft::Withheld { reason, .. }) => reason,
            _ => "none was tried",
        };
        return Some(rule("no_reply", format!("there is no reply: {reason}")));
    };
    if let Some(first) = reply.unbacked.first() {
        return Some(rule("unbacked", format!("the reply says what no source carries: {first}")));
    }
    if let Some(code) = reply.offer.as_deref() {
        let granted = policy.offer(&classification.intent, &ticket.tenant, ticket.created_at);
        if granted.map(|offer| offer.code.as_str()) != Some(code) {
            let reason =
                format!("the reply grants the code {code}, which the policy does not offer here and now");
            return Some(rule("no_such_offer", reason));
        }
    }
    let discloses = reply.sentences.iter().any(|sentence| sentence.text == DISCLOSURE);
    (!discloses).then(|| rule("no_disclosure", "the reply does not say that a machine wrote it".to_owned()))
}

/// Why the certificate that policy asks for does not allow auto; the ticket's own time decides.
fn uncertified(policy: &Policy, facts: &Facts<'_>, score: f64) -> Option<Rule> {
    let terms = policy.certificate.as_ref().filter(|terms| terms.required)?;
    let Facts { ticket, classification, retrieval, .. } = facts;
    let Some(Signed { certificate, digest }) = &policy.certified else {
        let reason = format!("there is no usable certificate in {}", terms.file.display());
        return Some(rule("certificate", format!("the policy asks for a certificate, and {reason}")));
    };
    let silent = certificate.is_silent_on(ticket.created_at, classification, retrieval);
    let intent = &classification.intent;
    let reason = if certificate.terms != policy.terms {
        format!("{digest} is for {}, while the policy's are {}", certificate.terms, policy.terms)
    } else if let Some(reason) = silent {
        reason
    } else if !certificate.covers(intent, score) {
        format!("{digest} does not cover {intent} with the score {score}")
    } else {
        return None;
    };
    Some(rule("certificate", format!("the policy asks for a certificate, and {reason}")))
}

/// The route after the autonomy of the ticket's intent.
pub(crate) fn by_autonomy(autonomy: Autonomy, classification: &Classification, before: Limit) -> Limit {
    let intent = &classification.intent;
    let reason = match autonomy {
        Autonomy::Auto => return before,
        _ if before.0 < Route::Auto => return before,
        Autonomy::Suggest => {
            format!("{intent} may not go out by itself yet, so a person sees the reply first")
        }
        Autonomy::Shadow => {
            format!(
                "{intent} is in the shadow: a person answers without the draft, which would have gone out"
            )
        }
    };
    (Route::Suggest, rule("autonomy", reason))
}

fn rule(name: &str, reason: String) -> Rule {
    Rule { name: name.to_owned(), reason }
}
