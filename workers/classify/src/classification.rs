//! What becomes of the model's numbers.

use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error},
};
use shared::{
    events::{Attention, Classification, Hazard, Language, Mood, Priority, Scored, Sentiment},
    model::{Card, Head, ModelError, Output},
};

/// From which probability on the urgency read counts.
const SURE: f64 = 0.5;

/// Intents named in the event.
const TOP: usize = 3;

/// The questions a classifier bundle must answer.
pub(crate) struct Heads {
    intent: Head,
    sentiment: Scale<Sentiment>,
    urgency: Scale<Priority>,
    hazard: Head,
    scope: Head,
}

/// A head whose labels are levels.
struct Scale<Level> {
    head: Head,
    levels: Vec<Level>,
}

impl Heads {
    /// The card's heads, if all are there with labels that events know.
    pub(crate) fn of(card: &Card) -> Result<Self, String> {
        let head = |name: &str| {
            card.heads.get(name).cloned().ok_or_else(|| format!("bundle.json has no head '{name}'"))
        };
        Ok(Self {
            intent: head("intent")?,
            sentiment: Scale::of("sentiment", head("sentiment")?)?,
            urgency: Scale::of("urgency", head("urgency")?)?,
            hazard: head("hazard")?,
            scope: head("scope")?,
        })
    }

    /// The most probable intent, and how probable it is.
    pub(crate) fn intent(&self, output: &Output) -> Result<(String, f64), ModelError> {
        let ranked = self.intent.ranked(output.row("intent")?);
        Ok(ranked.first().map(|(label, sure)| ((*label).to_owned(), rounded(*sure))).unwrap_or_default())
    }

    /// The section of the event.
    pub(crate) fn classification(
        &self,
        model: String,
        output: &Output,
        given: Option<Priority>,
        language: Language,
    ) -> Result<Classification, ModelError> {
        let ranked = self.intent.ranked(output.row("intent")?);
        let probability = |place: usize| ranked.get(place).map_or(0.0, |(_, probability)| *probability);
        let scope = self.scope.independent(output.row("scope")?);
        let hazard_logits = output.row("hazard")?;
        Ok(Classification {
            model,
            intent: ranked.first().map(|(label, _)| (*label).to_owned()).unwrap_or_default(),
            confidence: rounded(probability(0)),
            margin: rounded(probability(0) - probability(1)),
            secondary: None,
            top: ranked.iter().take(TOP).map(|(label, probability)| scored(label, *probability)).collect(),
            out_of_scope: scope.first().map_or(0.0, |(_, probability)| rounded(*probability)),
            mood: mood(&self.sentiment.levels(output.row("sentiment")?)),
            attention: attention(&self.urgency.levels(output.row("urgency")?), given),
            language,
            hazards: self.hazard.raised(hazard_logits).into_iter().map(hazard).collect(),
            danger: danger(&self.hazard.independent(hazard_logits)),
            tokens: output.tokens,
            truncated: output.truncated,
            cpu_ms: 0.0,
        })
    }
}

impl<Level: Copy + for<'de> Deserialize<'de>> Scale<Level> {
    fn of(name: &str, head: Head) -> Result<Self, String> {
        let level = |label: &String| {
            let label: serde::de::value::StrDeserializer<'_, Error> = label.as_str().into_deserializer();
            Level::deserialize(label).map_err(|error| format!("bundle.json: heads.{name}.labels: {error}"))
        };
        let levels = head.labels.iter().map(level).collect::<Result<_, _>>()?;
        Ok(Self { head, levels })
    }

    fn levels(&self, logits: &[f32]) -> Vec<(Level, f64)> {
        let probabilities = self.head.exclusive(logits);
        self.levels
            .iter()
            .copied()
            .zip(probabilities.into_iter().map(|(_, probability)| probability))
            .collect()
    }
}

/// The likeliest level and the expected one.
fn mood(levels: &[(Sentiment, f64)]) -> Mood {
    let (sentiment, probability) = likeliest(levels).unwrap_or((Sentiment::Neutral, 0.0));
    let score = levels.iter().map(|(level, probability)| warmth(*level) * probability).sum();
    Mood { sentiment, probability: rounded(probability), score: rounded(score) }
}

fn warmth(level: Sentiment) -> f64 {
    match level {
        Sentiment::VeryNegative => -1.0,
        Sentiment::Negative => -0.5,
        Sentiment::Neutral => 0.0,
        Sentiment::Positive => 0.5,
        Sentiment::VeryPositive => 1.0,
    }
}

/// The text may raise what the help desk said, never lower it.
fn attention(levels: &[(Priority, f64)], given: Option<Priority>) -> Attention {
    let (urgency, probability) = likeliest(levels).unwrap_or((Priority::Normal, 0.0));
    let given = given.unwrap_or(Priority::Normal);
    let priority = if probability >= SURE { given.max(urgency) } else { given };
    Attention { priority, urgency, probability: rounded(probability) }
}

fn likeliest<Level: Copy>(levels: &[(Level, f64)]) -> Option<(Level, f64)> {
    levels.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best })
}

fn hazard((kind, probability): (&str, f64)) -> Hazard {
    Hazard { kind: kind.to_owned(), probability: rounded(probability) }
}

/// The largest of these probabilities.
fn danger(hazards: &[(&str, f64)]) -> f64 {
    rounded(hazards.iter().map(|(_, probability)| *probability).fold(0.0, f64::max))
}

fn scored(label: &str, probability: f64) -> Scored {
    Scored { label: label.to_owned(), probability: rounded(probability) }
}

/// Six places: more than the model knows, and the same text on every machine.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_expected_level() {
        let found =
            mood(&[(Sentiment::VeryNegative, 0.5), (Sentiment::Negative, 0.3), (Sentiment::Positive, 0.2)]);
        assert_eq!(found, Mood { sentiment: Sentiment::VeryNegative, probability: 0.5, score: -0.55 });
    }

    #[test]
    fn a_text_raises_the_help_desks_priority_but_never_lowers_it() {
        let read = |level, given| attention(&[(level, 0.9), (Priority::Normal, 0.1)], given).priority;
        assert_eq!(read(Priority::Urgent, Some(Priority::Low)), Priority::Urgent);
        assert_eq!(read(Priority::Low, Some(Priority::High)), Priority::High);
        assert_eq!(read(Priority::Low, None), Priority::Normal);
        assert_eq!(read(Priority::Low, Some(Priority::Low)), Priority::Low);
    }

    #[test]
    fn an_urgency_that_is_less_than_half_sure_changes_nothing() {
        let found = attention(&[(Priority::Urgent, 0.49), (Priority::High, 0.3)], None);
        let expected = Attention { priority: Priority::Normal, urgency: Priority::Urgent, probability: 0.49 };
        assert_eq!(found, expected);
    }

    #[test]
    fn numbers_have_six_places() {
        assert_eq!(rounded(0.123_456_789), 0.123_457);
    }
}
