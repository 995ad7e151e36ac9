//! What language a ticket is in.

use lingua::{IsoCode639_1, Language as Known, LanguageDetector, LanguageDetectorBuilder};
use shared::{
    events::{Language, Ticket},
    model::text,
};

/// The languages told apart.
const KNOWN: [Known; 7] = [
    Known::English,
    Known::German,
    Known::French,
    Known::Spanish,
    Known::Italian,
    Known::Dutch,
    Known::Portuguese,
];

/// Characters looked at; more do not make it surer, only slower.
const READ_CHARS: usize = 400;

/// Letters below which a detector only guesses.
const FEWEST_LETTERS: usize = 12;

/// How sure a text of too few letters is taken for the bundle's language.
const GUESS: f64 = 0.5;

/// The bundle's language wins over a likelier one that is less than this much likelier.
const DOUBT: f64 = 0.6;

/// Words of English that the other languages do not have. Detection takes longer than classification
/// (0.9 ms against 0.6 ms), and most tickets can be told by these.
const ENGLISH: [&str; 72] = [
    "about", "after", "again", "and", "any", "are", "back", "because", "been", "before", "but", "cannot",
    "could", "did", "do", "does", "don't", "for", "from", "get", "give", "had", "has", "have", "hello",
    "help", "how", "i'd", "i'm", "i've", "is", "it", "its", "it's", "just", "know", "like", "money", "my",
    "need", "not", "of", "order", "our", "out", "please", "should", "still", "than", "that", "the", "their",
    "then", "there", "they", "this", "to", "very", "want", "we", "were", "what", "when", "where", "which",
    "why", "will", "with", "would", "yet", "you", "your",
];

/// Share of such words from which on a text is English without further question.
const ENGLISH_SHARE: f64 = 0.35;

/// Tells languages apart.
pub(crate) struct Detector {
    detector: LanguageDetector,
    supported: String,
}

impl Detector {
    pub(crate) fn new(supported: &str) -> Self {
        let detector = LanguageDetectorBuilder::from_languages(&KNOWN).build();
        Self { detector, supported: supported.to_owned() }
    }

    /// The help desk's word, or what the text looks like.
    pub(crate) fn language(&self, ticket: &Ticket) -> Language {
        let given = ticket.language.as_deref().unwrap_or_default().trim().to_lowercase();
        match given.split(['-', '_']).next() {
            Some(code) if !code.is_empty() => self.named(code, 1.0),
            _ => self.detect(&text::prepare(&ticket.text())),
        }
    }

    fn detect(&self, text: &str) -> Language {
        let text: String = text.chars().take(READ_CHARS).collect();
        let letters: Vec<char> = text.chars().filter(|c| c.is_alphabetic()).collect();
        let foreign = letters.iter().filter(|c| !is_latin(**c)).count();
        if foreign * 2 > letters.len() {
            return self.named("und", 1.0);
        }
        if letters.len() < FEWEST_LETTERS && letters.iter().all(char::is_ascii) {
            return self.named(&self.supported, GUESS);
        }
        if is_plainly_english(&text) {
            return self.named("en", 1.0);
        }
        let found = self.detector.compute_language_confidence_values(text.as_str());
        let supported = found.iter().find(|(language, _)| code(*language) == self.supported);
        match (found.first(), supported) {
            (Some((_, best)), Some((_, own))) if *own > 0.0 && *own >= best * DOUBT => {
                self.named(&self.supported, *own)
            }
            (Some((language, best)), _) if *best > 0.0 => self.named(&code(*language), *best),
            _ => self.named("und", 0.0),
        }
    }

    fn named(&self, code: &str, confidence: f64) -> Language {
        let confidence = (confidence * 1e6).round() / 1e6;
        Language { code: code.to_owned(), confidence, supported: code == self.supported }
    }
}

fn code(language: Known) -> String {
    let code: IsoCode639_1 = language.iso_code_639_1();
    code.to_string()
}

fn is_latin(c: char) -> bool {
    c <= '\u{24f}' || matches!(c, '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}')
}

fn is_plainly_english(text: &str) -> bool {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty()).collect();
    let english = words.iter().filter(|word| ENGLISH.contains(word)).count();
    words.len() >= 4 && english as f64 >= words.len() as f64 * ENGLISH_SHARE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(text: &str) -> Language {
        Detector::new("en").detect(text)
    }

    #[test]
    fn seven_languages_are_told_apart() {
        for (expected, text) in [
            ("en", "Where is my parcel? It should have been here on Tuesday."),
            ("en", "tracking number invalid, courier unreachable, parcel presumably lost"),
            ("de", "Wo ist mein Paket? Es sollte am Dienstag hier sein."),
            ("fr", "Où est mon colis ? Il devait arriver mardi."),
            ("es", "¿Dónde está mi paquete? Tenía que llegar el martes."),
            ("it", "Dov'è il mio pacco? Doveva arrivare martedì."),
            ("nl", "Waar is mijn pakket? Het had dinsdag moeten komen."),
            ("pt", "Onde está a minha encomenda? Devia ter chegado na terça-feira."),
        ] {
            let found = detected(text);
            assert_eq!((found.code.as_str(), found.supported), (expected, expected == "en"), "{text}");
        }
    }

    #[test]
    fn a_text_in_another_script_is_of_no_known_language() {
        for text in ["你好，我的包裹在哪里？", "Где мой заказ? Я жду уже неделю."]
        {
            assert_eq!(
                detected(text),
                Language { code: "und".into(), confidence: 1.0, supported: false },
                "{text}"
            );
        }
    }

    #[test]
    fn a_few_letters_are_taken_for_the_bundles_language_but_not_surely() {
        for text in ["refund", "order 12345", "???", ""] {
            assert_eq!(
                detected(text),
                Language { code: "en".into(), confidence: GUESS, supported: true },
                "{text}"
            );
        }
    }

    #[test]
    fn a_few_letters_with_an_accent_are_looked_at() {
        assert_eq!(detected("Où est mon colis ?").code, "fr");
    }

    #[test]
    fn in_doubt_it_is_the_bundles_language() {
        assert!(detected("cancel order 88213").supported);
    }
}
