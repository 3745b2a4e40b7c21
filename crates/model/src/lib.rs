//! AWS service and resource definitions, loaded at run time.
//!
//! A [`ServiceModel`] is immutable data behind an `Arc`: [`Operation`]s, and [`Shape`]s in an arena that refer to each
//! other by [`ShapeId`].

#![forbid(unsafe_code)]

mod catalog;
mod definition;
mod definition_file;
mod describe;
mod graph;
mod idempotency;
pub mod jmespath;
mod metadata;
mod names;
mod operation;
#[cfg(feature = "pack")]
mod pack;
mod packed;
mod page_members;
mod paginator;
mod resource;
mod service;
mod shape;
mod smithy;
mod tables;
mod traits;
mod validate;
mod waiter;

pub use catalog::{Catalog, DefinitionOrigin, DefinitionSource};
pub use definition_file::Definition;
pub use describe::{Description, DescriptionNode, ReadOnlySource};
pub use idempotency::fill_idempotency_tokens;
pub use inia_core::did_you_mean;
pub use metadata::Metadata;
pub use names::{kebab_case, snake_case};
pub use operation::{ChecksumTraits, EndpointDiscovery, Operation};
#[cfg(feature = "pack")]
pub use pack::ArchiveBuilder;
pub use packed::Archive;
pub use paginator::{PaginatorModel, Paginators, ResultKey};
pub use resource::{
    IdentifierSource, ParamPath, ParamSource, ResourceAction, ResourceAttribute,
    ResourceCollection, ResourceIdentifier, ResourceModel, ResourceParam, ResourceRelation,
    ResourceRequest, ResourceTarget, ResourceWaiter, Resources, TargetIdentifier,
};
pub use service::ServiceModel;
pub use shape::{Constraints, ErrorTraits, Kind, Member, Retryable, Shape, ShapeId, Structure};
pub use smithy::SmithyService;
pub use tables::{OperationTable, ShapeTable};
pub use traits::{Flags, Location, Traits, XmlNamespace};
pub use waiter::{
    Acceptor, AcceptorState, ErrorMatch, Matcher, WaiterModel, WaiterResponse, Waiters,
};
