//! Endpoint rule sets and partitions, compiled and evaluated for inia.
mod arn;
mod bytes;
mod cache;
mod endpoint;
mod error;
mod evaluate;
mod functions;
mod json;
mod parameter;
mod partition;
mod pattern;
mod rule_set;
mod template;
mod url;

pub use arn::Arn;
pub use cache::EndpointCache;
pub use endpoint::{AuthScheme, Endpoint, Property};
pub use error::{DefinitionError, EndpointError, EndpointErrorKind};
pub use parameter::{
    BuiltIn, EndpointParams, Parameter, ParameterDefault, ParameterType, ParameterValue,
};
pub use partition::{Partition, Partitions};
pub use rule_set::RuleSet;
