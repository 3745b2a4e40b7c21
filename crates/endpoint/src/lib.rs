//! Endpoint rule sets, partitions and regions: from a service, a region and a few settings to a URL and a way to sign.
//!
//! Pure functions over immutable data: nothing here reads a file, the environment or a clock.
//!
//! ```text
//! endpoint-rule-set-1.json -> RuleSet    --evaluate(Partitions, EndpointParams)--> Endpoint { url, headers, properties, .. }
//! partitions.json          -> Partitions                                           or EndpointError { kind, message }
//! endpoints.json           -> EndpointsData  --available_endpoints, partition_for_region, construct_endpoint, ..
//! ```
//!
//! | Wanted | Use |
//! |---|---|
//! | the endpoint of a call | [`RuleSet::evaluate`], or [`EndpointCache::resolve`] to remember it |
//! | the values a rule set asks for | [`RuleSet::parameters`], [`Parameter::built_in`], [`EndpointParams::set`] |
//! | the partition of a region | [`Partitions::find`], [`Partitions::for_region`] |
//! | the regions of a service | [`EndpointsData::available_endpoints`] |
//! | the endpoint of a service that has no rule set | [`EndpointsData::target`] |
//! | the parts of an ARN | [`Arn::parse`] |
//!
//! # Forms
//!
//! Each of the three kinds of data can be read from JSON, which is what a dropped-in file costs, and from a packed form
//! (`to_bytes`, `from_bytes`), which is what built-in data should be kept in: it is a few hundred bytes for most services
//! and read in microseconds. A packed form is good for the version of this crate that wrote it, and says so when it is not.
//! Reading checks everything: damaged or hostile bytes are an error.
//!
//! # Not supported
//!
//! Rule sets in the form of a decision diagram (`smithy.rules#endpointBdd`), which botocore's data does not have; region
//! overrides in `partitions.json`, which botocore does not read.
//!
//! # Differences from botocore
//!
//! - Functions of the rules engine's version 1.1 (`coalesce`, `ite`, `split`, negative indexes) are known.
//! - What makes botocore stumble with a Python error (an attribute or a variable that is not there, a URL with broken
//!   brackets) has no value here, or is an [`EndpointError`].
//! - Digits and word characters are ASCII's, and a trailing line end never counts as part of a valid name.
//! - Errors about types name the rules engine's types, not Python's.

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
mod value;

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
