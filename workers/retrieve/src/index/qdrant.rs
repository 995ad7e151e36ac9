//! The index in Qdrant: one collection for each encoder, two points for each resolved ticket.

mod point;

use std::{collections::HashMap, time::Duration};

use qdrant_client::{
    Qdrant, QdrantError,
    qdrant::{
        CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, Distance, FieldType, GetPointsBuilder,
        KeywordIndexParamsBuilder, PayloadIncludeSelector, PointId, QueryBatchPointsBuilder,
        UpsertPointsBuilder, VectorParamsBuilder, payload_index_params::IndexParams,
    },
};
use secrecy::{ExposeSecret, SecretString};
use shared::StartError;
use tonic::Code;
use uuid::Uuid;

use super::{
    IndexError, Space,
    entry::{Entry, Hit, Query},
};

/// Points in one write.
const CHUNK: usize = 64;

/// A write may take this many times as long as a search.
const WRITE_FACTOR: u32 = 5;

/// Which Qdrant to use, once the settings have been found usable.
pub(super) struct Target {
    /// Its gRPC address.
    pub url: String,
    /// Its key, if it wants one.
    pub key: Option<SecretString>,
    /// How long a search may take.
    pub timeout: Duration,
}

/// A collection in Qdrant.
pub struct QdrantIndex {
    client: Qdrant,
    url: String,
    collection: String,
    search_within: Duration,
    write_within: Duration,
}

impl QdrantIndex {
    /// Connects, and makes the collection and its two keyword indexes if they are not there.
    pub(super) async fn open(target: Target, space: &Space) -> Result<Self, StartError> {
        let write_within = target.timeout.saturating_mul(WRITE_FACTOR);
        let client = Qdrant::from_url(&target.url)
            .api_key(target.key.as_ref().map(ExposeSecret::expose_secret))
            .timeout(write_within)
            .connect_timeout(target.timeout)
            // The check prints to the standard output, which is not ours.
            .skip_compatibility_check()
            .build()
            .map_err(|error| StartError::setting("QDRANT_URL", error))?;
        let (url, search_within) = (target.url, target.timeout);
        let index = Self { client, url, collection: space.name(), search_within, write_within };
        Box::pin(index.prepare(space.dimension)).await?;
        Ok(index)
    }

    /// The collection's name.
    pub fn name(&self) -> &str {
        &self.collection
    }

    /// The collection and its indexes, before the first point: what is uploaded earlier is not in the tenant's
    /// part of the graph.
    async fn prepare(&self, dimension: usize) -> Result<(), StartError> {
        let exists =
            self.asked("find the collection", self.client.collection_exists(&self.collection)).await?;
        if !exists {
            let vectors = VectorParamsBuilder::new(dimension as u64, Distance::Cosine);
            let create = CreateCollectionBuilder::new(&self.collection).vectors_config(vectors);
            let made =
                Box::pin(self.asked("make the collection", self.client.create_collection(create))).await;
            let there = || self.asked("find the collection", self.client.collection_exists(&self.collection));
            // Another process may have made it a moment before.
            if let Err(error) = made
                && !there().await?
            {
                return Err(error);
            }
        }
        for (field, tenant) in [("tenant", true), ("intent", false)] {
            let params = KeywordIndexParamsBuilder::default().is_tenant(tenant).build();
            let create = CreateFieldIndexCollectionBuilder::new(&self.collection, field, FieldType::Keyword)
                .field_index_params(IndexParams::KeywordIndexParams(params))
                .wait(true);
            self.asked("make the keyword index", self.client.create_field_index(create)).await?;
        }
        Ok(())
    }

    pub(super) async fn search(&self, query: Query<'_>) -> Result<Vec<Hit>, IndexError> {
        let queries = [None, Some(query.intent)].map(|intent| point::query(&self.collection, query, intent));
        let batch = QueryBatchPointsBuilder::new(&self.collection, queries.to_vec());
        let answer = self.call("search", self.search_within, self.client.query_batch(batch)).await?;
        let mut hits: Vec<Hit> = Vec::new();
        for found in answer.result.into_iter().flat_map(|result| result.result) {
            let hit = point::hit(found).map_err(|reason| self.failed("search", reason))?;
            // The filter has seen to it; a wrong answer must not reach another tenant's customer all the same.
            if hit.card.tenant == query.tenant {
                hits.push(hit);
            }
        }
        Ok(hits)
    }

    pub(super) async fn upsert(&self, entries: Vec<Entry>) -> Result<(), IndexError> {
        let mut points: Vec<_> = entries.into_iter().map(point::of).collect();
        while !points.is_empty() {
            let rest = points.split_off(points.len().min(CHUNK));
            let upsert = UpsertPointsBuilder::new(&self.collection, points).wait(true);
            self.call("write", self.write_within, self.client.upsert_points(upsert)).await?;
            points = rest;
        }
        Ok(())
    }

    pub(super) async fn contents(&self, points: &[Uuid]) -> Result<HashMap<Uuid, String>, IndexError> {
        let ids: Vec<PointId> = points.iter().map(|id| id.to_string().into()).collect();
        let get = GetPointsBuilder::new(&self.collection, ids)
            .with_payload(PayloadIncludeSelector { fields: vec![point::CONTENT.to_owned()] })
            .with_vectors(false);
        let answer = self.call("read", self.write_within, self.client.get_points(get)).await?;
        Ok(answer.result.into_iter().filter_map(point::content).collect())
    }

    /// Asks within a time of our own: the client's begins again with each of its retries.
    async fn call<T>(
        &self,
        call: &'static str,
        within: Duration,
        answer: impl Future<Output = Result<T, QdrantError>>,
    ) -> Result<T, IndexError> {
        match tokio::time::timeout(within, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failed(call, said(&error))),
            Err(_) => Err(IndexError::Slow { url: self.url.clone(), call, ms: within.as_millis() }),
        }
    }

    /// Asks while starting: a key that is refused is a setting, everything else is the world.
    async fn asked<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<T, QdrantError>>,
    ) -> Result<T, StartError> {
        match tokio::time::timeout(self.write_within, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if is_refused(&error) => {
                Err(StartError::setting("QDRANT_API_KEY", self.failed(call, said(&error))))
            }
            Ok(Err(error)) => Err(StartError::World(self.failed(call, said(&error)).into())),
            Err(_) => {
                let ms = self.write_within.as_millis();
                Err(StartError::World(IndexError::Slow { url: self.url.clone(), call, ms }.into()))
            }
        }
    }

    fn failed(&self, call: &'static str, reason: String) -> IndexError {
        IndexError::Qdrant { url: self.url.clone(), call, reason }
    }
}

/// Whether Qdrant wants another key.
fn is_refused(error: &QdrantError) -> bool {
    matches!(error, QdrantError::ResponseError { status }
        if matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied))
}

/// An error in one line, without the metadata.
fn said(error: &QdrantError) -> String {
    match error {
        QdrantError::ResponseError { status } | QdrantError::ResourceExhaustedError { status, .. } => {
            format!("{}, {}", status.code(), status.message())
        }
        other => other.to_string(),
    }
}
