//! What a person should know who is to send a draft: where it may be wrong, in words.

use shared::events::Retrieved;

/// Below this probability the intent is named as uncertain.
const SURE: f64 = 0.80;

/// Below this cosine the passages are named as not much like the ticket.
const ALIKE: f64 = 0.45;

/// From this probability on, the ticket may be about something else altogether.
const ELSEWHERE: f64 = 0.30;

/// What is uncertain about a ticket.
pub(super) fn of(event: &Retrieved) -> Vec<String> {
    let read = &event.classification;
    let second = read.top.iter().find(|scored| scored.label != read.intent);
    let intent = (read.confidence < SURE).then(|| {
        let or = second.map(|scored| format!(" or {}", scored.label)).unwrap_or_default();
        format!("it is {:.0} % sure that the ticket is about {}{or}", read.confidence * 100.0, read.intent)
    });
    let also =
        read.secondary.as_ref().map(|scored| format!("the ticket also seems to be about {}", scored.label));
    let elsewhere = (read.out_of_scope >= ELSEWHERE).then(|| {
        format!("the ticket fits no known intent with a probability of {:.0} %", read.out_of_scope * 100.0)
    });
    let best = event.retrieval.passages.iter().map(|passage| passage.score).fold(0.0, f64::max);
    let unlike =
        (best < ALIKE).then(|| format!("the most similar resolved ticket is not very similar ({best:.2})"));
    let language = (!read.language.supported).then(|| {
        format!("the ticket's language ({}) is not one that the model was trained on", read.language.code)
    });
    let cut = read.truncated.then(|| "the ticket is longer than the model reads".to_owned());
    [intent, also, elsewhere, unlike, language, cut].into_iter().flatten().collect()
}
