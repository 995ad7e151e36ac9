//! What of a message is the customer's own: preprocessing of bundles, version 1.
//!
//! Quoted history, signatures and disclaimers are somebody else's words or nobody's. When in doubt a line
//! stays, and if hardly anything would be left the whole text stays.

/// The version that bundles name.
pub const VERSION: u32 = 1;

/// Words below which what is left is not trusted to be the message.
const FEWEST_WORDS: usize = 3;

const SIGN_OFFS: [&str; 14] = [
    "kind regards",
    "best regards",
    "warm regards",
    "with kind regards",
    "many regards",
    "regards",
    "best wishes",
    "all the best",
    "sincerely",
    "yours sincerely",
    "sincerely yours",
    "yours faithfully",
    "yours truly",
    "respectfully",
];

/// The customer's own words, cleaned; never empty if the text had letters.
pub fn prepare(text: &str) -> String {
    let whole = clean(text);
    let own = own_words(&whole);
    if own.split_whitespace().count() < FEWEST_WORDS { whole } else { own }
}

/// One kind of space, one kind of line end, nothing invisible.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let lines = text.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}']).map(clean_line);
    let mut cleaned = String::with_capacity(text.len());
    let mut gap = false;
    for line in lines {
        if line.is_empty() {
            gap = !cleaned.is_empty();
            continue;
        }
        if !cleaned.is_empty() {
            cleaned.push_str(if gap { "\n\n" } else { "\n" });
        }
        cleaned.push_str(&line);
        gap = false;
    }
    cleaned
}

fn clean_line(line: &str) -> String {
    let visible: String = line
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Zero-width characters, soft hyphens, direction marks and tags: they change nothing but what a machine reads.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn own_words(whole: &str) -> String {
    let lines: Vec<&str> = whole.lines().collect();
    let lines = without_history(&lines);
    let lines = without_signature(&lines);
    let own = lines.join("\n");
    let own: Vec<&str> = own.split("\n\n").filter(|paragraph| !is_disclaimer(paragraph)).collect();
    clean(&own.join("\n\n"))
}

/// Drops quoted lines, and all that follows where an older mail begins.
fn without_history<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let mut own = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let rest = lines.get(at + 1..).unwrap_or_default();
        if is_separator(line) || is_header(line, rest) {
            break;
        }
        if is_attribution(line) {
            if rest.iter().find(|next| !next.is_empty()).is_some_and(|next| next.starts_with('>')) {
                continue;
            }
            break;
        }
        if !line.starts_with('>') {
            own.push(*line);
        }
    }
    own
}

/// `-----Original Message-----` and its like.
fn is_separator(line: &str) -> bool {
    let words = line.trim_matches(|c: char| c == '-' || c == '_' || c == ' ').to_lowercase();
    line.starts_with("--") && (words == "original message" || words.starts_with("forwarded message"))
}

/// `From:` with a `Sent:` or `Date:` and a `To:` or `Subject:` right below.
fn is_header(line: &str, rest: &[&str]) -> bool {
    let near: Vec<String> = rest.iter().take(5).map(|line| line.to_lowercase()).collect();
    let has = |names: [&str; 2]| near.iter().any(|line| names.iter().any(|name| line.starts_with(name)));
    line.to_lowercase().starts_with("from:") && has(["sent:", "date:"]) && has(["to:", "subject:"])
}

/// `On Tuesday, 3 March 2026, somebody wrote:`
fn is_attribution(line: &str) -> bool {
    line.starts_with("On ") && line.ends_with("wrote:") && line.chars().any(|c| c.is_ascii_digit())
}

/// Drops a signature at the end: what follows `--` or a sign-off, if it looks like names and addresses.
fn without_signature<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let kept: Vec<&str> = lines.iter().copied().filter(|line| !is_device_line(line)).collect();
    let end = (1..kept.len()).find(|at| {
        let (line, rest) =
            (kept.get(*at).copied().unwrap_or_default(), kept.get(at + 1..).unwrap_or_default());
        (line == "--" || is_sign_off(line)) && rest.len() <= 10 && rest.iter().all(|line| is_contact(line))
    });
    kept.get(..end.unwrap_or(kept.len())).map(<[_]>::to_vec).unwrap_or_default()
}

/// `Sent from my phone`
fn is_device_line(line: &str) -> bool {
    let line = line.to_lowercase();
    (line.starts_with("sent from my ") || line.starts_with("get outlook for "))
        && line.split(' ').count() <= 7
}

fn is_sign_off(line: &str) -> bool {
    let words = line.trim_end_matches([',', '.', '!']).to_lowercase();
    SIGN_OFFS.contains(&words.as_str())
}

/// A name, a title, an address: few words, none of the longer ones a plain lower-case one.
fn is_contact(line: &str) -> bool {
    let plain = |word: &&str| {
        word.chars().count() > 3 && word.chars().all(|c| c.is_lowercase() || ",.!?'".contains(c))
    };
    let addressed = |word: &&str| word.contains(['@', '/']) || word.starts_with("www.");
    !line.to_lowercase().starts_with("ps")
        && !line.to_lowercase().starts_with("p.s")
        && !line.ends_with(['!', '?'])
        && line.split(' ').count() <= 8
        && !line.split(' ').any(|word| plain(&word) && !addressed(&word))
}

/// The lawyers' paragraph below a company's mail.
fn is_disclaimer(paragraph: &str) -> bool {
    let text = paragraph.to_lowercase();
    let marks = [
        "intended recipient",
        "intended solely for",
        "named addressee",
        "received this e-mail in error",
        "received this email in error",
        "received this message in error",
    ];
    (text.contains("confidential") || text.contains("privileged"))
        && marks.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quoted_lines_and_what_they_answer_to_are_left_out() {
        let mail = "No, it was the blue one.\n\nOn Tue, 3 March 2026 at 10:12, Support wrote:\n> Was it the red lamp?\n> Kind regards\n\nAnd please hurry up.";
        assert_eq!(prepare(mail), "No, it was the blue one.\n\nAnd please hurry up.");
    }

    #[test]
    fn an_older_mail_below_the_message_is_left_out() {
        let old = "I want to buy a tent";
        for mark in [
            "-----Original Message-----",
            "---------- Forwarded message ---------",
            "From: Support\nSent: Monday\nTo: Ruth\nSubject: Your tent",
            "On 3 March 2026 the shop wrote:",
        ] {
            let mail = format!("Please cancel my order.\n\n{mark}\n{old}");
            assert_eq!(prepare(&mail), "Please cancel my order.", "{mark}");
        }
    }

    #[test]
    fn a_sentence_that_begins_with_on_or_from_stays() {
        let text = "On Monday 3 March I wrote to you.\nFrom: the box I can tell it was opened.";
        assert_eq!(prepare(text), text);
    }

    #[test]
    fn a_signature_is_left_out() {
        for signature in [
            "Kind regards,\nRuth Miller\nHead of Purchasing\n+1 555-0142",
            "-- \nRuth Miller\nruth@example.com",
            "Yours sincerely\n\nRuth",
            "Sent from my phone",
        ] {
            assert_eq!(
                prepare(&format!("Where is my parcel?\n\n{signature}")),
                "Where is my parcel?",
                "{signature}"
            );
        }
    }

    #[test]
    fn a_threat_below_the_sign_off_is_read() {
        for last in [
            "PS: my lawyer will write next",
            "I will sue you",
            "You burned my daughter!",
            "the kettle exploded",
        ] {
            let mail = format!("Where is my parcel?\nKind regards\nRuth\n{last}");
            assert!(prepare(&mail).contains(last), "{last}");
        }
    }

    #[test]
    fn a_disclaimer_is_left_out_but_not_a_customer_who_says_confidential() {
        let mail = "Where is my parcel?\n\nThis e-mail is confidential. If you are not the intended recipient, delete it.";
        assert_eq!(prepare(mail), "Where is my parcel?");
        let own = "Please keep this confidential: I think my neighbour stole the parcel.";
        assert_eq!(prepare(own), own);
    }

    #[test]
    fn a_message_of_which_hardly_anything_would_be_left_stays_whole() {
        let mail = "See below\n\n-----Original Message-----\nMy kettle caught fire";
        assert!(prepare(mail).contains("caught fire"));
        assert_eq!(prepare("> refund please"), "> refund please");
    }

    #[test]
    fn invisible_characters_do_not_split_words() {
        assert_eq!(
            prepare("my la\u{200b}w\u{ad}yer \u{202e}will\u{2069} write\u{feff}"),
            "my lawyer will write"
        );
    }

    #[test]
    fn all_kinds_of_space_become_one() {
        assert_eq!(prepare("a\u{a0}\tb \r\nc\u{2028}d\n\n\n\ne\0f\n"), "a b\nc\nd\n\ne f");
    }

    proptest! {
        #[test]
        fn a_text_with_letters_is_never_emptied(text in "(\\PC|[>\\n\\-: ]|On |From:|Regards|wrote:|\u{200b}){0,60}") {
            let had_letters = text.chars().any(char::is_alphanumeric);
            prop_assert!(!had_letters || prepare(&text).chars().any(char::is_alphanumeric));
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(text in "(\\PC|[\\n\\r\\t ]){0,80}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
