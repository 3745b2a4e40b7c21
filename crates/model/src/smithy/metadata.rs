//! Service-level metadata from the traits of the service.
//!
//! # Source
//! <https://smithy.io/2.0/aws/aws-core.html#aws-api-service-trait>.

use inia_core::Str;

use super::ast::{AstShape, name_of};
use super::auth;
use super::protocols::{NameTrait, ServiceProtocols};
use super::traits::Trait;
use crate::definition::raw::{RawMetadata, RawProtocolSettings};
use crate::names::kebab_case;

/// API version of a service without one.
const NO_VERSION: &str = "unversioned";

/// Returns the metadata of a service; `id` is its shape id.
pub(super) fn of(service: &AstShape<'_>, id: &str, protocols: &ServiceProtocols) -> RawMetadata {
    let traits = &service.traits;
    let shape_name = name_of(id);
    let entry = |name| traits.text_entry(Trait::Service, name).cloned();
    let signing_name = traits.text_entry(Trait::SigV4, "name");
    let signing_name = signing_name.or_else(|| traits.text_entry(Trait::SigV4a, "name"));
    let endpoint_prefix = entry("endpointPrefix")
        .or_else(|| entry("arnNamespace"))
        .or_else(|| signing_name.cloned())
        .unwrap_or_else(|| Str::from(kebab_case(shape_name)));
    let version = service
        .version
        .as_ref()
        .filter(|version| !version.is_empty());
    let version = version.map_or(Str::from_static(NO_VERSION), Str::from);
    let schemes = auth::of_service(service);
    let namespace = traits.text_entry(Trait::XmlNamespace, "uri");
    let is_targeted = protocols.names == NameTrait::Member;
    RawMetadata {
        service_id: Some(
            service
                .sdk_id()
                .cloned()
                .unwrap_or_else(|| Str::from(shape_name)),
        ),
        uid: Some(
            entry("docId").unwrap_or_else(|| Str::from(format!("{endpoint_prefix}-{version}"))),
        ),
        api_version: Some(version),
        signing_name: signing_name
            .filter(|name| **name != endpoint_prefix)
            .cloned(),
        endpoint_prefix: Some(endpoint_prefix),
        signature_version: Some(auth::signature_version(&schemes)),
        auth: schemes,
        protocol: protocols.supported.first().copied().map(Str::from_static),
        protocols: protocols
            .supported
            .iter()
            .copied()
            .map(Str::from_static)
            .collect(),
        json_version: protocols.json_version.map(Str::from_static),
        target_prefix: is_targeted.then(|| Str::from(shape_name)),
        xml_namespace: namespace.filter(|_| protocols.is_query()).cloned(),
        global_endpoint: None,
        full_name: traits.text(Trait::Title).cloned(),
        abbreviation: None,
        protocol_settings: RawProtocolSettings {
            h2: protocols.h2.clone(),
        },
        query_compatible: traits.has(Trait::AwsQueryCompatible),
        unknown: Vec::new(),
    }
}
