//! Every index there is, and entries to put in.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod server;

use std::{path::Path, sync::Arc};

use retrieve::index::{Card, Entry, Hit, Index, IndexSettings, Part, Query, Space};
use server::Server;

/// Numbers in the tests' vectors.
pub const WIDTH: usize = 16;

/// An index, and what keeps it alive.
pub struct Place {
    pub index: Index,
    _folder: tempfile::TempDir,
    _server: Option<Arc<Server>>,
}

/// Each index on which every test of the list is run: in this process, a gRPC server in this process, and the
/// Qdrant that QDRANT_URL names, if it names one.
pub async fn places() -> Vec<Place> {
    let server = Server::start(None).await;
    let mut settings = vec![(memory_settings(Path::new("")), None), (server.settings(), Some(server))];
    if let Ok(url) = std::env::var("QDRANT_URL") {
        let mut real = memory_settings(Path::new(""));
        real.qdrant_url = Some(url);
        real.qdrant_api_key = std::env::var("QDRANT_API_KEY").ok().map(Into::into);
        real.qdrant_timeout_ms = 10_000;
        settings.push((real, None));
    }
    let mut places = Vec::new();
    for (mut settings, server) in settings {
        let folder = tempfile::tempdir().unwrap();
        settings.index_dir = folder.path().to_owned();
        let index = Index::open(&settings, &space()).await.unwrap();
        places.push(Place { index, _folder: folder, _server: server });
    }
    places
}

pub fn memory_settings(folder: &Path) -> IndexSettings {
    IndexSettings {
        index_dir: folder.to_owned(),
        qdrant_url: None,
        qdrant_api_key: None,
        qdrant_timeout_ms: 2_000,
    }
}

/// A space that no other test has, so that a real Qdrant can serve many.
pub fn space() -> Space {
    let hex = uuid::Uuid::new_v4().simple().to_string();
    Space { encoder: format!("test@{hex}"), dimension: WIDTH }
}

/// A unit vector that leans towards one axis, the more so the smaller `off`.
pub fn lean(axis: usize, off: f32) -> Vec<f32> {
    let mut vector = vec![0.0; WIDTH];
    vector[axis % WIDTH] = 1.0;
    vector[(axis + 1) % WIDTH] = off;
    unit(vector)
}

pub fn unit(vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    vector.into_iter().map(|number| number / length).collect()
}

pub fn entry(tenant: &str, id: &str, intent: Option<&str>, vector: Vec<f32>) -> Entry {
    let card = Card {
        tenant: tenant.to_owned(),
        id: id.to_owned(),
        intent: intent.map(str::to_owned),
        subject: format!("About {id}"),
        reply: format!("The answer to {id} of {tenant}."),
        resolved_at: "2026-09-01T18:44:00Z".parse().unwrap(),
    };
    Entry { part: Part::Whole, card, content: format!("content of {id}"), vector }
}

pub async fn search(index: &Index, tenant: &str, intent: &str, vector: &[f32], limit: usize) -> Vec<Hit> {
    let mut hits = index.search(Query { tenant, intent, vector, limit }).await.unwrap();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    hits
}

pub fn ids(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.card.id.as_str()).collect()
}
