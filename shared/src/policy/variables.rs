//! What a rule's expression may ask about a ticket.

use cel::{
    common::{
        types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelString},
        value::{CowVal, Val},
    },
    context::VariableResolver,
};

use super::Facts;
use crate::events::{Channel, Priority, Reply, Sentiment, Tier};

/// The type of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// true or false.
    Truth,
    /// A figure from 0 to 1.
    Share,
    /// Any other figure.
    Figure,
    /// A whole number: a level or a count.
    Level,
    /// A text; empty if there is none.
    Text,
    /// A list of texts.
    Texts,
    /// Texts by name.
    Map,
}

/// A variable of the expressions.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// As it is written.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it says, in words.
    pub about: &'static str,
}

const fn variable(name: &'static str, kind: Kind, about: &'static str) -> Variable {
    Variable { name, kind, about }
}

/// Every variable, as it is documented. The last six are known only when a draft has been
/// tried.
pub const VARIABLES: [Variable; 31] = [
    variable("intent", Kind::Text, "the most probable intent"),
    variable("secondary", Kind::Text, "a second request in the same ticket"),
    variable("confidence", Kind::Share, "the intent's probability"),
    variable("margin", Kind::Share, "the first intent's probability less the second's"),
    variable("out_of_scope", Kind::Share, "the probability that no intent fits"),
    variable("similarity", Kind::Figure, "cosine of the best passage, 0 without one"),
    variable("agreement", Kind::Share, "share of the passages' similarity that belongs to the intent"),
    variable("hazards", Kind::Texts, "dangers named in the text"),
    variable("danger", Kind::Share, "the largest probability of any danger, named or not"),
    variable("priority", Kind::Level, "low, normal, high or urgent: numbers 0 to 3"),
    variable("sentiment", Kind::Level, "very_negative, negative, neutral, positive, very_positive: 0 to 4"),
    variable("mood", Kind::Figure, "the expected sentiment, -1 to 1"),
    variable("language", Kind::Text, "ISO 639-1 code"),
    variable("language_supported", Kind::Truth, "whether the model was trained on it"),
    variable("truncated", Kind::Truth, "whether the text is longer than the model reads"),
    variable("amount", Kind::Figure, "the largest amount of money named in the ticket, 0 if none"),
    variable("tenant", Kind::Text, "whose customer wrote"),
    variable("tier", Kind::Text, "standard, plus or vip"),
    variable("channel", Kind::Text, "email, chat, web, phone, social or api"),
    variable("attributes", Kind::Map, "what the help desk knows besides"),
    variable("ticket.id", Kind::Text, "the help desk's id"),
    variable("ticket.subject", Kind::Text, "the subject line"),
    variable("ticket.body", Kind::Text, "the message"),
    variable("ticket.text", Kind::Text, "subject and message"),
    variable("ticket.customer", Kind::Text, "the help desk's id of the customer"),
    variable("has_reply", Kind::Truth, "whether there is a draft"),
    variable("reply", Kind::Text, "what it says, empty without one"),
    variable("grounded", Kind::Share, "share of its sentences that rest on a source, 0 without a draft"),
    variable("unbacked", Kind::Level, "how many commitments and figures in it no source carries"),
    variable("provider", Kind::Text, "who wrote it"),
    variable("offer", Kind::Text, "the code it grants"),
];

/// The names of levels, for `priority >= high`.
pub const LEVELS: [(&str, i64); 9] = [
    ("low", Priority::Low as i64),
    ("normal", Priority::Normal as i64),
    ("high", Priority::High as i64),
    ("urgent", Priority::Urgent as i64),
    ("very_negative", Sentiment::VeryNegative as i64),
    ("negative", Sentiment::Negative as i64),
    ("neutral", Sentiment::Neutral as i64),
    ("positive", Sentiment::Positive as i64),
    ("very_positive", Sentiment::VeryPositive as i64),
];

/// Whether a variable speaks of the draft, so that it is not known before there is one.
pub(super) fn is_of_the_draft(name: &str) -> bool {
    matches!(name, "has_reply" | "reply" | "grounded" | "unbacked" | "provider" | "offer")
}

/// The variable of this name.
pub(super) fn named(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

/// What is not a number is replaced by the figure that asks for the most care.
impl VariableResolver for Facts<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let Facts { ticket, classification: read, .. } = self;
        Some(match name {
            "intent" => text(&read.intent),
            "secondary" => text(read.secondary.as_ref().map_or("", |second| &second.label)),
            "confidence" => figure(read.confidence, 0.0),
            "margin" => figure(read.margin, 0.0),
            "out_of_scope" => figure(read.out_of_scope, 1.0),
            "similarity" => figure(self.similarity().unwrap_or_default(), 0.0),
            "agreement" => figure(self.agreement(), 0.0),
            "hazards" => texts(read.hazards.iter().map(|hazard| &*hazard.kind)),
            "danger" => figure(read.danger, 1.0),
            "priority" => level(read.attention.priority as i64),
            "sentiment" => level(read.mood.sentiment as i64),
            "mood" => figure(read.mood.score, -1.0),
            "language" => text(&read.language.code),
            "language_supported" => truth(read.language.supported),
            "truncated" => truth(read.truncated),
            "amount" => figure(self.amount(), 0.0),
            "tenant" => text(&ticket.tenant),
            "tier" => text(tier(ticket.customer.tier)),
            "channel" => text(channel(ticket.channel)),
            "attributes" => CowVal::Borrowed(self.attributes.get_or_init(|| map(&ticket.attributes))),
            "ticket.id" => text(&ticket.id),
            "ticket.subject" => text(&ticket.subject),
            "ticket.body" => text(&ticket.body),
            "ticket.text" => text(self.text()),
            "ticket.customer" => text(&ticket.customer.id),
            _ => return self.of_the_draft(name),
        })
    }
}

impl Facts<'_> {
    fn of_the_draft(&self, name: &str) -> Option<CowVal<'_, '_>> {
        let reply = self.reply();
        Some(match name {
            "has_reply" => truth(reply.is_some()),
            "reply" => CowVal::owned(CelString::from(reply.map(Reply::text).unwrap_or_default())),
            "grounded" => figure(reply.map_or(0.0, |reply| reply.grounded), 0.0),
            "unbacked" => level(reply.map_or(0, |reply| reply.unbacked.len()) as i64),
            "provider" => text(reply.map_or("", |reply| &reply.provider)),
            "offer" => text(reply.and_then(|reply| reply.offer.as_deref()).unwrap_or_default()),
            _ => return constant(name),
        })
    }
}

/// The number of a named level.
pub(super) fn constant<'v>(name: &str) -> Option<CowVal<'v, 'v>> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, number)| level(*number))
}

fn text(text: &str) -> CowVal<'_, '_> {
    CowVal::owned(CelString::from(text))
}

fn texts<'v>(texts: impl Iterator<Item = &'v str>) -> CowVal<'v, 'v> {
    let boxed = texts.map(|text| Box::new(CelString::from(text)) as Box<dyn Val + 'v>);
    CowVal::owned(CelList::from(boxed.collect::<Vec<_>>()))
}

fn map(entries: &std::collections::BTreeMap<String, String>) -> CelMap<'_> {
    let entry = |(name, value)| -> (CelMapKey<'_>, Box<dyn Val + '_>) {
        let (name, value): (&String, &String) = (name, value);
        (CelMapKey::from(name.as_str()), Box::new(CelString::from(value.as_str())))
    };
    CelMap::from(entries.iter().map(entry).collect::<std::collections::HashMap<_, _>>())
}

fn figure<'v>(figure: f64, careful: f64) -> CowVal<'v, 'v> {
    CowVal::owned(CelDouble::from(if figure.is_nan() { careful } else { figure }))
}

fn level<'v>(level: i64) -> CowVal<'v, 'v> {
    CowVal::owned(CelInt::from(level))
}

fn truth<'v>(truth: bool) -> CowVal<'v, 'v> {
    CowVal::owned(CelBool::from(truth))
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Standard => "standard",
        Tier::Plus => "plus",
        Tier::Vip => "vip",
    }
}

fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "email",
        Channel::Chat => "chat",
        Channel::Web => "web",
        Channel::Phone => "phone",
        Channel::Social => "social",
        Channel::Api => "api",
    }
}

/// A ticket of which only the types of the variables are known.
pub(super) struct Sample<'a>(pub(super) &'a [String]);

impl VariableResolver for Sample<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let Some(variable) = named(name) else { return constant(name) };
        Some(match variable.kind {
            Kind::Truth => truth(true),
            Kind::Share | Kind::Figure => figure(0.5, 0.5),
            Kind::Level => level(1),
            Kind::Text => text("text"),
            Kind::Texts => texts(["text"].into_iter()),
            // It has every name that the expression asks for.
            Kind::Map => CowVal::owned(CelMap::from(
                self.0
                    .iter()
                    .map(|name| -> (CelMapKey<'b>, Box<dyn Val + 'b>) {
                        (CelMapKey::from(name.as_str()), Box::new(CelString::from("text")))
                    })
                    .collect::<std::collections::HashMap<_, _>>(),
            )),
        })
    }
}
