//! The score: four features, each on a scale from 0 (careful) to 1 (safe), weighted and summed.

use shared::{
    events::{Classification, Contribution, Priority, Retrieval, Sentiment},
    policy::{Feature, Features},
};

/// Cosine of the best passage: of those with the ticket's intent if there are any, else of all.
pub(crate) fn similarity(classification: &Classification, retrieval: &Retrieval) -> Option<f64> {
    let best = |same_intent: bool| {
        let passages = retrieval.passages.iter();
        passages
            .filter(|passage| !same_intent || passage.intent.as_deref() == Some(&*classification.intent))
            .map(|passage| passage.score)
            .max_by(f64::total_cmp)
    };
    best(true).or_else(|| best(false))
}

/// What each feature adds to the score.
pub(crate) fn contributions(
    features: &Features,
    classification: &Classification,
    similarity: Option<f64>,
) -> Vec<Contribution> {
    let Classification { intent, confidence, mood, attention, .. } = classification;
    let alike = match similarity {
        Some(cosine) => format!("the best resolved ticket is {} like this one", percent(cosine)),
        None => "no resolved ticket is like this one".to_owned(),
    };
    vec![
        contribution(
            "confidence",
            features.confidence,
            *confidence,
            format!("the classifier is {} sure that this is {intent}", percent(*confidence)),
        ),
        contribution("similarity", features.similarity, similarity.unwrap_or(f64::NAN), alike),
        contribution(
            "sentiment",
            features.sentiment,
            mood.score,
            format!("the customer sounds {} ({:.2} from -1 to 1)", feeling(mood.sentiment), mood.score),
        ),
        contribution(
            "priority",
            features.priority,
            f64::from(attention.priority as u8),
            format!("the priority is {}", haste(attention.priority)),
        ),
    ]
}

/// Six decimals: what a table shows is what was added.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}

fn contribution(name: &str, feature: Feature, raw: f64, reason: String) -> Contribution {
    let value = rounded(feature.value(raw));
    let points = rounded(value * feature.weight);
    Contribution { feature: name.to_owned(), value, weight: feature.weight, points, reason }
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
