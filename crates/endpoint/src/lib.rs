//! Endpoint rule sets and partitions, compiled and evaluated for inia.
mod arn;
mod bytes;
mod cache;
mod endpoint;
mod error;
mod evaluate;
mod functions;
mod json;
mod lists;
mod numbered;
mod parameter;
mod partition;
mod pattern;
mod regions;
mod rule_set;
mod template;
mod texts;
mod url;

pub use arn::Arn;
pub use cache::EndpointCache;
pub use endpoint::{AuthScheme, Endpoint, Property};
pub use error::{DefinitionError, EndpointError, EndpointErrorKind};
pub use parameter::{
    BuiltIn, EndpointParams, Parameter, ParameterDefault, ParameterType, ParameterValue,
};
pub use partition::{Partition, Partitions};
pub use regions::{EndpointVariant, EndpointsData, LegacyEndpoint, LegacyRequest, LegacyTarget};
pub use rule_set::RuleSet;
