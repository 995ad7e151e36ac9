//! From text to token ids. A text that is longer than the model reads at once is cut into windows by a classifier;
//! an encoder, whose vector is of the whole, reads both ends.

use tokenizers::{Encoding, Tokenizer};

use super::{
    Kind,
    bundle::{Bundle, BundleError, Contents},
    windows,
};

/// Characters a token stands for at most, generously; what lies beyond is not even tokenised.
const CHARS_PER_TOKEN: usize = 30;

pub(super) struct Tokens {
    tokenizer: Tokenizer,
    max: usize,
    /// Tokens of a window; none for an encoder.
    window: Option<usize>,
}

/// What the model reads of a text.
pub(super) struct Read {
    /// One, or of a long text several; each with the tokenizer's marks.
    pub(super) windows: Vec<Vec<u32>>,
    /// Whether there is more of it than that.
    pub(super) truncated: bool,
}

impl Read {
    fn whole(ids: &[u32], truncated: bool) -> Self {
        Self { windows: vec![ids.to_vec()], truncated }
    }
}

impl Tokens {
    pub(super) fn load(bundle: &Bundle, contents: &Contents) -> Result<Self, BundleError> {
        let path = bundle.file("tokenizer.json");
        let mut tokenizer = Tokenizer::from_bytes(contents.of("tokenizer.json"))
            .map_err(|error| BundleError::Unusable { path: path.clone(), problem: error.to_string() })?;
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|error| BundleError::Unusable { path, problem: error.to_string() })?;
        // A customer who types "[SEP]" has typed five characters.
        tokenizer.set_encode_special_tokens(true);
        let max = bundle.card.max_tokens;
        let window = (bundle.card.kind == Kind::Classifier).then_some(max.min(windows::WINDOW));
        Ok(Self { tokenizer, max, window })
    }

    /// The id that fills a batch.
    pub(super) fn padding(&self) -> i64 {
        self.tokenizer.token_to_id("[PAD]").map_or(0, i64::from)
    }

    pub(super) fn read(&self, text: &str) -> Result<Read, String> {
        let near = self.both_ends(text);
        let text = near.as_deref().unwrap_or(text);
        let encoding = self.tokenizer.encode_fast(text, true).map_err(|error| error.to_string())?;
        let ids = encoding.get_ids();
        if ids.len() <= self.max {
            return Ok(Read::whole(ids, near.is_some()));
        }
        if let Some(window) = self.window {
            return Ok(self.windows(&encoding, window, near.is_some()));
        }
        let tail = self.max / 4;
        let (first, _) = ids.split_at(self.max - tail);
        let (_, last) = ids.split_at(ids.len() - tail);
        Ok(Read::whole(&[first, last].concat(), true))
    }

    /// Each window between the marks that the whole text stands between.
    fn windows(&self, encoding: &Encoding, window: usize, cut: bool) -> Read {
        let (ids, special) = (encoding.get_ids(), encoding.get_special_tokens_mask());
        let before = special.iter().take_while(|mark| **mark == 1).count();
        let after = special.iter().rev().take_while(|mark| **mark == 1).count().min(ids.len() - before);
        let (first, rest) = ids.split_at(before);
        let (words, last) = rest.split_at(rest.len() - after);
        let (places, whole) = windows::places(words.len(), window.saturating_sub(before + after).max(1));
        let framed = |place| [first, words.get(place).unwrap_or_default(), last].concat();
        Read { windows: places.into_iter().map(framed).collect(), truncated: cut || !whole }
    }

    /// Beginning and end of a text that is far too long, cut before the tokenizer sees it.
    fn both_ends(&self, text: &str) -> Option<String> {
        let reach = self.window.map_or(self.max, |window| windows::reach(window).max(self.max));
        let (first, last) = (reach * CHARS_PER_TOKEN, reach * CHARS_PER_TOKEN / 3);
        if text.len() <= first + last || text.chars().count() <= first + last {
            return None;
        }
        let head: String = text.chars().take(first).collect();
        let tail: Vec<char> = text.chars().rev().take(last).collect();
        Some(head + "\n" + &tail.into_iter().rev().collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::model::text;

    #[derive(serde::Deserialize)]
    struct Line {
        text: String,
        prepared: String,
        ids: Vec<u32>,
    }

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
    }

    fn tokens(kind: Kind, bundle: &str, max: usize) -> Tokens {
        let (bundle, contents) = Bundle::read(&fixture(bundle), kind).unwrap();
        Tokens { max, ..Tokens::load(&bundle, &contents).unwrap() }
    }

    #[test]
    fn texts_are_prepared_and_tokenised_as_in_training() {
        let tokens = tokens(Kind::Classifier, "tiny", 10_000);
        let lines = std::fs::read_to_string(fixture("prepared.jsonl")).unwrap();
        let mut count = 0;
        for line in lines.lines() {
            let Line { text, prepared, ids } = serde_json::from_str(line).unwrap();
            assert_eq!(text::prepare(&text), prepared, "{text:?}");
            assert_eq!(tokens.read(&prepared).unwrap().windows, [ids], "{text:?}");
            count += 1;
        }
        assert!(count > 300, "{count}");
    }

    #[test]
    fn every_window_stands_between_the_marks_and_every_word_is_in_one() {
        let tokens = tokens(Kind::Classifier, "tiny", 64);
        let text = (0..130).map(|n| format!("w{n} ")).collect::<String>();
        let whole = tokens.tokenizer.encode_fast(text.as_str(), true).unwrap().get_ids().to_vec();
        let (mark, end) = (whole[0], whole[whole.len() - 1]);
        let read = tokens.read(&text).unwrap();
        assert!(!read.truncated && read.windows.len() > 8);
        let mut missing = whole;
        for window in &read.windows {
            assert!(window.len() <= 64 && window[0] == mark && window[window.len() - 1] == end);
            missing.retain(|id| !window.contains(id));
        }
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn an_encoder_reads_both_ends() {
        let tokens = tokens(Kind::Encoder, "tiny_encoder", 64);
        let read = tokens.read(&format!("first {} last", "word ".repeat(500))).unwrap();
        assert_eq!((read.windows.len(), read.windows[0].len(), read.truncated), (1, 64, true));
    }
}
