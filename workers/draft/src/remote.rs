//! A provider that is asked over the network, and how one call of it goes: a seat, a request, repeats, an end.

mod anthropic;
mod batch;
mod breaker;
mod http;
mod openai;
mod pace;
mod retries;
mod trouble;
mod weather;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::Client;
use shared::policy::{ModelTerms, ProviderKind, ProviderTerms, Tokens};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, warn};

use crate::{
    counts,
    ledger::{Call, Go, Stored},
    prompt::Prompt,
    settings::Door,
};
use breaker::Breaker;
use http::{Broken, Received};
use pace::Pace;
use retries::{Budget, Waits};
use weather::Verdict;

pub(crate) use batch::{Batches, Gathering};
pub(crate) use http::client;
pub(crate) use trouble::Trouble;

/// What a provider answered and will bill.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// The text, or why there is none that can be used.
    pub(crate) text: Result<String, String>,
    /// What it cost.
    pub(crate) tokens: Tokens,
    /// The provider's own id of the request.
    pub(crate) request_id: Option<String>,
}

/// What a call is given.
#[derive(Debug)]
pub(crate) enum Given {
    /// An answer that is to be stored.
    Fresh(Answer),
    /// One that was stored meanwhile.
    Stored(Stored),
}

/// One model at one provider, with all that is remembered about it between calls.
#[derive(Debug)]
pub(crate) struct Remote {
    kind: ProviderKind,
    pub(crate) model: String,
    door: Door,
    client: Client,
    breaker: Breaker,
    pace: Pace,
    budget: Budget,
    heard: Mutex<Instant>,
    /// The batch lane, where the settings ask for it and the provider has one.
    pub(crate) batches: Option<Batches>,
}

/// What one call is made under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallTerms<'a> {
    pub(crate) provider: &'a ProviderTerms,
    /// When the ticket goes on with or without an answer.
    pub(crate) deadline: Instant,
}

impl Remote {
    pub(crate) fn new(
        kind: ProviderKind,
        model: String,
        door: Door,
        client: Client,
        gathering: Option<Gathering>,
    ) -> Self {
        let name = name(kind);
        let gathering = gathering.filter(|_| kind == ProviderKind::Anthropic);
        let batches = gathering.map(|gathering| Batches::start(client.clone(), door.clone(), gathering));
        Self {
            kind,
            model,
            door,
            client,
            breaker: Breaker::new(name),
            pace: Pace::default(),
            budget: Budget::default(),
            heard: Mutex::new(Instant::now()),
            batches,
        }
    }

    /// `anthropic` or `openai`.
    pub(crate) fn name(&self) -> &'static str {
        name(self.kind)
    }

    /// The body of the request for this prompt.
    pub(crate) fn body(&self, prompt: &Prompt, terms: &ModelTerms) -> String {
        match self.kind {
            ProviderKind::Openai => openai::body(&self.model, prompt, terms),
            _ => anthropic::body(&self.model, prompt, terms),
        }
    }

    /// Asks, and asks again where that is of use and paid for.
    ///
    /// # Errors
    /// Why there is no answer, and whether one may have been billed.
    pub(crate) async fn ask(
        &self,
        body: &str,
        terms: CallTerms<'_>,
        call: &mut Call,
    ) -> Result<Given, Trouble> {
        self.budget.asked();
        let mut waits = Waits::new(terms.provider.retries);
        loop {
            let asked = self.once(body, terms, call).await;
            counts::call(self.name(), asked.as_ref().map_or_else(Trouble::outcome, Given::outcome));
            let trouble = match asked {
                Ok(given) => return Ok(given),
                Err(trouble) => trouble,
            };
            if !trouble.may_be_billed() {
                call.refused();
            }
            let Some(wait) = self.wait(&trouble, &mut waits, terms.deadline) else { return Err(trouble) };
            debug!(provider = self.name(), %trouble, ?wait, "asking again");
            sleep(wait).await;
        }
    }

    /// How long to wait before the same is asked again; `None`: not again.
    fn wait(&self, trouble: &Trouble, waits: &mut Waits, deadline: Instant) -> Option<Duration> {
        let asked = trouble.again()?;
        let wait = waits.next(asked)?;
        let in_time = Instant::now() + wait < deadline;
        (in_time && !self.breaker.is_open() && self.budget.spend()).then_some(wait)
    }

    /// One attempt: a seat, leave of the breaker, a line in the ledger, and only then a request.
    async fn once(&self, body: &str, terms: CallTerms<'_>, call: &mut Call) -> Result<Given, Trouble> {
        let _seat = self.pace.enter(terms.provider.concurrency, terms.deadline, &self.breaker).await?;
        let pass = self.breaker.admit()?;
        if let Go::Done(stored) = call.sent().await.map_err(Trouble::Ledger)? {
            return Ok(Given::Stored(stored));
        }
        let result = self.exchange(body, terms).await;
        match &result {
            Err(trouble) if trouble.is_spent() => {
                warn!(provider = self.name(), %trouble, "no call for a while");
                pass.trip(breaker::LONG);
            }
            Err(trouble) if trouble.is_outage() => pass.failure(terms.provider.rest()),
            // Not our business with the provider: neither good nor bad news about it.
            Err(Trouble::Closed(_)) => {}
            _ => pass.success(),
        }
        if self.breaker.is_open() {
            self.pace.wake();
        }
        result.map(Given::Fresh)
    }

    /// One request and its answer.
    async fn exchange(&self, body: &str, terms: CallTerms<'_>) -> Result<Answer, Trouble> {
        let request = match self.kind {
            ProviderKind::Openai => openai::request(&self.client, &self.door),
            _ => anthropic::request(&self.client, &self.door),
        };
        let request = request.map_err(Trouble::Closed)?.body(body.to_owned());
        let began = Instant::now();
        let received = tokio::select! {
            received = http::send(request, terms.deadline) => received,
            () = self.silence(began, terms.provider.silence()) => {
                self.breaker.trip(terms.provider.rest());
                let millis = began.elapsed().as_millis();
                return Err(Trouble::Lost(format!("no answer to anything for {millis} ms")));
            }
        };
        let received = received.map_err(|broken| match broken {
            Broken::Unsent(reason) => Trouble::Unsent(reason),
            Broken::Lost(reason) => Trouble::Lost(reason),
        })?;
        // A server that cannot answer this is no sign that it will answer the others.
        if received.status < 500 {
            self.hear();
        }
        self.pace.learn(&received.headers, terms.provider.concurrency);
        self.read(&received)
    }

    fn read(&self, received: &Received) -> Result<Answer, Trouble> {
        match weather::verdict(received) {
            Verdict::Answered => match self.kind {
                ProviderKind::Openai => openai::read(received),
                _ => anthropic::read(received),
            }
            .map_err(Trouble::Lost),
            Verdict::Spent(reason) => Err(Trouble::Spent(reason)),
            Verdict::Away { reason, again, outage, wait } => {
                if let Some(wait) = wait {
                    self.pace.hold(wait);
                }
                Err(Trouble::TurnedAway { reason, again: again.then_some(wait), outage })
            }
        }
    }

    fn hear(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Ends once nothing but server errors has been heard from the provider for `most`, this call's own wait counted.
    async fn silence(&self, began: Instant, most: Duration) {
        loop {
            let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let until = heard.max(began) + most;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

impl Given {
    fn outcome(&self) -> &'static str {
        match self {
            Self::Fresh(Answer { text: Ok(_), .. }) => "answered",
            Self::Fresh(_) => "unusable",
            Self::Stored(_) => "found",
        }
    }
}

pub(crate) fn name(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Local => "local",
        ProviderKind::Anthropic => "anthropic",
        ProviderKind::Openai => "openai",
    }
}
