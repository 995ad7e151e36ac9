//! The score in numbers and in words.

use shared::{
    events::{Classification, Contribution, Draft, Priority, Retrieval, Sentiment, Ticket},
    policy::{Assessment, Facts, Features, Policy},
};

/// A score, and what it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The fitted probability that the drafted resolution is right.
    pub probability: f64,
    /// The probability after sentiment and priority made it more careful: what the thresholds cut.
    pub score: f64,
    /// What each figure adds to the log-odds: the intercept, the six features, sentiment and priority. Their
    /// points, added in this order, give the score by [`shared::policy::probability`], bit for bit.
    pub contributions: Vec<Contribution>,
}

/// The raw figures that the score is fitted on. What is not known is not a number.
pub fn features(
    ticket: &Ticket,
    classification: &Classification,
    retrieval: &Retrieval,
    draft: &Draft,
) -> Features<f64> {
    Facts::new(ticket, classification, retrieval, draft).features()
}

/// The score of a drafted ticket.
pub fn score(
    policy: &Policy,
    ticket: &Ticket,
    classification: &Classification,
    retrieval: &Retrieval,
    draft: &Draft,
) -> Score {
    of(policy, &Facts::new(ticket, classification, retrieval, draft))
}

pub(crate) fn of(policy: &Policy, facts: &Facts<'_>) -> Score {
    let assessment = policy.assess(facts);
    Score {
        probability: assessment.probability,
        score: assessment.score,
        contributions: contributions(policy, facts, &assessment),
    }
}

fn contributions(policy: &Policy, facts: &Facts<'_>, assessment: &Assessment) -> Vec<Contribution> {
    let weights = policy.score.features.each().map(|(_, feature)| feature.weight);
    let read = facts.classification;
    let intercept = one(
        "intercept",
        (1.0, assessment.intercept),
        assessment.intercept,
        "where every score begins, before anything is known".to_owned(),
    );
    let fitted = assessment.features.each().into_iter().zip(weights).zip(reasons(facts));
    let fitted = fitted.map(|(((name, points), weight), reason)| one(name, points, weight, reason));
    let mood =
        format!("the customer sounds {} ({:.2} from -1 to 1)", feeling(read.mood.sentiment), read.mood.score);
    let care = [
        one("sentiment", assessment.sentiment, policy.care.sentiment.most, mood),
        one(
            "priority",
            assessment.priority,
            policy.care.priority.most,
            format!("the priority is {}", haste(read.attention.priority)),
        ),
    ];
    [intercept].into_iter().chain(fitted).chain(care).collect()
}

/// What each of the six figures means here, in their order.
fn reasons(facts: &Facts<'_>) -> [String; 6] {
    let Classification { intent, confidence, margin, out_of_scope, .. } = facts.classification;
    let passages = !facts.retrieval.passages.is_empty();
    [
        format!("the classifier is {} sure that this is {intent}", percent(*confidence)),
        format!("that is {} more than for any other intent", percent(*margin)),
        format!("the chance that no intent fits is {}", percent(*out_of_scope)),
        match facts.similarity() {
            Some(cosine) => format!("the best resolved ticket is {} like this one", percent(cosine)),
            None => "no resolved ticket is like this one".to_owned(),
        },
        match passages {
            true => {
                format!("{} of what was found like it belongs to this intent", percent(facts.agreement()))
            }
            false => "nothing was found that could belong to this intent".to_owned(),
        },
        match facts.reply() {
            Some(reply) => format!("{} of the reply's sentences rest on a source", percent(reply.grounded)),
            None => "there is no reply that could rest on a source".to_owned(),
        },
    ]
}

fn one(feature: &str, (value, points): (f64, f64), weight: f64, reason: String) -> Contribution {
    Contribution { feature: feature.to_owned(), value, weight, points, reason }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn feeling(sentiment: Sentiment) -> &'static str {
    match sentiment {
        Sentiment::VeryNegative => "very upset",
        Sentiment::Negative => "unhappy",
        Sentiment::Neutral => "matter of fact",
        Sentiment::Positive => "friendly",
        Sentiment::VeryPositive => "delighted",
    }
}

fn haste(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Urgent => "urgent",
    }
}
