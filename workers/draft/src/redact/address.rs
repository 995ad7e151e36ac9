//! Postal addresses: street and house, box, postcode.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, Kind, squeezed};
use crate::patterns::{any_of, compiled};

/// What may follow a street: a flat, a place, a postcode.
const TAIL: &str = r"^(?:\s[NSEW]{1,2}\b\.?)?(?:,?\s+(?i:apt|flat|unit|suite|apartment|floor)\.?\s?#?\w{1,5})?(?:,?\s+(?i:[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2})\b|,?\s+[A-Z]{2}[ -]?\d{5}(?:-\d{4})?\b|,?\s+\d{4,5}(?:-\d{3})?(?:\s?[A-Z]{2}\b)?(?:\s+[A-ZÄÖÜÉ][\p{L}'-]+)?|,\s?[A-ZÄÖÜÉ][\p{Ll}'.-]+(?:\s[A-ZÄÖÜÉ][\p{Ll}'.-]+)?|,?\s[A-Z]{2}\s\d{5}\b){0,4}";

/// Streets, the way their countries write them; each may have `TAIL` behind it.
#[rustfmt::skip]
const STREETS: [&str; 9] = [
    r"\b(?:(?i:flat|apt|unit|apartment|suite)\.?\s\w{1,5},?\s)?\d{1,5}[A-Za-z]?(?:-\d{1,4})?,?\s(?:(?:[NSEW]\.?|North|South|East|West|Old|New|Upper|Lower|The|St\.?|[A-Z][\p{L}'.-]*|\d{1,3}(?:st|nd|rd|th))\s){1,4}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Court|Ct|Way|Place|Pl|Boulevard|Blvd|Terrace|Crescent|Cres|Square|Sq|Gardens|Gdns|Grove|Hill|Row|Parade|Mews|Highway|Hwy|Quay|Walk|Park|Rise|View|Parkway|Pkwy|Circle|Trail|Green)\b\.?",
    r"(?i)\b\d{1,5}[a-z]?,?\s(?:(?:[\p{L}'.-]+)\s){1,2}(?:street|str|road|rd|avenue|ave|lane|boulevard|blvd|terrace|crescent|close)\b\.?",
    r"\b\d{1,5}[A-Za-z]?,?\s(?:Broadway|Embarcadero|High Street|The Strand|The Mall)\b",
    r"(?i)\b[\p{L}.-]+(?:straße|strasse|str\.|gasse|allee|platz|damm|ufer|chaussee)\s?\d{1,4}\s?[a-z]?\b(?:\s?-\s?\d{1,4})?",
    r"\b[A-ZÄÖÜ][\p{L}.-]+(?:weg|ring|hof|steig|pfad|markt|berg|tor|graben|heide|winkel|rain)\s\d{1,4}\s?[a-z]?\b",
    r"\b(?:Am|An der|An den|Auf der|Auf dem|Im|In der|Zum|Zur|Unter den|Alte|Alter|Neue|Neuer|Lange|Große|Kleine|Hohe|Obere|Untere)\s[A-ZÄÖÜ][\p{L}.-]+(?:\s[A-ZÄÖÜ][\p{L}.-]+)?\s\d{1,4}\s?[a-z]?\b",
    r"(?i)\b\d{1,4}(?:\s?bis|\s?ter)?,?\s(?:(?:rue|avenue|av\.|boulevard|bd|chemin|all[ée]e|impasse|quai)\s|(?:place|cours|route|passage|square)\s(?:de|du|des)\s)(?:(?:de|du|des|la|le|les|l'|d')\s?)*[\p{L}'-]+(?:\s[A-ZÉ][\p{L}'-]+){0,2}",
    r"\b(?:Calle|C/|c/|calle|Avenida|Avda\.?|Plaza|Paseo|Camino|Ronda|Via|Viale|Piazza|Corso|Largo|Rua|Travessa|Praça|ul\.|ulica|Ulica)\s?(?:(?:de|del|della|dei|di|da|do|dos|la|las|los|el)\s)*[\p{L}'.-]+(?:\s[\p{L}'.-]+){0,3},?\s(?:n[.º°]?\s?)?\d{1,4}\s?[A-Za-z]?\b(?:,?\s\d[º°ª]\s?\w?)?",
    r"\b[A-Z][\p{L}-]+(?:straat|laan|weg|gracht|kade|plein|dijk|singel|vägen|gatan|gata|veien|vej|gade|katu|tie)\s\d{1,4}\s?[A-Za-z]?\b",
];

/// Boxes and postcodes on their own.
#[rustfmt::skip]
const LOOSE: [&str; 8] = [
    r"(?i)\bp\.?\s?o\.?\s?box\s?\d{1,6}\b",
    r"(?i)\bpostfach\s?\d[\d ]{1,8}\d\b",
    r"\b(?:GIR ?0AA|[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?\s?\d[ABD-HJLNP-UW-Z]{2})\b",
    r"(?i)\b(?:zip(?: code)?|post ?code|postal code|plz|postleitzahl|code postal|c[óo]digo postal|cap)\s*(?:is|:|ist|est|es)?\s*[a-z]{0,2}[ -]?\d[a-z0-9]{2,5}(?:[ -]\d?[a-z0-9]{2,4})?\b",
    r"\b(?:AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|IA|ID|IL|IN|KS|KY|LA|MA|MD|ME|MI|MN|MO|MS|MT|NC|ND|NE|NH|NJ|NM|NV|NY|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VA|VT|WA|WI|WV|WY),?\s\d{5}(?:-\d{4})?\b",
    r"\b(?:D-|A-|CH-|F-|I-|NL-)?\d{4,5}\s(?:Berlin|Hamburg|München|Munich|Köln|Cologne|Frankfurt|Stuttgart|Düsseldorf|Leipzig|Dortmund|Essen|Bremen|Dresden|Hannover|Nürnberg|Bonn|Münster|Karlsruhe|Mannheim|Augsburg|Wien|Vienna|Graz|Linz|Salzburg|Innsbruck|Zürich|Zurich|Genève|Geneva|Basel|Bern|Lausanne|Paris|Lyon|Marseille|Toulouse|Nice|Nantes|Strasbourg|Bordeaux|Lille|Rennes|Madrid|Barcelona|Valencia|Sevilla|Bilbao|Roma|Milano|Torino|Napoli|Firenze|Bologna|Amsterdam|Rotterdam|Utrecht|Bruxelles|Brussels|Antwerpen|Gent|Lisboa|Porto|Stockholm|Oslo|København|Copenhagen|Helsinki|Warszawa|Praha)\b",
    r"\b[1-9]\d{3}\s?[A-Z]{2}\s(?:[A-Z][\p{L}-]+)\b",
    r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ -]?\d[ABCEGHJ-NPRSTV-Z]\d\b",
];

static STREET: LazyLock<Regex> = LazyLock::new(|| any_of(&STREETS));
static BEHIND: LazyLock<Regex> = LazyLock::new(|| compiled(TAIL));
static OTHERS: LazyLock<Regex> = LazyLock::new(|| any_of(&LOOSE));

/// Words in front of `street` and its like that make it no address.
static COMMON: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        r"(?i)^\d+\s(?:days?|hours?|minutes?|weeks?|months?|years?|times?|items?|percent|euros?|pounds?|miles?|km|metres?|meters?|of|in|on|by|along|down|up|the|and|or|to|from|people|shops?|cars?)\b",
    ])
});

pub(super) fn find(found: &mut Found<'_>) {
    for (pattern, street) in [(&*STREET, true), (&*OTHERS, false)] {
        for one in pattern.find_iter(found.text) {
            if COMMON.is_match(one.as_str()) {
                continue;
            }
            let tail =
                if street { BEHIND.find(found.after(one.end())).map_or(0, |tail| tail.end()) } else { 0 };
            let range = one.start()..one.end() + tail;
            let value = squeezed(found.slice(&range));
            found.claim(range, Kind::Address, value);
        }
    }
}
