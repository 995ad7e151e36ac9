//! A ticket's way, for people.

use console::{StyledObject, style};
use shared::events::{Decision, Draft, Reply, Route, Ticket};

use super::way::Way;
use crate::output::safe;

/// Prints one ticket's way.
pub fn way(ticket: &Ticket, way: &Way) {
    let (decision, classification) = (&way.routed.decision, &way.routed.classification);
    println!("{}  {}", style(&ticket.id).bold(), safe(&ticket.text(), 96));
    println!(
        "  route   {}  score {:.3}  {} ({:.3})",
        coloured(decision.route),
        decision.score,
        classification.intent,
        classification.confidence
    );
    println!("  rule    {}: {}", decision.rule.name, safe(&decision.rule.reason, 120));
    if !decision.contributions.is_empty() {
        println!("  points  {}", contributions(decision));
    }
    println!("  draft   {}", first_line(&way.routed.draft));
    if let Some(bill) = bill(&way.routed.draft) {
        println!("  bill    {bill}");
    }
    println!("  ms      {}\n", millis(way.millis));
}

/// A route in its colour.
fn coloured(route: Route) -> StyledObject<&'static str> {
    match route {
        Route::Auto => style("auto").green().bold(),
        Route::Suggest => style("suggest").yellow().bold(),
        Route::Escalate => style("escalate").red().bold(),
    }
}

/// What each feature adds.
fn contributions(decision: &Decision) -> String {
    let parts = decision.contributions.iter().map(|one| format!("{} {:.3}", one.feature, one.points));
    parts.collect::<Vec<_>>().join(" + ")
}

/// The first sentence after the greeting, and the code if there is one.
fn first_line(draft: &Draft) -> String {
    match draft {
        Draft::Withheld { reason, .. } => format!("none: {}", safe(reason, 120)),
        Draft::Reply(reply) => {
            let grounded = reply.sentences.iter().find(|sentence| !sentence.sources.is_empty());
            let text = grounded
                .or(reply.sentences.first())
                .map(|sentence| safe(&sentence.text, 110))
                .unwrap_or_default();
            let source = grounded
                .and_then(|sentence| sentence.sources.first())
                .map(|source| format!("  [{}]", source.id));
            let offer = reply
                .offer
                .as_ref()
                .map(|code| format!("  code {}", style(code).green()))
                .unwrap_or_default();
            format!("{text}{}{offer}", source.unwrap_or_default())
        }
    }
}

/// Tokens and dollars, if a provider bills.
fn bill(draft: &Draft) -> Option<String> {
    let Draft::Reply(Reply { provider, model, usage: Some(usage), .. }) = draft else { return None };
    let cached = usage.cache_read_tokens + usage.cache_write_tokens;
    Some(format!(
        "{provider} {}: {} tokens read, {cached} cached, {} written, ${:.6}",
        model.as_deref().unwrap_or_default(),
        usage.input_tokens,
        usage.output_tokens,
        usage.dollars
    ))
}

/// Milliseconds by stage.
fn millis(millis: [Option<i64>; 5]) -> String {
    let named = ["classify", "retrieve", "draft", "route", "in all"].iter().zip(millis);
    let parts =
        named.map(|(name, ms)| format!("{name} {}", ms.map_or_else(|| "-".to_owned(), |ms| ms.to_string())));
    parts.collect::<Vec<_>>().join(", ")
}

/// How many tickets took each route, as bars.
pub fn routes(routes: &[(String, i64)]) {
    let most = routes.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    for (route, count) in routes {
        let length = usize::try_from(count * 40 / most).unwrap_or(0).max(1);
        println!("  {route:<10} {count:>5}  {}", "█".repeat(length));
    }
}
