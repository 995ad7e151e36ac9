//! The JSON Schema of a policy file, and everything about a file that does not fit it.

use std::sync::LazyLock;

use jsonschema::{Validator, error::ValidationErrorKind, paths::LocationSegment};
use schemars::{Schema, generate::SchemaSettings, transform::transform_subschemas};
use serde_json::{Map, Value, json};

use super::{Policy, lines::joined};

/// The schema of a policy file, `schemas/policy.v1.json`.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .with_transform(plain)
        .into_generator()
        .into_root_schema_for::<Policy>();
    schema.insert("$id".to_owned(), json!("switchyard.policy.v1"));
    schema.to_value()
}

static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| jsonschema::validator_for(&schema()).ok());

/// What does not fit, each with the path of its entry.
pub(super) fn misfits(policy: &Value) -> Vec<(String, String)> {
    let Some(validator) = VALIDATOR.as_ref() else { return Vec::new() };
    validator.iter_errors(policy).flat_map(|error| said(&error)).collect()
}

fn said(error: &jsonschema::ValidationError<'_>) -> Vec<(String, String)> {
    let path = error.instance_path.into_iter().fold(String::new(), |path, segment| match segment {
        LocationSegment::Property(name) => joined(&path, &name),
        LocationSegment::Index(at) => format!("{path}[{at}]"),
    });
    match &error.kind {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| (joined(&path, name), "is not known here".to_owned())).collect()
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![(joined(&path, name), "is missing".to_owned())]
        }
        _ => vec![(path, format!("does not fit: {error}"))],
    }
}

/// Simplifies what makes for poor messages: a list of words instead of alternatives, and no null.
fn plain(schema: &mut Schema) {
    transform_subschemas(&mut plain, schema);
    let Some(object) = schema.as_object_mut() else { return };
    words(object);
    nullable(object);
}

/// Alternatives that are each one documented word, or a list of such, become one list.
fn words(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get("oneOf") else { return };
    let mut words = Vec::new();
    let mut about = Vec::new();
    for alternative in alternatives {
        match (alternative.get("const"), alternative.get("enum")) {
            (Some(word), _) => {
                let text = alternative.get("description").and_then(Value::as_str).unwrap_or_default();
                about.push(format!("{}: {text}", word.as_str().unwrap_or_default()));
                words.push(word.clone());
            }
            (None, Some(Value::Array(several))) => words.extend(several.iter().cloned()),
            _ => return,
        }
    }
    object.remove("oneOf");
    let first = object.get("description").and_then(Value::as_str).unwrap_or_default();
    let description = [&[first.to_owned()], about.as_slice()].concat().join("\n");
    object.insert("description".to_owned(), json!(description.trim()));
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), Value::Array(words));
}

/// Something or null becomes something.
fn nullable(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get_mut("anyOf") else { return };
    alternatives.retain(|one| one.get("type") != Some(&json!("null")));
    if let [Value::Object(only)] = alternatives.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (name, value) in only {
            object.entry(name).or_insert(value);
        }
    }
}
