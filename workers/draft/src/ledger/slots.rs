//! One call at a time under each key within this process, and which of them are ours to keep alive.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use super::metrics::METRICS;

/// Keys that are taken, with the epoch once the call is ours.
#[derive(Clone, Default)]
pub(super) struct Slots(Arc<Shared>);

#[derive(Default)]
struct Shared {
    taken: Mutex<HashMap<String, Option<i32>>>,
    freed: Notify,
}

/// A key that is ours in this process until this is dropped.
pub(super) struct Slot {
    slots: Slots,
    key: String,
}

impl Slots {
    /// Waits until nobody else here has the key.
    pub(super) async fn take(&self, key: &str) -> Slot {
        loop {
            let freed = self.0.freed.notified();
            tokio::pin!(freed);
            // From here on a key set free is not missed.
            freed.as_mut().enable();
            if self.try_take(key) {
                return Slot { slots: self.clone(), key: key.to_owned() };
            }
            freed.await;
        }
    }

    fn try_take(&self, key: &str) -> bool {
        let mut taken = self.lock();
        let free = !taken.contains_key(key);
        if free {
            taken.insert(key.to_owned(), None);
        }
        free
    }

    /// The calls that are ours: keys and epochs.
    pub(super) fn ours(&self) -> (Vec<String>, Vec<i32>) {
        let taken = self.lock();
        taken.iter().filter_map(|(key, epoch)| epoch.map(|epoch| (key.clone(), epoch))).unzip()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<i32>>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The call is ours under this number.
    pub(super) fn keep(&self, epoch: i32) {
        let mut taken = self.slots.lock();
        taken.insert(self.key.clone(), Some(epoch));
        METRICS.under_way(taken.len());
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.remove(&self.key);
        METRICS.under_way(taken.len());
        drop(taken);
        self.slots.0.freed.notify_waiters();
    }
}
