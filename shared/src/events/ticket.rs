//! What people write: tickets and their resolutions.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decode::{DecodeError, MAX_BODY_CHARS, check_name, check_text};

/// One message of a customer. Hostile until [`Ticket::check`] has passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    /// Whose customer this is.
    pub tenant: String,
    /// The help desk's id; a customer may write again under the same one.
    pub id: String,
    /// The subject line; may be empty.
    #[serde(default)]
    pub subject: String,
    /// The message.
    pub body: String,
    /// How it came in.
    #[serde(default)]
    pub channel: Channel,
    /// Who wrote.
    #[serde(default)]
    pub customer: Customer,
    /// The priority the help desk gave, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// ISO 639-1 code, if the help desk knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the customer wrote.
    pub created_at: DateTime<Utc>,
    /// What else the help desk knows: order, invoice, product …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Ticket {
    /// The record key: `tenant/ticket id`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.tenant, self.id)
    }

    /// Subject and body as one text, the way the model reads it.
    pub fn text(&self) -> String {
        joined(&self.subject, &self.body)
    }

    /// Refuses what no worker could answer.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub fn check(&self) -> Result<(), DecodeError> {
        check_name("ticket.tenant", &self.tenant)?;
        check_name("ticket.id", &self.id)?;
        check_text("ticket.subject", &self.subject, 1_000)?;
        check_text("ticket.body", &self.body, MAX_BODY_CHARS)?;
        check_text("ticket.customer.id", &self.customer.id, 200)?;
        check_text("ticket.customer.name", self.customer.name.as_deref().unwrap_or_default(), 200)?;
        if self.body.trim().is_empty() {
            return Err(DecodeError::field("ticket.body", "is empty"));
        }
        if self.attributes.len() > 100 {
            return Err(DecodeError::field("ticket.attributes", "has more than 100 entries"));
        }
        for (name, value) in &self.attributes {
            check_text("ticket.attributes", name, 100)?;
            check_text("ticket.attributes", value, 10_000)?;
        }
        Ok(())
    }
}

/// How a ticket came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By mail.
    #[default]
    Email,
    /// In the chat window.
    Chat,
    /// Through the contact form.
    Web,
    /// A transcribed call.
    Phone,
    /// A public post or a private message there.
    Social,
    /// Through a partner's system.
    Api,
}

/// Who wrote.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The help desk's id of the customer.
    #[serde(default)]
    pub id: String,
    /// The name to greet with, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What was promised to this customer.
    #[serde(default)]
    pub tier: Tier,
}

/// What was promised to a customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The usual.
    #[default]
    Standard,
    /// Pays for more.
    Plus,
    /// Known by name.
    Vip,
}

/// How soon somebody has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Whenever.
    Low,
    /// In turn.
    Normal,
    /// Before the others.
    High,
    /// Now.
    Urgent,
}

/// How the customer feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// Furious, desperate.
    VeryNegative,
    /// Unhappy.
    Negative,
    /// Matter of fact.
    Neutral,
    /// Friendly.
    Positive,
    /// Delighted.
    VeryPositive,
}

/// A ticket that a person resolved, with the reply that did it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// Whose customer it was.
    pub tenant: String,
    /// The help desk's id.
    pub id: String,
    /// The subject line; may be empty.
    #[serde(default)]
    pub subject: String,
    /// What the customer wrote.
    pub body: String,
    /// What the agent replied.
    pub reply: String,
    /// The intent, if it was labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// ISO 639-1 code, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When it was resolved.
    pub resolved_at: DateTime<Utc>,
    /// What else is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

impl Resolution {
    /// Subject and body as one text, the way the encoder reads it.
    pub fn text(&self) -> String {
        joined(&self.subject, &self.body)
    }

    /// Refuses what could not be searched or quoted.
    ///
    /// # Errors
    /// Names the field and what is wrong with it.
    pub fn check(&self) -> Result<(), DecodeError> {
        check_name("resolution.tenant", &self.tenant)?;
        check_name("resolution.id", &self.id)?;
        check_text("resolution.subject", &self.subject, 1_000)?;
        check_text("resolution.body", &self.body, MAX_BODY_CHARS)?;
        check_text("resolution.reply", &self.reply, MAX_BODY_CHARS)?;
        for (field, text) in [("resolution.body", &self.body), ("resolution.reply", &self.reply)] {
            if text.trim().is_empty() {
                return Err(DecodeError::field(field, "is empty"));
            }
        }
        Ok(())
    }
}

/// Subject and body as one text, the way the models read it.
pub fn joined(subject: &str, body: &str) -> String {
    if subject.trim().is_empty() { body.to_owned() } else { format!("{subject}\n{body}") }
}
