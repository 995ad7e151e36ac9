//! Apache Kafka's jars, fetched once, and what makes its start quick.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    child::run,
    place::{kept, locked},
};

const POM: &str = include_str!("../pom.xml");

/// The jars and the class archive.
pub(crate) struct Libs {
    folder: PathBuf,
}

impl Libs {
    /// The jars, fetched by Maven when they are not there yet.
    pub(crate) fn ready() -> Result<Self> {
        let folder = std::path::absolute(kept()?.join("kafka"))?;
        let _lock = locked(&folder)?;
        let (pom, libs, coming) = (folder.join("pom.xml"), folder.join("libs"), folder.join("coming"));
        if !libs.is_dir() || fs::read_to_string(&pom).is_ok_and(|found| found != POM) {
            for old in ["libs", "coming", "template", "kafka.jsa"] {
                remove(&folder.join(old))?;
            }
            fs::write(&pom, POM).with_context(|| format!("cannot write {}", pom.display()))?;
            let mut maven = Command::new("mvn");
            maven.args(["-q", "-B", "-f"]).arg(&pom).arg("dependency:copy-dependencies");
            maven.arg(format!("-DoutputDirectory={}", coming.display()));
            run(maven).context("cannot fetch Apache Kafka")?;
            fs::rename(&coming, &libs).with_context(|| format!("cannot make {}", libs.display()))?;
        }
        Ok(Self { folder })
    }

    /// `java` with the jars, ready for a class name and its arguments.
    pub(crate) fn java(&self, options: &[String]) -> Command {
        let mut java = Command::new("java");
        java.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"]);
        java.arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
        java.args(options).arg("-cp").arg(self.folder.join("libs").join("*"));
        java
    }

    /// The archive of loaded classes, which halves the start; an empty one is as good as none.
    pub(crate) fn archive(&self) -> PathBuf {
        self.folder.join("kafka.jsa")
    }

    /// Takes an archive over, or notes that there is none to be had.
    pub(crate) fn keep_archive(&self, from: &Path) -> Result<()> {
        let _lock = locked(&self.folder)?;
        let coming = self.folder.join("coming.jsa");
        fs::copy(from, &coming).or_else(|_| fs::write(&coming, []).map(|()| 0))?;
        fs::rename(&coming, self.archive()).context("cannot keep the class archive")
    }

    /// Puts a formatted data folder at `data`, a copy of one that is made once.
    pub(crate) fn format(&self, data: &Path) -> Result<()> {
        let _lock = locked(&self.folder)?;
        let template = self.folder.join("template");
        if !template.is_dir() {
            let coming = self.folder.join("coming");
            remove(&coming)?;
            let properties = self.folder.join("format.properties");
            fs::write(&properties, format_properties(&coming))?;
            let mut format = self.java(&[]);
            format.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c"]).arg(&properties);
            run(format).context("cannot format a data folder")?;
            fs::rename(&coming, &template)?;
        }
        copy(&template, data).with_context(|| format!("cannot make {}", data.display()))
    }
}

/// The id of every private cluster's template; the format wants one.
const CLUSTER: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// Just enough to format a folder.
fn format_properties(data: &Path) -> String {
    format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:1\n\
         listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1\ncontroller.listener.names=CONTROLLER\nlog.dirs={}\n",
        data.display()
    )
}

/// Removes a file or a folder if it is there.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Copies a folder's files and the folders in it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
