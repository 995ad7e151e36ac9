//! The local provider: a reply made of sentences that people wrote to customers before.

use std::collections::BTreeSet;

use shared::{
    events::{Passage, Reply, Sentence, Source, Ticket},
    policy::{DraftTerms, Offer},
};

use crate::{
    frame::framed,
    ground::{Ground, Sources, check},
    letter::{Letter, Said, letter},
    particulars::{Known, particular},
    placeholders::filled,
    select::{Candidate, points_back, select},
    words::{containment, likeness, stems},
};

/// Composes a reply from the passages, most similar first.
///
/// # Errors
/// Why nothing can be said.
pub(crate) fn reply(
    terms: &DraftTerms,
    ticket: &Ticket,
    passages: &[&Passage],
    offer: Option<&Offer>,
) -> Result<Reply, String> {
    let letters: Vec<_> = passages.iter().map(|passage| letter(&passage.reply)).collect();
    let asked = stems(&ticket.text());
    let sources = Sources { ticket, passages, offer, links: &terms.links };
    let ground = Ground::new(&sources);
    let stands = |one: &Candidate<'_>| {
        passages
            .get(one.passage)
            .is_some_and(|passage| ground.stands(&sentence(&one.text, passage.id.clone(), one.quote)))
    };
    let mut candidates = candidates(ticket, passages, &letters, offer.is_some());
    candidates.retain(stands);
    let chosen = select(candidates, &asked, terms.sentences);
    if chosen.is_empty() {
        return Err(format!(
            "nothing in the {} most similar replies can be said to this customer",
            passages.len()
        ));
    }
    let granted = offer.map(|offer| sentence(&offer.text, format!("policy:{}", offer.name), &offer.text));
    let quoted = chosen.iter().filter_map(|one| {
        let passage = passages.get(one.passage)?;
        Some(sentence(&one.text, passage.id.clone(), one.quote))
    });
    let body: Vec<_> = granted.into_iter().chain(quoted).collect();
    let checked = check(&body, &sources);
    if checked.sentences.len() < body.len() {
        return Err(format!("the reply must not go out: {}", checked.unbacked.join("; ")));
    }
    Ok(Reply {
        provider: "local".to_owned(),
        model: None,
        sentences: framed(ticket, checked.sentences),
        grounded: checked.grounded,
        offer: offer.map(|offer| offer.code.clone()),
        unbacked: checked.unbacked,
        doubts: checked.doubts,
        usage: None,
    })
}

/// Every sentence of the passages that can be said to this customer.
fn candidates<'a>(
    ticket: &Ticket,
    passages: &[&'a Passage],
    letters: &[Letter<'a>],
    offer: bool,
) -> Vec<Candidate<'a>> {
    let names = letters.iter().flat_map(|letter| letter.names.iter().copied()).collect();
    let known = Known::new(ticket, names, offer);
    let asked = stems(&ticket.text());
    let topics: Vec<Vec<BTreeSet<String>>> =
        letters.iter().map(|letter| letter.sentences.iter().map(|said| stems(said.text)).collect()).collect();
    let best = passages.first().map_or(1.0, |passage| passage.score).max(f64::EPSILON);
    let mut found = Vec::new();
    for (passage, (source, letter)) in passages.iter().zip(letters).enumerate() {
        let others: Vec<_> =
            topics.iter().enumerate().filter(|(at, _)| *at != passage).map(|(_, topics)| topics).collect();
        let elsewhere: BTreeSet<String> =
            others.iter().flat_map(|topics| topics.iter().flatten().cloned()).collect();
        for (position, said) in letter.sentences.iter().enumerate() {
            let Some(text) = sayable(said, ticket, &known, &elsewhere) else { continue };
            let stems = stems(&text);
            found.push(Candidate {
                passage,
                position,
                leans: said.step || points_back(&text),
                quote: said.text,
                agreement: agreement(&stems, &others),
                novelty: novelty(&stems, &elsewhere, &asked),
                nearness: source.score / best,
                stems,
                text,
            });
        }
    }
    found
}

/// What can be said of a sentence: its placeholders filled, nothing of another customer in it.
fn sayable(
    said: &Said<'_>,
    ticket: &Ticket,
    known: &Known<'_>,
    elsewhere: &BTreeSet<String>,
) -> Option<String> {
    let text = filled(&said.text.replace("**", ""), ticket)?;
    particular(&text, known, elsewhere).is_none().then_some(text)
}

fn novelty(stems: &BTreeSet<String>, elsewhere: &BTreeSet<String>, asked: &BTreeSet<String>) -> f64 {
    let new = stems.iter().filter(|stem| !elsewhere.contains(*stem) && !asked.contains(*stem)).count();
    new as f64 / stems.len().max(1) as f64
}

/// How much other passages say the same: the mean of each one's nearest sentence, and the nearest of all.
fn agreement(stems: &BTreeSet<String>, others: &[&Vec<BTreeSet<String>>]) -> (f64, f64) {
    let alike = |other: &BTreeSet<String>| likeness(stems, other).max(containment(stems, other) * 0.8);
    let nearest = others.iter().map(|topics| topics.iter().map(alike).fold(0.0, f64::max));
    let best = nearest.clone().fold(0.0, f64::max);
    (nearest.sum::<f64>() / others.len().max(1) as f64, best)
}

fn sentence(text: &str, id: String, quote: &str) -> Sentence {
    Sentence { text: text.to_owned(), sources: vec![Source { id, quote: quote.to_owned() }] }
}
