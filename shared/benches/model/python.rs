//! ONNX Runtime in Python on the same file with the same batches, in a process of its own that takes its turns.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use shared::start::find;

use crate::{bare::Batch, clock::Took};

/// Where the interpreter with `onnxruntime` and `numpy` is named.
const SETTING: &str = "SWITCHYARD_PYTHON";

/// The process, or why there is none.
pub struct Python(Result<Talk, String>);

struct Talk {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Python {
    pub fn start() -> Self {
        Self(talk())
    }

    /// What one pass over the batches took.
    pub fn run(&mut self, name: &str, batches: &[Batch]) -> Option<Took> {
        let talk = self.0.as_mut().ok()?;
        let answer = talk.ask(name, batches);
        answer.map_err(|reason| self.0 = Err(reason)).ok()
    }

    /// Why it is not measured.
    pub fn missing(&self) -> Option<&str> {
        self.0.as_ref().err().map(String::as_str)
    }
}

impl Talk {
    fn ask(&mut self, name: &str, batches: &[Batch]) -> Result<Took, String> {
        let rows = |ids: &ndarray::Array2<i64>| ids.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        let batches: Vec<_> = batches.iter().map(|batch| (rows(&batch.ids), rows(&batch.mask))).collect();
        let question = serde_json::json!({ "name": name, "batches": batches });
        writeln!(self.to, "{question}").map_err(|error| error.to_string())?;
        let mut line = String::new();
        self.from.read_line(&mut line).map_err(|error| error.to_string())?;
        let told: Vec<f64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        match told[..] {
            [wall, cpu] => Ok(Took { wall, cpu }),
            _ => Err(format!("it ended with '{}'", line.trim())),
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn talk() -> Result<Talk, String> {
    let named = std::env::var_os(SETTING).map(Into::into);
    let python = named.or_else(|| find("training/.venv/bin/python"));
    let python = python.ok_or_else(|| format!("no training/.venv; run `make train` or set {SETTING}"))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/model/bare.py");
    let mut child = Command::new(&python)
        .arg(script)
        .arg(find("models/classifier/model.onnx").unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut talk = Talk { child, to, from };
    let mut hello = String::new();
    let read = talk.from.read_line(&mut hello);
    match read {
        Ok(_) if hello.trim() == "ready" => Ok(talk),
        _ => Err(format!("{} has no onnxruntime or numpy", python.display())),
    }
}
