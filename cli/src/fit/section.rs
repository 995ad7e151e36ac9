//! The `score` section as text, and its place in a policy file.

use std::fmt::Write as _;

use shared::policy::{Feature, ScoreTerms};

/// What each feature is, for whoever reads the file.
const COMMENTS: [&str; 6] = [
    "how probable the intent is, 0 to 1, calibrated",
    "the first intent's probability less the second's",
    "how probable it is that some intent fits",
    "cosine of the best resolved ticket; of those with the same intent, if there are any",
    "share of the passages' similarity that belongs to the same intent",
    "share of the reply's sentences that rest on a source; 0 without a reply",
];

/// The section, as it stands in the file.
pub fn text(score: &ScoreTerms) -> String {
    let mut text = format!("score:\n  intercept: {:?}\n  features:\n", score.intercept);
    for ((name, Feature { weight, ramp: [from, to] }), comment) in score.features.each().iter().zip(COMMENTS)
    {
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "    {name}: # {comment}\n      weight: {weight:?}\n      ramp: [{from:?}, {to:?}]\n"
        );
    }
    if let Some(fitted) = &score.fitted {
        let _ = write!(
            text,
            "  fitted:\n    on: {}\n    rows: {}\n    data: {}\n    bundle: {}\n",
            fitted.on, fitted.rows, fitted.data, fitted.bundle
        );
    }
    text
}

/// The file with another `score` section; all else stays byte for byte. `None` if it has none.
pub fn replaced(file: &str, section: &str) -> Option<String> {
    let lines: Vec<&str> = file.split_inclusive('\n').collect();
    let start = lines.iter().position(|line| line.starts_with("score:"))?;
    let belongs = |line: &&&str| line.starts_with([' ', '\t', '#', '\n', '\r']);
    let reach = lines.iter().skip(start + 1).take_while(belongs);
    // A comment at the margin belongs to what comes after it.
    let inside = reach.enumerate().filter(|(_, line)| line.starts_with([' ', '\t'])).last();
    let end = start + 1 + inside.map_or(0, |(at, _)| at + 1);
    let (before, after) = (lines.get(..start)?.concat(), lines.get(end..)?.concat());
    Some(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::policy::Policy;

    const POLICY: &str = include_str!("../../../deploy/policy.yaml");

    #[test]
    fn a_section_that_is_written_is_read_as_it_was() {
        let mut score = Policy::parse(POLICY).unwrap().score;
        score.intercept = -4.25;
        score.features.margin.weight = 0.0;
        let file = replaced(POLICY, &text(&score)).unwrap();
        assert_eq!(Policy::parse(&file).unwrap().score, score);
        assert_eq!(replaced(&file, &text(&score)).unwrap(), file, "once more changes nothing");
    }

    #[test]
    fn what_stands_around_the_section_stays_byte_for_byte() {
        let file = "# first\na: 1 # one\n\n# the score\nscore:\n  x: 1\n\n  # inside\n  y: 2\n\n# the care\ncare: 3\n";
        let replaced = replaced(file, "score: new\n").unwrap();
        assert_eq!(replaced, "# first\na: 1 # one\n\n# the score\nscore: new\n\n# the care\ncare: 3\n");
    }

    #[test]
    fn a_file_without_the_section_is_left_alone() {
        assert_eq!(replaced("a: 1\n", "score: new\n"), None);
    }
}
