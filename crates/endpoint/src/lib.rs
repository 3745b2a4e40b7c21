//! Endpoint rule sets, partitions and regions: resolves a service, a region and a few settings to a URL and auth schemes.
//!
//! Pure functions over immutable data: nothing here reads a file, the environment or a clock.
//!
//! ```text
//! endpoint-rule-set-1.json -> RuleSet    --evaluate(Partitions, EndpointParams)--> Endpoint { url, headers, properties, .. }
//! partitions.json          -> Partitions                                           or EndpointError { kind, message }
//! endpoints.json           -> EndpointsData  --available_endpoints, partition_for_region, global_endpoint
//! ```
//!
//! | To get | Use |
//! |---|---|
//! | the endpoint of a call | [`RuleSet::evaluate`], or [`EndpointCache::resolve`] to cache it |
//! | the parameters of a rule set | [`RuleSet::parameters`], [`Parameter::built_in`], [`EndpointParams::set`] |
//! | the partition of a region | [`Partitions::find`], [`Partitions::for_region`] |
//! | the regions of a service | [`EndpointsData::available_endpoints`] |
//! | the parts of an ARN | [`Arn::parse`] |
//!
//! # Packed form
//!
//! Each of the three kinds of data is read from JSON (files that a user drops in) or from the packed form of the built-in
//! definitions (`inia_core::packed`). A packed rule set takes a few hundred bytes for most services and is read in
//! microseconds. Reading validates everything: damaged or hostile bytes are rejected.
//!
//! # Not supported
//!
//! Rule sets encoded as a decision diagram (`smithy.rules#endpointBdd`), which botocore's data does not contain; region
//! overrides in `partitions.json`, which botocore does not read.
//!
//! # Differences from botocore
//!
//! - Functions of version 1.1 of the rules engine (`coalesce`, `ite`, `split`, negative indexes) are supported.
//! - Input on which botocore raises a Python error (a missing attribute or variable, a URL with broken brackets) is unset
//!   here, or an [`EndpointError`].
//! - Only ASCII digits and word characters match, and a trailing newline is never part of a valid name.
//! - Type errors name the types of the rules engine, not those of Python.

mod arn;
mod cache;
mod endpoint;
mod error;
mod functions;
mod hasher;
mod interner;
mod list_table;
mod parameter;
mod partition;
mod region_pattern;
mod regions;
mod rule_set;
mod string_table;
mod template;
mod url;
mod value;

pub use arn::Arn;
pub use cache::EndpointCache;
pub use endpoint::{AuthScheme, Endpoint};
pub use error::{EndpointError, EndpointErrorKind};
pub use parameter::{
    BuiltIn, EndpointParams, Parameter, ParameterDefault, ParameterType, ParameterValue,
};
pub use partition::{Partition, Partitions};
pub use regions::{EndpointVariant, EndpointsData, GlobalEndpoint};
pub use rule_set::RuleSet;
