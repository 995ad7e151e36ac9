//! What the redaction finds in texts written for it: precision and recall by kind, and how long it takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test builds is known, and a test may stop"
)]

use std::{collections::BTreeMap, ops::Range};

use draft::redact::{Kind, find};

struct Text {
    text: String,
    marks: Vec<(Range<usize>, Kind)>,
}

/// `[[EMAIL|ana@example.com]]` marks a value.
fn texts() -> Vec<Text> {
    let lines = include_str!("../../../deploy/redaction/set.jsonl").lines();
    lines.map(|line| unmarked(&serde_json::from_str(line).unwrap())).collect()
}

fn unmarked(line: &serde_json::Value) -> Text {
    let mut rest = line["marked"].as_str().unwrap();
    let (mut text, mut marks) = (String::new(), Vec::new());
    while let Some((before, after)) = rest.split_once("[[") {
        let (mark, after) = after.split_once("]]").unwrap();
        let (label, value) = mark.split_once('|').unwrap();
        let kind = Kind::ALL.into_iter().find(|kind| kind.label() == label).expect(label);
        text.push_str(before);
        marks.push((text.len()..text.len() + value.len(), kind));
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Text { text, marks }
}

/// Values hidden and marked, places found rightly and in all.
#[derive(Default, Clone, Copy)]
struct Tally {
    hidden: usize,
    marked: usize,
    right: usize,
    found: usize,
}

impl Tally {
    fn recall(self) -> f64 {
        self.hidden as f64 / self.marked.max(1) as f64
    }

    fn precision(self) -> f64 {
        if self.found == 0 { 1.0 } else { self.right as f64 / self.found as f64 }
    }
}

/// A value is hidden if no letter and no figure of it is left; a place is found rightly if it touches a value.
fn measured(texts: &[Text], said: &mut Vec<String>) -> BTreeMap<Kind, Tally> {
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    for one in texts {
        let spans = find(&one.text);
        for (mark, kind) in &one.marks {
            let covered = |at: usize| spans.iter().any(|span| span.range.contains(&at));
            let left = one.text[mark.clone()].char_indices().filter(|(_, c)| c.is_alphanumeric());
            let hidden = left.map(|(at, _)| mark.start + at).all(covered);
            let tally = tallies.entry(*kind).or_default();
            tally.marked += 1;
            tally.hidden += usize::from(hidden);
            if !hidden {
                said.push(format!("missed {} '{}' in: {}", kind.label(), &one.text[mark.clone()], one.text));
            }
        }
        for span in spans {
            let right =
                one.marks.iter().any(|(mark, _)| mark.start < span.range.end && span.range.start < mark.end);
            let tally = tallies.entry(span.kind).or_default();
            tally.found += 1;
            tally.right += usize::from(right);
            if !right {
                said.push(format!(
                    "wrong {} '{}' in: {}",
                    span.kind.label(),
                    &one.text[span.range],
                    one.text
                ));
            }
        }
    }
    tallies
}

fn total(tallies: &BTreeMap<Kind, Tally>) -> Tally {
    tallies.values().fold(Tally::default(), |sum, one| Tally {
        hidden: sum.hidden + one.hidden,
        marked: sum.marked + one.marked,
        right: sum.right + one.right,
        found: sum.found + one.found,
    })
}

fn table(tallies: &BTreeMap<Kind, Tally>) -> String {
    let line = |name: &str, one: Tally| {
        format!(
            "{name:<8} recall {:.3} ({}/{})  precision {:.3} ({}/{})\n",
            one.recall(),
            one.hidden,
            one.marked,
            one.precision(),
            one.right,
            one.found
        )
    };
    let kinds: String = tallies.iter().map(|(kind, one)| line(kind.label(), *one)).collect();
    kinds + &line("all", total(tallies))
}

/// Floors of recall and precision, a little below what was measured; the README has the figures.
const FLOORS: [(Kind, f64, f64); 10] = [
    (Kind::Email, 0.99, 0.99),
    (Kind::Phone, 0.99, 0.99),
    (Kind::Card, 0.99, 0.99),
    (Kind::Iban, 0.99, 0.99),
    (Kind::Id, 0.99, 0.99),
    (Kind::Address, 0.95, 0.95),
    (Kind::Ip, 0.99, 0.99),
    (Kind::Secret, 0.95, 0.95),
    (Kind::Order, 0.97, 0.95),
    (Kind::Name, 0.95, 0.95),
];

#[test]
fn precision_and_recall_stay_above_their_floors() {
    let texts = texts();
    assert!(texts.len() >= 300, "only {} texts", texts.len());
    let mut said = Vec::new();
    let tallies = measured(&texts, &mut said);
    println!("{} texts\n{}{}", texts.len(), table(&tallies), said.join("\n"));
    for (kind, recall, precision) in FLOORS {
        let one = tallies[&kind];
        assert!(one.recall() >= recall && one.precision() >= precision, "{kind:?}\n{}", said.join("\n"));
    }
}

#[test]
fn a_ticket_of_two_kilobytes_is_redacted_quickly() {
    let text: String = texts().iter().map(|one| one.text.as_str()).take(40).collect::<Vec<_>>().join(" ");
    let text = &text[..(0..=2_048).rev().find(|at| text.is_char_boundary(*at)).unwrap()];
    find(text);
    let mut times: Vec<_> = (0..50)
        .map(|_| {
            let started = std::time::Instant::now();
            std::hint::black_box(find(std::hint::black_box(text)));
            started.elapsed()
        })
        .collect();
    times.sort();
    println!("2 kB full of values: median {:?}, best {:?}", times[25], times[0]);
    assert!(times[0].as_millis() < 50, "{times:?}");
}
