//! A look for many values in long texts.

use std::collections::{BTreeSet, HashMap, HashSet};

use regex::Regex;

use super::planted::squeezed;

/// Bytes by which a value is looked up.
const PREFIX: usize = 8;

/// Digits from which on no clock, duration or digest holds a value by chance.
const SURE: usize = 12;

/// Values to look for, whatever their spaces, signs and capitals. Shorter figures count only where they stand alone:
/// a digest or a row of durations may hold them by chance.
#[derive(Default)]
pub struct Look {
    long: HashMap<[u8; PREFIX], Vec<String>>,
    figures: HashSet<String>,
}

impl Look {
    pub fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut look = Self::default();
        for value in values {
            let value = squeezed(value);
            let figure = value.len() < SURE && value.bytes().all(|byte| byte.is_ascii_digit());
            match value.as_bytes().first_chunk::<PREFIX>() {
                Some(prefix) if !figure => look.long.entry(*prefix).or_default().push(value),
                _ => drop(look.figures.insert(value)),
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
        let words = text.split(|c: char| !c.is_alphanumeric()).map(squeezed);
        let alone =
            figures(text).into_iter().chain(words.filter(|word| word.contains(|c: char| c.is_alphabetic())));
        long.chain(alone.filter(|word| self.figures.contains(word))).collect()
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

/// Every figure of a text, spelt in one group of digits or in up to six. One that touches a letter is part of a digest or
/// a duration.
fn figures(text: &str) -> Vec<String> {
    let group = Regex::new(r"[0-9]+(?:\.[0-9]+)*").unwrap();
    let (mut found, mut row, mut end) = (Vec::new(), Vec::new(), 0);
    for digits in group.find_iter(text) {
        let between = &text[end..digits.start()];
        if between.len() > 3 || between.contains(|c| !"-()+/ ".contains(c)) {
            row.clear();
        }
        end = digits.end();
        let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if touches(text[..digits.start()].chars().next_back()) || touches(text[end..].chars().next()) {
            row.clear();
            continue;
        }
        row.push(squeezed(digits.as_str()));
        let from = row.len().saturating_sub(6);
        found.extend((from..row.len()).map(|first| row[first..].concat()));
    }
    found
}
