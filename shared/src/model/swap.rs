//! The watch over a bundle's folder: what changes there is opened beside what is in service, proven, and takes
//! over; what cannot be used is refused with one line in the log.

use std::{
    fs::metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::{
    Bundle, Generation, Kind,
    generation::{Readings, Served},
    metrics,
};

/// How often the folder is looked at. A change counts once two looks agree, so that a folder being copied into is
/// left to settle.
const GLANCE: Duration = Duration::from_secs(1);

/// The files looked at; a bundle always has them, and its card pins all others.
const FILES: [&str; 3] = ["bundle.json", "model.onnx", "tokenizer.json"];

/// What tells a folder from its changed self: of each file the device, the inode, when it was modified in
/// nanoseconds, and its length. A symbolic link that points elsewhere changes them too.
type Stamp = [Option<(u64, u64, i64, i64, u64)>; FILES.len()];

/// The watch over one folder.
pub(super) struct Watch {
    folder: PathBuf,
    /// What was opened, or refused.
    taken: Stamp,
    /// What the last look saw.
    seen: Stamp,
}

impl Watch {
    /// A watch that tells of every change after now; to be made before the folder is read.
    pub(super) fn before(folder: PathBuf) -> Self {
        let stamp = stamp(&folder);
        Self { folder, taken: stamp, seen: stamp }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Watches as long as somebody has the model.
    pub(super) async fn run<Reading: Send + Sync + 'static>(
        mut self,
        served: Weak<Served<Reading>>,
        readings: Readings<Reading>,
    ) {
        let mut retired: Vec<Arc<Generation<Reading>>> = Vec::new();
        let mut glances = interval(GLANCE);
        glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            glances.tick().await;
            let Some(served) = served.upgrade() else { return };
            retired = closed(retired).await;
            if self.has_settled_changed() {
                retired.extend(self.swap(&served, &readings).await);
            }
        }
    }

    fn has_settled_changed(&mut self) -> bool {
        let found = stamp(&self.folder);
        let settled = found == self.seen;
        self.seen = found;
        let changed = settled && found != self.taken;
        if changed {
            self.taken = found;
        }
        changed
    }

    /// Opens what is there now and puts it in service; the old one, if it is replaced.
    async fn swap<Reading>(
        &self,
        served: &Served<Reading>,
        readings: &Readings<Reading>,
    ) -> Option<Arc<Generation<Reading>>> {
        let old = served.current();
        match self.next(&old, readings).await {
            Ok(None) => None,
            Ok(Some(next)) => {
                tracing::info!(folder = %self.folder.display(), was = old.name(), now = next.name(), "the bundle has changed and is in service");
                metrics::serves(Some(&old), &next);
                metrics::swapped(&old, "taken");
                Some(served.replace(next))
            }
            Err(error) => {
                tracing::error!(folder = %self.folder.display(), %error, kept = old.name(), "the new bundle cannot be used");
                metrics::swapped(&old, "refused");
                None
            }
        }
    }

    /// The bundle that is there now; `None` if it is the one in service.
    async fn next<Reading>(
        &self,
        old: &Generation<Reading>,
        readings: &Readings<Reading>,
    ) -> Result<Option<Arc<Generation<Reading>>>, String> {
        let (folder, kind) = (self.folder.clone(), readings.opening.kind);
        let read = spawn_blocking(move || Bundle::load(&folder, kind)).await;
        let found = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        if found.digest == old.bundle().digest {
            return Ok(None);
        }
        if kind == Kind::Encoder {
            return Err(format!(
                "{} makes vectors that cannot be compared with those in the index; start with it anew and ingest again",
                found.name()
            ));
        }
        readings.generation(&self.folder).await.map(Some).map_err(|error| error.to_string())
    }
}

/// Closes the generations whose last text is answered, away from those who wait for answers.
async fn closed<Reading: Send + Sync + 'static>(
    retired: Vec<Arc<Generation<Reading>>>,
) -> Vec<Arc<Generation<Reading>>> {
    let (over, busy): (Vec<_>, Vec<_>) = retired.into_iter().partition(|old| Arc::strong_count(old) == 1);
    if !over.is_empty() {
        let _panicked = spawn_blocking(move || drop(over)).await;
    }
    busy
}

fn stamp(folder: &Path) -> Stamp {
    FILES.map(|file| {
        let found = metadata(folder.join(file)).ok()?;
        Some((found.dev(), found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
    })
}
