//! Which column of a CSV file holds which field.

use std::str::FromStr;

/// The fields a row may have, and whether it must have a column for it.
pub(super) const FIELDS: [(&str, bool); 8] = [
    ("tenant", false),
    ("id", false),
    ("subject", false),
    ("body", true),
    ("reply", true),
    ("intent", false),
    ("language", false),
    ("resolved_at", false),
];

/// One `--map FIELD=COLUMN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// A field of a resolved ticket.
    pub field: &'static str,
    /// The column's name in the header.
    pub column: String,
}

/// Why columns cannot be mapped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not of the form.
    #[error("'{0}' is not FIELD=COLUMN")]
    Form(String),
    /// No such field.
    #[error("'{0}' is not a field; fields are {fields}", fields = names())]
    Field(String),
    /// Columns that are not there.
    #[error("{missing}; the columns are: {found}")]
    Columns {
        /// What is missing, with all of it.
        missing: String,
        /// The header as found.
        found: String,
    },
}

impl FromStr for Mapping {
    type Err = MappingError;

    fn from_str(given: &str) -> Result<Self, MappingError> {
        let (field, column) = given.split_once('=').ok_or_else(|| MappingError::Form(given.to_owned()))?;
        let known = FIELDS.iter().find(|(name, _)| *name == field.trim());
        let (field, _) = known.ok_or_else(|| MappingError::Field(field.to_owned()))?;
        Ok(Self { field, column: column.trim().to_owned() })
    }
}

/// The place of each field's column, by the mappings and by the header's own names.
pub(super) fn columns(
    header: &[String],
    map: &[Mapping],
    tenant: Option<&str>,
) -> Result<Vec<(&'static str, usize)>, MappingError> {
    let place = |name: &str| header.iter().position(|column| column.trim() == name);
    let mut missing = Vec::new();
    let mut columns = Vec::new();
    for (field, needed) in FIELDS {
        let mapped = map.iter().rev().find(|mapping| mapping.field == field);
        let name = mapped.map_or(field, |mapping| mapping.column.as_str());
        match place(name) {
            Some(place) => columns.push((field, place)),
            None if mapped.is_some() => missing.push(format!("no column '{name}' for {field}")),
            None if needed => {
                missing.push(format!("no column for {field} (name it with --map {field}=COLUMN)"))
            }
            None if field == "tenant" && tenant.is_none() => {
                missing.push(
                    "no column for tenant (name it with --map tenant=COLUMN, or give --tenant)".to_owned(),
                );
            }
            None => {}
        }
    }
    if missing.is_empty() {
        return Ok(columns);
    }
    let found = header.iter().map(|column| column.trim().chars().take(60).collect::<String>());
    let found = found.take(50).collect::<Vec<_>>().join(", ");
    Err(MappingError::Columns { missing: missing.join("; "), found })
}

fn names() -> String {
    FIELDS.map(|(name, _)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Vec<String> {
        names.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn columns_named_like_a_field_need_no_mapping() {
        let columns = columns(&header("reply, body,flags"), &[], Some("acme")).unwrap();
        assert_eq!(columns, [("body", 1), ("reply", 0)]);
    }

    #[test]
    fn every_missing_column_is_said_at_once_with_the_columns_found() {
        let map = ["reply=response".parse().unwrap()];
        let said = columns(&header("instruction,answer"), &map, None).unwrap_err().to_string();
        for part in ["no column for tenant", "no column for body", "no column 'response' for reply"] {
            assert!(said.contains(part), "{said}");
        }
        assert!(said.ends_with("the columns are: instruction, answer"), "{said}");
    }

    #[test]
    fn an_unknown_field_is_answered_with_the_known_ones() {
        let said = "answer=response".parse::<Mapping>().unwrap_err().to_string();
        assert!(said.contains("'answer' is not a field; fields are tenant, id"), "{said}");
    }
}
