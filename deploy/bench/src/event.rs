//! An event of 512 bytes and the least that a worker can do with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Config, Envelope, Event, Failure, StartError, Worker,
    bus::Origin,
    envelope::{Headers, Meta},
};

/// Topic of the events.
pub const TAKEN: &str = "bench.taken";
/// Topic of what the worker makes of them.
pub const PASSED: &str = "bench.passed";
/// Topic of what the bare loop makes of them.
pub const COPIED: &str = "bench.copied";

/// Bytes of a [`Taken`] as JSON.
const BYTES: usize = 512;

/// What comes in.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Taken {
    /// Whose it is.
    pub tenant: String,
    /// Its id within the tenant.
    pub id: String,
    /// One line.
    pub subject: String,
    /// More lines.
    pub body: String,
    /// A flag.
    pub urgent: bool,
    /// When it was made, milliseconds since 1970.
    pub created_ms: i64,
}

impl Taken {
    /// The event with this number, as JSON of 512 bytes, and its key.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn numbered(number: usize) -> serde_json::Result<(String, Vec<u8>)> {
        let words = "The parcel was to come on Tuesday and nobody at the depot can say where it went. ";
        let mut taken = Self {
            tenant: "northwind".to_owned(),
            id: format!("T-{number:08}"),
            subject: "Where is my parcel?".to_owned(),
            body: String::new(),
            urgent: number.is_multiple_of(7),
            created_ms: 1_790_000_000_000,
        };
        let missing = BYTES.saturating_sub(serde_json::to_vec(&taken)?.len());
        taken.body = words.chars().cycle().skip(number % 40).take(missing).collect();
        Ok((format!("{}/{}", taken.tenant, taken.id), serde_json::to_vec(&taken)?))
    }
}

/// What goes out.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Passed {
    /// What came in.
    pub taken: Taken,
    /// What was found.
    pub intent: String,
    /// How sure that is.
    pub confidence: f32,
}

impl Event for Taken {
    const NAME: &'static str = "taken";
    const TOPICS: &'static [&'static str] = &[TAKEN];

    fn about(&self) -> Option<(&str, &str)> {
        Some((&self.tenant, &self.id))
    }
}

impl Event for Passed {
    const NAME: &'static str = "passed";
    const TOPICS: &'static [&'static str] = &[PASSED];

    fn about(&self) -> Option<(&str, &str)> {
        Some((&self.taken.tenant, &self.taken.id))
    }
}

/// The worker, and its settings: none.
#[derive(Debug, clap::Args)]
pub struct Pass {}

impl Config for Pass {
    type Worker = Self;

    async fn start(&self) -> Result<Self, StartError> {
        Ok(Self {})
    }
}

impl Worker for Pass {
    const NAME: &'static str = "pass";
    type Input = Taken;
    type Output = Passed;

    async fn handle(&self, event: Envelope<Taken>) -> Result<Passed, Failure> {
        Ok(Passed { taken: event.data, intent: "track_order".to_owned(), confidence: 0.93 })
    }
}

/// Headers as every event of the line has them.
pub fn headers(number: usize) -> Headers {
    let origin = Origin {
        topic: TAKEN.into(),
        partition: 0,
        offset: i64::try_from(number).unwrap_or_default(),
        follows: 0,
        time_ms: 1_790_000_000_000,
    };
    Meta::of_place(&origin).write::<Taken>()
}
