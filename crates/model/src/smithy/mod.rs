//! Loads services from Smithy models in the JSON AST format.
//!
//! ```text
//! text -> ast       shapes by id, apply statements          mixins     merged into the shapes that use them
//!      -> closure   operations and shapes of the service    shapes, operations, metadata, http, protocols, auth
//!      -> the parts of a service-2 definition, whose references are resolved as those of AWS's own files
//!         endpoints, pagination, waiters: as endpoint-rule-set-1, paginators-1 and waiters-2
//! ```
//!
//! # Source
//! <https://smithy.io/2.0/spec/>.

mod ast;
mod auth;
mod closure;
mod endpoints;
mod http;
mod metadata;
mod mixins;
mod operations;
mod pagination;
mod protocols;
mod shapes;
mod traits;
mod waiters;

use std::borrow::Cow;

use inia_core::{Error, ErrorKind, Result, Value};

use crate::ServiceModel;
use crate::definition;
use crate::definition::raw::{RawPairs, RawService, RawText};
use ast::{Ast, name_of};
use closure::Closure;
use protocols::ServiceProtocols;
use shapes::ShapeConverter;
use traits::Trait;

/// A service from a Smithy model: its definition, and the files that accompany a definition.
#[derive(Debug)]
pub struct SmithyService {
    /// The definition.
    pub model: ServiceModel,
    /// `paginators-1`, if operations have the `paginated` trait.
    pub paginators: Option<Value>,
    /// `waiters-2`, if operations have the `waitable` trait.
    pub waiters: Option<Value>,
    /// `endpoint-rule-set-1`: a rule set or a decision diagram.
    pub endpoint_rules: Option<Value>,
}

impl SmithyService {
    /// Loads a Smithy model in the JSON AST format, version 1.0 or 2.0; `name` is the name of the service for callers. If the model has
    /// several services, the one with this name is loaded.
    ///
    /// ```
    /// # mod inia { pub mod model { pub use inia_model::*; } }
    /// use inia::model::SmithyService;
    ///
    /// let weather = SmithyService::from_json("weather", br#"{"smithy": "2.0", "shapes": {
    ///     "example#Weather": {"type": "service", "version": "2026-01-01", "operations": [{"target": "example#GetCity"}],
    ///         "traits": {"aws.protocols#restJson1": {}}},
    ///     "example#GetCity": {"type": "operation", "input": {"target": "example#City"}, "output": {"target": "smithy.api#Unit"},
    ///         "traits": {"smithy.api#http": {"method": "GET", "uri": "/cities/{name}"}}},
    ///     "example#City": {"type": "structure", "members": {
    ///         "name": {"target": "smithy.api#String", "traits": {"smithy.api#required": {}, "smithy.api#httpLabel": {}}}}}
    /// }}"#)?;
    /// let get_city = weather.model.operation("get_city")?;
    /// assert_eq!(get_city.request_uri, "/cities/{name}");
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Model`: the text is not a JSON AST, has no service with a supported protocol, or refers to undefined shapes. The message has
    /// the shape.
    ///
    /// # Source
    /// <https://smithy.io/2.0/spec/json-ast.html>.
    pub fn from_json(name: &str, text: &[u8]) -> Result<Self> {
        load(name, text).map_err(|error| error.at(format_args!("Smithy model {name:?}")))
    }
}

/// Returns true if a JSON text is a Smithy AST, which has its version at the start.
pub(crate) fn is_smithy(text: &[u8]) -> bool {
    /// Length of the start of the text that has the version, in bytes.
    const START: usize = 512;
    let start = text.get(..START).unwrap_or(text);
    start.windows(8).any(|word| word == b"\"smithy\"")
}

fn load(name: &str, text: &[u8]) -> Result<SmithyService> {
    let mut ast = Ast::parse(definition::decode(text).map_err(invalid)?)?;
    mixins::merge(&mut ast)?;
    let ast = ast;
    let index = closure::service(&ast, name)?;
    let service = ast.shape(index);
    let at_service = |error: Error| error.at(format_args!("shape {}", ast.id(index)));
    let protocols = ServiceProtocols::of(service).map_err(at_service)?;
    let closure = Closure::of(&ast, index)?;
    let converter = ShapeConverter {
        ast: &ast,
        closure: &closure,
        protocols: &protocols,
        is_aws: service.traits.has(Trait::Service),
        namespace: service
            .traits
            .get(Trait::XmlNamespace)
            .and_then(shapes::xml_namespace),
    };
    let mut raw = RawService {
        metadata: metadata::of(service, ast.id(index), &protocols),
        operations: RawPairs(Vec::with_capacity(closure.operations.len())),
        shapes: RawPairs(Vec::with_capacity(closure.shapes.len())),
        client_context: endpoints::client_context(&service.traits),
        deprecated: service.traits.has(Trait::Deprecated),
    };
    for &shape in &closure.shapes {
        let converted = converter.shape(shape);
        let converted =
            converted.map_err(|error| error.at(format_args!("shape {}", ast.id(shape))))?;
        let name = RawText::from(closure.name(shape));
        raw.shapes.0.push((name, converted));
    }
    let discovery = service
        .traits
        .text_entry(Trait::ClientEndpointDiscovery, "operation");
    let discovery = discovery.map(|id| name_of(id));
    for &operation in &closure.operations {
        let converted = converter.operation(operation, discovery);
        let converted =
            converted.map_err(|error| error.at(format_args!("shape {}", ast.id(operation))))?;
        let name = RawText::from(name_of(ast.id(operation)));
        raw.operations.0.push((name, converted));
    }
    let model = definition::build(name, raw)?;
    Ok(SmithyService {
        paginators: pagination::paginators(&ast, index, &closure, &model),
        waiters: waiters::waiters(&ast, &closure),
        endpoint_rules: endpoints::rules(service, name),
        model,
    })
}

#[cold]
fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Model, message)
}

#[cfg(test)]
mod tests;
