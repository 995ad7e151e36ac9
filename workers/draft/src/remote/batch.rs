//! Message Batches: half the price for who can wait. Requests are gathered and sent together, each under its call's key.
//! What has left is found again by that key, among the batches that the provider lists: a crash at any moment costs
//! nothing.

mod index;

use std::{sync::Arc, time::Duration};

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep, timeout_at},
};
use tracing::{info, warn};
use url::form_urlencoded;

use super::{
    Answer, Trouble,
    anthropic::keyed,
    http::{Broken, Received, send},
    weather::{Verdict, verdict},
};
use crate::settings::Door;
use index::Index;

/// How batches are gathered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gathering {
    /// Requests of one batch at most.
    pub(crate) most: usize,
    /// How long the first one waits for others.
    pub(crate) wait: Duration,
    /// How often a batch is looked at.
    pub(crate) glance: Duration,
}

/// One exchange of the batch lane, in time.
const EXCHANGE: Duration = Duration::from_secs(60);

/// Batches at one provider; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Batches {
    post: mpsc::Sender<Request>,
    index: Arc<Index>,
}

#[derive(Debug)]
struct Request {
    key: String,
    params: Value,
    sent: oneshot::Sender<Result<String, Trouble>>,
}

#[derive(Debug, Clone)]
struct Link {
    client: Client,
    door: Door,
}

/// A batch as the provider describes it.
#[derive(Debug, Deserialize)]
struct Batch {
    id: String,
    processing_status: String,
}

/// A page of the list of batches.
#[derive(Debug, Deserialize)]
struct Page {
    data: Vec<Batch>,
    #[serde(default)]
    has_more: bool,
}

impl Batch {
    fn ended(&self) -> bool {
        self.processing_status == "ended"
    }
}

impl Batches {
    /// Starts gathering; it ends with the last clone.
    pub(crate) fn start(client: Client, door: Door, gathering: Gathering) -> Self {
        let link = Link { client, door };
        let (post, requests) = mpsc::channel(1024);
        tokio::spawn(gather(link.clone(), requests, gathering));
        Self { post, index: Arc::new(Index::new(link, gathering.glance)) }
    }

    /// Sends a request with others and waits for its answer, for hours if need be.
    pub(crate) async fn ask(&self, key: &str, params: Value) -> Result<Answer, Trouble> {
        let gone = |_| Trouble::Lost("the batch's sender is gone".to_owned());
        let (sent, batch) = oneshot::channel();
        let request = Request { key: key.to_owned(), params, sent };
        self.post.send(request).await.map_err(|_| Trouble::Closed("takes no batches any more".to_owned()))?;
        let batch = batch.await.map_err(gone)??;
        self.index.wait(&batch, key).await
    }

    /// The answer to a request that left before, if any batch of the provider holds it.
    pub(crate) async fn find(&self, key: &str) -> Result<Option<Answer>, Trouble> {
        self.index.find(key).await
    }
}

/// Gathers requests and sends them, until nobody is left to ask.
async fn gather(link: Link, mut requests: mpsc::Receiver<Request>, gathering: Gathering) {
    while let Some(first) = requests.recv().await {
        let until = Instant::now() + gathering.wait;
        let mut together = vec![first];
        while together.len() < gathering.most {
            match timeout_at(until, requests.recv()).await {
                Ok(Some(request)) => together.push(request),
                Ok(None) | Err(_) => break,
            }
        }
        let link = link.clone();
        tokio::spawn(async move {
            let (bodies, senders): (Vec<Value>, Vec<_>) = together
                .into_iter()
                .map(|one| (json!({ "custom_id": one.key, "params": one.params }), one.sent))
                .unzip();
            let made = link.create(&bodies).await;
            for sender in senders {
                // Who asked may be gone; the answer is found again by its key.
                let _ = sender.send(made.clone());
            }
        });
    }
}

impl Link {
    /// Makes a batch: its id. What is turned away is not billed; it is tried again a few times.
    async fn create(&self, requests: &[Value]) -> Result<String, Trouble> {
        let body = json!({ "requests": requests }).to_string();
        let mut wait = Duration::from_millis(500);
        loop {
            let post = self.request(|url| self.client.post(url), "v1/messages/batches")?;
            let post = post.header("content-type", "application/json").body(body.clone());
            match self.json::<Batch>(post).await {
                Ok(batch) => {
                    info!(batch = batch.id, requests = requests.len(), "a batch is at work");
                    return Ok(batch.id);
                }
                Err(trouble) if trouble.again().is_some() && wait < Duration::from_secs(60) => {
                    warn!(%trouble, "the batch is not taken; it is sent again");
                    sleep(trouble.again().flatten().unwrap_or(wait)).await;
                    wait *= 2;
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    async fn read(&self, id: &str) -> Result<Batch, Trouble> {
        self.json(self.get(&format!("v1/messages/batches/{id}"))?).await
    }

    /// The batches after this one, newest first: one page of them.
    async fn list(&self, after: Option<&str>) -> Result<Page, Trouble> {
        let after = after.map(|id| form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>());
        let after = after.map(|id| format!("&after_id={id}")).unwrap_or_default();
        self.json(self.get(&format!("v1/messages/batches?limit=100{after}"))?).await
    }

    /// The lines of a batch's results.
    async fn results(&self, id: &str) -> Result<String, Trouble> {
        let received = self.exchange(self.get(&format!("v1/messages/batches/{id}/results"))?).await?;
        String::from_utf8(received.body).map_err(|_| Trouble::Lost("has results that are no text".to_owned()))
    }

    fn get(&self, path: &str) -> Result<RequestBuilder, Trouble> {
        self.request(|url| self.client.get(url), path)
    }

    fn request(
        &self,
        of: impl Fn(url::Url) -> RequestBuilder,
        path: &str,
    ) -> Result<RequestBuilder, Trouble> {
        let url = self.door.base.join(path).map_err(|error| Trouble::Closed(error.to_string()))?;
        Ok(keyed(of(url), &self.door))
    }

    async fn json<T: for<'de> Deserialize<'de>>(&self, request: RequestBuilder) -> Result<T, Trouble> {
        let received = self.exchange(request).await?;
        serde_json::from_slice(&received.body)
            .map_err(|error| Trouble::Lost(format!("answered what is no batch: column {}", error.column())))
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Received, Trouble> {
        let received = send(request, Instant::now() + EXCHANGE).await.map_err(|broken| match broken {
            Broken::Unsent(reason) => Trouble::Unsent(reason),
            Broken::Lost(reason) => Trouble::Lost(reason),
        })?;
        match verdict(&received) {
            Verdict::Answered => Ok(received),
            Verdict::Spent(reason) => Err(Trouble::Spent(reason)),
            Verdict::Away { reason, again, outage, wait } => {
                Err(Trouble::TurnedAway { reason, again: again.then_some(wait), outage })
            }
        }
    }
}
