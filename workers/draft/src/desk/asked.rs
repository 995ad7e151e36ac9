//! One provider's turn: redact, write it down, ask, write it down, read.

use sha2::{Digest as _, Sha256};
use shared::{
    bus::Lane,
    events::{Passage, Reply, Usage},
    policy::{ModelTerms, OnAmbiguous, ProviderTerms, Tokens},
};
use tokio::time::Instant;

use super::{Case, End, reading::Reading, stored};
use crate::{
    brief::Brief,
    counts,
    ledger::{Ask, Call, CallKey, Claim, Ledger, Money, Stored},
    letter::letter,
    prompt::{Prompt, Quotable},
    redact::Redaction,
    remote::{Answer, CallTerms, Given, Remote, Trouble},
};

/// A provider whose turn it is.
pub(super) struct Asked<'a> {
    pub(super) remote: &'a Remote,
    pub(super) terms: &'a ProviderTerms,
    pub(super) model: &'a ModelTerms,
    pub(super) ledger: &'a Ledger,
    pub(super) deadline: Instant,
}

impl Asked<'_> {
    /// Its reply; what it bills is added to `billed` whether or not the answer can be used.
    pub(super) async fn reply(&self, case: Case<'_>, billed: &mut Option<Usage>) -> Result<Reply, End> {
        let redaction = Redaction::of(case.brief.ticket, &case.brief.passages);
        let body = self.remote.body(&prompt(case.brief, &redaction), self.model);
        let stored = self.answered(&body, case).await?;
        let text = stored::text(&stored.answer);
        *billed = Some(added(billed.take(), stored.usage));
        let reading = Reading { brief: case.brief, redaction: &redaction };
        let grounded = text.and_then(|text| reading.grounded(&text)).map_err(End::Next)?;
        Ok(reading.reply(self.remote.name(), &self.remote.model, grounded))
    }

    /// The answer to this request: the one that the ledger has, or a new one that it has from now on.
    async fn answered(&self, body: &str, case: Case<'_>) -> Result<Stored, End> {
        let policy = case.brief.policy;
        let params = format!("max_tokens={}", self.model.max_tokens);
        let key = CallKey {
            tenant: &case.brief.ticket.tenant,
            root: case.event.root,
            cause: case.event.id,
            prompt: Sha256::digest(body.as_bytes()).into(),
            provider: self.remote.name(),
            model: &self.remote.model,
            params: &params,
        };
        let batches = self.remote.batches.as_ref().filter(|_| case.lane == Lane::Replay);
        // What left in a batch is found again by its key, so that nothing about it stays ambiguous.
        let on_ambiguous = batches.map_or_else(|| policy.ambiguous.of(case.lane), |_| OnAmbiguous::Retry);
        let ask = Ask {
            key,
            estimate: Money::dollars(self.estimate(body, batches.is_some())),
            budget: policy.budgets.of(&case.brief.ticket.tenant).map(Money::dollars),
            lane: case.lane,
            ambiguous: on_ambiguous,
        };
        match self.ledger.claim(&ask).await? {
            Claim::Done(stored) => Ok(stored),
            Claim::Ours(call) => match batches {
                Some(batches) => self.batched(batches, call, body).await,
                None => self.make(call, body, on_ambiguous).await,
            },
            Claim::Ambiguous { .. } => Err(End::Person(
                "may have answered and billed before, and the answer was lost; a person answers".to_owned(),
            )),
            Claim::OverBudget { used } => Err(End::Next(format!(
                "is not asked, as {:.4} dollars of the tenant's budget of the day are spent or held",
                used.as_dollars()
            ))),
        }
    }

    async fn make(&self, mut call: Call, body: &str, on_ambiguous: OnAmbiguous) -> Result<Stored, End> {
        let terms = CallTerms { provider: self.terms, deadline: self.deadline };
        match self.remote.ask(body, terms, &mut call).await {
            Ok(Given::Stored(stored)) => Ok(stored),
            Ok(Given::Fresh(answer)) => self.done(call, answer, false).await,
            Err(trouble) => {
                let outcome = trouble.outcome();
                let billed = trouble.may_be_billed();
                if billed {
                    call.lost(outcome).await?
                } else {
                    call.failed(outcome).await?
                }
                Err(match trouble {
                    Trouble::Ledger(error) => End::Ledger(error),
                    _ if billed && on_ambiguous == OnAmbiguous::Person => End::Person(trouble.to_string()),
                    _ => End::Next(trouble.to_string()),
                })
            }
        }
    }

    /// Stores an answer and its bill.
    pub(super) async fn done(&self, call: Call, answer: Answer, batch: bool) -> Result<Stored, End> {
        let tokens = answer.tokens;
        let dollars = self.model.dollars(tokens, batch);
        counts::billed(self.remote.name(), tokens, dollars);
        let usage = Usage {
            call: call.key().to_owned(),
            request_id: answer.request_id,
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cache_read_tokens: tokens.cache_read,
            cache_write_tokens: tokens.cache_write,
            dollars,
        };
        Ok(call.done(stored::bytes(answer.text), usage).await?)
    }

    /// The most that the request can cost, in dollars: two bytes for a token, all of them written to the cache, and an
    /// answer as long as it may be.
    fn estimate(&self, body: &str, batch: bool) -> f64 {
        let read = body.len() as u64 / 2;
        let output = u64::from(self.model.max_tokens);
        let input = Tokens { input: read, output, ..Tokens::default() };
        let cached = Tokens { cache_write: read, output, ..Tokens::default() };
        self.model.dollars(input, batch).max(self.model.dollars(cached, batch))
    }
}

/// One bill after another; the last call's ids stay.
fn added(before: Option<Usage>, now: Usage) -> Usage {
    let Some(before) = before else { return now };
    Usage {
        input_tokens: before.input_tokens + now.input_tokens,
        output_tokens: before.output_tokens + now.output_tokens,
        cache_read_tokens: before.cache_read_tokens + now.cache_read_tokens,
        cache_write_tokens: before.cache_write_tokens + now.cache_write_tokens,
        dollars: before.dollars + now.dollars,
        ..now
    }
}

/// The prompt of a ticket. Nothing in it has passed by the redaction, but for ids and what policy says.
pub(super) fn prompt(brief: &Brief<'_>, redaction: &Redaction) -> Prompt {
    let ticket = brief.ticket;
    let passages: Vec<Quotable> = brief.passages.iter().map(|passage| quotable(passage, redaction)).collect();
    let offer =
        brief.offer.map(|offer| Quotable { id: format!("policy:{}", offer.name), text: offer.text.clone() });
    let [subject, body] = [&ticket.subject, &ticket.body].map(|text| redaction.text(text));
    Prompt::new(&subject, &body, &passages, offer.as_ref(), brief.policy.draft.sentences)
}

/// A passage without greeting and sign-off, which say nothing to another customer.
fn quotable(passage: &Passage, redaction: &Redaction) -> Quotable {
    let redacted = redaction.text(&passage.reply);
    let said: Vec<&str> = letter(&redacted).sentences.iter().map(|said| said.text).collect();
    Quotable { id: passage.id.clone(), text: said.join(" ") }
}
