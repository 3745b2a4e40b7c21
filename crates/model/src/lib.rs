//! AWS service and resource definitions, loaded at run time.
//!
//! A [`ServiceModel`] is immutable data behind an `Arc`: [`Operation`]s, and [`Shape`]s in an arena that refer to each
//! other by [`ShapeId`].

#![forbid(unsafe_code)]

mod catalog;
mod definition;
mod definition_node;
mod describe;
mod graph;
mod idempotency;
pub mod jmespath;
mod names;
mod operation;
mod packed;
mod paginator;
mod resource;
mod service;
mod shape;
mod tables;
mod traits;
mod validate;
mod waiter;

pub use catalog::{Catalog, Definition, DefinitionFormat};
pub use describe::{Description, DescriptionNode};
pub use idempotency::fill_idempotency_tokens;
pub use names::{did_you_mean, kebab_case, nearest, snake_case};
pub use operation::{ChecksumTraits, EndpointDiscovery, Operation};
pub use packed::Archive;
#[cfg(feature = "pack")]
pub use packed::ArchiveBuilder;
pub use paginator::{PaginatorModel, Paginators, ResultKey};
pub use resource::{
    IdentifierSource, ParamPath, ParamSource, ResourceAction, ResourceAttribute,
    ResourceCollection, ResourceIdentifier, ResourceModel, ResourceParam, ResourceRelation,
    ResourceRequest, ResourceTarget, ResourceWaiter, Resources, TargetIdentifier,
};
pub use service::{Metadata, ServiceModel};
pub use shape::{Constraints, ErrorTraits, Kind, Member, Retryable, Shape, ShapeId, Structure};
pub use tables::{OperationTable, ShapeTable};
pub use traits::{Flags, Location, Traits, XmlNamespace};
pub use waiter::{
    Acceptor, AcceptorState, ErrorMatch, Matcher, WaiterModel, WaiterResponse, Waiters,
};
