//! The least that could be done: sessions fed with batches that are ready.

use std::sync::atomic::{AtomicUsize, Ordering};

use ndarray::Array2;
use ort::{session::Session, value::TensorRef};
use shared::{model::environment, start::find};

use crate::texts::Mix;

/// Padded tokens of a batch; the better of both is the limit.
pub const BUDGETS: [usize; 2] = [256, 512];

/// Texts of a batch of text-embeddings-inference on ONNX Runtime, at most.
const ARRIVED: usize = 8;

/// A padded batch: ids and mask, one row a text.
pub struct Batch {
    pub ids: Array2<i64>,
    pub mask: Array2<i64>,
}

/// One session a core.
pub struct Bare(Vec<Session>);

impl Bare {
    pub fn open(count: usize) -> Self {
        Self((0..count).map(|_| session()).collect())
    }

    pub fn run(&mut self, batches: &[Batch]) {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for session in &mut self.0 {
                scope.spawn(|| {
                    while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let inputs = ort::inputs![
                            "input_ids" => TensorRef::from_array_view(&batch.ids).unwrap(),
                            "attention_mask" => TensorRef::from_array_view(&batch.mask).unwrap(),
                        ];
                        session.run(inputs).unwrap();
                    }
                });
            }
        });
    }
}

fn session() -> Session {
    let library = std::env::var_os("ORT_DYLIB_PATH").map(Into::into);
    let library = library.or_else(|| find(".local/onnxruntime/libonnxruntime.so")).unwrap();
    let environment = environment(&library).unwrap();
    let open = || -> ort::Result<Session> {
        Session::builder(&environment)?
            .with_intra_threads(1)?
            .with_intra_op_spinning(false)?
            .with_disabled_optimizers("SkipLayerNormFusion;BiasGeluFusion")?
            .commit_from_file(find("models/classifier/model.onnx").unwrap())
    };
    open().unwrap()
}

/// All texts, sorted by length and cut where the padded tokens would exceed the budget.
pub fn sorted(mix: &Mix, budget: usize) -> Vec<Batch> {
    let mut rows = mix.ids.clone();
    rows.sort_by_key(Vec::len);
    cut(rows, |longest, count| longest * count <= budget)
}

/// As text-embeddings-inference does: neither sorted nor cut by length.
pub fn in_order_of_arrival(mix: &Mix) -> Vec<Batch> {
    cut(mix.ids.clone(), |_, count| count <= ARRIVED)
}

fn cut(rows: Vec<Vec<u32>>, fits: impl Fn(usize, usize) -> bool) -> Vec<Batch> {
    let mut batches: Vec<Vec<Vec<u32>>> = Vec::new();
    for row in rows {
        let longest = |batch: &Vec<Vec<u32>>| batch.iter().map(Vec::len).max().unwrap_or(0).max(row.len());
        match batches.last_mut() {
            Some(batch) if fits(longest(batch), batch.len() + 1) => batch.push(row),
            _ => batches.push(vec![row]),
        }
    }
    batches.iter().map(|rows| padded(rows)).collect()
}

fn padded(rows: &[Vec<u32>]) -> Batch {
    let shape = (rows.len(), rows.iter().map(Vec::len).max().unwrap());
    let at = |(text, place): (usize, usize)| rows[text].get(place);
    Batch {
        ids: Array2::from_shape_fn(shape, |place| at(place).map_or(0, |id| i64::from(*id))),
        mask: Array2::from_shape_fn(shape, |place| i64::from(at(place).is_some())),
    }
}
