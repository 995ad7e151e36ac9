//! The same once more, and where it is not the same.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::{
    Config as _,
    events::{Decision, Routed},
    policy::Policy,
};

/// The decision on an event by a policy.
pub fn decision(policy: &Policy, routed: &Routed) -> Decision {
    route::decide(policy, &routed.ticket, &routed.classification, &routed.retrieval, &routed.draft)
}

/// What the classifier at hand reads in the ticket; or, in words, why that would say nothing.
pub async fn classified(config: &classify::Config, routed: &Routed) -> anyhow::Result<Result<Value, String>> {
    let worker = config.start().await?;
    let again = worker.read(&routed.ticket).await?;
    if again.model != routed.classification.model {
        return Ok(Err(format!(
            "the ticket was read by {}, and the bundle at hand is {}; name its folder with --classifier",
            routed.classification.model, again.model
        )));
    }
    Ok(Ok(serde_json::to_value(again)?))
}

/// Every place where two values differ, as `path: before, after`.
pub fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let of =
                    |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or_default();
                compare(&format!("{path}.{name}"), &of(a), &of(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (at, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{at}]"), a, b, found);
            }
        }
        _ if before == after => {}
        _ => found.push(format!("{}: {before} was written, {after} comes out", path.trim_start_matches('.'))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_difference_is_named_with_its_place() {
        let before = json!({"a": 1.0, "b": [1, {"c": "x"}], "d": null});
        let after = json!({"a": 1.0000000000000002, "b": [1, {"c": "y"}], "e": true});
        let found = differences(&before, &after);
        assert_eq!(
            found,
            [
                "a: 1.0 was written, 1.0000000000000002 comes out",
                "b[1].c: \"x\" was written, \"y\" comes out",
                "e: null was written, true comes out"
            ]
        );
        assert!(differences(&before, &before).is_empty());
    }
}
