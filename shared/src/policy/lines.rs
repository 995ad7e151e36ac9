//! Which line of a YAML text an entry stands on.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser};

/// Lines, counted from 1, by the path of an entry: `rules[3].when`.
#[derive(Debug, Default)]
pub(super) struct Lines(BTreeMap<String, usize>);

/// A list or mapping that is being read.
enum Open {
    List { path: String, next: usize },
    Mapping { path: String, key: Option<String> },
}

impl Lines {
    /// Reads a text; of one that is no YAML, as far as it goes.
    pub(super) fn of(yaml: &str) -> Self {
        let mut lines = Self::default();
        let mut open: Vec<Open> = Vec::new();
        for event in Parser::new_from_str(yaml) {
            let Ok((event, span)) = event else { break };
            let line = span.start.line();
            match event {
                Event::Scalar(text, ..) => {
                    if let Some(Open::Mapping { path, key: key @ None }) = open.last_mut() {
                        lines.0.entry(joined(path, &text)).or_insert(line);
                        *key = Some(text.into_owned());
                    } else {
                        lines.entered(&mut open, line);
                    }
                }
                Event::Alias(_) => drop(lines.entered(&mut open, line)),
                Event::SequenceStart(..) => {
                    let path = lines.entered(&mut open, line);
                    open.push(Open::List { path, next: 0 });
                }
                Event::MappingStart(..) => {
                    let path = lines.entered(&mut open, line);
                    open.push(Open::Mapping { path, key: None });
                }
                Event::SequenceEnd | Event::MappingEnd => drop(open.pop()),
                _ => {}
            }
        }
        lines
    }

    /// Notes a value and gives its path; a mapping's next scalar is a key again.
    fn entered(&mut self, open: &mut [Open], line: usize) -> String {
        let path = match open.last_mut() {
            None => String::new(),
            Some(Open::List { path, next }) => {
                let path = format!("{path}[{next}]");
                *next += 1;
                path
            }
            Some(Open::Mapping { path, key }) => joined(path, &key.take().unwrap_or_default()),
        };
        self.0.entry(path.clone()).or_insert(line);
        path
    }

    /// The line of an entry; of the nearest one around it if there is none of this path.
    pub(super) fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return *line;
            }
            let Some((shorter, _)) = path.rsplit_once(['.', '[']) else { return 1 };
            path = shorter;
        }
    }
}

/// The path of an entry of a mapping.
pub(super) fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_its_line_and_a_missing_one_that_of_its_parent() {
        let lines = Lines::of("a: 1\nb:\n  - x: 1\n    y: { z: 2 }\n  - {x: 3}\n'c d': [1,\n 2]\n");
        for (path, line) in [
            ("a", 1),
            ("b", 2),
            ("b[0]", 3),
            ("b[0].y.z", 4),
            ("b[1].x", 5),
            ("b[1].w", 5),
            ("c d[1]", 7),
            ("nothing", 1),
        ] {
            assert_eq!(lines.line(path), line, "{path}");
        }
    }
}
