//! inia: a dynamic, model-interpreted AWS SDK runtime.
//!
//! inia interprets AWS's JSON definitions at run time instead of generating code. Every operation of every service is
//! available, and a new service needs only its definition file.
//!
//! ```no_run
//! use inia::{Session, json};
//!
//! # async fn example() -> inia::Result<()> {
//! let session = Session::load().await?; // from the environment, ~/.aws, container or instance, like boto3
//! let sqs = session.client("sqs")?;
//! let queues = sqs.call("ListQueues", json!({"MaxResults": 10})).await?;
//! for url in queues["QueueUrls"].items() {
//!     println!("{url}");
//! }
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

/// The README, whose examples are compiled as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use inia_core::{
    Blob, CredentialChain, Credentials, Error, ErrorKind, Fault, List, Lookup, Map, Problem,
    Provider, ProviderChain, ProviderContext, Result, RetryClass, Secret, ServiceError, SsoLogin,
    SsoLogout, Str, Timestamp, TimestampFormat, Token, TokenChain, UserAgentFeatures, Value,
    config, from_value, json, ports, to_value,
};
pub use inia_dispatch::{
    Action, ByteStream, CaBundle, Call, Client, Collection, CollectionItems, CollectionPages,
    Condition, EventStream, HttpVersion, HyperTransport, Output, PageItems, Paginator, Params,
    Presign, PresignedRequest, ProxySettings, Resource, ResourceOutcome, ResourcePart,
    ResponseMetadata, SearchResults, Session, SessionBuilder, TlsSettings, Transport,
    TransportSettings, Wait, WaitOutcome, WireBody, WireRequest, WireResponse, blocking, host,
};
pub use inia_model::{
    Acceptor, AcceptorState, Catalog, ErrorMatch, IdentifierSource, Kind, Location, Matcher,
    Member, Metadata, Operation, PaginatorModel, Paginators, ParamPath, ParamSource,
    ResourceAction, ResourceAttribute, ResourceCollection, ResourceIdentifier, ResourceModel,
    ResourceParam, ResourceRelation, ResourceRequest, ResourceTarget, ResourceWaiter, Resources,
    ResultKey, ServiceModel, Shape, ShapeId, Structure, TargetIdentifier, Traits, WaiterModel,
    Waiters, did_you_mean, jmespath, kebab_case, snake_case,
};
pub use inia_protocol::{Headers, Protocol};
