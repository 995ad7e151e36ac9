//! A look for many values in long texts.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::planted::squeezed;

/// Bytes by which a value is looked up.
const PREFIX: usize = 8;

/// Values to look for, whatever their spaces, signs and capitals. Shorter ones, which are figures of six or seven digits,
/// count only where they stand alone: a digest or a duration may hold them by chance.
#[derive(Default)]
pub struct Look {
    long: HashMap<[u8; PREFIX], Vec<String>>,
    short: HashSet<String>,
}

impl Look {
    pub fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut look = Self::default();
        for value in values {
            let value = squeezed(value);
            match value.as_bytes().first_chunk::<PREFIX>() {
                Some(prefix) => look.long.entry(*prefix).or_default().push(value),
                None => drop(look.short.insert(value)),
            }
        }
        look
    }

    /// Those that are in a text.
    pub fn finds(&self, text: &str) -> BTreeSet<String> {
        let plain = squeezed(text);
        let places = plain.as_bytes().windows(PREFIX).enumerate();
        let long = places.flat_map(|(at, window)| {
            let held = self.long.get(window).into_iter().flatten();
            let rest = &plain.as_bytes()[at..];
            held.filter(|value| rest.starts_with(value.as_bytes())).cloned().collect::<Vec<_>>()
        });
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '.'));
        let words = words.map(|word| word.trim_matches('.').to_lowercase());
        long.chain(words.filter(|word| self.short.contains(word))).collect()
    }

    /// Stops the test if any is in a text.
    #[track_caller]
    pub fn passes(&self, place: &str, text: &str) {
        let found = self.finds(text);
        assert!(
            found.is_empty(),
            "{} values in {place}: {:?}",
            found.len(),
            found.iter().take(20).collect::<Vec<_>>()
        );
    }
}
