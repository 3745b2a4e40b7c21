//! [`ServiceModel`]: a loaded service definition.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use inia_core::{Error, ErrorKind, Result, Str};

use crate::definition::OperationProblem;
use crate::graph::ShapeGraph;
use crate::metadata::Metadata;
use crate::names::is_snake_case_of;
use crate::packed::PackedService;
use crate::{Kind, Member, Operation, Shape, ShapeId, Structure, did_you_mean, snake_case};

/// A service definition: immutable, shared behind an `Arc`.
///
/// ```
/// # mod inia { pub mod model { pub use inia_model::*; } }
/// use inia::model::ServiceModel;
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
    graph: ShapeGraph,
    shape_names: OnceLock<HashMap<Str, ShapeId>>,
    snake_names: OnceLock<HashMap<String, u32>>,
    /// Error shapes by error code.
    error_codes: OnceLock<HashMap<Str, ShapeId>>,
    /// Operations of the definition that are invalid.
    problems: Vec<OperationProblem>,
}

impl ServiceModel {
    pub(crate) fn new(
        name: Str,
        metadata: Metadata,
        shapes: Vec<Shape>,
        operations: Vec<Operation>,
    ) -> Self {
        Self::with_graph(name, metadata, ShapeGraph::loaded(shapes, operations))
    }

    pub(crate) fn packed(name: Str, metadata: Metadata, packed: PackedService) -> Self {
        Self::with_graph(name, metadata, ShapeGraph::packed(packed))
    }

    fn with_graph(name: Str, metadata: Metadata, graph: ShapeGraph) -> Self {
        ServiceModel {
            name,
            metadata,
            graph,
            shape_names: OnceLock::new(),
            snake_names: OnceLock::new(),
            error_codes: OnceLock::new(),
            problems: Vec::new(),
        }
    }

    pub(crate) fn with_problems(self, problems: Vec<OperationProblem>) -> Self {
        ServiceModel { problems, ..self }
    }

    /// Returns the operations of the definition that are invalid and left out, each with the reason.
    pub fn invalid_operations(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let problems = self.problems.iter();
        problems.map(|(operation, problem)| (operation.as_str(), problem.as_str()))
    }

    /// Returns the name of the service, which is the folder name of its definition, such as `dynamodb`.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Returns true if the model is a built-in one, rather than loaded from JSON.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        matches!(self.graph, ShapeGraph::Packed { .. })
    }

    /// Returns the service-level metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Returns the shape with an id.
    ///
    /// An id that is out of range, from another service, returns a string shape without a name.
    #[must_use]
    #[inline]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        self.graph.shape(id)
    }

    /// Returns the id of the shape with a name.
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

    /// Returns the number of shapes.
    #[must_use]
    pub fn shape_count(&self) -> usize {
        self.graph.shape_count() as usize
    }

    /// Returns all shapes with their ids.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = (ShapeId, &Shape)> {
        self.shape_ids().map(|id| (id, self.shape(id)))
    }

    /// Returns the error shape for an error code on the wire, matched by `error.code` or else by shape name.
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

    /// Returns the operations in name order.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = &Operation> {
        (0..self.graph.operation_count()).map(|index| self.graph.operation(index))
    }

    /// Returns the number of operations, without decoding any.
    #[must_use]
    pub fn operation_count(&self) -> usize {
        self.graph.operation_count() as usize
    }

    /// Returns the operation at an [index](Operation::index), without decoding those before it.
    #[must_use]
    pub fn operation_at(&self, index: u32) -> Option<&Operation> {
        (index < self.graph.operation_count()).then(|| self.graph.operation(index))
    }

    /// Returns the names of the operations in order, without decoding the operations.
    pub fn operation_names(&self) -> impl ExactSizeIterator<Item = &Str> {
        (0..self.graph.operation_count()).map(|index| self.graph.operation_name(index))
    }

    /// Returns the operation with a name, spelled as in the definition, in snake case or in kebab case.
    ///
    /// DIFFERENCE: botocore's clients have methods in snake case only, and parameters spelled as in the definition.
    ///
    /// # Errors
    /// `Model`: unknown operation; the message suggests the closest names.
    pub fn operation(&self, name: &str) -> Result<&Operation> {
        self.find_operation(name)
            .map(|index| self.graph.operation(index))
            .ok_or_else(|| self.unknown_operation(name))
    }

    fn find_operation(&self, name: &str) -> Option<u32> {
        if let Some(index) = self.graph.find_operation(name) {
            return Some(index);
        }
        let snake = name.replace('-', "_");
        // Capitalising each word restores most names, which avoids building the table of all names.
        if let Some(index) = self.graph.find_operation(&capitalised(&snake))
            && is_snake_case_of(&snake, self.graph.operation_name(index))
        {
            return Some(index);
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
    fn unknown_operation(&self, name: &str) -> Error {
        let snake = name.replace('-', "_");
        let mut problems = self.problems.iter();
        let is_named = |operation: &str| operation == name || is_snake_case_of(&snake, operation);
        if let Some((operation, problem)) = problems.find(|(operation, _)| is_named(operation)) {
            let message = format!(
                "{}: operation {operation} cannot be used: {problem}",
                self.name
            );
            return Error::new(ErrorKind::Model, message);
        }
        let hint = did_you_mean(name, self.operation_names().map(Str::as_str));
        Error::new(
            ErrorKind::Model,
            format!("{}: no operation {name:?}{hint}", self.name),
        )
    }

    /// Returns the structure of an operation's input; `None` if it takes no parameters.
    #[must_use]
    pub fn input<'m>(&'m self, operation: &Operation) -> Option<&'m Structure> {
        self.structure(operation.input.as_ref()?)
    }

    /// Returns the structure of an operation's output; `None` if it returns no data.
    #[must_use]
    pub fn output<'m>(&'m self, operation: &Operation) -> Option<&'m Structure> {
        self.structure(operation.output.as_ref()?)
    }

    /// Returns the structure that a member targets.
    #[must_use]
    pub fn structure(&self, member: &Member) -> Option<&Structure> {
        match &self.shape(member.target).kind {
            Kind::Structure(structure) => Some(structure),
            _ => None,
        }
    }

    /// Returns the event stream member of an operation's output, if there is one.
    #[must_use]
    pub fn event_stream_output<'m>(&'m self, operation: &Operation) -> Option<&'m Member> {
        self.event_stream(self.output(operation)?)
    }

    /// Returns the event stream member of an operation's input, if there is one.
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

    /// Returns the streaming blob member of an operation's input, if there is one.
    #[must_use]
    pub fn streaming_input<'m>(&'m self, operation: &Operation) -> Option<&'m Member> {
        let payload = self.input(operation)?.payload_member()?;
        let is_text = matches!(self.shape(payload.target).kind, Kind::Blob | Kind::String);
        (is_text && payload.traits.is_streaming()).then_some(payload)
    }

    /// Returns the member of an operation's output that is a stream of bytes, if there is one: the payload, if it is a blob or
    /// has the trait `streaming`.
    ///
    /// # Source
    /// botocore `model.py:OperationModel.get_streaming_output`.
    #[must_use]
    pub fn streaming_output<'m>(&'m self, operation: &Operation) -> Option<&'m Member> {
        let payload = self.output(operation)?.payload_member()?;
        let is_stream = match self.shape(payload.target).kind {
            Kind::Blob => true,
            Kind::String => payload.traits.is_streaming(),
            _ => false,
        };
        is_stream.then_some(payload)
    }
}

/// Returns `list_queues` as `ListQueues`.
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
    /// Compares the definitions, whether loaded from JSON or from an archive.
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
