//! Every event, top to bottom in the order of the line. Each is the one before plus one section.

mod any;
mod decode;
mod draft;
mod problem;
mod sections;
mod ticket;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use any::{AnyEvent, Nothing};
pub use decode::{DecodeError, MAX_BODY_CHARS, MAX_EVENT_BYTES};
pub use draft::{DISCLOSURE, Draft, Reply, Sentence, Source, Usage};
pub use sections::{
    Attention, Classification, Contribution, Cost, Decision, Hazard, Language, Mood, Passage, Retrieval,
    Route, Rule, Scored, Thresholds,
};
pub use ticket::{Channel, Customer, Priority, Resolution, Sentiment, Ticket, Tier, joined};

/// What is written to a topic. The wire form is JSON; ids, time and trace travel in headers.
pub trait Event: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The participle: topic `tickets.<name>`, type `switchyard.<name>.v1`, schema `<name>.v1.json`.
    const NAME: &'static str;

    /// One topic, but for [`AnyEvent`] (all) and [`Nothing`] (none: a sink's output).
    const TOPICS: &'static [&'static str];

    /// Whether whatever is found in a record is taken as it is: for the audit, which leaves nothing out.
    const TOLERANT: bool = false;

    /// Whose event this is, as `(tenant, ticket id)`, if the payload says so.
    fn about(&self) -> Option<(&str, &str)>;

    /// Reads the wire form and checks it.
    ///
    /// # Errors
    /// Says in one line what is wrong with the bytes, with line and column where that helps.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode::json(bytes)
    }

    /// What the types cannot say: lengths, empty texts, forbidden characters.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    fn check(&self) -> Result<(), DecodeError> {
        Ok(())
    }
}

/// A customer wrote. Key: `tenant/ticket id`, as of every event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Received {
    /// What the customer wrote.
    pub ticket: Ticket,
}

/// The ticket has an intent, a mood and a priority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Classified {
    /// What the customer wrote.
    pub ticket: Ticket,
    /// What the model reads in it.
    pub classification: Classification,
}

/// The most similar resolved tickets of the same tenant are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Retrieved {
    /// What the customer wrote.
    pub ticket: Ticket,
    /// What the model reads in it.
    pub classification: Classification,
    /// What resolved tickets like it.
    pub retrieval: Retrieval,
}

/// There is a reply grounded in those passages, or a reason for none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drafted {
    /// What the customer wrote.
    pub ticket: Ticket,
    /// What the model reads in it.
    pub classification: Classification,
    /// What resolved tickets like it.
    pub retrieval: Retrieval,
    /// What could be answered.
    pub draft: Draft,
}

/// The gate has decided who acts on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Routed {
    /// What the customer wrote.
    pub ticket: Ticket,
    /// What the model reads in it.
    pub classification: Classification,
    /// What resolved tickets like it.
    pub retrieval: Retrieval,
    /// What could be answered.
    pub draft: Draft,
    /// Who acts, and why.
    pub decision: Decision,
}

/// A worker could not answer an event; the original bytes are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    /// The worker that gave up.
    pub worker: String,
    /// The kind of trouble.
    pub fault: Fault,
    /// What is wrong, for a person.
    pub reason: String,
    /// Topic the record was read from.
    pub topic: String,
    /// Partition the record was read from.
    pub partition: i32,
    /// Offset the record was read from.
    pub offset: i64,
    /// How often the worker tried.
    pub attempts: u32,
    /// The record's key, base64; absent if it had none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<String>,
    /// The record's value, base64, cut at [`Rejected::KEPT_BYTES`]; absent if it had none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload: Option<String>,
    /// Bytes of the whole value.
    pub payload_bytes: u64,
    /// SHA-256 of the whole value, hex, so that a cut one can be told from another.
    pub payload_sha256: String,
}

impl Rejected {
    /// Bytes of a rejected value that the event carries: enough for every record that could have been good.
    pub const KEPT_BYTES: usize = 512 * 1024;
}

/// The kinds of trouble that end in [`Rejected`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not an event: bytes, JSON, schema, version or size.
    Unreadable,
    /// An event the worker will never be able to answer.
    Refused,
    /// The worker broke on it.
    Panic,
    /// Retried to the end while other events succeeded.
    Exhausted,
}

/// A person resolved a ticket; the reply is worth keeping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    /// The ticket and what resolved it.
    pub resolution: Resolution,
}

/// A ticket event: its name is its topic, and it is about one ticket.
macro_rules! ticket_event {
    ($event:ident, $name:literal) => {
        impl Event for $event {
            const NAME: &'static str = $name;
            const TOPICS: &'static [&'static str] = &[concat!("tickets.", $name)];

            fn about(&self) -> Option<(&str, &str)> {
                Some((&self.ticket.tenant, &self.ticket.id))
            }

            fn check(&self) -> Result<(), DecodeError> {
                self.ticket.check()
            }
        }
    };
}

ticket_event!(Received, "received");
ticket_event!(Classified, "classified");
ticket_event!(Retrieved, "retrieved");
ticket_event!(Drafted, "drafted");
ticket_event!(Routed, "routed");

impl Event for Rejected {
    const NAME: &'static str = "rejected";
    const TOPICS: &'static [&'static str] = &["tickets.rejected"];

    fn about(&self) -> Option<(&str, &str)> {
        None
    }
}

impl Event for Resolved {
    const NAME: &'static str = "resolved";
    const TOPICS: &'static [&'static str] = &["tickets.resolved"];

    fn about(&self) -> Option<(&str, &str)> {
        Some((&self.resolution.tenant, &self.resolution.id))
    }

    fn check(&self) -> Result<(), DecodeError> {
        self.resolution.check()
    }
}
