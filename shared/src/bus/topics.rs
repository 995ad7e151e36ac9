//! The topics there are: `schemas/topics.yaml`, read at build time.

use std::{collections::BTreeMap, sync::Arc, sync::LazyLock};

use serde::{Deserialize, Serialize};

/// One topic, and who talks to whom over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicSpec {
    /// What a record is.
    pub event: String,
    /// What its key is made of.
    pub key: String,
    /// Who writes it.
    pub made_by: Vec<String>,
    /// Who reads it.
    pub read_by: Vec<String>,
    /// Partitions when it is created.
    pub partitions: i32,
    /// How long records are kept, hours; -1 for ever.
    pub retention_hours: i64,
    /// `delete` or `compact`.
    pub cleanup: String,
    /// The largest record, bytes.
    pub max_message_bytes: i64,
}

static TOPICS: LazyLock<BTreeMap<String, TopicSpec>> = LazyLock::new(|| {
    serde_yaml_ng::from_str(include_str!("../../../schemas/topics.yaml")).unwrap_or_default()
});

/// Every topic of the live lane by name.
pub fn topics() -> &'static BTreeMap<String, TopicSpec> {
    &TOPICS
}

/// Which stream a ticket is in: the same workers read other topics in other groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lane {
    /// Tickets of today.
    #[default]
    Live,
    /// Historical tickets, sent again; nothing in it is ever delivered.
    Replay,
}

impl Lane {
    /// A topic's or a group's physical name in this lane.
    pub fn name(self, name: &str) -> Arc<str> {
        match self {
            Self::Live => name.into(),
            Self::Replay => format!("replay.{name}").into(),
        }
    }

    /// The lane that a physical topic belongs to.
    pub fn of(topic: &str) -> Self {
        if topic.starts_with("replay.") { Self::Replay } else { Self::Live }
    }

    /// `live` or `replay`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Replay => "replay",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{AnyEvent, Event};

    #[test]
    fn the_topics_file_names_every_topic_the_audit_reads() {
        let named: Vec<&str> = topics().keys().map(String::as_str).collect();
        let mut read = AnyEvent::TOPICS.to_vec();
        read.sort_unstable();
        assert_eq!(named, read);
    }
}
