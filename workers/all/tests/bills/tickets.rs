//! Tickets as retrieve would hand them on: each with words of its own, so that no two make the same request.

use std::fs;

use local::root;
use serde_json::{Value, json};

const WORDS: [&str; 16] = [
    "amber", "birch", "cedar", "dune", "ember", "fern", "grove", "heath", "inlet", "juniper", "kelp",
    "larch", "moss", "nettle", "opal", "pine",
];

/// The example that all are made from.
pub struct Tickets {
    example: Value,
    made: usize,
}

impl Tickets {
    pub fn new() -> Self {
        let file = root().join("schemas/examples/retrieved/late_parcel.json");
        Self { example: serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap(), made: 0 }
    }

    /// How many there are.
    pub fn made(&self) -> usize {
        self.made
    }

    /// The key and the value of the next one.
    pub fn next(&mut self) -> (String, String) {
        self.made += 1;
        let mut event = self.example.clone();
        let body = event["ticket"]["body"].as_str().unwrap().to_owned();
        event["ticket"]["id"] = json!(format!("BILL-{}", self.made));
        event["ticket"]["body"] = json!(format!("{body} The colour is {}.", words(self.made)));
        let tenant = event["ticket"]["tenant"].as_str().unwrap();
        (format!("{tenant}/BILL-{}", self.made), event.to_string())
    }
}

/// A number in words.
fn words(mut number: usize) -> String {
    let mut text = Vec::new();
    while number > 0 {
        text.push(WORDS[number % WORDS.len()]);
        number /= WORDS.len();
    }
    text.join(" ")
}
