//! The command, and tickets it has judged once.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

use serde_json::Value;
use tempfile::TempDir;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The shipped policy, without a certificate.
pub fn policy() -> String {
    fs::read_to_string(root().join("deploy/policy.yaml")).unwrap()
}

/// Runs the command in the root of the repository.
pub fn switchyard(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchyard"));
    command.args(arguments).current_dir(root());
    for name in ["DATABASE_URL", "SWITCHYARD_POLICY", "SWITCHYARD_POLICIES", "ANTHROPIC_API_KEY"] {
        command.env_remove(name);
    }
    command.output().unwrap()
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// 240 labelled tickets of both shops, judged under the shipped policy.
pub struct Judged {
    pub folder: TempDir,
    pub labelled: PathBuf,
    pub rows: Vec<Value>,
}

pub static JUDGED: LazyLock<Judged> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let labelled = folder.path().join("labelled.jsonl");
    let files = ["harbor", "lumen"].map(|shop| few(folder.path(), shop));
    let judged = switchyard(&[
        "judge",
        files[0].to_str().unwrap(),
        files[1].to_str().unwrap(),
        "--out",
        labelled.to_str().unwrap(),
    ]);
    assert!(judged.status.success(), "{}", error(&judged));
    let text = fs::read_to_string(&labelled).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Judged { folder, labelled, rows }
});

/// The first 200 labelled tickets of a shop.
fn few(folder: &Path, shop: &str) -> PathBuf {
    let text = fs::read_to_string(root().join(format!("deploy/decisions/{shop}.jsonl"))).unwrap();
    let file = folder.join(format!("{shop}.jsonl"));
    let lines: Vec<&str> = text.lines().take(200).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    file
}
