//! One provider's turn: redact, ask, read, check, frame.

use shared::{
    Envelope,
    events::{Reply, Retrieved, Sentence, Source, Usage},
    policy::{ModelTerms, Offer, ProviderTerms},
};
use tokio::time::Instant;

use crate::{
    answer,
    brief::Brief,
    counts,
    frame::framed,
    prompt::{Prompt, Quotable, digest},
    remote::{Answer, CallTerms, Remote},
};

/// A provider whose turn it is.
pub(super) struct Asked<'a> {
    pub(super) remote: &'a Remote,
    pub(super) terms: &'a ProviderTerms,
    pub(super) model: &'a ModelTerms,
    pub(super) deadline: Instant,
}

impl Asked<'_> {
    /// Its reply; what it bills is added to `billed` whether or not the answer can be used.
    ///
    /// # Errors
    /// Why the next provider is to write.
    pub(super) async fn reply(
        &self,
        brief: &Brief<'_>,
        event: &Envelope<Retrieved>,
        billed: &mut Option<Usage>,
    ) -> Result<Reply, String> {
        let prompt = prompt(brief);
        let body = self.remote.body(&prompt, self.model);
        let terms = CallTerms { provider: self.terms, deadline: self.deadline };
        let answer = self.remote.ask(&body, terms).await.map_err(|trouble| trouble.to_string())?;
        let call = digest(&format!("{}\n{}\n{body}", event.key, event.id));
        self.bill(call, &answer, billed);
        let said = answer::read(&answer.text?, brief.policy.draft.sentences)?;
        Ok(self.framed(brief, said))
    }

    fn bill(&self, call: String, answer: &Answer, billed: &mut Option<Usage>) {
        let dollars = self.model.dollars(answer.tokens, false);
        counts::billed(self.remote.name(), answer.tokens, dollars);
        let before = billed.take();
        let sum = |now: u64, of: fn(&Usage) -> u64| now + before.as_ref().map_or(0, of);
        *billed = Some(Usage {
            input_tokens: sum(answer.tokens.input, |usage| usage.input_tokens),
            output_tokens: sum(answer.tokens.output, |usage| usage.output_tokens),
            cache_read_tokens: sum(answer.tokens.cache_read, |usage| usage.cache_read_tokens),
            cache_write_tokens: sum(answer.tokens.cache_write, |usage| usage.cache_write_tokens),
            dollars: dollars + before.as_ref().map_or(0.0, |usage| usage.dollars),
            call,
            request_id: answer.request_id.clone(),
        });
    }

    fn framed(&self, brief: &Brief<'_>, said: Vec<Sentence>) -> Reply {
        let granted = brief.offer.map(granted);
        let body: Vec<Sentence> = granted.into_iter().chain(said).collect();
        let grounded =
            body.iter().filter(|sentence| is_quoted(sentence, brief)).count() as f64 / body.len() as f64;
        Reply {
            provider: self.remote.name().to_owned(),
            model: Some(self.remote.model.clone()),
            sentences: framed(brief.ticket, body),
            grounded,
            offer: brief.offer.map(|offer| offer.code.clone()),
            unbacked: Vec::new(),
            doubts: Vec::new(),
            usage: None,
        }
    }
}

/// The sentence that grants an offer: the policy's, word for word.
fn granted(offer: &Offer) -> Sentence {
    let source = Source { id: format!("policy:{}", offer.name), quote: offer.text.clone() };
    Sentence { text: offer.text.clone(), sources: vec![source] }
}

fn is_quoted(sentence: &Sentence, brief: &Brief<'_>) -> bool {
    let stands = |source: &Source| {
        brief.passages.iter().any(|passage| passage.id == source.id && passage.reply.contains(&source.quote))
            || brief.offer.is_some_and(|offer| offer.text == source.quote)
    };
    !sentence.sources.is_empty() && sentence.sources.iter().all(stands)
}

fn prompt(brief: &Brief<'_>) -> Prompt {
    let passages: Vec<Quotable> = brief
        .passages
        .iter()
        .map(|passage| Quotable { id: passage.id.clone(), text: passage.reply.clone() })
        .collect();
    let offer =
        brief.offer.map(|offer| Quotable { id: format!("policy:{}", offer.name), text: offer.text.clone() });
    let ticket = brief.ticket;
    Prompt::new(&ticket.subject, &ticket.body, &passages, offer.as_ref(), brief.policy.draft.sentences)
}
