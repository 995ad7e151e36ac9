//! What stands around the sentences of every reply: ours, never a model's.

use shared::events::{DISCLOSURE, Sentence, Ticket};

use crate::placeholders::name;

/// How every reply closes.
pub const SIGN_OFF: &str = "Kind regards, your support team.";

/// A greeting before the sentences, a sign-off after them, and last that a machine wrote it.
pub(crate) fn framed(ticket: &Ticket, body: Vec<Sentence>) -> Vec<Sentence> {
    let greeting = framing(&greeting(ticket));
    [greeting].into_iter().chain(body).chain([framing(SIGN_OFF), framing(DISCLOSURE)]).collect()
}

fn greeting(ticket: &Ticket) -> String {
    name(ticket).map_or_else(|| "Hello,".to_owned(), |name| format!("Hello {name},"))
}

fn framing(text: &str) -> Sentence {
    Sentence { text: text.to_owned(), sources: Vec::new() }
}
