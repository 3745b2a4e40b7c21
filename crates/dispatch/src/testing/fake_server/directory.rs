//! [`ServiceDirectory`]: the service and the operation of a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use inia_core::{Result, Str};
use inia_model::{Catalog, Operation};
use inia_protocol::{Protocol, Request, ServerCodec};

use super::http_request::HttpRequest;
use super::signature::signing_name;

/// The start of the path of a request that states its service: `/_service/rds/..`. No bucket has such a name.
pub(super) const PREFIX: &str = "/_service/";

/// The services of a catalog, found by the parts of a request that identify them.
pub(super) struct ServiceDirectory {
    catalog: Arc<Catalog>,
    /// The services to serve; empty for all.
    only: Vec<Str>,
    /// Read when the first request arrives: a server starts without reading 439 definitions.
    entries: OnceLock<Vec<ServiceEntry>>,
    codecs: Mutex<HashMap<(Str, Protocol), Arc<ServerCodec>>>,
}

struct ServiceEntry {
    name: Str,
    signing_name: Str,
    endpoint_prefix: Str,
    target_prefix: Option<Str>,
    api_version: Str,
    protocols: Vec<Protocol>,
}

/// A request whose operation was found.
pub(super) struct FoundCall {
    pub(super) codec: Arc<ServerCodec>,
    /// The index of the operation.
    pub(super) operation: u32,
    pub(super) request: Request,
}

impl FoundCall {
    pub(super) fn operation(&self) -> Option<&Operation> {
        self.codec.model().operation_at(self.operation)
    }
}

impl ServiceDirectory {
    /// Creates a directory of all services, or only of these.
    ///
    /// # Errors
    /// `Model`: a service is unknown.
    pub(super) fn new(catalog: Arc<Catalog>, only: Vec<Str>) -> Result<Self> {
        let only = only
            .iter()
            .map(|name| Ok(catalog.service(name, None)?.name().clone()))
            .collect::<Result<_>>()?;
        Ok(ServiceDirectory {
            catalog,
            only,
            entries: OnceLock::new(),
            codecs: Mutex::default(),
        })
    }

    fn entries(&self) -> &[ServiceEntry] {
        self.entries.get_or_init(|| {
            let names = match self.only.is_empty() {
                true => self.catalog.services(),
                false => self.only.clone(),
            };
            let entry = |name: Str| {
                // A definition that cannot be read is not served.
                let model = self.catalog.service(&name, None).ok()?;
                let metadata = model.metadata();
                let names = match &*metadata.protocols {
                    [] => std::slice::from_ref(&metadata.protocol),
                    names => names,
                };
                Some(ServiceEntry {
                    signing_name: metadata.signing_name().clone(),
                    endpoint_prefix: metadata.endpoint_prefix.clone(),
                    target_prefix: metadata.target_prefix.clone(),
                    api_version: metadata.api_version.clone(),
                    protocols: names
                        .iter()
                        .filter_map(|name| Protocol::from_name(name))
                        .collect(),
                    name,
                })
            };
            names.into_iter().filter_map(entry).collect()
        })
    }

    fn codec(&self, name: &Str, protocol: Protocol) -> Option<Arc<ServerCodec>> {
        let mut codecs = self.codecs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(codec) = codecs.get(&(name.clone(), protocol)) {
            return Some(Arc::clone(codec));
        }
        let model = self.catalog.service(name, None).ok()?;
        let codec = Arc::new(ServerCodec::new(protocol, model));
        codecs.insert((name.clone(), protocol), Arc::clone(&codec));
        Some(codec)
    }

    /// Finds the operation of a request. Of several services, the one whose name is the signing name comes first.
    pub(super) fn find(&self, request: &HttpRequest) -> Option<FoundCall> {
        let (stated, path) = match request.path.strip_prefix(PREFIX) {
            Some(rest) => {
                let (service, path) = rest.split_once('/').unwrap_or((rest, ""));
                (Some(service), format!("/{path}"))
            }
            None => (None, request.path.clone()),
        };
        let decoded = request.decoded(&path);
        let signing_name = signing_name(request);
        let facts = RequestFacts::of(&decoded);
        let mut candidates: Vec<&ServiceEntry> = self
            .entries()
            .iter()
            .filter(|entry| match (stated, &signing_name) {
                (Some(stated), _) => *entry.name == *stated,
                (None, Some(name)) => {
                    *entry.signing_name == **name || *entry.endpoint_prefix == **name
                }
                (None, None) => true,
            })
            .collect();
        candidates.sort_by_key(|entry| {
            signing_name
                .as_ref()
                .is_none_or(|name| *entry.name != **name)
        });
        candidates.into_iter().find_map(|entry| {
            let protocol = facts.protocol(entry)?;
            // An unsigned request without a target may be of any REST service, of which all would have to be read.
            let is_known = stated.is_some() || signing_name.is_some() || !self.only.is_empty();
            let is_rest = matches!(protocol, Protocol::RestJson | Protocol::RestXml);
            if is_rest && !is_known {
                return None;
            }
            let codec = self.codec(&entry.name, protocol)?;
            let operation = codec.operation(&decoded)?.index;
            Some(FoundCall {
                codec,
                operation,
                request: decoded.clone(),
            })
        })
    }
}

/// The parts of a request that identify its protocol.
struct RequestFacts {
    /// The prefix of the target header.
    target: Option<String>,
    /// The service in the path of an RPC.
    rpc_service: Option<String>,
    /// The version in a form.
    form_version: Option<String>,
}

impl RequestFacts {
    fn of(request: &Request) -> Self {
        let target = request.headers.get("x-amz-target");
        let rpc = request.path.strip_prefix("/service/");
        let rpc = rpc.and_then(|rest| rest.split_once("/operation/"));
        let is_form = request
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let form = match is_form {
            true => std::str::from_utf8(&request.body).unwrap_or_default(),
            false => &request.query,
        };
        let field = |name: &str| {
            let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        RequestFacts {
            target: target.and_then(|target| Some(target.rsplit_once('.')?.0.to_owned())),
            rpc_service: rpc
                .filter(|_| request.headers.contains("smithy-protocol"))
                .map(|(service, _)| service.to_owned()),
            form_version: field("Action").and_then(|_| field("Version")),
        }
    }

    /// Returns the protocol of a request to a service; `None` if it is not one to the service.
    fn protocol(&self, entry: &ServiceEntry) -> Option<Protocol> {
        let is_prefix = |prefix: &str| {
            entry
                .target_prefix
                .as_ref()
                .is_some_and(|own| **own == *prefix)
        };
        let expected: &[Protocol] = if let Some(service) = &self.rpc_service {
            if !is_prefix(service) {
                return None;
            }
            &[Protocol::RpcV2Cbor]
        } else if let Some(target) = &self.target {
            if !is_prefix(target) {
                return None;
            }
            &[Protocol::Json]
        } else if let Some(version) = &self.form_version {
            if *entry.api_version != **version {
                return None;
            }
            &[Protocol::Query, Protocol::Ec2]
        } else {
            &[Protocol::RestJson, Protocol::RestXml]
        };
        let mut own = entry.protocols.iter().copied();
        own.find(|protocol| expected.contains(protocol))
    }
}
