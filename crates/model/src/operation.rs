//! [`Operation`]: an operation of a service.

use inia_core::{Str, Value};

use crate::{Member, ShapeId};

/// An operation of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// Name, as the definition spells it.
    pub name: Str,
    /// Index among the operations of the service, in name order.
    pub index: u32,
    /// HTTP method.
    pub method: Str,
    /// URI path template with `{labels}`, and fixed query parameters after a `?`.
    pub request_uri: Str,
    /// HTTP status of a successful response.
    pub response_code: Option<u16>,
    /// Input; `None` if the operation takes no parameters.
    pub input: Option<Member>,
    /// Output; `None` if the operation returns no data.
    pub output: Option<Member>,
    /// Name of the XML element that wraps the output in a query response.
    pub result_wrapper: Option<Str>,
    /// Modeled errors.
    pub errors: Box<[ShapeId]>,
    /// `auth`: accepted auth schemes in order of preference; `None` if those of the service apply.
    pub auth: Option<Box<[Str]>>,
    /// `authtype`: `none` or `v4-unsigned-body`.
    pub auth_type: Option<Str>,
    /// `unsignedPayload`: the payload hash is left out of the signature.
    pub unsigned_payload: bool,
    /// `endpoint.hostPrefix`, with `{labels}`.
    pub host_prefix: Option<Str>,
    /// `httpChecksum`.
    pub checksum: Option<Box<ChecksumTraits>>,
    /// `httpChecksumRequired`: the request requires an MD5 or another checksum of the body.
    pub checksum_required: bool,
    /// `requestcompression.encodings`.
    pub compression: Box<[Str]>,
    /// `staticContextParams`: endpoint rule set parameters with fixed values.
    pub static_context: Box<[(Str, Value)]>,
    /// `operationContextParams`: endpoint rule set parameters, each with a JMESPath expression into the input.
    pub operation_context: Box<[(Str, Str)]>,
    /// `endpointdiscovery`: whether the operation uses or requires a discovered endpoint.
    pub endpoint_discovery: Option<EndpointDiscovery>,
    /// `endpointoperation`: this operation returns the discovered endpoints of the service.
    pub is_endpoint_operation: bool,
    /// `idempotent`.
    pub is_idempotent: bool,
    /// `readonly`.
    pub is_readonly: bool,
    /// `deprecated`.
    pub is_deprecated: bool,
    /// Unknown traits, by name.
    pub unknown: Box<[(Str, Value)]>,
}

/// Checksum traits of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChecksumTraits {
    /// A checksum of the request body is required.
    pub request_required: bool,
    /// Input member that selects the checksum algorithm.
    pub request_algorithm_member: Option<Str>,
    /// Input member that requests a checksum in the response.
    pub request_validation_mode_member: Option<Str>,
    /// Algorithms of the checksums that a response may carry.
    pub response_algorithms: Box<[Str]>,
}

/// Endpoint discovery trait of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointDiscovery {
    /// The operation can only be called on a discovered endpoint.
    pub required: bool,
}
