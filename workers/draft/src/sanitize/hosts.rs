//! Links, with and without a scheme, and whether policy lists their hosts.

use std::sync::LazyLock;

use regex::Regex;

use super::Problem;
use crate::patterns::compiled;

/// `name dot com` and its like.
static SPOKEN: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)[a-z0-9]\s*\(?\s*\bdot\b\s*\)?\s*(?:com|net|org|info|biz|io|co|app|dev|shop|site|online|xyz|top|ru|cn|de|fr|uk|eu|us|me|ly|gl|link|click|example)\b",
    )
});

/// Any scheme, before `//`.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?i)([a-z][a-z0-9+.-]*)\s*:\s*//"));

/// What may be a host, wherever it stands.
static DOMAIN: LazyLock<Regex> = LazyLock::new(|| compiled(r"[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+"));

/// An e-mail address, which `contacts` judges.
static MAIL: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"[\p{L}\p{N}][\p{L}\p{N}._%+'-]*@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+"));

/// A host with a path or a query behind it.
static PATH: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"(?i)(?:https?://)?[a-z0-9-]+(?:\.[a-z0-9-]+)+[/?#][a-z0-9/_.~?=&#+-]*"));

/// Schemes that act without `//`.
static ACTING: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:mailto|tel|sms|smsto|callto|skype|whatsapp|facetime|file|blob|intent|about|magnet|geo|market|itms|ws|wss|ftp|sftp|ldap|smb):\S",
    )
});

/// Endings of files that are no top-level domain and often stand in a letter.
const FILES: [&str; 16] = [
    "pdf", "doc", "docx", "xls", "xlsx", "csv", "png", "jpg", "jpeg", "gif", "txt", "html", "htm", "epub",
    "xml", "json",
];

/// Refuses every link whose host is not one of `links` or below it. `text` is the sentence, `read` the same made
/// plain.
pub(super) fn check(text: &str, read: &str, links: &[String]) -> Result<(), Problem> {
    if let Some(found) = SPOKEN.find(read).or_else(|| ACTING.find(read)) {
        return refused(found.as_str(), "a link in disguise");
    }
    for (plain, spelt) in [(read, false), (text, true)] {
        for token in plain.split(|c: char| c.is_whitespace() || matches!(c, '"' | ';' | ',' | '(' | ')')) {
            if !token.is_empty() && (!spelt || !token.is_ascii()) {
                look(token, links)?;
            }
        }
    }
    let ours = |link: &regex::Match<'_>| {
        let rest = link.as_str().rsplit("//").next().unwrap_or_default();
        listed(&rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase(), links)
    };
    let judged: Vec<_> =
        MAIL.find_iter(read).chain(PATH.find_iter(read).filter(ours)).map(|found| found.range()).collect();
    for found in DOMAIN.find_iter(read).filter(|found| domain(found.as_str())) {
        let inside = judged.iter().any(|place| place.contains(&found.start()));
        if !inside && !listed(&found.as_str().to_ascii_lowercase(), links) {
            return refused(found.as_str(), "which policy does not list");
        }
    }
    Ok(())
}

fn look(token: &str, links: &[String]) -> Result<(), Problem> {
    let token = token
        .trim_start_matches(['\'', '*', '_'])
        .trim_end_matches(['.', ',', ':', '!', '?', '\'', '*', '_']);
    if SCHEME.find(token).is_some_and(|found| found.start() > 0) {
        return refused(token, "a link in disguise");
    }
    if let Some((scheme, rest)) = after_scheme(token) {
        if !["http", "https"].contains(&scheme.as_str()) {
            return refused(token, "whose scheme is not https");
        }
        return whole(token, rest, links);
    }
    if let Some(rest) = token.strip_prefix("//") {
        return whole(token, rest, links);
    }
    let head = token.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = head.rsplit('@').next().unwrap_or_default();
    if let Some((local, _)) = head.rsplit_once('@').filter(|_| domain(host)) {
        let typed = |c: char| c.is_alphanumeric() || "._%+'-".contains(c);
        let mail =
            local.starts_with(char::is_alphanumeric) && local.chars().all(typed) && head.len() == token.len();
        // an e-mail address is judged by `contacts`
        return if mail { Ok(()) } else { refused(token, "a link in disguise") };
    }
    if domain(host) || numeric(host) {
        return whole(token, token, links);
    }
    match token.contains("//") {
        true => refused(token, "a link in disguise"),
        false => Ok(()),
    }
}

fn after_scheme(token: &str) -> Option<(String, &str)> {
    let found = SCHEME.captures(token)?;
    let scheme = found.get(1)?.as_str().to_ascii_lowercase();
    Some((scheme, token.get(found.get(0)?.end()..)?))
}

/// Judges a link, from its host on.
fn whole(link: &str, rest: &str, links: &[String]) -> Result<(), Problem> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if authority.contains('@') {
        return refused(link, "which hides its host behind a user's name");
    }
    if !authority.is_ascii() || !path.is_ascii() {
        return refused(link, "which has letters that look like others");
    }
    if authority.contains(':') {
        return refused(link, "which names a port");
    }
    let host = authority.to_ascii_lowercase();
    if host.split('.').any(|label| label.starts_with("xn--")) && !listed(&host, links) {
        return refused(link, "whose name is written in Punycode");
    }
    if numeric(&host) {
        return refused(link, "an address in figures");
    }
    if !listed(&host, links) {
        return refused(link, "which policy does not list");
    }
    if !harmless(path) {
        return refused(link, "which leads on to elsewhere");
    }
    Ok(())
}

/// Whether the host is one of `links` or below it.
fn listed(host: &str, links: &[String]) -> bool {
    let fine =
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    fine && links.iter().any(|link| {
        let link = link.to_ascii_lowercase();
        host == link || host.strip_suffix(&link).is_some_and(|sub| sub.ends_with('.') && sub.len() > 1)
    })
}

/// Whether path and query carry no second address and no data: plain characters, no `//`, no host in the query.
fn harmless(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.~?=&#+".contains(&b);
    let query = path.find(['?', '#']).and_then(|at| path.get(at..)).unwrap_or_default();
    path.len() <= 120
        && path.bytes().all(plain)
        && !path.contains("//")
        && !path.contains("..")
        && !query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-')).any(domain)
}

/// `shop.example`: labels with a dot between them, one after the first of letters; `invoice.pdf` is none.
fn domain(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let labels: Vec<_> = host.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    let file = labels.last().is_some_and(|last| FILES.contains(&last.to_ascii_lowercase().as_str()));
    let top = |name: &&str| {
        let letters = name.chars().take_while(|c| c.is_alphabetic()).count();
        name.starts_with("xn--") || letters >= 2 && name.chars().nth(letters).is_none_or(|c| !c.is_ascii())
    };
    labels.len() > 1
        && labels.iter().all(label)
        && labels.iter().skip(1).any(top)
        && !(file && labels.len() == 2)
}

/// `192.0.2.7`, `0xC0000207`.
fn numeric(host: &str) -> bool {
    let parts: Vec<_> = host.split('.').collect();
    let figure = |part: &&str| {
        let hex = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X"));
        !part.is_empty()
            && hex.map_or_else(
                || part.bytes().all(|b| b.is_ascii_digit()),
                |hex| hex.bytes().all(|b| b.is_ascii_hexdigit()),
            )
    };
    parts.len() == 4 && parts.iter().all(figure)
        || parts.len() == 1 && (host.starts_with("0x") || host.starts_with("0X")) && parts.iter().all(figure)
}

fn refused(link: &str, why: &'static str) -> Result<(), Problem> {
    Err(Problem::Link { link: link.chars().take(80).collect(), why })
}
