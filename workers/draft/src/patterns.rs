//! Regular expressions, compiled once, for texts made plain: figures and white space are ASCII there.

use regex::{Regex, RegexBuilder};

/// Bytes of a compiled pattern at most.
const SIZE: usize = 32 * 1024 * 1024;

/// A pattern of this crate, for a `LazyLock`. `\d`, `\s` and `\b` mean ASCII, which keeps the automaton small and
/// fast on every text.
#[expect(clippy::expect_used, reason = "a pattern is a constant, and a test of its module uses it")]
pub(crate) fn compiled(pattern: &str) -> Regex {
    let ascii = pattern.replace(r"\d", "[0-9]").replace(r"\s", r"[ \t\n\r]").replace(r"\b", r"(?-u:\b)");
    RegexBuilder::new(&ascii).size_limit(SIZE).build().expect("a constant pattern is well formed")
}

/// As [`compiled`], for patterns joined by `|`.
pub(crate) fn any_of(patterns: &[&str]) -> Regex {
    compiled(&patterns.iter().map(|pattern| format!("(?:{pattern})")).collect::<Vec<_>>().join("|"))
}
