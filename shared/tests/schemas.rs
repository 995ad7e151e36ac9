//! `schemas/` follows from the types: one JSON Schema an event, and examples that are what they say.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::{fs, path::PathBuf};

use schemars::generate::SchemaSettings;
use serde_json::Value;
use shared::{
    Event,
    events::{Classified, Drafted, Received, Rejected, Resolved, Retrieved, Routed},
};

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

/// The schema of an event, as it is committed.
fn schema<E: Event>() -> String {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<E>();
    schema.insert("$id".to_owned(), Value::from(format!("switchyard.{}.v1", E::NAME)));
    serde_json::to_string_pretty(&schema).unwrap() + "\n"
}

fn follows_from_its_type<E: Event>() {
    let file = schemas().join(format!("{}.v1.json", E::NAME));
    let schema = schema::<E>();
    if std::env::var_os("SWITCHYARD_WRITE_SCHEMAS").is_some() {
        fs::write(&file, &schema).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == schema, "{} does not follow from its type; run `make schemas`", file.display());
}

/// Every example decodes, says the same when written again, and fits the committed schema.
fn has_true_examples<E: Event>() {
    let folder = schemas().join("examples").join(E::NAME);
    let files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 3, "{}: three examples or more", folder.display());
    let schema: Value = serde_json::from_str(&schema::<E>()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let event = E::decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let example: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap(), example, "{}", file.display());
        assert!(validator.is_valid(&example), "{} does not fit its schema", file.display());
    }
}

#[test]
fn the_policys_schema_follows_from_its_type_and_fits_the_shipped_policy() {
    let file = schemas().join("policy.v1.json");
    let schema = shared::policy::schema();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("SWITCHYARD_WRITE_SCHEMAS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == text, "{} does not follow from its type; run `make schemas`", file.display());
    let shipped = fs::read_to_string(schemas().join("../deploy/policy.yaml")).unwrap();
    assert!(shipped.starts_with("# yaml-language-server: $schema=../schemas/policy.v1.json\n"));
    let policy: Value = serde_yaml_ng::from_str(&shipped).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&policy));
}

#[test]
fn the_certificates_schema_follows_from_its_type() {
    let file = schemas().join("certificate.v1.json");
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<shared::certificate::Certificate>();
    schema.insert("$id".to_owned(), Value::from("switchyard.certificate.v1"));
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("SWITCHYARD_WRITE_SCHEMAS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == text, "{} does not follow from its type; run `make schemas`", file.display());
    let example = fs::read(schemas().join("examples/certificate/shown.json")).unwrap();
    let example: Value = serde_json::from_slice(&example).unwrap();
    assert!(jsonschema::validator_for(&serde_json::to_value(&schema).unwrap()).unwrap().is_valid(&example));
    serde_json::from_value::<shared::certificate::Certificate>(example).unwrap();
}

macro_rules! each_event {
    ($check:ident) => {
        $check::<Received>();
        $check::<Classified>();
        $check::<Retrieved>();
        $check::<Drafted>();
        $check::<Routed>();
        $check::<Rejected>();
        $check::<Resolved>();
    };
}

#[test]
fn every_schema_follows_from_its_type() {
    each_event!(follows_from_its_type);
}

#[test]
fn every_example_is_what_it_says() {
    each_event!(has_true_examples);
}
