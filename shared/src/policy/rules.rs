//! Which rules apply to a ticket.

use super::{Facts, Policy, RuleTerms, variables::is_of_the_draft};
use crate::events::{Route, Rule};

impl RuleTerms {
    /// The most that a route may be where this rule applies.
    pub fn most(&self) -> Route {
        self.route.or(self.at_most).unwrap_or(Route::Escalate).min(Route::Suggest)
    }

    /// Whether it sends tickets to people whatever their score, so that no draft is written.
    pub fn is_hard(&self) -> bool {
        self.route.is_some()
    }

    /// The rule as a decision names it, if it applies. One that cannot be evaluated applies: that is the careful
    /// side.
    pub fn applied(&self, facts: &Facts<'_>) -> Option<Rule> {
        let reason = match self.when.holds(facts) {
            Ok(false) => return None,
            Ok(true) => self.reason.clone(),
            Err(error) => {
                format!("{} (taken to apply, as it could not be evaluated: {error})", self.reason)
            }
        };
        Some(Rule { name: format!("rule:{}", self.name), reason })
    }
}

impl Policy {
    /// The hard rule that sends a ticket to people whatever its score, hazards apart: of those that apply the one
    /// with the lowest route, of equals the first.
    pub fn hard_rule(&self, facts: &Facts<'_>) -> Option<(Route, Rule)> {
        self.lowest(facts, |rule| rule.is_hard())
    }

    /// The rule that lowers a route of `route`, hard rules apart: the lowest, of equals the first.
    pub fn lowered(&self, facts: &Facts<'_>, route: Route) -> Option<(Route, Rule)> {
        self.lowest(facts, |rule| !rule.is_hard() && rule.most() < route)
    }

    /// The rule that sends a ticket to a supervisor whatever a draft said, hard rules apart; the first of them.
    pub fn escalated(&self, undrafted: &Facts<'_>) -> Option<Rule> {
        let escalates = |rule: &RuleTerms| !rule.is_hard() && rule.most() == Route::Escalate;
        let foregone = |rule: &RuleTerms| !rule.when.variables().iter().any(|name| is_of_the_draft(name));
        self.lowest(undrafted, |rule| escalates(rule) && foregone(rule)).map(|(_, rule)| rule)
    }

    fn lowest(&self, facts: &Facts<'_>, is_asked: impl Fn(&RuleTerms) -> bool) -> Option<(Route, Rule)> {
        let asked = self.rules.iter().filter(|rule| is_asked(rule));
        let applied = asked.filter_map(|rule| Some((rule.most(), rule.applied(facts)?)));
        applied.min_by_key(|(most, _)| *most)
    }
}
