//! Who is in each consumer group, and when its partitions were dealt out last.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use local::pause;
use rdkafka::{Message as _, consumer::Consumer as _};

use crate::reader::{LIMIT, Reader};

/// Groups that do not come to rest by then never will.
const JOIN_LIMIT: Duration = Duration::from_secs(60);

/// A group as the broker knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    pub state: String,
    pub members: BTreeSet<String>,
    /// Place of the last generation in the broker's own log: it writes each one there.
    pub dealt: i64,
}

pub type Groups = BTreeMap<String, Group>;

/// The groups of these names.
pub fn look(reader: &Reader, members: &[(&str, usize)]) -> Groups {
    let mut groups = Groups::new();
    let list = reader.client().unwrap().fetch_group_list(None, LIMIT).unwrap();
    let ours = |name: &str| members.iter().any(|(known, _)| *known == name);
    for group in list.groups().iter().filter(|group| ours(group.name())) {
        let members = group.members().iter().map(|member| member.id().to_owned()).collect();
        let known = Group { state: group.state().to_owned(), members, dealt: -1 };
        groups.insert(group.name().to_owned(), known);
    }
    reader.each("__consumer_offsets", |record| {
        if let Some(group) = record.key().and_then(generation_of).and_then(|name| groups.get_mut(name)) {
            group.dealt = record.offset();
        }
    });
    groups
}

/// The group whose generation a record of `__consumer_offsets` holds, by its key: version 2, then the name with its length.
fn generation_of(key: &[u8]) -> Option<&str> {
    let [0, 2, _, _, name @ ..] = key else { return None };
    std::str::from_utf8(name).ok()
}

/// Waits until each group has as many members and nothing changes any more.
pub fn at_rest(reader: &Reader, members: &[(&str, usize)]) -> Groups {
    let (begin, mut before) = (Instant::now(), Groups::new());
    loop {
        let now = look(reader, members);
        let complete = members.iter().all(|(name, count)| {
            now.get(*name).is_some_and(|group| group.state == "Stable" && group.members.len() == *count)
        });
        if complete && now == before {
            return now;
        }
        assert!(begin.elapsed() < JOIN_LIMIT, "the groups do not come to rest: {now:#?}");
        before = now;
        pause(2_000);
    }
}
