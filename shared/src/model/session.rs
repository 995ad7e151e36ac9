//! ONNX sessions, each on its own thread, each with one thread: on a CPU that beats one session with many.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use ndarray::Array2;
use ort::{
    environment::Environment,
    session::{Session, builder::SessionBuilder},
    value::TensorRef,
};

use super::{
    ModelError,
    bundle::{Bundle, BundleError, Contents},
    queue::{Job, Queue, Rows},
};

/// Fusions that make the graph slower: their CPU kernels lose to the plain operators.
const SLOWER_FUSIONS: &str = "SkipLayerNormFusion;BiasGeluFusion";

/// The running sessions; dropping them closes the queue and waits for the batches under way.
pub(super) struct Sessions {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Sessions {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            let _panicked = thread.join();
        }
    }
}

impl Sessions {
    /// Opens all sessions at once and tells the names of the model's outputs.
    pub(super) fn open(
        environment: &Environment,
        (bundle, contents): (&Bundle, &Arc<Contents>),
        padding: i64,
        count: usize,
        queue: &Arc<Queue>,
    ) -> Result<(Self, Arc<[String]>), BundleError> {
        let (opened, told) = mpsc::channel();
        let mut sessions = Self { queue: Arc::clone(queue), threads: Vec::new() };
        for number in 0..count {
            let seat = Seat {
                environment: environment.clone(),
                bundle: bundle.clone(),
                contents: Arc::clone(contents),
                padding,
                queue: Arc::clone(queue),
            };
            let opened = opened.clone();
            let thread = std::thread::Builder::new().name(format!("session-{number}"));
            let thread = thread.spawn(move || seat.work(opened)).map_err(|error| bundle.failed(error))?;
            sessions.threads.push(thread);
        }
        drop(opened);
        let mut names = None;
        for outcome in told {
            names = Some(outcome?);
        }
        names.map(|names| (sessions, names)).ok_or_else(|| bundle.failed("no session could be opened"))
    }
}

/// What a session's thread is given.
struct Seat {
    environment: Environment,
    bundle: Bundle,
    contents: Arc<Contents>,
    padding: i64,
    queue: Arc<Queue>,
}

impl Seat {
    fn work(self, opened: mpsc::Sender<Result<Arc<[String]>, BundleError>>) {
        let Self { environment, bundle, contents, padding, queue } = self;
        let session = open(&environment, contents.of("model.onnx")).map_err(|error| error.to_string());
        drop(contents);
        let mut session = match session.and_then(wanted) {
            Ok(session) => session,
            Err(problem) => {
                let _nobody = opened.send(Err(bundle.failed(problem)));
                return;
            }
        };
        let names: Arc<[String]> = session.outputs().iter().map(|output| output.name().to_owned()).collect();
        let _nobody = opened.send(Ok(Arc::clone(&names)));
        drop(opened);
        while let Some(batch) = queue.next() {
            answer(&mut session, &names, padding, batch);
        }
    }
}

/// One thread, no spinning: the cores belong to the sessions, not to their pools.
pub(super) fn open(environment: &Environment, model: &[u8]) -> ort::Result<Session> {
    let builder: SessionBuilder = Session::builder(environment)?;
    let mut builder = builder
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_disabled_optimizers(SLOWER_FUSIONS)?;
    builder.commit_from_memory(model)
}

fn wanted(session: Session) -> Result<Session, String> {
    let names: Vec<&str> = session.inputs().iter().map(|input| input.name()).collect();
    match ["input_ids", "attention_mask"].iter().find(|name| !names.contains(*name)) {
        Some(missing) => Err(format!("has inputs {names:?}, but no {missing}")),
        None => Ok(session),
    }
}

fn answer(session: &mut Session, names: &[String], padding: i64, batch: Vec<Job>) {
    let texts: Vec<&[u32]> = batch.iter().map(|job| job.ids.as_slice()).collect();
    let outcome = catch_unwind(AssertUnwindSafe(|| run(session, names, padding, &texts)));
    let failed = |reason: String| ModelError::Runtime { texts: batch.len(), reason };
    let rows = match outcome {
        Ok(Ok(rows)) if rows.len() == batch.len() => Ok(rows),
        Ok(Ok(rows)) => Err(failed(format!("{} rows came back", rows.len()))),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("it panicked".to_owned())),
    };
    match rows {
        Ok(rows) => batch.into_iter().zip(rows).for_each(|(job, rows)| job.answer(Ok(rows))),
        Err(error) => batch.into_iter().for_each(|job| job.answer(Err(error.clone()))),
    }
}

/// Pads a batch, runs it and deals the outputs out by text.
pub(super) fn run(
    session: &mut Session,
    names: &[String],
    padding: i64,
    texts: &[&[u32]],
) -> ort::Result<Vec<Rows>> {
    let width = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
    let mut ids = Array2::from_elem((texts.len(), width), padding);
    let mut mask = Array2::<i64>::zeros((texts.len(), width));
    for ((text, mut ids), mut mask) in texts.iter().zip(ids.rows_mut()).zip(mask.rows_mut()) {
        for ((id, place), read) in text.iter().zip(&mut ids).zip(&mut mask) {
            *place = i64::from(*id);
            *read = 1;
        }
    }
    let inputs = ort::inputs![
        "input_ids" => TensorRef::from_array_view(&ids)?,
        "attention_mask" => TensorRef::from_array_view(&mask)?,
    ];
    let outputs = session.run(inputs)?;
    let mut dealt = vec![Rows::with_capacity(names.len()); texts.len()];
    for name in names {
        let output = outputs.get(name).ok_or_else(|| ort::Error::new(format!("no output '{name}'")))?;
        let (_, numbers) = output.try_extract_tensor::<f32>()?;
        let each = (numbers.len() / texts.len().max(1)).max(1);
        for (rows, row) in dealt.iter_mut().zip(numbers.chunks_exact(each)) {
            rows.push(row.to_vec());
        }
    }
    Ok(dealt)
}
