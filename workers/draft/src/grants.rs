//! An offer is granted to a customer once: to the first ticket that asks, and to that one however often it is drafted.

use sha2::{Digest as _, Sha256};
use shared::{
    bus::Lane,
    events::{Classification, Draft, Reply, Ticket},
    policy::{Offer, Policy},
};
use uuid::Uuid;

use crate::ledger::{Grant, Ledger, LedgerError, hex};

/// Who asks for an offer: a ticket, and the received event it came with.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What the customer wrote.
    pub ticket: &'a Ticket,
    /// The received event.
    pub root: Uuid,
    /// What is granted in one lane is not had in another.
    pub lane: Lane,
}

/// Whether the customer gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// For the first time, or again for the same ticket.
    Yes,
    /// Another ticket of the customer got it.
    Had,
    /// Nobody can tell, so that no machine may grant it alone; why.
    Unsure(&'static str),
}

const NOWHERE: &str = "there is no database that says whether the customer has had the offer already";
const NOBODY: &str = "the ticket names no customer, so nobody can tell whether the offer was had already";

/// Who got what: in the ledger's database, if there is one.
#[derive(Clone)]
pub struct Grants(Option<Ledger>);

impl Grants {
    /// Grants kept beside this ledger.
    pub fn new(ledger: Option<Ledger>) -> Self {
        Self(ledger)
    }

    /// Whether the customer may have it, with nothing written yet: asked before money is spent on a reply.
    ///
    /// # Errors
    /// When Postgres is away.
    pub async fn look(&self, offer: &Offer, asked: Asked<'_>) -> Result<Granted, LedgerError> {
        self.ask(offer, asked, false).await
    }

    /// Grants it, if nobody else's ticket has it: asked when the reply is written.
    ///
    /// # Errors
    /// When Postgres is away.
    pub async fn take(&self, offer: &Offer, asked: Asked<'_>) -> Result<Granted, LedgerError> {
        self.ask(offer, asked, true).await
    }

    async fn ask(&self, offer: &Offer, asked: Asked<'_>, take: bool) -> Result<Granted, LedgerError> {
        if !offer.once_per_customer {
            return Ok(Granted::Yes);
        }
        let Some(customer) = digest(asked.ticket) else { return Ok(Granted::Unsure(NOBODY)) };
        let Some(ledger) = &self.0 else { return Ok(Granted::Unsure(NOWHERE)) };
        let grant = Grant {
            lane: asked.lane,
            tenant: &asked.ticket.tenant,
            customer: &customer,
            offer: &offer.name,
            root: asked.root,
        };
        let holder = ledger.grant(&grant, take).await?;
        Ok(if holder.is_none_or(|holder| holder == asked.root) { Granted::Yes } else { Granted::Had })
    }

    /// A reply with an offer, once that is granted: withheld if the customer has had it, and never to go out alone if
    /// nobody can tell.
    ///
    /// # Errors
    /// When Postgres is away.
    pub async fn settle(
        &self,
        policy: &Policy,
        classification: &Classification,
        asked: Asked<'_>,
        draft: Draft,
    ) -> Result<Draft, LedgerError> {
        let Draft::Reply(reply) = draft else { return Ok(draft) };
        let ticket = asked.ticket;
        let offer = policy.offer(&classification.intent, &ticket.tenant, ticket.created_at);
        let Some(offer) = offer.filter(|_| reply.offer.is_some()) else { return Ok(Draft::Reply(reply)) };
        Ok(match self.take(offer, asked).await? {
            Granted::Yes => Draft::Reply(reply),
            Granted::Had => Draft::Withheld { reason: had(offer), saved: None, usage: reply.usage },
            Granted::Unsure(why) => Draft::Reply(doubted(reply, offer, why)),
        })
    }
}

/// Why there is no reply with this offer.
pub fn had(offer: &Offer) -> String {
    format!("the customer has had the offer {} already", offer.name)
}

/// The reply with a doubt that bars auto.
fn doubted(mut reply: Reply, offer: &Offer, why: &str) -> Reply {
    reply.doubts.push(why.to_owned());
    reply.unbacked.push(offer.code.clone());
    reply
}

/// Who the customer is, without saying it: SHA-256 over the tenant and the help desk's id of the customer.
fn digest(ticket: &Ticket) -> Option<String> {
    let id = ticket.customer.id.trim();
    if id.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    for field in [&*ticket.tenant, id] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    Some(hex(&hash.finalize()))
}
