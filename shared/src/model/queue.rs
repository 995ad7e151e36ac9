//! The batching queue: callers put single texts in, idle sessions take batches out.
//!
//! A session that becomes idle takes the text that is due first and fills its batch with those nearest to it in
//! length. A text is due the later the longer it is, so that short ones do not stand behind a long one, and no
//! later than its length allows, so that long ones are not starved. Nothing waits for a batch to fill.

use std::{
    ops::Range,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::ModelError;

/// Padded tokens of a batch, at most, while few texts wait: a larger one would hold up those who come next. A
/// longer text travels alone.
const BATCH_TOKENS: usize = 256;

/// The same while many wait: it takes about 5 % less processor time a text, of long ones (measured).
const MOST_TOKENS: usize = 512;

/// Padding that one more text in a batch may cost, in tokens: about what a batch of its own would.
const WORTH_TOKENS: usize = 8;

/// How much later a text is due for each of its tokens: a text of 142 is overtaken by one of 13 that comes up to
/// 129 ms after it, and by none that comes later.
const PATIENCE: Duration = Duration::from_millis(1);

/// Texts waiting, at most; beyond, callers wait for room.
const ROOM: usize = 1024;

/// One row a model output.
pub(super) type Rows = Vec<Vec<f32>>;

/// What a caller gets: the rows, and how long the text stood in the queue.
pub(super) type Answer = (Rows, Duration);

/// A text that waits.
pub(super) struct Job {
    pub(super) ids: Vec<u32>,
    came: Instant,
    due: Instant,
    waited: Duration,
    reply: oneshot::Sender<Result<Answer, ModelError>>,
    _room: OwnedSemaphorePermit,
}

impl Job {
    /// Tells the caller, who may have gone.
    pub(super) fn answer(self, rows: Result<Rows, ModelError>) {
        let _gone = self.reply.send(rows.map(|rows| (rows, self.waited)));
    }
}

pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    room: Arc<Semaphore>,
}

#[derive(Default)]
struct State {
    /// By length, and by arrival among the equally long.
    waiting: Vec<Job>,
    /// Sessions that wait for a batch.
    idle: usize,
    closed: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Puts a text in and waits for its rows. `ahead` tokens of the same caller are to be read before it.
    pub(super) async fn run(&self, ids: Vec<u32>, ahead: usize) -> Result<Answer, ModelError> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| ModelError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let came = Instant::now();
        let tokens = u32::try_from(ahead + ids.len()).unwrap_or(u32::MAX);
        let due = came + PATIENCE * tokens;
        self.put(Job { ids, came, due, waited: Duration::ZERO, reply, _room: room });
        answer.await.unwrap_or(Err(ModelError::Closed))
    }

    fn put(&self, job: Job) {
        let mut state = self.lock();
        if !state.closed {
            let place = state.waiting.partition_point(|other| other.ids.len() <= job.ids.len());
            state.waiting.insert(place, job);
            self.changed.notify_one();
        }
    }

    /// The next batch for an idle session; waits for one. `None` once the queue is closed.
    pub(super) fn next(&self) -> Option<Vec<Job>> {
        let mut state = self.lock();
        state.idle += 1;
        loop {
            if state.closed {
                return None;
            }
            let batch = state.take();
            if !batch.is_empty() {
                state.idle -= 1;
                if !state.waiting.is_empty() {
                    self.changed.notify_one();
                }
                return Some(batch);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets go of everybody; sessions end after the batch they are at.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        self.room.close();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes the text that is due first and its like out of those that somebody still waits for; a few texts are
    /// shared between the idle sessions.
    fn take(&mut self) -> Vec<Job> {
        self.waiting.retain(|job| !job.reply.is_closed());
        let first = self.waiting.iter().enumerate().min_by_key(|(_, job)| job.due);
        let Some(first) = first.map(|(place, _)| place) else { return Vec::new() };
        let lengths: Vec<usize> = self.waiting.iter().map(|job| job.ids.len()).collect();
        let all: usize = lengths.iter().sum();
        let budget = (all / 8).clamp(BATCH_TOKENS, MOST_TOKENS).min(all.div_ceil(self.idle.max(1)));
        let mut batch: Vec<Job> = self.waiting.drain(around(&lengths, first, budget)).collect();
        batch.iter_mut().for_each(|job| job.waited = job.came.elapsed());
        batch
    }
}

/// The places around `first`, in ascending lengths, that fill a batch of `budget` padded tokens with the least
/// padding.
fn around(lengths: &[usize], first: usize, budget: usize) -> Range<usize> {
    let length = |place: usize| lengths.get(place).copied();
    let (mut from, mut to) = (first, first + 1);
    let mut longest = length(first).unwrap_or_default();
    loop {
        let shorter = from.checked_sub(1).and_then(length).map(|shorter| (longest - shorter, longest));
        let longer = length(to).map(|longer| ((longer - longest) * (to - from), longer));
        let down = match (shorter, longer) {
            (Some(down), Some(up)) => down.0 <= up.0,
            (down, _) => down.is_some(),
        };
        let Some((padding, padded)) = (if down { shorter } else { longer }) else { return from..to };
        if padding > WORTH_TOKENS || padded * (to - from + 1) > budget {
            return from..to;
        }
        if down {
            from -= 1
        } else {
            to += 1
        }
        longest = padded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(batch: &[Job]) -> Vec<usize> {
        batch.iter().map(|job| job.ids.len()).collect()
    }

    type Call = tokio::task::JoinHandle<Result<Answer, ModelError>>;

    /// A caller that has joined the queue.
    async fn caller(queue: &Arc<Queue>, length: usize) -> Call {
        let waiting = queue.lock().waiting.len();
        let task = tokio::spawn({
            let queue = Arc::clone(queue);
            async move { queue.run(vec![1; length], 0).await }
        });
        while queue.lock().waiting.len() == waiting {
            tokio::task::yield_now().await;
        }
        task
    }

    #[test]
    fn a_batch_holds_the_nearest_in_length_up_to_its_budget() {
        assert_eq!(around(&[2, 2, 3, 3, 5, 20], 2, 12), 0..4, "four of three");
        assert_eq!(around(&[2, 2, 3, 3, 5, 20], 4, 12), 3..5);
        assert_eq!(
            around(&[2, 2, 3, 3, 5, 20], 5, 100),
            5..6,
            "padding a short one to twenty is not worth it"
        );
        assert_eq!(around(&[30], 0, 12), 0..1, "what is longer than the budget travels alone");
    }

    #[tokio::test]
    async fn short_texts_go_before_a_long_one_that_came_first() {
        let queue = Arc::new(Queue::new());
        let mut callers = vec![caller(&queue, 500).await];
        for _ in 0..4 {
            callers.push(caller(&queue, 8).await);
        }
        assert_eq!(lengths(&queue.next().unwrap()), [8, 8, 8, 8]);
        assert_eq!(lengths(&queue.next().unwrap()), [500]);
    }

    #[tokio::test]
    async fn a_long_text_is_overtaken_by_those_that_come_soon_after_but_not_by_later_ones() {
        let queue = Arc::new(Queue::new());
        let _first = caller(&queue, 60).await;
        let _soon = caller(&queue, 8).await;
        assert_eq!(lengths(&queue.next().unwrap()), [8]);
        tokio::time::sleep(PATIENCE * 70).await;
        let _later = caller(&queue, 8).await;
        assert_eq!(lengths(&queue.next().unwrap()), [60]);
        let batch = queue.next().unwrap();
        assert_eq!(lengths(&batch), [8]);
        assert!(batch[0].waited < PATIENCE * 60);
    }

    #[tokio::test]
    async fn a_few_texts_are_shared_between_the_idle_sessions() {
        let queue = Arc::new(Queue::new());
        queue.lock().idle = 1;
        for _ in 0..10 {
            caller(&queue, 8).await;
        }
        assert_eq!(queue.next().unwrap().len(), 5, "another session is idle");
        queue.lock().idle = 0;
        assert_eq!(queue.next().unwrap().len(), 5, "no other session is");
    }

    #[tokio::test]
    async fn a_caller_who_left_is_skipped_and_its_room_is_free_again() {
        let queue = Arc::new(Queue::new());
        let leaver = caller(&queue, 3).await;
        let _stayer = caller(&queue, 4).await;
        leaver.abort();
        let _aborted = leaver.await;
        assert_eq!(lengths(&queue.next().unwrap()), [4]);
        assert_eq!(queue.room.available_permits(), ROOM);
    }

    #[tokio::test]
    async fn callers_beyond_the_room_wait_until_somebody_is_answered() {
        let queue = Arc::new(Queue::new());
        for _ in 0..ROOM {
            caller(&queue, 1).await;
        }
        let late = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.run(vec![1], 0).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(queue.lock().waiting.len(), ROOM);
        for job in queue.next().unwrap() {
            job.answer(Ok(Vec::new()));
        }
        while queue.lock().waiting.len() != ROOM - BATCH_TOKENS + 1 {
            tokio::task::yield_now().await;
        }
        late.abort();
    }

    #[tokio::test]
    async fn closing_lets_go_of_callers_and_sessions() {
        let queue = Arc::new(Queue::new());
        let session = std::thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.next().map(|batch| batch.len())
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        queue.close();
        assert_eq!(session.join().unwrap(), None);
        assert_eq!(queue.run(vec![1], 0).await, Err(ModelError::Closed));
    }
}
