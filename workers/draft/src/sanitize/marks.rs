//! Markup, scripts, tool calls and speakers' marks.

use std::sync::LazyLock;

use regex::Regex;

use super::Problem;

/// Characters that only markup and code need.
const MARKS: [(char, &str); 9] = [
    ('<', "an angle bracket, as HTML has"),
    ('{', "a brace, as code and placeholders have"),
    ('}', "a brace, as code and placeholders have"),
    ('[', "a square bracket, as Markdown's links have"),
    (']', "a square bracket, as Markdown's links have"),
    ('`', "a backtick, as code has"),
    ('|', "a vertical bar, as tables and special tokens have"),
    ('\\', "a backslash, as escapes have"),
    ('\u{fffd}', "a replacement character, as broken text has"),
];

#[rustfmt::skip]
const PATTERNS: [(&str, &str); 7] = [
    (r"(?i)&#?[a-z0-9]{1,30};", "an HTML entity"),
    (r"(?i)\b(?:javascript|vbscript|livescript)\s*:|\bdata:[^\s]", "a script's link"),
    (r"(?i)\bon[a-z]{3,20}\s*=|\bstyle\s*=|\bsrc\s*=|\bhref\s*=", "an HTML attribute"),
    (r"(?i)\burl\s*\(|\bexpression\s*\(|@import\b|@font-face\b|/\*|\*/", "CSS"),
    (r"(?i)=>|\bfunction\s*\(|\beval\s*\(|\balert\s*\(|\bfetch\s*\(|\bdocument\.|\bwindow\.|\blocalStorage\b|\$\(", "a script"),
    (r"(?i)^\W{0,4}(?:system|assistant|user|human|developer|tool|function)\s*(?:prompt|message|call|override)?\s*:", "a speaker's mark"),
    (r"^\s*(?:#{1,6}\s|-{3,}|={3,}|~{3,})", "a Markdown heading or fence"),
];

static COMPILED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    PATTERNS.iter().filter_map(|(pattern, what)| Some((Regex::new(pattern).ok()?, *what))).collect()
});

/// `read` is the text made plain.
pub(super) fn check(read: &str) -> Result<(), Problem> {
    for c in read.chars() {
        if let Some((_, what)) = MARKS.iter().find(|(mark, _)| *mark == c) {
            return Err(Problem::Markup(what));
        }
    }
    if read.split(|c: char| !c.is_alphanumeric()).any(two_scripts) {
        return Err(Problem::Markup("letters of two scripts in one word"));
    }
    match COMPILED.iter().find(|(pattern, _)| pattern.is_match(read)) {
        Some((_, what)) => Err(Problem::Markup(what)),
        None => Ok(()),
    }
}

/// Whether a word mixes Latin letters with those of a script that has look-alikes of them.
fn two_scripts(word: &str) -> bool {
    let latin =
        |c: char| c.is_ascii_alphabetic() || matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let alike = |c: char| matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{531}'..='\u{587}' | '\u{13a0}'..='\u{13ff}' | '\u{1f00}'..='\u{1fff}' | '\u{2c80}'..='\u{2cff}' | '\u{ab70}'..='\u{abbf}');
    !word.is_ascii() && word.chars().any(latin) && word.chars().any(alike)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_is_one() {
        assert_eq!(super::COMPILED.len(), super::PATTERNS.len());
    }
}
