//! From text to token ids. A long text is read at both ends, so that neither the question nor the last word is lost.

use tokenizers::Tokenizer;

use super::bundle::{Bundle, BundleError, Contents};

/// Characters a token stands for at most, generously; what lies beyond is not even tokenised.
const CHARS_PER_TOKEN: usize = 30;

pub(super) struct Tokens {
    tokenizer: Tokenizer,
    max: usize,
}

/// What the model reads of a text.
pub(super) struct Read {
    pub(super) ids: Vec<u32>,
    pub(super) truncated: bool,
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
        Ok(Self { tokenizer, max: bundle.card.max_tokens })
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
            return Ok(Read { ids: ids.to_vec(), truncated: near.is_some() });
        }
        let tail = self.max / 4;
        let (first, _) = ids.split_at(self.max - tail);
        let (_, last) = ids.split_at(ids.len() - tail);
        Ok(Read { ids: [first, last].concat(), truncated: true })
    }

    /// Beginning and end of a text that is far too long, cut before the tokenizer sees it.
    fn both_ends(&self, text: &str) -> Option<String> {
        let (first, last) = (self.max * CHARS_PER_TOKEN, self.max * CHARS_PER_TOKEN / 3);
        if text.len() <= first + last || text.chars().count() <= first + last {
            return None;
        }
        let head: String = text.chars().take(first).collect();
        let tail: Vec<char> = text.chars().rev().take(last).collect();
        Some(head + "\n" + &tail.into_iter().rev().collect::<String>())
    }
}
