//! Texts to measure with: short questions, long tickets, and nine of the one with one of the other.

use std::sync::Arc;

use shared::{model::text, start::find};
use tokenizers::Tokenizer;

/// Texts of one kind, in the order they arrive, and their token ids.
pub struct Mix {
    pub name: &'static str,
    pub texts: Arc<[String]>,
    pub ids: Vec<Vec<u32>>,
}

impl Mix {
    fn of(name: &'static str, texts: Vec<String>) -> Self {
        let tokenizer = Tokenizer::from_file(find("models/classifier/tokenizer.json").unwrap()).unwrap();
        let ids =
            |text: &String| tokenizer.encode_fast(text::prepare(text), true).unwrap().get_ids().to_vec();
        let ids: Vec<Vec<u32>> = texts.iter().map(ids).collect();
        assert!(ids.iter().all(|ids| ids.len() <= 256), "no text is read in windows here");
        Self { name, ids, texts: texts.into() }
    }

    /// Tokens of a text in the mean.
    pub fn tokens(&self) -> f64 {
        self.ids.iter().map(Vec::len).sum::<usize>() as f64 / self.ids.len() as f64
    }
}

pub fn mixes() -> Vec<Mix> {
    let (short, long) = (short(1_000), long(100));
    let mut mixed: Vec<String> = short.iter().take(540).cloned().collect();
    for (at, text) in long.iter().take(60).enumerate() {
        mixed.insert(at * 10 + at % 7, text.clone());
    }
    vec![Mix::of("short", short), Mix::of("long", long), Mix::of("mixed", mixed)]
}

/// Short questions of about a dozen tokens.
pub fn short(count: usize) -> Vec<String> {
    let asked = [
        "where is my parcel",
        "i want to cancel order",
        "please send me the invoice of order",
        "how can i reset the password of my account",
        "refund for order",
        "can i still change the address of order",
        "the checkout page is blank when i try to pay for order",
        "do you have a voucher for order",
    ];
    (0..count).map(|n| format!("{} {}", asked[n % asked.len()], 40_000 + n * 7)).collect()
}

/// The demo's tickets, joined until each is a mail of about 100 words.
pub fn long(count: usize) -> Vec<String> {
    let lines = std::fs::read_to_string(find("deploy/demo/tickets.jsonl").unwrap()).unwrap();
    let body = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["body"].as_str().unwrap().to_owned()
    };
    let mut texts = vec![String::new()];
    for words in lines.lines().map(body).cycle() {
        let open = texts.last_mut().unwrap();
        open.extend(words.split_whitespace().take(60).flat_map(|word| [word, " "]));
        if open.split_whitespace().count() >= 85 {
            if texts.len() == count {
                return texts;
            }
            texts.push(String::new());
        }
    }
    texts
}
