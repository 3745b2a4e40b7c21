//! [`ServiceModel`]: a service's definition, loaded.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::graph::Graph;
use crate::names::is_snake_case_of;
use crate::packed::PackedService;
use crate::{Kind, Member, Operation, Shape, ShapeId, Structure, did_you_mean, snake_case};

/// A service's definition: immutable, shared behind an `Arc`.
///
/// ```
/// use inia_model::ServiceModel;
///
/// let model = ServiceModel::from_json("tiny", br#"{
///     "metadata": {"protocol": "json", "jsonVersion": "1.1", "serviceId": "Tiny", "apiVersion": "2026-01-01",
///                  "endpointPrefix": "tiny", "signatureVersion": "v4", "targetPrefix": "Tiny"},
///     "operations": {"Ping": {"name": "Ping", "http": {"method": "POST", "requestUri": "/"},
///                             "input": {"shape": "PingRequest"}}},
///     "shapes": {"PingRequest": {"type": "structure", "members": {"Text": {"shape": "Text"}}}, "Text": {"type": "string"}}
/// }"#)?;
/// let ping = model.operation("ping")?;
/// assert_eq!(ping.name, "Ping");
/// let input = model.input(ping).unwrap();
/// assert_eq!(model.shape(input.members[0].target).kind.name(), "string");
/// # Ok::<(), inia_core::Error>(())
/// ```
pub struct ServiceModel {
    name: Str,
    metadata: Metadata,
    graph: Graph,
    shape_names: OnceLock<HashMap<Str, ShapeId>>,
    snake_names: OnceLock<HashMap<String, u32>>,
    /// Error codes and the error shapes they stand for.
    error_codes: OnceLock<HashMap<Str, ShapeId>>,
}

/// What a definition says of its service as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// `serviceId`: the name that configuration and error codes go by.
    pub service_id: Str,
    /// `apiVersion`, such as `2012-11-05`.
    pub api_version: Str,
    /// `endpointPrefix`: the first label of the service's hosts.
    pub endpoint_prefix: Str,
    /// `signingName`: the name in the credential scope, where it is not the endpoint prefix.
    pub signing_name: Option<Str>,
    /// `signatureVersion`: `v4`, `s3`, `s3v4`, `v2` or `bearer`.
    pub signature_version: Str,
    /// `auth`: the auth schemes in order of preference.
    pub auth: Box<[Str]>,
    /// `protocol`, where `protocols` is absent.
    pub protocol: Str,
    /// `protocols`: every wire format that the service speaks.
    pub protocols: Box<[Str]>,
    /// `jsonVersion`: `1.0` or `1.1`.
    pub json_version: Option<Str>,
    /// `targetPrefix`: the first part of the `x-amz-target` header.
    pub target_prefix: Option<Str>,
    /// `xmlNamespace`: the namespace of the root element of requests.
    pub xml_namespace: Option<Str>,
    /// `globalEndpoint`: the host of a service that has one for all regions.
    pub global_endpoint: Option<Str>,
    /// `serviceFullName`.
    pub full_name: Str,
    /// `serviceAbbreviation`.
    pub abbreviation: Option<Str>,
    /// `uid`.
    pub uid: Str,
    /// `awsQueryCompatible`: errors carry the codes of the query protocol that came before.
    pub query_compatible: bool,
    /// `protocolSettings.h2`: `eventstream` or `optional`.
    pub h2: Option<Str>,
    /// `clientContextParams`: endpoint rule set parameters that a client sets, with their type.
    pub client_context: Box<[(Str, Str)]>,
    /// Whether AWS advises against the service.
    pub deprecated: bool,
    /// Entries that this version does not know, by name.
    pub unknown: Box<[(Str, Value)]>,
}

impl Metadata {
    /// The name in the credential scope.
    #[must_use]
    pub fn signing_name(&self) -> &Str {
        self.signing_name.as_ref().unwrap_or(&self.endpoint_prefix)
    }
}

impl ServiceModel {
    /// Loads a definition in botocore's `service-2.json` format; `name` is the service's folder name.
    ///
    /// # Errors
    /// `Model`: the text is not JSON, lacks a needed part, or refers to a shape that is not there; the message names the place.
    ///
    /// # Source
    /// botocore `model.py:ServiceModel`.
    pub fn from_json(name: &str, definition: &[u8]) -> Result<Self> {
        crate::definition::load(name, definition)
    }

    pub(crate) fn new(
        name: Str,
        metadata: Metadata,
        shapes: Vec<Shape>,
        operations: Vec<Operation>,
    ) -> Self {
        Self::with_graph(name, metadata, Graph::loaded(shapes, operations))
    }

    pub(crate) fn packed(name: Str, metadata: Metadata, packed: PackedService) -> Self {
        Self::with_graph(name, metadata, Graph::packed(packed))
    }

    fn with_graph(name: Str, metadata: Metadata, graph: Graph) -> Self {
        ServiceModel {
            name,
            metadata,
            graph,
            shape_names: OnceLock::new(),
            snake_names: OnceLock::new(),
            error_codes: OnceLock::new(),
        }
    }

    /// The service's name: the folder its definition lies in, such as `dynamodb`.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// What the definition says of the service as a whole.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The shape at a place in this service's graph.
    ///
    /// A [`ShapeId`] of another, larger service gets a string shape without a name.
    #[must_use]
    #[inline]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        self.graph.shape(id)
    }

    /// The place of a shape by name.
    #[must_use]
    pub fn shape_id(&self, name: &str) -> Option<ShapeId> {
        let names = self.shape_names.get_or_init(|| {
            self.shape_ids()
                .map(|id| (self.graph.shape_name(id), id))
                .collect()
        });
        names.get(name).copied()
    }

    fn shape_ids(&self) -> impl ExactSizeIterator<Item = ShapeId> + use<> {
        (0..self.graph.shape_count()).map(ShapeId)
    }

    /// How many shapes there are.
    #[must_use]
    pub fn shape_count(&self) -> usize {
        self.graph.shape_count() as usize
    }

    /// Every shape with its place.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = (ShapeId, &Shape)> {
        self.shape_ids().map(|id| (id, self.shape(id)))
    }

    /// The error shape for a code on the wire: the one whose `error.code` it is, or whose name.
    ///
    /// # Source
    /// botocore `model.py:ServiceModel.shape_for_error_code`.
    #[must_use]
    pub fn error_shape(&self, code: &str) -> Option<ShapeId> {
        let codes = self.error_codes.get_or_init(|| {
            self.graph
                .errors()
                .into_iter()
                .map(|id| {
                    let shape = self.shape(id);
                    let code = match &shape.kind {
                        Kind::Structure(structure) => structure.error.as_ref(),
                        _ => None,
                    };
                    let code = code.and_then(|error| error.code.as_ref());
                    (code.unwrap_or(&shape.name).clone(), id)
                })
                .collect()
        });
        codes.get(code).copied()
    }

    /// The operations in the order of their names.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = &Operation> {
        (0..self.graph.operation_count()).map(|index| self.graph.operation(index))
    }

    /// How many operations there are, without reading any of them.
    #[must_use]
    pub fn operation_count(&self) -> usize {
        self.graph.operation_count() as usize
    }

    /// The operation at an [index](Operation::index), without reading those before it.
    #[must_use]
    pub fn operation_at(&self, index: u32) -> Option<&Operation> {
        (index < self.graph.operation_count()).then(|| self.graph.operation(index))
    }

    /// The names of the operations, in order, without reading more of them than that.
    pub fn operation_names(&self) -> impl ExactSizeIterator<Item = &Str> {
        (0..self.graph.operation_count()).map(|index| self.graph.operation_name(index))
    }

    /// The operation of a name, spelt as the definition does, in snake case or in kebab case.
    ///
    /// DIFFERENCE: botocore's clients have methods in snake case only, and parameters as the definition spells them.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn operation(&self, name: &str) -> Result<&Operation> {
        self.find_operation(name)
            .map(|index| self.graph.operation(index))
            .ok_or_else(|| self.no_such_operation(name))
    }

    fn find_operation(&self, name: &str) -> Option<u32> {
        if let Some(found) = self.graph.find_operation(name) {
            return Some(found);
        }
        let snake = name.replace('-', "_");
        // Most names come back from snake case by capitals alone: that spares the table of all.
        if let Some(found) = self.graph.find_operation(&capitalised(&snake))
            && is_snake_case_of(&snake, self.graph.operation_name(found))
        {
            return Some(found);
        }
        let snake_names = self.snake_names.get_or_init(|| {
            self.operation_names()
                .map(|name| snake_case(name))
                .zip(0..)
                .collect()
        });
        snake_names.get(&snake).copied()
    }

    #[cold]
    fn no_such_operation(&self, name: &str) -> Error {
        let hint = did_you_mean(name, self.operation_names().map(Str::as_str));
        Error::new(
            ErrorKind::Model,
            format!("{}: no operation {name:?}{hint}", self.name),
        )
    }

    /// The structure of an operation's input; `None` where it takes no parameters.
    #[must_use]
    pub fn input<'m>(&'m self, operation: &Operation) -> Option<&'m Structure> {
        self.structure(operation.input.as_ref()?)
    }

    /// The structure of an operation's output; `None` where the answer has nothing to say.
    #[must_use]
    pub fn output<'m>(&'m self, operation: &Operation) -> Option<&'m Structure> {
        self.structure(operation.output.as_ref()?)
    }

    /// The structure that a member targets.
    #[must_use]
    pub fn structure(&self, member: &Member) -> Option<&Structure> {
        match &self.shape(member.target).kind {
            Kind::Structure(structure) => Some(structure),
            _ => None,
        }
    }

    /// The output's member that is an event stream, where the operation answers with one.
    #[must_use]
    pub fn event_stream_output<'m>(&'m self, operation: &Operation) -> Option<&'m Member> {
        self.event_stream(self.output(operation)?)
    }

    /// The input's member that is an event stream, where the operation takes one.
    #[must_use]
    pub fn event_stream_input<'m>(&'m self, operation: &Operation) -> Option<&'m Member> {
        self.event_stream(self.input(operation)?)
    }

    fn event_stream<'m>(&self, structure: &'m Structure) -> Option<&'m Member> {
        structure
            .members
            .iter()
            .find(|member| self.shape(member.target).traits.is_event_stream())
    }

    /// The input's member that is a streaming blob, where the operation takes one.
    #[must_use]
    pub fn streaming_input<'m>(&'m self, operation: &Operation) -> Option<&'m Member> {
        self.streaming_payload(self.input(operation)?)
    }

    /// The output's member that is a streaming blob, where the operation answers with one.
    #[must_use]
    pub fn streaming_output<'m>(&'m self, operation: &Operation) -> Option<&'m Member> {
        self.streaming_payload(self.output(operation)?)
    }

    fn streaming_payload<'m>(&self, structure: &'m Structure) -> Option<&'m Member> {
        structure.payload_member().filter(|member| {
            member.traits.is_streaming()
                && matches!(self.shape(member.target).kind, Kind::Blob | Kind::String)
        })
    }
}

/// `list_queues` as `ListQueues`.
fn capitalised(snake: &str) -> String {
    let mut name = String::with_capacity(snake.len());
    for word in snake.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

impl fmt::Debug for ServiceModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceModel")
            .field("name", &self.name)
            .field("metadata", &self.metadata)
            .field("operations", &self.graph.operation_count())
            .field("shapes", &self.graph.shape_count())
            .finish_non_exhaustive()
    }
}

impl PartialEq for ServiceModel {
    /// Compares all that is defined, however it was loaded.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.metadata == other.metadata
            && self.shapes().eq(other.shapes())
            && self.operations().eq(other.operations())
    }
}

impl fmt::Display for ServiceModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.metadata.api_version)
    }
}
