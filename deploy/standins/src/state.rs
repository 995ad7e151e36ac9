//! What the stand-in knows and remembers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use crate::{
    batches::Batch,
    ledger::{Bill, Ledger, Price, Tokens},
    rate::{Bucket, Rate},
    weather::{Forecast, Weather},
};

/// How the stand-in is set up.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Models there are; another one is not found.
    pub models: Vec<String>,
    /// What they cost.
    pub price: Price,
    /// Time it takes to answer.
    pub latency: Duration,
    /// Requests that fit into the rate bucket, and how many it gains in a second.
    pub rate: (u64, f64),
    /// Tokens a prefix must have to be cached.
    pub cache_from: u64,
    /// Time a batch takes.
    pub batch: Duration,
    /// Batches on one page of their list, however many are asked for.
    pub page: usize,
}

impl Default for Terms {
    fn default() -> Self {
        let models = ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5", "gpt-standin"];
        Self {
            models: models.map(str::to_owned).to_vec(),
            price: Price::default(),
            latency: Duration::ZERO,
            rate: (100_000, 10_000.0),
            cache_from: 1024,
            batch: Duration::from_millis(300),
            page: 1000,
        }
    }
}

/// A cached prefix lives this long after its last use.
const CACHE_LIFE: Duration = Duration::from_secs(300);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) terms: Terms,
    inner: Mutex<Inner>,
    under_way: AtomicUsize,
    most: AtomicUsize,
}

#[derive(Debug)]
struct Inner {
    standing: Weather,
    next: VecDeque<Weather>,
    hostile: bool,
    ledger: Ledger,
    requests: Vec<String>,
    rate: Bucket,
    cached: BTreeMap<String, Instant>,
    batches: BTreeMap<String, Batch>,
    serial: u64,
}

/// A request under way, for as long as it lives.
pub(crate) struct UnderWay<'a>(&'a Shared);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    pub(crate) fn new(terms: Terms) -> Self {
        let inner = Inner {
            standing: Weather::Fair,
            next: VecDeque::new(),
            hostile: false,
            ledger: Ledger::default(),
            requests: Vec::new(),
            rate: Bucket::new(terms.rate.0, terms.rate.1),
            cached: BTreeMap::new(),
            batches: BTreeMap::new(),
            serial: 0,
        };
        Self { terms, inner: Mutex::new(inner), under_way: AtomicUsize::new(0), most: AtomicUsize::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn standing(&self, weather: Weather) {
        self.lock().standing = weather;
    }

    pub(crate) fn next(&self, weather: impl IntoIterator<Item = Weather>) {
        self.lock().next.extend(weather);
    }

    pub(crate) fn set_hostile(&self, hostile: bool) {
        self.lock().hostile = hostile;
    }

    pub(crate) fn is_hostile(&self) -> bool {
        self.lock().hostile
    }

    pub(crate) fn forecast(&self, forecast: Forecast) {
        let mut inner = self.lock();
        inner.standing = forecast.standing.unwrap_or(inner.standing);
        inner.hostile = forecast.hostile.unwrap_or(inner.hostile);
        inner.next.extend(forecast.next);
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.lock().ledger.clone()
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// A request has been read: the weather it meets, and what the rate limit says.
    pub(crate) fn receive(&self, body: &str) -> (Weather, Rate, UnderWay<'_>) {
        let at_once = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(at_once, Ordering::Relaxed);
        let mut inner = self.lock();
        inner.ledger.requests += 1;
        inner.requests.push(body.to_owned());
        let weather = inner.next.pop_front().unwrap_or(inner.standing);
        (weather, inner.rate.take(), UnderWay(self))
    }

    /// A number that was not given before.
    pub(crate) fn serial(&self) -> u64 {
        let mut inner = self.lock();
        inner.serial += 1;
        inner.serial
    }

    /// Whether this prefix is in the cache of this model; it is from now on.
    pub(crate) fn cached(&self, model: &str, prefix: &str) -> bool {
        let key = hex(format!("{model}\n{prefix}").as_bytes());
        let before = self.lock().cached.insert(key, Instant::now());
        before.is_some_and(|used| used.elapsed() < CACHE_LIFE)
    }

    /// Writes a bill.
    pub(crate) fn bill(
        &self,
        request_id: &str,
        custom_id: Option<String>,
        body: &str,
        model: &str,
        tokens: Tokens,
    ) {
        let discount = if custom_id.is_some() { 0.5 } else { 0.0 };
        self.lock().ledger.add(Bill {
            request_id: request_id.to_owned(),
            custom_id,
            digest: hex(body.as_bytes()),
            model: model.to_owned(),
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cache_read_tokens: tokens.cache_read,
            cache_write_tokens: tokens.cache_write,
            dollars: tokens.dollars(self.terms.price, discount),
        });
    }

    /// Looks at the batches.
    pub(crate) fn batches<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Batch>) -> T) -> T {
        look(&mut self.lock().batches)
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
