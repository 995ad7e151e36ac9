//! Which intents are taken for which.

use std::collections::{BTreeMap, BTreeSet};

use shared::statistics::by_class;

use super::{RELEASES, TICKETS};
use crate::{
    answers::{Answered, Answers},
    figures::pairs,
    picture,
};

/// Counts of (truth, answer).
pub(super) struct Confusions<'a> {
    title: String,
    pairs: Vec<(&'a str, &'a str)>,
}

/// Texts to count, and the names of the table, the picture and the list of intents.
type Wanted<'a> = ((String, Vec<&'a [Answered]>), &'static str, &'static str, &'static str);

/// The release, if it was answered, and the tickets.
pub(super) fn wanted(answers: &Answers) -> Vec<Wanted<'_>> {
    let rows = |name: &str| answers.get(name).map(Vec::as_slice);
    let release = RELEASES.iter().find_map(|name| rows(name));
    let tickets = TICKETS.iter().filter_map(|name| rows(name)).collect();
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    if let Some(rows) = release {
        let title = "A Bitext release that was not trained on".to_owned();
        wanted.push(((title, vec![rows]), "confusion.csv", "confusion.svg", "intents.csv"));
    }
    let title = "Tickets: held out, labelled decisions, resolved".to_owned();
    wanted.push(((title, tickets), "confusion_tickets.csv", "confusion_tickets.svg", "intents_tickets.csv"));
    wanted
}

impl<'a> Confusions<'a> {
    pub(super) fn of((title, rows): &(String, Vec<&'a [Answered]>)) -> Self {
        Self { title: title.clone(), pairs: rows.iter().flat_map(|rows| pairs(rows)).collect() }
    }

    /// Every intent that is true of a text, or was answered.
    fn names(&self) -> Vec<&'a str> {
        self.pairs
            .iter()
            .flat_map(|(truth, said)| [*truth, *said])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    fn counts(&self) -> Vec<Vec<usize>> {
        let mut counted: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for pair in &self.pairs {
            *counted.entry(*pair).or_default() += 1;
        }
        let names = self.names();
        let row = |truth: &str| {
            names.iter().map(|said| counted.get(&(truth, *said)).copied().unwrap_or(0)).collect()
        };
        names.iter().map(|truth| row(truth)).collect()
    }

    pub(super) fn csv(&self) -> String {
        let names = self.names();
        let rows = names.iter().zip(self.counts()).map(|(name, counts)| {
            let counts: Vec<String> = counts.iter().map(usize::to_string).collect();
            format!("{name},{}\n", counts.join(","))
        });
        format!("true \\ answered,{}\n{}", names.join(","), rows.collect::<String>())
    }

    pub(super) fn picture(&self) -> String {
        picture::matrix(&self.title, &self.names(), &self.counts())
    }

    pub(super) fn by_intent(&self) -> String {
        let rows = by_class(self.pairs.iter().copied()).into_iter().map(|(intent, found)| {
            let (precision, recall, f1) = (found.precision(), found.recall(), found.f1());
            format!("{intent},{},{precision:.4},{recall:.4},{f1:.4}\n", found.rows)
        });
        format!("intent,support,precision,recall,f1\n{}", rows.collect::<String>())
    }
}
