//! A small Qdrant over real gRPC: it stores points, filters and ranks them, and can be slow, away or strict.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ::qdrant_client::qdrant::{
    collections_server::{Collections, CollectionsServer},
    condition::ConditionOneOf,
    r#match::MatchValue,
    points_server::{Points, PointsServer},
    *,
};
use retrieve::index::IndexSettings;
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

/// The server's state and its faults.
#[derive(Default)]
pub struct Server {
    address: Option<SocketAddr>,
    key: Option<String>,
    stored: Mutex<HashMap<String, Stored>>,
    /// Every change, in the order it was made.
    pub journal: Mutex<Vec<String>>,
    /// Milliseconds before each answer.
    pub slow_ms: AtomicU64,
    /// Whether each answer is that it is unavailable.
    pub away: AtomicBool,
    /// Whether it forgets to filter by tenant.
    pub leaky: AtomicBool,
}

#[derive(Default)]
struct Stored {
    size: usize,
    points: BTreeMap<String, (Vec<f32>, HashMap<String, Value>)>,
}

impl Server {
    /// Listens on a free port; with a key, it wants that key.
    pub async fn start(key: Option<&str>) -> Arc<Self> {
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = Some(incoming.local_addr().unwrap());
        let server = Arc::new(Self { address, key: key.map(str::to_owned), ..Self::default() });
        let router = tonic::transport::Server::builder()
            .add_service(PointsServer::from_arc(server.clone()))
            .add_service(CollectionsServer::from_arc(server.clone()));
        tokio::spawn(router.serve_with_incoming(incoming));
        server
    }

    /// Settings that lead here.
    pub fn settings(&self) -> IndexSettings {
        let mut settings = super::memory_settings(std::path::Path::new("unused"));
        settings.qdrant_url = Some(format!("http://{}", self.address.unwrap()));
        settings
    }

    async fn admit<T>(&self, request: Request<T>) -> Result<T, Status> {
        tokio::time::sleep(Duration::from_millis(self.slow_ms.load(Ordering::Relaxed))).await;
        if self.away.load(Ordering::Relaxed) {
            return Err(Status::unavailable("the node is restarting"));
        }
        let given = request.metadata().get("api-key").and_then(|key| key.to_str().ok());
        if self.key.is_some() && self.key.as_deref() != given {
            return Err(Status::unauthenticated("Must provide an API key or an Authorization bearer token"));
        }
        Ok(request.into_inner())
    }

    fn note(&self, what: String) {
        self.journal.lock().unwrap().push(what);
    }

    fn with<T>(
        &self,
        collection: &str,
        ask: impl FnOnce(&mut Stored) -> Result<T, Status>,
    ) -> Result<T, Status> {
        let mut stored = self.stored.lock().unwrap();
        let missing = || Status::not_found(format!("Collection `{collection}` doesn't exist!"));
        ask(stored.get_mut(collection).ok_or_else(missing)?)
    }

    fn nearest(&self, query: &QueryPoints) -> Result<BatchResult, Status> {
        let vector = nearest_vector(query)?;
        let leaky = self.leaky.load(Ordering::Relaxed);
        let mut result = self.with(&query.collection_name, |stored| {
            let fits =
                |payload: &_| leaky || query.filter.as_ref().is_none_or(|filter| matches(filter, payload));
            let found = stored.points.iter().filter(|(_, (_, payload))| fits(payload));
            Ok(found.map(|(id, point)| scored(id, point, &vector)).collect::<Vec<_>>())
        })?;
        result.sort_by(|a, b| b.score.total_cmp(&a.score));
        result.truncate(query.limit.unwrap_or(10) as usize);
        Ok(BatchResult { result })
    }
}

fn scored(id: &str, (vector, payload): &(Vec<f32>, HashMap<String, Value>), query: &[f32]) -> ScoredPoint {
    let score = vector.iter().zip(query).map(|(a, b)| a * b).sum();
    ScoredPoint { id: Some(id.to_owned().into()), score, payload: payload.clone(), ..Default::default() }
}

fn nearest_vector(query: &QueryPoints) -> Result<Vec<f32>, Status> {
    let variant = query.query.clone().and_then(|query| query.variant);
    let Some(query::Variant::Nearest(VectorInput { variant: Some(vector_input::Variant::Dense(dense)) })) =
        variant
    else {
        return Err(Status::unimplemented("only the nearest of a dense vector"));
    };
    Ok(dense.data)
}

/// Whether a payload fulfils every `must` keyword; anything else in a filter is a mistake.
fn matches(filter: &Filter, payload: &HashMap<String, Value>) -> bool {
    assert!(filter.should.is_empty() && filter.must_not.is_empty() && filter.min_should.is_none());
    filter.must.iter().all(|condition| {
        let Some(ConditionOneOf::Field(field)) = &condition.condition_one_of else { panic!("{condition:?}") };
        let Some(MatchValue::Keyword(word)) = field.r#match.as_ref().and_then(|m| m.match_value.as_ref())
        else {
            panic!("{field:?}")
        };
        payload.get(&field.key).and_then(Value::as_str) == Some(word)
    })
}

fn uuid_of(id: Option<&PointId>) -> Result<String, Status> {
    match id.and_then(|id| id.point_id_options.clone()) {
        Some(point_id::PointIdOptions::Uuid(uuid)) => Ok(uuid),
        _ => Err(Status::invalid_argument("only UUIDs")),
    }
}

fn dense(point: &PointStruct) -> Option<Vec<f32>> {
    match point.vectors.clone()?.vectors_options? {
        vectors::VectorsOptions::Vector(Vector { vector: Some(vector::Vector::Dense(dense)), .. }) => {
            Some(dense.data)
        }
        _ => None,
    }
}

/// A service: what it does, and the calls it does not know.
macro_rules! service {
    ($service:ident { $($done:item)* } knows not { $($name:ident: $request:ty => $response:ty;)* }) => {
        #[tonic::async_trait]
        impl $service for Server {
            $($done)*
            $(async fn $name(&self, _: Request<$request>) -> Result<Response<$response>, Status> {
                Err(Status::unimplemented(stringify!($name)))
            })*
        }
    };
}

service! {
    Collections {
        async fn collection_exists(
            &self,
            request: Request<CollectionExistsRequest>,
        ) -> Result<Response<CollectionExistsResponse>, Status> {
            let name = self.admit(request).await?.collection_name;
            let exists = self.stored.lock().unwrap().contains_key(&name);
            Ok(Response::new(CollectionExistsResponse { result: Some(CollectionExists { exists }), time: 0.0 }))
        }

        async fn create(
            &self,
            request: Request<CreateCollection>,
        ) -> Result<Response<CollectionOperationResponse>, Status> {
            let request = self.admit(request).await?;
            let Some(vectors_config::Config::Params(params)) = request.vectors_config.and_then(|config| config.config)
            else {
                return Err(Status::invalid_argument("vectors"));
            };
            assert_eq!(params.distance, Distance::Cosine as i32);
            let mut stored = self.stored.lock().unwrap();
            if stored.contains_key(&request.collection_name) {
                return Err(Status::already_exists("Collection already exists!"));
            }
            self.note(format!("collection of {}", params.size));
            stored.insert(request.collection_name, Stored { size: params.size as usize, ..Stored::default() });
            Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
        }
    } knows not {
        get: GetCollectionInfoRequest => GetCollectionInfoResponse;
        list: ListCollectionsRequest => ListCollectionsResponse;
        update: UpdateCollection => CollectionOperationResponse;
        delete: DeleteCollection => CollectionOperationResponse;
        update_aliases: ChangeAliases => CollectionOperationResponse;
        list_collection_aliases: ListCollectionAliasesRequest => ListAliasesResponse;
        list_aliases: ListAliasesRequest => ListAliasesResponse;
        collection_cluster_info: CollectionClusterInfoRequest => CollectionClusterInfoResponse;
        update_collection_cluster_setup: UpdateCollectionClusterSetupRequest => UpdateCollectionClusterSetupResponse;
        create_shard_key: CreateShardKeyRequest => CreateShardKeyResponse;
        delete_shard_key: DeleteShardKeyRequest => DeleteShardKeyResponse;
        list_shard_keys: ListShardKeysRequest => ListShardKeysResponse;
    }
}

service! {
    Points {
        async fn create_field_index(
            &self,
            request: Request<CreateFieldIndexCollection>,
        ) -> Result<Response<PointsOperationResponse>, Status> {
            let request = self.admit(request).await?;
            assert_eq!(request.field_type, Some(FieldType::Keyword as i32));
            self.with(&request.collection_name, |_| Ok(()))?;
            self.note(format!("index on {}", request.field_name));
            Ok(Response::new(PointsOperationResponse::default()))
        }

        async fn upsert(&self, request: Request<UpsertPoints>) -> Result<Response<PointsOperationResponse>, Status> {
            let request = self.admit(request).await?;
            assert_eq!(request.wait, Some(true));
            self.note(format!("{} points", request.points.len()));
            self.with(&request.collection_name, |stored| {
                for point in request.points {
                    let vector = dense(&point).filter(|vector| vector.len() == stored.size);
                    let vector = vector.ok_or_else(|| Status::invalid_argument("Vector dimension error"))?;
                    stored.points.insert(uuid_of(point.id.as_ref())?, (vector, point.payload));
                }
                Ok(())
            })?;
            Ok(Response::new(PointsOperationResponse::default()))
        }

        async fn get(&self, request: Request<GetPoints>) -> Result<Response<GetResponse>, Status> {
            let request = self.admit(request).await?;
            let result = self.with(&request.collection_name, |stored| {
                let ids = request.ids.iter().map(|id| uuid_of(Some(id)));
                let point = |id: String| {
                    let (_, payload) = stored.points.get(&id)?;
                    Some(RetrievedPoint { id: Some(id.into()), payload: payload.clone(), ..Default::default() })
                };
                Ok(ids.collect::<Result<Vec<_>, _>>()?.into_iter().filter_map(point).collect())
            })?;
            Ok(Response::new(GetResponse { result, ..Default::default() }))
        }

        async fn query_batch(
            &self,
            request: Request<QueryBatchPoints>,
        ) -> Result<Response<QueryBatchResponse>, Status> {
            let request = self.admit(request).await?;
            let result = request.query_points.iter().map(|query| self.nearest(query)).collect::<Result<_, _>>()?;
            Ok(Response::new(QueryBatchResponse { result, ..Default::default() }))
        }
    } knows not {
        delete: DeletePoints => PointsOperationResponse;
        update_vectors: UpdatePointVectors => PointsOperationResponse;
        delete_vectors: DeletePointVectors => PointsOperationResponse;
        set_payload: SetPayloadPoints => PointsOperationResponse;
        overwrite_payload: SetPayloadPoints => PointsOperationResponse;
        delete_payload: DeletePayloadPoints => PointsOperationResponse;
        clear_payload: ClearPayloadPoints => PointsOperationResponse;
        delete_field_index: DeleteFieldIndexCollection => PointsOperationResponse;
        create_vector_name: CreateVectorNameRequest => PointsOperationResponse;
        delete_vector_name: DeleteVectorNameRequest => PointsOperationResponse;
        search: SearchPoints => SearchResponse;
        search_batch: SearchBatchPoints => SearchBatchResponse;
        search_groups: SearchPointGroups => SearchGroupsResponse;
        scroll: ScrollPoints => ScrollResponse;
        recommend: RecommendPoints => RecommendResponse;
        recommend_batch: RecommendBatchPoints => RecommendBatchResponse;
        recommend_groups: RecommendPointGroups => RecommendGroupsResponse;
        discover: DiscoverPoints => DiscoverResponse;
        discover_batch: DiscoverBatchPoints => DiscoverBatchResponse;
        count: CountPoints => CountResponse;
        update_batch: UpdateBatchPoints => UpdateBatchResponse;
        query: QueryPoints => QueryResponse;
        query_groups: QueryPointGroups => QueryGroupsResponse;
        facet: FacetCounts => FacetResponse;
        search_matrix_pairs: SearchMatrixPoints => SearchMatrixPairsResponse;
        search_matrix_offsets: SearchMatrixPoints => SearchMatrixOffsetsResponse;
    }
}
