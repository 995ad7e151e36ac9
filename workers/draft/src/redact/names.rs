//! Names of persons: by what stands around them, by a list of first names, and those already known.

use std::{collections::HashSet, ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    Found, Kind,
    tokens::{Token, begins, joined, near, run},
};
use crate::{fold::Folded, patterns::compiled, words::without_genitive};

/// First names that are nothing else, in several languages.
static FIRST: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("first_names.txt").split_whitespace().collect());

/// Words that begin with a capital and name nobody.
pub(super) static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("words.txt").split_whitespace().collect());

/// First names that are words or places too: a name only before another one, or after a title.
#[rustfmt::skip]
const DOUBTFUL: &[&str] = &[
    "will", "mark", "rose", "april", "may", "june", "grace", "joy", "bill", "art", "chase", "summer", "autumn", "dawn",
    "eve", "max", "jean", "christian", "dean", "miles", "penny", "pat", "sue", "rob", "drew", "grant", "gene", "guy",
    "lance", "ray", "rich", "ruby", "amber", "jasmine", "violet", "daisy", "iris", "lily", "ivy", "olive", "holly",
    "heather", "ginger", "robin", "jade", "crystal", "angel", "victor", "austin", "paris", "florence", "sydney",
    "chelsea", "madison", "jordan", "georgia", "virginia", "victoria", "dakota", "hope", "faith", "jo", "al", "bo",
    "sky", "storm", "star", "pearl", "opal", "scout", "hunter", "mason", "carter", "cooper", "parker", "piper",
    "sage", "basil", "clay", "cliff", "dale", "glen", "heath", "lane", "reed", "wade", "ward", "jesse", "jay", "kit",
    "lee", "li", "wei", "ming", "yan", "min", "an", "ho", "kim", "park", "ash", "bea", "flo", "gus", "mo", "sid", "stu",
    "viv", "don", "earl", "ernest", "gay", "major", "norm", "oz", "ty", "van", "melody", "harmony", "destiny", "haven",
    "brooke", "brook", "coral", "savannah", "phoenix", "carmel", "sandy", "dusty", "rusty", "lucky", "buddy", "king",
    "prince", "duke", "noble", "sterling", "forest", "woody", "rocky", "skip", "chip", "chuck", "jimmy", "tommy",
    "dolly", "candy", "cherry", "honey", "peaches", "poppy", "hazel", "olivia", "aurora", "luna", "nova", "stella",
];

/// Small words inside a name.
pub(super) const PARTICLES: &[&str] = &[
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "do", "la", "le", "ten", "ter",
    "zu", "zum", "bin", "ibn", "al", "el", "af", "av", "y", "st",
];

pub(super) const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "herr",
    "herrn",
    "frau",
    "madame",
    "monsieur",
    "mme",
    "mlle",
    "señor",
    "señora",
    "sr",
    "sra",
    "signor",
    "signora",
    "sig",
    "mevrouw",
    "meneer",
    "dhr",
    "mevr",
    "family",
    "familie",
    "dear",
    "liebe",
    "lieber",
    "cher",
    "chère",
    "estimado",
    "estimada",
    "querido",
    "querida",
    "caro",
    "cara",
    "beste",
    "geehrter",
    "geehrte",
    "hi",
    "hey",
    "hello",
    "hallo",
    "hiya",
    "bonjour",
    "hola",
    "ciao",
    "servus",
    "moin",
    "named",
    "aunt",
    "uncle",
    "colleague",
    "attn",
    "attention",
];

/// Words before a name in a text: `my name is`, `regards`.
static CUE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)(?:\b(?:my|the|his|her|card ?holder|account|full|last|first|maiden|sur|family|husband's|wife's)\s?name(?: is|'s|:| was)|\bname\s?[:=]|\bcard ?holder(?: name)?|\bin the name of|\bon behalf of|\b(?:i am|i'm|im|this is|it's|its|here is|speaking with|spoke (?:to|with)|talked to|chatted with|my (?:husband|wife|son|daughter|brother|sister|mother|father|mum|mom|dad|friend|colleague|partner|boss|neighbour|neighbor|assistant|girlfriend|boyfriend|boy|girl|nephew|niece|fiancé|fiancée)|called|signed|ich hei(?:ß|ss)e|mein name ist|ich bin|hier ist|je m'appelle|je suis|mon nom est|me llamo|mi nombre es|soy|mi chiamo|sono|ik ben|mijn naam is|recipient|addressee|contact person|kind regards|best regards|warm regards|regards|sincerely|yours truly|yours|faithfully|best wishes|many thanks|thanks|thank you|thx|cheers|best|love|xx|greetings|gr(?:ü|ue)(?:ß|ss)en?|mfg|vg|lg|cordialement|bien à vous|saludos|atentamente|saluti|groeten?|groetjes|obrigad[oa])\s*[,:.!-]{0,2})\s*$",
    )
});

/// Cues that a first name or two capitals must follow, since much else may.
static WEAK: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)(?:i am|i'm|im|this is|it's|its|here is|ich bin|hier ist|je suis|soy|sono|ik ben|called|yours|best|love|thanks|thank you)\s*[,:.!-]{0,2}\s*$",
    )
});

static WORD: LazyLock<Regex> = LazyLock::new(|| compiled(r"\p{L}[\p{L}\p{M}]*(?:['-]\p{L}+)*"));

/// Names that are known to be somebody's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known(HashSet<String>);

impl Known {
    /// A person's name, part by part.
    pub(super) fn person(&mut self, name: &str) {
        for part in WORD.find_iter(&Folded::of(name).text) {
            self.word(part.as_str());
        }
    }

    /// One part of a name.
    pub(super) fn word(&mut self, part: &str) {
        let low = without_genitive(part).to_lowercase();
        if low.chars().count() >= 2
            && !COMMON.contains(low.as_str())
            && !PARTICLES.contains(&low.as_str())
            && !TITLES.contains(&low.as_str())
        {
            self.0.insert(low);
        }
    }

    /// Who signs a text: the capitalised words alone on its last line, or behind its last full stop.
    pub(super) fn signed(&mut self, text: &str) {
        if let Some(range) = signature(text) {
            self.person(text.get(range).unwrap_or_default());
        }
    }
}

/// Whether an attribute holds a name.
pub(super) fn is_name(attribute: &str) -> bool {
    let attribute = attribute.to_lowercase();
    ["name", "agent", "recipient", "contact", "holder"].iter().any(|word| attribute.contains(word))
        && !["product", "file", "shop", "plan", "item", "company", "brand"]
            .iter()
            .any(|word| attribute.contains(word))
}

/// Whether a word in lower case is a first name and nothing else.
pub(super) fn is_first(low: &str) -> bool {
    FIRST.contains(low) && !DOUBTFUL.contains(&low)
}

pub(super) fn find(found: &mut Found<'_>, known: &Known) {
    let text = found.text;
    let mut tokens: Vec<Token<'_>> = WORD
        .find_iter(text)
        .map(|word| {
            let bare = without_genitive(word.as_str());
            Token {
                range: word.start()..word.start() + bare.len(),
                text: bare,
                low: bare.to_lowercase(),
                name: false,
            }
        })
        .collect();
    for at in 0..tokens.len() {
        let names = starts(text, &tokens, at, known);
        for index in at..at + names {
            if let Some(token) = tokens.get_mut(index) {
                token.name = true;
            }
        }
    }
    if let Some(range) = signature(text) {
        for token in
            tokens.iter_mut().filter(|token| range.start <= token.range.start && token.range.end <= range.end)
        {
            token.name = true;
        }
    }
    for range in joined(text, &tokens) {
        let value = found.slice(&range).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        found.claim(range, Kind::Name, value);
    }
}

/// How many tokens from here on are a name; 0 if none begins here.
fn starts(text: &str, tokens: &[Token<'_>], at: usize, known: &Known) -> usize {
    let Some(token) = tokens.get(at) else { return 0 };
    if token.name {
        return 0;
    }
    let run = run(text, tokens, at);
    if known.0.contains(&token.low)
        && (token.capital() || token.low.len() >= 4 && !DOUBTFUL.contains(&token.low.as_str()))
    {
        return run.max(1);
    }
    let doubtful = DOUBTFUL.contains(&token.low.as_str());
    let first = is_first(&token.low);
    if token.capital() && first {
        return run.max(1);
    }
    if token.capital() && doubtful && !token.common() && run >= 2
        || doubtful && token.capital() && run >= 2 && !begins(text, token)
    {
        return run;
    }
    if token.initial() && text.get(token.range.end..).is_some_and(|after| after.starts_with('.')) && run >= 2
    {
        return run;
    }
    let title = at
        .checked_sub(1)
        .and_then(|before| tokens.get(before))
        .is_some_and(|before| TITLES.contains(&before.low.as_str()) && near(text, before, token));
    if title && (token.proper() || doubtful && token.capital()) {
        return run.max(1);
    }
    if !(token.proper() || first || doubtful && token.capital()) {
        return 0;
    }
    after_cue(text, token, first, run)
}

fn after_cue(text: &str, token: &Token<'_>, first: bool, run: usize) -> usize {
    let from =
        (token.range.start.saturating_sub(40)..=token.range.start).find(|at| text.is_char_boundary(*at));
    let before = from.and_then(|from| text.get(from..token.range.start)).unwrap_or_default();
    if !CUE.is_match(before) {
        return 0;
    }
    let ends = tail(text, token.range.end).trim_start_matches('.').trim().is_empty();
    if WEAK.is_match(before) && !first && run < 2 && !ends { 0 } else { run.max(1) }
}

fn tail(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default().split('\n').next().unwrap_or_default()
}

/// One to three capitalised words that end a text, behind a full stop or alone on their line.
fn signature(text: &str) -> Option<Range<usize>> {
    static LAST: LazyLock<Regex> = LazyLock::new(|| {
        compiled(
            r"(?:^|[.!?)]\s+|\n[ \t]*(?:[-~*]{1,2}\s?)?)((?:\p{Lu}[\p{L}'-]*\.?)(?:\s(?:(?:van|von|de|der|den|del|di|da|la|le)\s)*\p{Lu}[\p{L}'-]*\.?){0,2})\s*[.!]?\s*$",
        )
    });
    let end = text.trim_end();
    let from =
        (end.len().saturating_sub(80)..=end.len()).find(|at| end.is_char_boundary(*at)).unwrap_or_default();
    let one = LAST.captures(end.get(from..)?)?.get(1)?;
    let start = from + one.start();
    let words: Vec<_> = WORD.find_iter(one.as_str()).collect();
    let fits = |word: &regex::Match<'_>| {
        let low = word.as_str().to_lowercase();
        !COMMON.contains(low.as_str()) || PARTICLES.contains(&low.as_str())
    };
    let lone =
        start == 0 || one.as_str().chars().all(|c| c.is_uppercase() || c == ' ') && one.as_str().len() > 4;
    let full = end.ends_with(['.', '!']) && words.len() < 2;
    if words.is_empty() || lone || full || !words.iter().all(fits) {
        return None;
    }
    Some(start..from + one.end())
}
