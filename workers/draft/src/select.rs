//! Which sentences of the passages are said, and in what order.

use std::collections::BTreeSet;

use crate::words::{containment, likeness, words};

/// A sentence that can be said to this customer.
#[derive(Debug, Clone)]
pub(crate) struct Candidate<'a> {
    /// Which passage, most similar first.
    pub(crate) passage: usize,
    /// Which sentence there.
    pub(crate) position: usize,
    /// What is said.
    pub(crate) text: String,
    /// The exact words in the passage.
    pub(crate) quote: &'a str,
    /// What it is about.
    pub(crate) stems: BTreeSet<String>,
    /// Whether it means nothing without the sentence before.
    pub(crate) leans: bool,
    /// How much it is like what the other passages say, 0 to 1: mean over them, and at best.
    pub(crate) agreement: (f64, f64),
    /// Share of its words that neither the ticket nor another passage has, 0 to 1.
    pub(crate) novelty: f64,
    /// Similarity of its passage, as a share of the best one's.
    pub(crate) nearness: f64,
}

/// The best sentences, at most `limit`, in the order they are read: each says something new, and one that leans on
/// another comes only after it.
pub(crate) fn select<'a>(
    candidates: Vec<Candidate<'a>>,
    asked: &BTreeSet<String>,
    limit: usize,
) -> Vec<Candidate<'a>> {
    let mut left = candidates;
    left.retain(|candidate| !tied_to_its_case(candidate));
    let mut chosen: Vec<Candidate<'a>> = Vec::with_capacity(limit);
    while chosen.len() < limit {
        let follows = |candidate: &Candidate<'_>| {
            chosen
                .iter()
                .any(|one| (one.passage, one.position + 1) == (candidate.passage, candidate.position))
        };
        let says_news =
            |candidate: &Candidate<'_>| chosen.iter().all(|one| !repeats(&one.stems, &candidate.stems));
        let best = left
            .iter()
            .enumerate()
            .filter(|(_, candidate)| (!candidate.leans || follows(candidate)) && says_news(candidate))
            .map(|(at, candidate)| (at, worth(candidate, asked)))
            .max_by(|(a, first), (b, second)| first.total_cmp(second).then(b.cmp(a)));
        match best {
            Some((at, worth)) if chosen.len() < 2 || worth >= ENOUGH => chosen.push(left.swap_remove(at)),
            _ => break,
        }
    }
    in_reading_order(chosen)
}

/// Passage by passage, the one with the best sentence first; within it, in its own order.
fn in_reading_order(chosen: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let mut passages: Vec<usize> = Vec::new();
    for one in &chosen {
        if !passages.contains(&one.passage) {
            passages.push(one.passage);
        }
    }
    let mut ordered = chosen;
    ordered.sort_by_key(|one| (passages.iter().position(|passage| *passage == one.passage), one.position));
    ordered
}

/// Worth from which a third sentence is added.
const ENOUGH: f64 = 0.25;

/// What it has in common with what was asked, whether other agents say it too, and how near its passage is; less
/// for words that nobody else uses.
fn worth(candidate: &Candidate<'_>, asked: &BTreeSet<String>) -> f64 {
    let common = candidate.stems.intersection(asked).count() as f64;
    let relevance = (common / (candidate.stems.len() as f64).sqrt().max(1.0)).min(1.0);
    let nearest = if candidate.passage == 0 { 0.05 } else { 0.0 };
    0.35 * relevance + 0.40 * candidate.agreement.0 + 0.20 * candidate.nearness + nearest
        - 0.25 * candidate.novelty
}

/// Whether it says again what has been said.
fn repeats(said: &BTreeSet<String>, next: &BTreeSet<String>) -> bool {
    containment(said, next) >= 0.6 || likeness(said, next) >= 0.45
}

/// An agent's first sentence answers that customer, and so does one about "your" this or that, unless others
/// say the same.
fn tied_to_its_case(candidate: &Candidate<'_>) -> bool {
    let own = candidate.position == 0 || candidate.text.starts_with("Your ");
    own && candidate.agreement.1 < 0.5
}

/// Whether a sentence points back at the one before.
pub(crate) fn points_back(text: &str) -> bool {
    const BACK: &[&str] = &[
        "it",
        "it's",
        "its",
        "this",
        "that",
        "that's",
        "these",
        "they",
        "they're",
        "them",
        "their",
        "then",
        "both",
        "otherwise",
        "afterwards",
        "instead",
        "so",
        "but",
        "and",
        "or",
        "also",
        "such",
        "later",
        "meanwhile",
        "everything",
        "another",
        "even",
        "neither",
        "either",
        "since",
    ];
    const LINKS: &[&str] = &["for", "in", "with", "until", "from", "after", "to", "by", "of", "on", "all"];
    let words = words(text);
    let low = |at: usize| words.get(at).map_or("", |word| word.low.as_str());
    let pointer = |word: &str| BACK.iter().take(12).any(|back| *back == word);
    BACK.contains(&low(0))
        || (LINKS.contains(&low(0)) && (pointer(low(1)) || low(1) == "there" || low(1) == "here"))
        || low(0) == "the" && ["former", "latter", "same", "only"].contains(&low(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::stems;

    fn candidate(passage: usize, position: usize, text: &'static str) -> Candidate<'static> {
        Candidate {
            passage,
            position,
            text: text.to_owned(),
            quote: text,
            stems: stems(text),
            leans: points_back(text),
            agreement: (0.5, 0.5),
            novelty: 0.0,
            nearness: 1.0 - passage as f64 / 10.0,
        }
    }

    fn selected(candidates: &[Candidate<'static>], asked: &str, limit: usize) -> Vec<&'static str> {
        select(candidates.to_vec(), &stems(asked), limit).into_iter().map(|one| one.quote).collect()
    }

    const LABEL: &str = "The return label is printed in the account.";
    const MONEY: &str = "Refunds reach the original payment method within seven days.";
    const SAME: &str = "A refund reaches the payment method in seven days.";
    const BANKS: &str = "That depends on the bank as well.";

    #[test]
    fn what_was_asked_comes_first_when_there_is_room_for_one_only() {
        let both = [candidate(0, 1, LABEL), candidate(0, 2, MONEY)];
        assert_eq!(selected(&both, "when is my refund on my payment card", 1), [MONEY]);
    }

    #[test]
    fn the_same_is_not_said_twice() {
        let all = [candidate(0, 1, MONEY), candidate(1, 1, SAME), candidate(1, 2, LABEL)];
        assert_eq!(selected(&all, "refund", 5), [MONEY, LABEL]);
    }

    #[test]
    fn a_sentence_that_leans_on_another_comes_only_after_it() {
        let together = [candidate(0, 1, MONEY), candidate(0, 2, BANKS)];
        assert_eq!(selected(&together, "bank", 5), [MONEY, BANKS]);
        let apart = [candidate(0, 1, LABEL), candidate(0, 4, BANKS)];
        assert_eq!(selected(&apart, "bank", 5), [LABEL]);
    }

    #[test]
    fn a_first_sentence_needs_others_who_say_the_same() {
        let mut first = candidate(0, 0, LABEL);
        assert_eq!(selected(&[first.clone()], "label", 5), [LABEL]);
        first.agreement = (0.3, 0.4);
        assert!(selected(&[first], "label", 5).is_empty());
    }
}
