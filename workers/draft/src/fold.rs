//! A text as a reader takes it in: hidden code points gone, look-alike forms of digits, letters, dots and hyphens
//! made plain. Each place in it is known in the original too.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// A text made plain.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    /// What is read.
    pub(crate) text: String,
    /// For each byte of `text`, the byte in the original where its character begins.
    at: Vec<usize>,
    /// Bytes of the original.
    len: usize,
}

impl Folded {
    /// Makes a text plain.
    pub(crate) fn of(original: &str) -> Self {
        let mut folded =
            Self { text: String::with_capacity(original.len()), at: Vec::new(), len: original.len() };
        folded.at.reserve(original.len());
        for (at, c) in original.char_indices() {
            folded.push(at, c);
        }
        folded
    }

    /// Where a range of `text` is in the original.
    pub(crate) fn origin(&self, range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| self.at.get(at).copied().unwrap_or(self.len);
        place(range.start)..place(range.end)
    }

    fn push(&mut self, at: usize, c: char) {
        if c.is_ascii() {
            if !c.is_ascii_control() || matches!(c, '\n' | '\t' | '\r') {
                self.put(at, c);
            }
        } else if hidden(c) {
        } else if c.is_whitespace() {
            self.put(at, ' ');
        } else if let Some(plain) = plain(c) {
            self.put(at, plain);
        } else {
            for one in std::iter::once(c).nfkc() {
                self.put(at, one);
            }
        }
    }

    fn put(&mut self, at: usize, c: char) {
        self.text.push(c);
        for _ in 0..c.len_utf8() {
            self.at.push(at);
        }
    }
}

/// The plain form of what only looks different.
fn plain(c: char) -> Option<char> {
    Some(match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{ff07}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '«' | '»' => '"',
        '\u{2024}' | '\u{3002}' | '\u{ff61}' | '\u{ff0e}' | '\u{fe52}' | '\u{06d4}' => '.',
        '\u{2044}' | '\u{2215}' | '\u{ff0f}' => '/',
        _ => return digit(c),
    })
}

/// A decimal digit of another script, as ours.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 18] = [
        0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
        0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810,
    ];
    let code = u32::from(c);
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// Whether a character is not seen, or changes how others are seen: controls, formats, tags, variation selectors,
/// fillers, private use. The ranges are those of Unicode 16's `Default_Ignorable_Code_Point`, `Cf`, `Cc` and `Co`.
pub(crate) fn hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !matches!(c, '\n' | '\t' | '\r');
    }
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1345f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_plain_text_is_known_in_the_original() {
        let original = "a\u{200b}b ４２ ﬁ.";
        let folded = Folded::of(original);
        assert_eq!(folded.text, "ab 42 fi.");
        let at = folded.text.find("42").unwrap();
        assert_eq!(&original[folded.origin(&(at..at + 2))], "４２");
        assert_eq!(&original[folded.origin(&(0..2))], "a\u{200b}b");
        assert_eq!(folded.origin(&(0..folded.text.len())), 0..original.len());
    }

    #[test]
    fn every_format_and_control_character_is_hidden() {
        let class = regex::Regex::new(
            r"^[\p{Cf}\p{Cc}\p{Co}\p{Variation_Selector}\p{Default_Ignorable_Code_Point}]$",
        )
        .unwrap();
        let mut buffer = [0; 4];
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text: &str = c.encode_utf8(&mut buffer);
            if class.is_match(text) && !matches!(c, '\n' | '\t' | '\r') {
                assert!(hidden(c), "U+{:04X}", u32::from(c));
            }
        }
    }

    #[test]
    fn digits_of_other_scripts_are_ours() {
        assert_eq!(Folded::of("٤٢ ۴۲ ४२ ４２ 𝟒𝟐 ④").text, "42 42 42 42 42 4");
    }
}
