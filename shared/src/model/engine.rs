//! An opened bundle at work: its tokenizer, its sessions and the queue between them and the callers.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use super::{
    Kind, LIBRARY_SETTING, ModelError, Output,
    bundle::{Bundle, BundleError, Contents},
    library::environment,
    queue::{Answer, Queue, Rows},
    session::Sessions,
    text,
    tokens::Tokens,
    windows,
};
use crate::StartError;

/// A bundle that has been opened. Its sessions end with its last owner.
pub(super) struct Engine {
    pub(super) bundle: Bundle,
    tokens: Tokens,
    queue: Arc<Queue>,
    names: Arc<[String]>,
    _sessions: Sessions,
}

/// How a bundle is opened.
#[derive(Clone)]
pub(super) struct Opening {
    pub(super) kind: Kind,
    pub(super) library: PathBuf,
    pub(super) sessions: usize,
}

/// Digest of a bundle and number of its sessions.
type Key = (String, usize);

/// The engines at work in this process: who opens the same bundle a second time gets the same one, so that
/// `retrieve` and `index` in one process share an encoder.
static OPEN: LazyLock<Mutex<HashMap<Key, Weak<Engine>>>> = LazyLock::new(Mutex::default);

impl Opening {
    /// Opens the bundle in this folder and asks it its golden examples.
    ///
    /// # Errors
    /// [`StartError::Settings`] with the setting's name, the file and what is wrong with it.
    pub(super) async fn open(&self, folder: &Path) -> Result<Arc<Engine>, StartError> {
        let (opening, folder) = (self.clone(), folder.to_owned());
        let opened = tokio::task::spawn_blocking(move || {
            let read = Bundle::read(&folder, opening.kind);
            let (bundle, contents) = read.map_err(|error| opening.misset(error))?;
            opening.engine(bundle, contents)
        });
        let ended = opened.await;
        let engine = ended.map_err(|error| {
            StartError::world(format!("opening the {} did not end: {error}", self.kind))
        })??;
        engine.prove().await.map_err(|error| self.misset(error))?;
        Ok(engine)
    }

    pub(super) fn misset(&self, problem: impl std::fmt::Display) -> StartError {
        StartError::setting(self.kind.setting(), problem)
    }

    /// The engine of this bundle, if one is at work; else a new one. One is opened at a time.
    fn engine(&self, bundle: Bundle, contents: Contents) -> Result<Arc<Engine>, StartError> {
        let environment =
            environment(&self.library).map_err(|error| StartError::setting(LIBRARY_SETTING, error))?;
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (bundle.digest.clone(), self.sessions);
        if let Some(engine) = open.get(&key).and_then(Weak::upgrade) {
            return Ok(engine);
        }
        let tokens = Tokens::load(&bundle, &contents).map_err(|error| self.misset(error))?;
        let queue = Arc::new(Queue::new());
        let files = (&bundle, &Arc::new(contents));
        let opened = Sessions::open(&environment, files, tokens.padding(), self.sessions, &queue);
        let (sessions, names) = opened.map_err(|error| self.misset(error))?;
        let engine = Arc::new(Engine { bundle, tokens, queue, names, _sessions: sessions });
        open.retain(|_, known| known.strong_count() > 0);
        open.insert(key, Arc::downgrade(&engine));
        Ok(engine)
    }
}

impl Engine {
    /// The model's numbers for one text. Waits for room in the queue; dropping the future gives the place up.
    pub(super) async fn run(&self, text: &str) -> Result<Output, ModelError> {
        let read = self
            .tokens
            .read(&text::prepare(text))
            .map_err(|reason| ModelError::Tokenizer { bundle: self.bundle.name(), reason })?;
        let tokens: usize = read.windows.iter().map(Vec::len).sum();
        let (rows, waited) = self.answers(read.windows).await?;
        Ok(Output {
            names: Arc::clone(&self.names),
            rows,
            tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
            truncated: read.truncated,
            waited,
        })
    }

    /// What the windows of one text come to, and how long the last of them stood in the queue.
    async fn answers(&self, windows: Vec<Vec<u32>>) -> Result<Answer, ModelError> {
        let mut ahead = 0;
        let asked: Vec<_> = windows
            .into_iter()
            .map(|ids| {
                let before = ahead;
                ahead += ids.len();
                self.queue.run(ids, before)
            })
            .collect();
        let mut answers = futures::future::try_join_all(asked).await?;
        let waited = answers.iter().map(|(_, waited)| *waited).max().unwrap_or_default();
        if answers.len() == 1 {
            return answers.pop().ok_or(ModelError::Closed);
        }
        let rows: Vec<Rows> = answers.into_iter().map(|(rows, _)| rows).collect();
        Ok((windows::combine(&self.names, &self.bundle.card, &rows), waited))
    }

    /// Asks the golden examples, all at once, so that every session has worked before the first ticket.
    async fn prove(&self) -> Result<(), BundleError> {
        let asked = self.bundle.card.golden.iter().map(|golden| async move {
            let output = self.run(golden.text()).await.map_err(|error| self.bundle.failed(error))?;
            self.bundle.check(golden, &output)
        });
        futures::future::try_join_all(asked).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelSettings;

    fn opening(sessions: usize) -> Opening {
        let library = ModelSettings::default();
        let library =
            ModelSettings { library: std::env::var_os("ORT_DYLIB_PATH").map(Into::into), ..library };
        Opening { kind: Kind::Encoder, library: library.library().unwrap(), sessions }
    }

    #[tokio::test]
    async fn who_opens_a_bundle_a_second_time_gets_the_engine_that_is_at_work() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny_encoder");
        let copy = tempfile::tempdir().unwrap();
        for file in ["bundle.json", "model.onnx", "tokenizer.json"] {
            std::fs::copy(fixture.join(file), copy.path().join(file)).unwrap();
        }
        let first = opening(1).open(&fixture).await.unwrap();
        let (one, settings) = (opening(1), opening(1));
        let (retrieve, index) = tokio::join!(one.open(&fixture), settings.open(copy.path()));
        assert!(Arc::ptr_eq(&retrieve.unwrap(), &index.unwrap()));
        assert!(Arc::ptr_eq(&first, &opening(1).open(copy.path()).await.unwrap()));
        assert!(
            !Arc::ptr_eq(&first, &opening(2).open(&fixture).await.unwrap()),
            "more sessions are another engine"
        );
        std::fs::write(copy.path().join("tokenizer.json"), "{}").unwrap();
        assert!(
            opening(1).open(copy.path()).await.is_err(),
            "a broken folder is no bundle though its card is known"
        );
        let weak = Arc::downgrade(&first);
        drop(first);
        assert!(weak.upgrade().is_none());
    }
}
