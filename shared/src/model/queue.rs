//! The batching queue: callers put single texts in, idle sessions take batches out.
//!
//! A session that becomes idle sorts what is waiting (a window) by length and cuts it into batches; the
//! shortest go first, so a long text holds nobody of its window up, and the next window is not begun before
//! this one is taken, so nobody waits for ever. Nothing waits for a batch to fill.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::ModelError;

/// Padded tokens of a batch, at most; a longer text travels alone.
const BATCH_TOKENS: usize = 512;

/// Texts sorted together, at most.
const WINDOW: usize = 128;

/// Texts waiting, at most; beyond, callers wait for room.
const ROOM: usize = 1024;

/// One row a model output.
pub(super) type Rows = Vec<Vec<f32>>;

/// A text that waits.
pub(super) struct Job {
    pub(super) ids: Vec<u32>,
    reply: oneshot::Sender<Result<Rows, ModelError>>,
    _room: OwnedSemaphorePermit,
}

impl Job {
    /// Tells the caller, who may have gone.
    pub(super) fn answer(self, rows: Result<Rows, ModelError>) {
        let _gone = self.reply.send(rows);
    }
}

pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    room: Arc<Semaphore>,
    sessions: usize,
}

#[derive(Default)]
struct State {
    arrived: VecDeque<Job>,
    batches: VecDeque<Vec<Job>>,
    closed: bool,
}

impl Queue {
    pub(super) fn new(sessions: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            room: Arc::new(Semaphore::new(ROOM)),
            sessions: sessions.max(1),
        }
    }

    /// Puts a text in and waits for its rows.
    pub(super) async fn run(&self, ids: Vec<u32>) -> Result<Rows, ModelError> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| ModelError::Closed)?;
        let (reply, answer) = oneshot::channel();
        self.put(Job { ids, reply, _room: room });
        answer.await.unwrap_or(Err(ModelError::Closed))
    }

    fn put(&self, job: Job) {
        let mut state = self.lock();
        if !state.closed {
            state.arrived.push_back(job);
            self.changed.notify_one();
        }
    }

    /// The next batch for an idle session; waits for one. `None` once the queue is closed.
    pub(super) fn next(&self) -> Option<Vec<Job>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if state.batches.is_empty() {
                state.sort_window(self.sessions);
            }
            if let Some(batch) = state.next_batch() {
                if !state.batches.is_empty() {
                    self.changed.notify_one();
                }
                return Some(batch);
            }
            if state.arrived.is_empty() {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Lets go of everybody; sessions end after the batch they are at.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.arrived.clear();
        state.batches.clear();
        self.room.close();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sorts what arrived first by length and cuts it into batches.
    fn sort_window(&mut self, sessions: usize) {
        let count = self.arrived.len().min(WINDOW);
        let mut window: Vec<Job> = self.arrived.drain(..count).filter(|job| !job.reply.is_closed()).collect();
        window.sort_by_key(|job| job.ids.len());
        let all: usize = window.iter().map(|job| job.ids.len()).sum();
        self.batches = cut(window, |job| job.ids.len(), all.div_ceil(sessions).min(BATCH_TOKENS)).into();
    }

    /// The next batch that somebody still waits for.
    fn next_batch(&mut self) -> Option<Vec<Job>> {
        while let Some(mut batch) = self.batches.pop_front() {
            batch.retain(|job| !job.reply.is_closed());
            if !batch.is_empty() {
                return Some(batch);
            }
        }
        None
    }
}

/// Cuts items, sorted by length, where a batch padded to its longest would exceed the budget.
fn cut<T>(sorted: Vec<T>, length: impl Fn(&T) -> usize, budget: usize) -> Vec<Vec<T>> {
    let mut batches: Vec<Vec<T>> = Vec::new();
    for item in sorted {
        match batches.last_mut() {
            Some(batch) if length(&item) * (batch.len() + 1) <= budget => batch.push(item),
            _ => batches.push(vec![item]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn lengths(batch: &[Job]) -> Vec<usize> {
        batch.iter().map(|job| job.ids.len()).collect()
    }

    /// A caller that has joined the queue.
    async fn caller(queue: &Arc<Queue>, length: usize) -> tokio::task::JoinHandle<Result<Rows, ModelError>> {
        let waiting = queue.lock().arrived.len();
        let task = tokio::spawn({
            let queue = Arc::clone(queue);
            async move { queue.run(vec![1; length]).await }
        });
        while queue.lock().arrived.len() == waiting {
            tokio::task::yield_now().await;
        }
        task
    }

    #[test]
    fn a_batch_is_cut_where_its_padded_tokens_exceed_the_budget() {
        assert_eq!(cut(vec![2, 2, 3, 3, 5, 20], |n| *n, 10), [vec![2, 2, 3], vec![3, 5], vec![20]]);
        assert!(cut(Vec::<usize>::new(), |n| *n, 10).is_empty());
    }

    #[tokio::test]
    async fn the_short_texts_of_a_window_go_before_a_long_one_that_came_first() {
        let queue = Arc::new(Queue::new(1));
        let mut callers = vec![caller(&queue, 500).await];
        for _ in 0..4 {
            callers.push(caller(&queue, 8).await);
        }
        assert_eq!(lengths(&queue.next().unwrap()), [8, 8, 8, 8]);
        assert_eq!(lengths(&queue.next().unwrap()), [500]);
    }

    #[tokio::test]
    async fn a_long_text_is_not_overtaken_by_the_next_window() {
        let queue = Arc::new(Queue::new(1));
        let _first = (caller(&queue, 500).await, caller(&queue, 8).await);
        assert_eq!(lengths(&queue.next().unwrap()), [8]);
        let _later = caller(&queue, 8).await;
        assert_eq!(lengths(&queue.next().unwrap()), [500]);
        assert_eq!(lengths(&queue.next().unwrap()), [8]);
    }

    #[tokio::test]
    async fn a_few_texts_are_shared_between_the_sessions() {
        let queue = Arc::new(Queue::new(2));
        for _ in 0..10 {
            caller(&queue, 8).await;
        }
        assert_eq!(queue.next().unwrap().len(), 5);
        assert_eq!(queue.next().unwrap().len(), 5);
    }

    #[tokio::test]
    async fn a_caller_who_left_is_skipped_and_its_room_is_free_again() {
        let queue = Arc::new(Queue::new(1));
        let leaver = caller(&queue, 3).await;
        let _stayer = caller(&queue, 4).await;
        leaver.abort();
        let _aborted = leaver.await;
        assert_eq!(lengths(&queue.next().unwrap()), [4]);
        assert_eq!(queue.room.available_permits(), ROOM);
    }

    #[tokio::test]
    async fn callers_beyond_the_room_wait_until_somebody_is_answered() {
        let queue = Arc::new(Queue::new(1));
        for _ in 0..ROOM {
            caller(&queue, 1).await;
        }
        let late = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.run(vec![1]).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(queue.lock().arrived.len(), ROOM);
        for job in queue.next().unwrap() {
            job.answer(Ok(Vec::new()));
        }
        while queue.lock().arrived.len() != ROOM - WINDOW + 1 {
            tokio::task::yield_now().await;
        }
        late.abort();
    }

    #[tokio::test]
    async fn closing_lets_go_of_callers_and_sessions() {
        let queue = Arc::new(Queue::new(1));
        let session = std::thread::spawn({
            let queue = Arc::clone(&queue);
            move || queue.next().map(|batch| batch.len())
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        queue.close();
        assert_eq!(session.join().unwrap(), None);
        assert_eq!(queue.run(vec![1]).await, Err(ModelError::Closed));
    }
}
