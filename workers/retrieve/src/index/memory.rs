//! The index in this process: exact, by tenant, kept in one file for each encoder.

mod log;
mod table;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use shared::StartError;
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

use super::{
    IndexError, Space,
    entry::{Entry, Hit, Query},
};
use log::Log;
use table::Table;

/// How often at most a search looks whether another process has added something.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// An exact index, shared with whoever writes to the same file.
pub struct MemoryIndex {
    name: String,
    log: Log,
    table: Arc<RwLock<Table>>,
    read: Arc<Mutex<Read>>,
}

/// How far the file has been read, and when it was last looked at.
struct Read {
    end: u64,
    at: Instant,
}

impl MemoryIndex {
    /// Reads the folder's file of this encoder; an absent one is made by the first write.
    ///
    /// # Errors
    /// [`StartError::Settings`] if the folder or the file cannot be used.
    pub async fn open(folder: &Path, space: &Space) -> Result<Self, StartError> {
        let index = Self {
            name: space.name(),
            log: Log::new(folder, space),
            table: Arc::default(),
            read: Arc::new(Mutex::new(Read { end: 0, at: Instant::now() })),
        };
        let mut read = index.read.lock().await;
        let caught = index.catch_up(&mut read).await;
        drop(read);
        caught.map_err(|error| StartError::setting("SWITCHYARD_INDEX_DIR", error))?;
        Ok(index)
    }

    /// The name of its file, without the ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many vectors there are, two for a resolved ticket.
    pub fn len(&self) -> usize {
        self.with(Table::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) async fn search(&self, query: Query<'_>) -> Result<Vec<Hit>, IndexError> {
        self.look().await?;
        Ok(self.with(|table| table.search(query)))
    }

    pub(super) async fn contents(&self, points: &[Uuid]) -> Result<HashMap<Uuid, String>, IndexError> {
        let found = |table: &Table| {
            points.iter().filter_map(|point| Some((*point, table.content(*point)?.to_owned()))).collect()
        };
        Ok(self.with(found))
    }

    pub(super) async fn upsert(&self, mut entries: Vec<Entry>) -> Result<(), IndexError> {
        let mut read = self.read.lock().await;
        self.catch_up(&mut read).await?;
        self.with(|table| {
            entries.retain(|entry| table.content(entry.point()) != Some(entry.content.as_str()));
        });
        if entries.is_empty() {
            return Ok(());
        }
        let log = self.log.clone();
        blocking(move || log.append(&entries)).await?;
        self.catch_up(&mut read).await
    }

    /// Reads what others have added, unless that was done a moment ago.
    async fn look(&self) -> Result<(), IndexError> {
        // Somebody else is reading: this search goes on with what is there.
        let Ok(mut read) = self.read.try_lock() else { return Ok(()) };
        if read.at.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.catch_up(&mut read).await
    }

    /// Reads the file from where it was left; from the beginning if it is shorter than that.
    async fn catch_up(&self, read: &mut Read) -> Result<(), IndexError> {
        let (log, table, from) = (self.log.clone(), self.table.clone(), read.end);
        read.end = blocking(move || {
            let length = log.length()?;
            if length == from {
                return Ok(from);
            }
            let from = if length < from { 0 } else { from };
            let lines = log.read(from)?;
            if lines.damaged > 0 {
                tracing::warn!(file = %log.path().display(), lines = lines.damaged, "damaged lines left out");
            }
            let mut table = table.write().unwrap_or_else(PoisonError::into_inner);
            if from == 0 {
                *table = Table::default();
            }
            lines.entries.into_iter().for_each(|entry| table.put(entry));
            Ok(lines.end)
        })
        .await?;
        read.at = Instant::now();
        Ok(())
    }

    fn with<T>(&self, ask: impl FnOnce(&Table) -> T) -> T {
        ask(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Works on files where that holds nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, IndexError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| IndexError::Closed)?
}
