//! An agent's reply, taken apart: whom it greets, what it says sentence by sentence, who signs it.

use crate::words::{without_genitive, words};

/// What a reply says, without greeting and sign-off.
#[derive(Debug, Default)]
pub(crate) struct Letter<'a> {
    /// In the order they are read.
    pub(crate) sentences: Vec<Said<'a>>,
    /// Whom it greets and who signs it, as they are spelt there.
    pub(crate) names: Vec<&'a str>,
}

/// A sentence of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said<'a> {
    /// The exact words.
    pub(crate) text: &'a str,
    /// Whether it is a later step of a list, which means nothing without the one before.
    pub(crate) step: bool,
}

/// Takes a reply apart.
pub(crate) fn letter(reply: &str) -> Letter<'_> {
    let mut letter = Letter::default();
    let mut lines: Vec<_> = reply.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if let Some(first) = lines.first_mut() {
        let (greeting, rest) = split_greeting(first);
        letter.names.extend(names(greeting));
        *first = rest;
    }
    while let Some(signed) = lines.last().filter(|line| lines.len() > 1 && signs(line)) {
        letter.names.extend(names(signed));
        lines.pop();
    }
    for line in lines {
        let (number, text) = split_step(line);
        letter.sentences.extend(
            sentences(text)
                .enumerate()
                .map(|(at, text)| Said { text, step: at == 0 && number.is_some_and(|n| n != 1) }),
        );
    }
    letter
}

/// The greeting at the start of a line and what comes after it.
fn split_greeting(line: &str) -> (&str, &str) {
    let greets = words(line)
        .first()
        .is_some_and(|word| ["dear", "hi", "hello", "hey", "good", "greetings"].contains(&word.low.as_str()));
    let end = line.find([',', '!', ':', '.']).map(|at| at + 1).unwrap_or(line.len());
    match line.split_at_checked(end) {
        Some((greeting, rest)) if greets && greeting.split_whitespace().count() <= 7 => {
            (greeting, rest.trim())
        }
        _ => ("", line),
    }
}

/// Whether a line at the end is a sign-off: a wish, a name, or both.
fn signs(line: &str) -> bool {
    let words = words(line);
    let closing =
        ["regards", "wishes", "sincerely", "cheers", "best", "care", "greetings", "faithfully", "yours"];
    let wish = words.iter().any(|word| closing.contains(&word.low.as_str()));
    words.len() <= 8 && (wish && !line.ends_with('?') || !line.ends_with(['.', '!', '?', ':']))
}

/// The capitalised words that are no salutation.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let titles = [
        "dear",
        "hi",
        "hello",
        "hey",
        "good",
        "greetings",
        "mr",
        "mrs",
        "ms",
        "dr",
        "professor",
        "family",
        "kind",
        "yours",
        "warm",
        "all",
        "take",
        "best",
        "with",
        "bookish",
        "cheers",
        "the",
        "customer",
        "team",
        "support",
    ];
    words(line)
        .into_iter()
        .filter(move |word| word.bare.starts_with(char::is_uppercase) && !titles.contains(&word.low.as_str()))
        .map(|word| without_genitive(word.bare))
}

/// The number of a step and what it says: `2. Press Save` or `- Press Save`.
fn split_step(line: &str) -> (Option<usize>, &str) {
    if let Some(rest) = line.strip_prefix(['-', '*', '•']).filter(|rest| rest.starts_with(' ')) {
        return (Some(1), rest.trim());
    }
    match line.split_once(['.', ')']) {
        Some((number, rest)) if rest.starts_with(' ') => match number.parse() {
            Ok(number) => (Some(number), rest.trim()),
            Err(_) => (None, line),
        },
        _ => (None, line),
    }
}

/// The sentences of a line: they end with `.`, `!` or `?` before a space and a new beginning.
pub(crate) fn sentences(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .char_indices()
            .find(|(at, c)| ends(rest, *at, *c))
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let (sentence, after) = rest.split_at_checked(end)?;
        rest = after.trim_start();
        Some(sentence)
    })
}

fn ends(text: &str, at: usize, c: char) -> bool {
    if !matches!(c, '.' | '!' | '?') {
        return false;
    }
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    let begins = |c: char| !c.is_lowercase();
    if !after.starts_with(char::is_whitespace) || !after.trim_start().starts_with(begins) {
        return false;
    }
    let last = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let abbreviated =
        ["Mr", "Mrs", "Ms", "Dr", "Prof", "St", "No", "e.g", "i.e", "approx", "incl", "vs"].contains(&last);
    c != '.' || !(abbreviated || last.chars().count() == 1 && last.chars().all(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(reply: &str) -> Vec<&str> {
        letter(reply).sentences.into_iter().map(|said| said.text).collect()
    }

    #[test]
    fn greeting_and_sign_off_are_taken_away_and_their_names_kept() {
        let reply =
            "Dear Mr and Mrs Halloran,\n\nThe label is free. Keep the receipt!\n\nYours sincerely, Henrik";
        let letter = letter(reply);
        assert_eq!(letter.names, ["Halloran", "Henrik"]);
        assert_eq!(said(reply), ["The label is free.", "Keep the receipt!"]);
    }

    #[test]
    fn a_sign_off_on_two_lines_and_a_greeting_on_the_first_line_are_found() {
        let reply = "Hi Jo, the label is free.\nKind regards,\nMalik";
        assert_eq!(letter(reply).names, ["Jo", "Malik"]);
        assert_eq!(said(reply), ["the label is free."]);
    }

    #[test]
    fn a_reply_of_one_line_is_no_sign_off() {
        assert_eq!(said("Your label is free"), ["Your label is free"]);
    }

    #[test]
    fn abbreviations_figures_and_initials_do_not_end_a_sentence() {
        let line = "Ask Dr. Moser, e.g. by mail. It costs 3.50 at most. Sign as J. Doe? Yes.";
        let found: Vec<_> = sentences(line).collect();
        assert_eq!(
            found,
            ["Ask Dr. Moser, e.g. by mail.", "It costs 3.50 at most.", "Sign as J. Doe?", "Yes."]
        );
    }

    #[test]
    fn later_steps_of_a_list_lean_on_the_one_before() {
        let letter = letter("Hello,\n1. Open Orders.\n2. Press Return.\nThank you");
        let steps: Vec<_> = letter.sentences.iter().map(|said| (said.text, said.step)).collect();
        assert_eq!(steps, [("Open Orders.", false), ("Press Return.", true)]);
    }
}
