//! Where things lie and which ports are free.

use std::{
    env, fs,
    fs::File,
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;

/// The workspace's folder, where this was built.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// The folder for what is kept between runs: `SWITCHYARD_LOCAL_DIR`, else `.local` beside the next `Cargo.lock`
/// above the current folder.
pub(crate) fn kept() -> Result<PathBuf> {
    if let Some(set) = env::var_os("SWITCHYARD_LOCAL_DIR").filter(|set| !set.is_empty()) {
        return Ok(PathBuf::from(set));
    }
    let here = env::current_dir().context("the current folder is gone")?;
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(&here);
    Ok(root.join(".local"))
}

/// Makes a folder and waits until no other process works in it; the lock is held until the file is dropped.
pub(crate) fn locked(folder: &Path) -> Result<File> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}

/// A folder that is given, or one that goes away with us.
pub(crate) enum Folder {
    Kept(PathBuf),
    Passing(TempDir),
}

impl Folder {
    pub(crate) fn passing(name: &str) -> Result<Self> {
        let made = tempfile::Builder::new().prefix(name).tempdir();
        made.map(Self::Passing).context("cannot make a temporary folder")
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Passing(folder) => folder.path(),
        }
    }

    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Passing(_))
    }
}

/// A free loopback port outside the range that outgoing connections are given, so that it is still free after
/// a restart.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    let random = RandomState::new();
    (0..200_u32)
        .filter_map(|round| u16::try_from(20_000 + random.hash_one(round) % 12_000).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .ok_or_else(|| anyhow!("no free port between 20000 and 32000 on the loopback"))
}

/// Waits so many milliseconds before looking again.
#[allow(
    clippy::disallowed_methods,
    reason = "waits for another process; no async runtime is asked of the caller"
)]
pub fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}
