//! [`Metadata`]: service-level metadata.

use inia_core::{Str, Value};

/// Service-level metadata of a definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// `serviceId`: the name for configuration and error codes.
    pub service_id: Str,
    /// `apiVersion`, such as `2012-11-05`.
    pub api_version: Str,
    /// `endpointPrefix`: first label of the service's host names.
    pub endpoint_prefix: Str,
    /// `signingName`: service name in the credential scope, if it differs from the endpoint prefix.
    pub signing_name: Option<Str>,
    /// `signatureVersion`: `v4`, `s3`, `s3v4`, `v2` or `bearer`.
    pub signature_version: Str,
    /// `auth`: auth schemes in order of preference.
    pub auth: Box<[Str]>,
    /// `protocol`, used if `protocols` is absent.
    pub protocol: Str,
    /// `protocols`: all supported wire formats.
    pub protocols: Box<[Str]>,
    /// `jsonVersion`: `1.0` or `1.1`.
    pub json_version: Option<Str>,
    /// `targetPrefix`: first part of the `x-amz-target` header.
    pub target_prefix: Option<Str>,
    /// `xmlNamespace`: namespace of the root element of requests.
    pub xml_namespace: Option<Str>,
    /// `globalEndpoint`: host name for all regions, if there is one.
    pub global_endpoint: Option<Str>,
    /// `serviceFullName`.
    pub full_name: Str,
    /// `serviceAbbreviation`.
    pub abbreviation: Option<Str>,
    /// `uid`.
    pub uid: Str,
    /// `awsQueryCompatible`: errors carry the codes of the former query protocol.
    pub query_compatible: bool,
    /// `protocolSettings.h2`: `eventstream` or `optional`.
    pub h2: Option<Str>,
    /// `clientContextParams`: endpoint rule set parameters that are set on a client, with their types.
    pub client_context: Box<[(Str, Str)]>,
    /// True if the service is deprecated.
    pub deprecated: bool,
    /// Unknown entries, by name.
    pub unknown: Box<[(Str, Value)]>,
}

impl Metadata {
    /// Returns the service name in the credential scope.
    #[must_use]
    pub fn signing_name(&self) -> &Str {
        self.signing_name.as_ref().unwrap_or(&self.endpoint_prefix)
    }
}
