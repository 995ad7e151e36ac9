//! A bundle's folder changes while the model is in service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use shared::{
    model::{Kind, Model, ModelSettings},
    runner::render_metrics,
};

const FILES: [&str; 3] = ["model.onnx", "tokenizer.json", "bundle.json"];

/// Three glances and a slow machine.
const SOON: Duration = Duration::from_secs(30);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A folder with a bundle under a name of its own, so that its metrics are its own.
struct Folder(tempfile::TempDir, &'static str);

impl Folder {
    fn of(name: &'static str) -> Self {
        Self::copy("tiny", "classifier", name)
    }

    fn copy(bundle: &str, old: &str, name: &'static str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap(), name);
        for file in FILES {
            std::fs::copy(fixture(bundle).join(file), folder.file(file)).unwrap();
        }
        folder.edit(&format!("\"name\": \"{old}\""), &format!("\"name\": \"{name}\""));
        folder
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn card(&self) -> String {
        std::fs::read_to_string(self.file("bundle.json")).unwrap()
    }

    fn edit(&self, from: &str, to: &str) {
        let card = self.card();
        assert!(card.contains(from), "{from}");
        self.put("bundle.json", card.replacen(from, to, 1).as_bytes());
    }

    /// As a careful copier does: beside, and then in its place.
    fn put(&self, file: &str, bytes: &[u8]) {
        std::fs::write(self.file("new"), bytes).unwrap();
        std::fs::rename(self.file("new"), self.file(file)).unwrap();
    }

    /// Another content of a file, with a card that agrees.
    fn put_with_digest(&self, file: &str, bytes: &[u8]) {
        let card: serde_json::Value = serde_json::from_str(&self.card()).unwrap();
        let old = card["files"][file].as_str().unwrap().to_owned();
        self.put(file, bytes);
        self.edit(&old, &format!("sha256:{:x}", Sha256::digest(bytes)));
    }

    async fn open(&self, kind: Kind) -> Model {
        Model::open(kind, Some(self.0.path()), &ModelSettings::default()).await.unwrap()
    }

    fn swaps(&self, outcome: &str) -> u32 {
        let line = format!("switchyard_model_swaps_total{{name=\"{}\",outcome=\"{outcome}\"}} ", self.1);
        let text = render_metrics();
        let found = text.lines().find_map(|found| found.strip_prefix(line.as_str()));
        found.map_or(0, |count| count.parse().unwrap())
    }

    async fn awaits(&self, outcome: &str, count: u32) {
        let begun = Instant::now();
        while self.swaps(outcome) < count {
            assert!(begun.elapsed() < SOON, "nothing was {outcome}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn top(model: &Model) -> String {
    let now = model.current();
    let output = now.run("Where is my parcel?").await.unwrap();
    let ranked = now.card().heads["intent"].ranked(output.row("intent").unwrap());
    ranked[0].0.to_owned()
}

/// The folder is spoilt, refused once, and what is in service goes on; mended, it is taken.
async fn refused(name: &'static str, spoil: impl Fn(&Folder)) {
    let folder = Folder::of(name);
    let model = folder.open(Kind::Classifier).await;
    let before = model.name();
    let mended = FILES.map(|file| std::fs::read(folder.file(file)).unwrap());
    spoil(&folder);
    folder.awaits("refused", 1).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(folder.swaps("refused"), 1, "it is refused once, not at every look");
    assert_eq!((model.name(), top(&model).await.as_str()), (before.clone(), "track_order"));
    for (file, bytes) in FILES.iter().zip(mended) {
        folder.put(file, &bytes);
    }
    folder.edit("\"temperature\": 0.5", "\"temperature\": 0.51");
    folder.awaits("taken", 1).await;
    assert_ne!(model.name(), before);
    assert_eq!(folder.swaps("refused"), 1);
}

#[tokio::test]
async fn a_new_bundle_is_taken_and_named_in_the_metrics() {
    let folder = Folder::of("taken");
    let model = folder.open(Kind::Classifier).await;
    let old = model.current();
    folder.edit("\"temperature\": 0.5", "\"temperature\": 0.51");
    folder.awaits("taken", 1).await;
    assert_ne!(model.name(), old.name());
    assert!((model.card().heads["intent"].temperature - 0.51).abs() < 1e-9);
    let metrics = render_metrics();
    let info = |digest: &str| format!("switchyard_model_info{{digest=\"{digest}\",name=\"taken\"}} 1");
    assert!(metrics.contains(&info(&model.current().bundle().digest)), "{metrics}");
    assert!(!metrics.contains(&info(&old.bundle().digest)), "{metrics}");
    assert!(old.run("Where is my parcel?").await.is_ok(), "who has the old one can still ask it");
}

#[tokio::test]
async fn a_link_that_points_to_another_bundle_is_followed() {
    let (first, second) = (Folder::of("link"), Folder::of("link"));
    second.edit("\"temperature\": 0.5", "\"temperature\": 0.49");
    let place = tempfile::tempdir().unwrap();
    let link = place.path().join("current");
    std::os::unix::fs::symlink(first.0.path(), &link).unwrap();
    let model = Model::open(Kind::Classifier, Some(&link), &ModelSettings::default()).await.unwrap();
    let before = model.name();
    std::os::unix::fs::symlink(second.0.path(), place.path().join("new")).unwrap();
    std::fs::rename(place.path().join("new"), &link).unwrap();
    first.awaits("taken", 1).await;
    assert_ne!(model.name(), before);
}

#[tokio::test]
async fn a_folder_that_was_touched_or_is_gone_changes_nothing() {
    let folder = Folder::of("touched");
    let model = folder.open(Kind::Classifier).await;
    let before = model.name();
    folder.put("bundle.json", folder.card().as_bytes());
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!((folder.swaps("taken"), folder.swaps("refused")), (0, 0));
    std::fs::rename(folder.file("bundle.json"), folder.file("away")).unwrap();
    folder.awaits("refused", 1).await;
    assert_eq!((model.name(), top(&model).await.as_str()), (before, "track_order"));
}

#[tokio::test]
async fn a_bundle_with_a_changed_byte_is_refused() {
    refused("byte", |folder| {
        let mut model = std::fs::read(folder.file("model.onnx")).unwrap();
        let last = model.len() - 1;
        model[last] ^= 1;
        folder.put("model.onnx", &model);
    })
    .await;
}

#[tokio::test]
async fn a_model_cut_short_is_refused_though_its_digest_is_right() {
    refused("short", |folder| {
        let model = std::fs::read(folder.file("model.onnx")).unwrap();
        folder.put_with_digest("model.onnx", &model[..model.len() / 2]);
    })
    .await;
}

#[tokio::test]
async fn a_bundle_that_fails_its_golden_examples_is_refused() {
    refused("golden", |folder| folder.edit("\"probability\": 0.9351", "\"probability\": 0.5")).await;
}

#[tokio::test]
async fn a_folder_copied_by_half_is_refused_until_the_rest_is_there() {
    refused("half", |folder| {
        folder.edit("\"temperature\": 0.5", "\"temperature\": 0.52");
        std::fs::remove_file(folder.file("model.onnx")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_card_that_the_reader_cannot_read_is_refused() {
    let folder = Folder::of("reader");
    let read = |card: &shared::model::Card| match card.heads["intent"].temperature {
        good if good < 0.6 => Ok(good),
        bad => Err(format!("{bad} is too warm")),
    };
    let settings = ModelSettings::default();
    let open = Model::open_reading(Kind::Classifier, Some(folder.0.path()), &settings, read);
    let model = open.await.unwrap();
    let card = folder.card();
    folder.edit("\"temperature\": 0.5", "\"temperature\": 0.51");
    folder.awaits("taken", 1).await;
    assert!((model.current().reading() - 0.51).abs() < 1e-9);
    folder.put("bundle.json", card.replacen("\"temperature\": 0.5", "\"temperature\": 0.7", 1).as_bytes());
    folder.awaits("refused", 1).await;
    assert!((model.current().reading() - 0.51).abs() < 1e-9);
}

#[tokio::test]
async fn an_encoder_is_not_exchanged_for_the_index_would_not_match() {
    let folder = Folder::copy("tiny_encoder", "encoder", "another_space");
    let model = folder.open(Kind::Encoder).await;
    let before = model.name();
    folder.edit("\"language\": \"en\"", "\"language\": \"en\", \"note\": \"another\"");
    folder.awaits("refused", 1).await;
    assert_eq!(model.name(), before);
    assert_eq!(model.embed("Where is my parcel?").await.unwrap().len(), 384);
}
