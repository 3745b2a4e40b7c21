//! [`Operation`]: one call that a service offers.

use inia_core::{Str, Value};

use crate::{Member, ShapeId};

/// One operation of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// Its name, as the definition spells it.
    pub name: Str,
    /// Its place among the operations of its service, in name order.
    pub index: u32,
    /// The HTTP method.
    pub method: Str,
    /// The path template, with `{labels}` and, behind a `?`, fixed query parameters.
    pub request_uri: Str,
    /// The status of success.
    pub response_code: Option<u16>,
    /// The input; `None` where the operation takes no parameters.
    pub input: Option<Member>,
    /// The output; `None` where the answer has nothing to say.
    pub output: Option<Member>,
    /// The element around the output in a query answer.
    pub result_wrapper: Option<Str>,
    /// The errors it is known to answer with.
    pub errors: Box<[ShapeId]>,
    /// `auth`: the auth schemes it accepts, in order of preference; `None` takes the service's.
    pub auth: Option<Box<[Str]>>,
    /// `authtype`: `none` or `v4-unsigned-body`.
    pub auth_type: Option<Str>,
    /// `unsignedPayload`: the body is not hashed into the signature.
    pub unsigned_payload: bool,
    /// `endpoint.hostPrefix`, with `{labels}`.
    pub host_prefix: Option<Str>,
    /// `httpChecksum`.
    pub checksum: Option<Box<ChecksumTraits>>,
    /// `httpChecksumRequired`: an MD5 or another checksum of the body must be sent.
    pub checksum_required: bool,
    /// `requestcompression.encodings`.
    pub compression: Box<[Str]>,
    /// `staticContextParams`: endpoint rule set parameters with fixed values.
    pub static_context: Box<[(Str, Value)]>,
    /// `operationContextParams`: endpoint rule set parameters and the JMESPath into the input that fills each.
    pub operation_context: Box<[(Str, Str)]>,
    /// `endpointdiscovery`: whether the operation's endpoint is, or must be, asked for first.
    pub endpoint_discovery: Option<EndpointDiscovery>,
    /// `endpointoperation`: this operation answers where the service's endpoints are.
    pub is_endpoint_operation: bool,
    /// `idempotent`.
    pub is_idempotent: bool,
    /// `readonly`.
    pub is_readonly: bool,
    /// `deprecated`.
    pub is_deprecated: bool,
    /// Traits that this version does not know, by name.
    pub unknown: Box<[(Str, Value)]>,
}

/// How the bodies of an operation are protected by checksums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChecksumTraits {
    /// Whether a checksum of the request body must be sent.
    pub request_required: bool,
    /// The input member that names the algorithm.
    pub request_algorithm_member: Option<Str>,
    /// The input member that asks for a checksum of the answer.
    pub request_validation_mode_member: Option<Str>,
    /// The algorithms the answer may carry a checksum of.
    pub response_algorithms: Box<[Str]>,
}

/// Whether an operation's endpoint comes from endpoint discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointDiscovery {
    /// Whether the operation cannot be called without.
    pub required: bool,
}
