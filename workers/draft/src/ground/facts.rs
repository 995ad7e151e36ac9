//! Figures, codes, links, addresses and names of a sentence that no source has.

use std::collections::{BTreeSet, HashSet};

use super::{
    Sources,
    figures::{Figure, figures},
};
use crate::{
    fold::Folded,
    letter::letter,
    numbers,
    particulars::{address, capitalised, well_known},
    redact::{Kind, found, is_first_name},
    words::{Word, vocabulary, without_genitive, words},
};

/// What this customer's ticket knows, and what only other cases know.
pub(super) struct Facts {
    figures: Vec<Figure>,
    words: HashSet<String>,
    values: HashSet<(Kind, String)>,
    foreign_names: BTreeSet<String>,
    offer: HashSet<String>,
}

impl Facts {
    pub(super) fn new(ticket: &str, sources: &Sources<'_>) -> Self {
        let plain = Folded::of(ticket).text;
        let words = vocabulary([plain.as_str()].into_iter());
        let offer =
            sources.offer.map_or_else(HashSet::new, |offer| vocabulary([offer.text.as_str()].into_iter()));
        let names = sources.passages.iter().flat_map(|passage| letter(&passage.reply).names);
        let foreign_names = names.map(str::to_lowercase).filter(|name| !words.contains(name)).collect();
        let values = found(&plain).into_iter().map(|span| (span.kind, span.value)).collect();
        Self { figures: figures(&plain), words, values, foreign_names, offer }
    }

    /// What the sentence states that neither its quote nor the ticket has, in words.
    pub(super) fn unbacked(&self, text: &str, quote: &str, ticket: &str) -> Vec<String> {
        let plain = Folded::of(text).text;
        let quote = Folded::of(quote).text;
        let mut problems = Vec::new();
        self.figures(&plain, &quote, &mut problems);
        self.tokens(&plain, &quote, ticket, &mut problems);
        self.personal(&plain, &quote, &mut problems);
        problems.dedup();
        problems
    }

    fn figures(&self, text: &str, quote: &str, problems: &mut Vec<String>) {
        let carried = figures(quote);
        for figure in figures(text) {
            if figure.is_in(&carried) {
                continue;
            }
            let spelt = shown(&figure.spelt);
            if !figure.is_in(&self.figures) {
                problems.push(format!("names '{spelt}', which is in none of its sources"));
            } else if figure.is_amount() || figure.is_time() {
                problems.push(format!("names '{spelt}', which only the customer does"));
            }
        }
    }

    /// Words that look like codes, links or names.
    fn tokens(&self, text: &str, quote: &str, ticket: &str, problems: &mut Vec<String>) {
        let carried = vocabulary([quote].into_iter());
        let said = words(text);
        for (at, word) in said.iter().enumerate() {
            let own = without_genitive(&word.low);
            let known = self.words.contains(own) || self.offer.contains(own);
            let bare = without_genitive(word.bare);
            if self.foreign_names.contains(own) && word.bare.starts_with(char::is_uppercase) {
                problems.push(format!("names '{}', a person of another case", shown(bare)));
            } else if address(word.raw) && !ticket.contains(word.bare) && !quote.contains(word.bare) {
                problems
                    .push(format!("names the address '{}', which is in none of its sources", shown(bare)));
            } else if known {
            } else if coded(word) {
                problems.push(format!(
                    "names the code '{}', which is neither granted nor in the ticket",
                    shown(bare)
                ));
            } else if !carried.contains(own)
                && (capitalised(&said, at) || at == 0 && is_first_name(bare))
                && !well_known(own)
            {
                problems.push(format!("names '{}', which is in none of its sources", shown(bare)));
            } else if word.raw.contains(|c: char| c.is_numeric())
                && numbers::personal(&said, at)
                && !word.raw.contains('%')
            {
                problems.push(format!("names '{}', a figure of another case", shown(bare)));
            }
        }
    }

    /// Whatever tells on somebody and is not in the ticket.
    fn personal(&self, text: &str, quote: &str, problems: &mut Vec<String>) {
        for span in found(text) {
            let spelt = text.get(span.range.clone()).unwrap_or_default();
            let name = span.kind == Kind::Name;
            let of_ticket = self.values.contains(&(span.kind, span.value))
                || spelt.split_whitespace().all(|word| {
                    let low = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
                    self.words.contains(without_genitive(&low)) || self.offer.contains(&low)
                });
            if of_ticket
                || name && words(quote).iter().any(|word| word.bare == spelt && well_known(&word.low))
            {
                continue;
            }
            problems.push(format!("names '{}', which belongs to somebody else", shown(spelt)));
        }
    }
}

/// Letters and figures in one word, or a long word all in capitals.
fn coded(word: &Word<'_>) -> bool {
    let bare = word.bare;
    let figure = bare.chars().any(|c| c.is_ascii_digit());
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = letters >= 5 && bare.chars().all(|c| !c.is_lowercase());
    let counted = bare.ends_with("th")
        || bare.ends_with("st")
        || bare.ends_with("nd")
        || bare.ends_with("rd")
        || bare.contains("-day");
    figure && letters >= 2 && !counted || capitals
}

/// A few words of somebody else's text, fit to be shown.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !crate::fold::hidden(*c)).take(40).collect()
}
