//! Protocol traits: the wire format of a service, and the traits that name members in it.
//!
//! # Source
//! <https://smithy.io/2.0/aws/protocols/index.html>.

use inia_core::{Result, Str};

use super::ast::AstShape;
use super::invalid;
use super::traits::Trait;

/// Trait that gives a member its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameTrait {
    /// The protocol uses the name of the member.
    Member,
    JsonName,
    XmlName,
    /// `ec2QueryName` in requests and `xmlName` in responses.
    Ec2QueryName,
}

/// A wire format as a trait.
struct ProtocolTrait {
    id: Trait,
    /// Name in `service-2.json`.
    name: &'static str,
    json_version: Option<&'static str>,
    names: NameTrait,
    /// HTTP binding traits count.
    has_bindings: bool,
}

/// Supported protocols in order of preference, which is the order of botocore.
const PROTOCOLS: [ProtocolTrait; 7] = [
    ProtocolTrait {
        id: Trait::AwsJson11,
        name: "json",
        json_version: Some("1.1"),
        names: NameTrait::Member,
        has_bindings: false,
    },
    ProtocolTrait {
        id: Trait::AwsJson10,
        name: "json",
        json_version: Some("1.0"),
        names: NameTrait::Member,
        has_bindings: false,
    },
    ProtocolTrait {
        id: Trait::RestJson1,
        name: "rest-json",
        json_version: Some("1.1"),
        names: NameTrait::JsonName,
        has_bindings: true,
    },
    ProtocolTrait {
        id: Trait::RestXml,
        name: "rest-xml",
        json_version: None,
        names: NameTrait::XmlName,
        has_bindings: true,
    },
    ProtocolTrait {
        id: Trait::RpcV2Cbor,
        name: "smithy-rpc-v2-cbor",
        json_version: None,
        names: NameTrait::Member,
        has_bindings: false,
    },
    ProtocolTrait {
        id: Trait::AwsQuery,
        name: "query",
        json_version: None,
        names: NameTrait::XmlName,
        has_bindings: false,
    },
    ProtocolTrait {
        id: Trait::Ec2Query,
        name: "ec2",
        json_version: None,
        names: NameTrait::Ec2QueryName,
        has_bindings: false,
    },
];

/// The wire formats of a service.
pub(super) struct ServiceProtocols {
    /// Names in `service-2.json`, the preferred one first. All of them read the same traits.
    pub(super) supported: Vec<&'static str>,
    pub(super) json_version: Option<&'static str>,
    pub(super) names: NameTrait,
    pub(super) has_bindings: bool,
    /// `http` of the protocol's trait: the HTTP versions for calls, and for event streams.
    pub(super) h2: Option<Str>,
}

impl ServiceProtocols {
    /// Returns the protocols of a service. Those that read other traits than the preferred one are left out.
    ///
    /// # Errors
    /// `Model`: the service has no supported protocol.
    pub(super) fn of(service: &AstShape<'_>) -> Result<Self> {
        let mut found = PROTOCOLS
            .iter()
            .filter(|protocol| service.traits.has(protocol.id));
        let Some(first) = found.next() else {
            let problem = if service.traits.has(Trait::RpcV2Json) {
                "the protocol smithy.protocols#rpcv2Json is not supported"
            } else {
                "the service has no protocol trait that is supported"
            };
            let ids: Vec<&str> = PROTOCOLS.iter().map(|protocol| protocol.id.id()).collect();
            return Err(invalid(format!("{problem}; supported: {}", ids.join(", "))));
        };
        let mut supported = vec![first.name];
        for protocol in found {
            if protocol.names == first.names
                && protocol.has_bindings == first.has_bindings
                && !supported.contains(&protocol.name)
            {
                supported.push(protocol.name);
            }
        }
        Ok(ServiceProtocols {
            supported,
            json_version: first.json_version,
            names: first.names,
            has_bindings: first.has_bindings,
            h2: http2(service, first.id),
        })
    }

    /// Returns true if bodies are XML documents of HTTP bindings, which have a root element.
    pub(super) fn is_rest_xml(&self) -> bool {
        self.supported.first() == Some(&"rest-xml")
    }

    pub(super) fn is_query(&self) -> bool {
        self.supported.first() == Some(&"query")
    }
}

/// Returns when HTTP/2 is used, as `protocolSettings.h2` has it.
fn http2(service: &AstShape<'_>, protocol: Trait) -> Option<Str> {
    let first = |name| {
        let versions = service.traits.entry(protocol, name)?;
        versions.items().next()?.as_str()
    };
    match (first("http"), first("eventStreamHttp")) {
        (Some("h2"), _) => Some(Str::from_static("optional")),
        (_, Some("h2")) => Some(Str::from_static("eventstream")),
        _ => None,
    }
}
