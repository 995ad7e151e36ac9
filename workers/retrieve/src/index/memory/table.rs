//! The vectors of every tenant, and the exact search among them.
//!
//! A search reads a byte for each number first, and the numbers themselves only where the bytes leave a
//! chance: by Cauchy and Schwarz the byte's score is off by no more than the lengths of the roundings.

use std::collections::HashMap;

use uuid::Uuid;

use super::super::entry::{Card, Entry, Hit, Query};

/// Every tenant's resolved tickets.
#[derive(Default)]
pub(super) struct Table {
    shelves: HashMap<String, Shelf>,
}

/// One tenant's resolved tickets; row i of each field is the same part of the same ticket.
#[derive(Default)]
struct Shelf {
    places: HashMap<Uuid, usize>,
    rows: Vec<Row>,
    vectors: Vec<f32>,
    bytes: Vec<i8>,
}

/// What is known of a row beside its numbers.
struct Row {
    card: Card,
    content: String,
    scale: f32,
    /// Length of what rounding to bytes took away.
    slack: f32,
}

impl Table {
    /// Puts an entry in, in place of one with the same tenant and id.
    pub(super) fn put(&mut self, entry: Entry) {
        let point = entry.point();
        self.shelves.entry(entry.card.tenant.clone()).or_default().put(point, entry);
    }

    /// A point's content digest, if it is there.
    pub(super) fn content(&self, point: Uuid) -> Option<&str> {
        self.shelves.values().find_map(|shelf| {
            let place = shelf.places.get(&point)?;
            shelf.rows.get(*place).map(|row| row.content.as_str())
        })
    }

    /// How many vectors there are.
    pub(super) fn len(&self) -> usize {
        self.shelves.values().map(|shelf| shelf.rows.len()).sum()
    }

    /// The nearest of the tenant's, of any intent and of the query's.
    pub(super) fn search(&self, query: Query<'_>) -> Vec<Hit> {
        self.shelves.get(query.tenant).map(|shelf| shelf.search(query)).unwrap_or_default()
    }
}

impl Shelf {
    fn put(&mut self, point: Uuid, entry: Entry) {
        let width = entry.vector.len();
        let (bytes, scale, slack) = rounded(&entry.vector);
        let row = Row { card: entry.card, content: entry.content, scale, slack };
        match self.places.get(&point).copied() {
            Some(place) => {
                let span = place * width..(place + 1) * width;
                if let (Some(old), Some(numbers), Some(codes)) =
                    (self.rows.get_mut(place), self.vectors.get_mut(span.clone()), self.bytes.get_mut(span))
                {
                    *old = row;
                    numbers.copy_from_slice(&entry.vector);
                    codes.copy_from_slice(&bytes);
                }
            }
            None => {
                self.places.insert(point, self.rows.len());
                self.rows.push(row);
                self.vectors.extend_from_slice(&entry.vector);
                self.bytes.extend_from_slice(&bytes);
            }
        }
    }

    fn search(&self, query: Query<'_>) -> Vec<Hit> {
        let rough = self.rough(query.vector);
        let any = self.nearest(query, &rough, |_| true);
        let same = self.nearest(query, &rough, |row| row.card.intent.as_deref() == Some(query.intent));
        let mut places: Vec<_> = any.into_iter().chain(same).collect();
        places.sort_by_key(|(_, place)| *place);
        places.dedup_by_key(|(_, place)| *place);
        let hit =
            |(score, place)| self.rows.get(place).map(|row: &Row| Hit { card: row.card.clone(), score });
        places.into_iter().filter_map(hit).collect()
    }

    /// For each row the score by its bytes and how far off it may be.
    fn rough(&self, vector: &[f32]) -> Vec<(f32, f32)> {
        let (bytes, scale, slack) = rounded(vector);
        let wide: Vec<i16> = bytes.into_iter().map(i16::from).collect();
        let rows = self.rows.iter().zip(self.bytes.chunks_exact(wide.len().max(1)));
        rows.map(|(row, bytes)| {
            let score = whole_dot(&wide, bytes) as f32 * scale * row.scale;
            // |q·v - q̂·v̂| <= |q||v-v̂| + |q-q̂||v̂|, the last two no longer than 1 + slack; and the sum's own rounding
            (score, row.slack + slack * (1.0 + row.slack) + 1e-5)
        })
        .collect()
    }

    /// The best rows among those allowed, exactly.
    fn nearest(
        &self,
        query: Query<'_>,
        rough: &[(f32, f32)],
        allowed: impl Fn(&Row) -> bool,
    ) -> Vec<(f32, usize)> {
        let candidates = || rough.iter().zip(&self.rows).enumerate().filter(|(_, (_, row))| allowed(row));
        let mut sure = Best::new(query.limit);
        for (place, ((score, off), _)) in candidates() {
            sure.offer(score - off, place);
        }
        let bar = sure.bar();
        let mut best = Best::new(query.limit);
        for (place, ((score, off), _)) in candidates() {
            if score + off >= bar
                && let Some(vector) = self.vector(place, query.vector.len())
            {
                best.offer(dot(query.vector, vector), place);
            }
        }
        best.found
    }

    fn vector(&self, place: usize, width: usize) -> Option<&[f32]> {
        self.vectors.get(place * width..(place + 1) * width)
    }
}

/// The highest scores so far, best first; of equal ones the earliest.
struct Best {
    limit: usize,
    found: Vec<(f32, usize)>,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { limit, found: Vec::with_capacity(limit + 1) }
    }

    /// What a score must reach to be among them.
    fn bar(&self) -> f32 {
        if self.found.len() < self.limit {
            f32::MIN
        } else {
            self.found.last().map_or(f32::MIN, |last| last.0)
        }
    }

    fn offer(&mut self, score: f32, place: usize) {
        if self.found.len() == self.limit && score <= self.bar() {
            return;
        }
        let at = self.found.partition_point(|(found, _)| *found >= score);
        self.found.insert(at, (score, place));
        self.found.truncate(self.limit);
    }
}

/// The vector in bytes, what one of them is worth, and the length of what rounding took away.
fn rounded(vector: &[f32]) -> (Vec<i8>, f32, f32) {
    let top = vector.iter().fold(0.0_f32, |top, number| top.max(number.abs()));
    let scale = if top > 0.0 { top / 127.0 } else { 1.0 };
    let bytes: Vec<i8> = vector.iter().map(|number| (number / scale).round() as i8).collect();
    let lost = vector
        .iter()
        .zip(&bytes)
        .map(|(number, byte)| (number - f32::from(*byte) * scale).powi(2))
        .sum::<f32>();
    (bytes, scale, lost.sqrt())
}

/// Dot product of bytes.
fn whole_dot(a: &[i16], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(i16::from(*b))).sum()
}

/// Dot product, summed in eight lanes so that it can be vectorised; the same bits on every run.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.chunks(8).zip(b.chunks(8)) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}
