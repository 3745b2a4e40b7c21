//! [`Protocol`], the list of wire formats.

use std::fmt;
use std::sync::Arc;

use inia_core::{Error, ErrorKind, Result};
use inia_model::{Metadata, ServiceModel};

use crate::Codec;

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `json`: AWS JSON 1.0 and 1.1.
    Json,
    /// `rest-json`.
    RestJson,
    /// `rest-xml`.
    RestXml,
    /// `smithy-rpc-v2-cbor`.
    RpcV2Cbor,
    /// `query`.
    Query,
    /// `ec2`.
    Ec2,
}

impl Protocol {
    /// All wire formats in order of preference.
    ///
    /// # Source
    /// botocore `utils.py:PRIORITY_ORDERED_SUPPORTED_PROTOCOLS`.
    pub const ALL: [Protocol; 6] = [
        Protocol::Json,
        Protocol::RestJson,
        Protocol::RestXml,
        Protocol::RpcV2Cbor,
        Protocol::Query,
        Protocol::Ec2,
    ];

    /// Returns the name in a definition.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Json => "json",
            Protocol::RestJson => "rest-json",
            Protocol::RestXml => "rest-xml",
            Protocol::RpcV2Cbor => "smithy-rpc-v2-cbor",
            Protocol::Query => "query",
            Protocol::Ec2 => "ec2",
        }
    }

    /// Returns the wire format with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Protocol> {
        Protocol::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    /// Returns the wire format to use with a service: the first of [`Protocol::ALL`] that the service lists.
    ///
    /// # Errors
    /// `Model`: the service lists no supported protocol.
    ///
    /// # Source
    /// botocore `model.py:ServiceModel.resolved_protocol`.
    pub fn of(metadata: &Metadata) -> Result<Protocol> {
        let names = match &*metadata.protocols {
            [] => std::slice::from_ref(&metadata.protocol),
            names => names,
        };
        let is_listed = |protocol: &Protocol| names.iter().any(|name| *name == *protocol.name());
        Protocol::ALL.into_iter().find(is_listed).ok_or_else(|| {
            let message = format!(
                "{}: unsupported protocol; the service lists: {}",
                metadata.service_id,
                names.join(", ")
            );
            Error::new(ErrorKind::Model, message)
        })
    }

    /// Creates a codec of this wire format for a service.
    #[must_use]
    pub fn codec(self, model: Arc<ServiceModel>) -> Codec {
        Codec::new(self, model)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
