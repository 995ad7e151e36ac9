//! The index in this process: its file, and its search against the plain one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::{fs, io::Write, path::Path, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use retrieve::index::{Index, MemoryIndex, Space};
use shared::StartError;
use support::{entry, ids, lean, memory_settings, search, space, unit};

async fn open(folder: &Path, space: &Space) -> Index {
    Index::open(&memory_settings(folder), space).await.unwrap()
}

async fn size(folder: &Path, space: &Space) -> usize {
    MemoryIndex::open(folder, space).await.unwrap().len()
}

fn file(folder: &Path, space: &Space) -> std::path::PathBuf {
    folder.join(format!("{}.jsonl", space.name()))
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let index = open(folder.path(), &space).await;
    index
        .upsert((0..300).map(|n| entry("acme", &n.to_string(), None, lean(n, 0.2))).collect())
        .await
        .unwrap();
    drop(index);
    let index = open(folder.path(), &space).await;
    assert_eq!(search(&index, "acme", "", &lean(0, 0.2), 32).await.len(), 32);
    assert_eq!(size(folder.path(), &space).await, 300);
}

#[tokio::test]
async fn opening_an_index_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let within = folder.path().join("index");
    open(&within, &space()).await;
    assert!(!within.exists());
}

#[tokio::test]
async fn a_torn_last_line_is_ignored_and_cut_by_the_next_write() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let index = open(folder.path(), &space).await;
    index
        .upsert(vec![entry("acme", "a", None, lean(0, 0.0)), entry("acme", "b", None, lean(0, 0.0))])
        .await
        .unwrap();
    drop(index);
    let path = file(folder.path(), &space);
    let whole = fs::read(&path).unwrap();
    let head = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for cut in head..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let lines = whole[..cut].iter().filter(|byte| **byte == b'\n').count() - 1;
        assert_eq!(size(folder.path(), &space).await, lines, "cut at {cut}");
    }
    fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    let index = open(folder.path(), &space).await;
    index.upsert(vec![entry("acme", "c", None, lean(0, 0.0))]).await.unwrap();
    let mut found = search(&index, "acme", "", &lean(0, 0.0), 5).await;
    found.sort_by(|a, b| a.card.id.cmp(&b.card.id));
    assert_eq!(ids(&found), ["a", "c"]);
    assert_eq!(size(folder.path(), &space).await, 2);
}

#[tokio::test]
async fn a_torn_first_line_is_written_anew() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    fs::write(file(folder.path(), &space), br#"{"format":1,"enco"#).unwrap();
    let index = open(folder.path(), &space).await;
    index.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    assert_eq!(size(folder.path(), &space).await, 1);
}

#[tokio::test]
async fn a_damaged_line_costs_only_itself() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let index = open(folder.path(), &space).await;
    index.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    let mut log = fs::OpenOptions::new().append(true).open(file(folder.path(), &space)).unwrap();
    log.write_all(b"\x00\xff not an entry\n{}\n").unwrap();
    index.upsert(vec![entry("acme", "b", None, lean(0, 0.0))]).await.unwrap();
    assert_eq!(size(folder.path(), &space).await, 2);
}

#[tokio::test]
async fn the_same_content_again_is_not_written_again() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let index = open(folder.path(), &space).await;
    index.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    let before = fs::metadata(file(folder.path(), &space)).unwrap().len();
    index.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    assert_eq!(fs::metadata(file(folder.path(), &space)).unwrap().len(), before);
}

#[tokio::test]
async fn another_encoder_has_a_file_of_its_own() {
    let (folder, one, other) = (tempfile::tempdir().unwrap(), space(), space());
    open(folder.path(), &one).await.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    assert_eq!(size(folder.path(), &other).await, 0);
    assert_eq!(size(folder.path(), &one).await, 1);
}

#[tokio::test]
async fn a_file_of_another_encoder_under_this_name_is_refused() {
    let (folder, one, other) = (tempfile::tempdir().unwrap(), space(), space());
    open(folder.path(), &one).await.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    fs::rename(file(folder.path(), &one), file(folder.path(), &other)).unwrap();
    let Err(StartError::Settings(wrong)) = Index::open(&memory_settings(folder.path()), &other).await else {
        panic!("it was opened")
    };
    assert_eq!(wrong[0].setting, "SWITCHYARD_INDEX_DIR");
}

#[tokio::test]
async fn a_folder_that_is_a_file_is_refused_with_the_setting() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let Err(StartError::Settings(wrong)) = Index::open(&memory_settings(file.path()), &space()).await else {
        panic!("it was opened")
    };
    assert_eq!(wrong[0].setting, "SWITCHYARD_INDEX_DIR");
}

#[tokio::test]
async fn a_running_search_sees_within_a_second_what_another_process_wrote() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let (reader, writer) = (open(folder.path(), &space).await, open(folder.path(), &space).await);
    writer.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    assert_eq!(search(&reader, "acme", "", &lean(0, 0.0), 5).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_the_same_time_lose_nothing() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let writers = (0..4).map(|writer| {
        let (folder, space) = (folder.path().to_owned(), space.clone());
        tokio::spawn(async move {
            let index = open(&folder, &space).await;
            for n in 0..25 {
                index
                    .upsert(vec![entry("acme", &format!("{writer}-{n}"), None, lean(n, 0.3))])
                    .await
                    .unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(size(folder.path(), &space).await, 100);
}

#[tokio::test]
async fn a_file_that_was_removed_is_begun_anew() {
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let index = open(folder.path(), &space).await;
    index.upsert(vec![entry("acme", "a", None, lean(0, 0.0))]).await.unwrap();
    fs::remove_file(file(folder.path(), &space)).unwrap();
    index.upsert(vec![entry("acme", "b", None, lean(0, 0.0))]).await.unwrap();
    assert_eq!(size(folder.path(), &space).await, 1);
}

#[tokio::test]
async fn the_search_by_bytes_finds_exactly_what_the_plain_one_finds() {
    let mut random = StdRng::seed_from_u64(7);
    let (folder, space) = (tempfile::tempdir().unwrap(), space());
    let index = open(folder.path(), &space).await;
    // Clusters, for there the bytes alone would take one for another.
    let centres: Vec<Vec<f32>> = (0..8).map(|_| noise(&mut random, &[0.0; support::WIDTH], 1.0)).collect();
    let entries: Vec<_> = (0..3_000)
        .map(|n| entry("acme", &n.to_string(), None, noise(&mut random, &centres[n % 8], 0.02)))
        .collect();
    index.upsert(entries.clone()).await.unwrap();
    for turn in 0..200 {
        let query = noise(&mut random, &centres[turn % 8], 0.05);
        let score = |vector: &[f32]| {
            vector.iter().zip(&query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
        };
        let mut plain: Vec<f64> = entries.iter().map(|entry| score(&entry.vector)).collect();
        plain.sort_by(|a, b| b.total_cmp(a));
        let hits = search(&index, "acme", "none", &query, 32).await;
        assert_eq!(hits.len(), 32);
        for (hit, plain) in hits.iter().zip(plain) {
            assert!((f64::from(hit.score) - plain).abs() < 1e-6, "{} instead of {plain}", hit.score);
        }
    }
}

fn noise(random: &mut StdRng, centre: &[f32], much: f32) -> Vec<f32> {
    unit(centre.iter().map(|number| number + much * random.random_range(-1.0..1.0)).collect())
}
