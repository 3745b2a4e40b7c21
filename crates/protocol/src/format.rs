//! [`WireFormat`], the part of a wire format that [`Codec`](crate::Codec) leaves open: the fixed parts of requests, the
//! encoding of bodies, and the form of errors.

use std::fmt;

use bytes::Bytes;
use inia_core::{List, Map, Result, Str, Value};
use inia_model::{Kind, Member, Metadata, Operation, ServiceModel, ShapeId, Structure};

use crate::service_error::ErrorParts;
use crate::strictness::Strictness;
use crate::{Headers, Response};

pub(crate) const CONTENT_TYPE: Str = Str::from_static("content-type");
pub(crate) const EVENT_STREAM_TYPE: Str = Str::from_static("application/vnd.amazon.eventstream");

/// A wire format of one service.
pub(crate) trait WireFormat: fmt::Debug + Send + Sync {
    /// Returns the media type of bodies and event payloads.
    fn media_type(&self) -> Str;

    /// Compiles the fixed parts of an operation's requests.
    fn fixed_parts(&self, operation: &Operation) -> FixedParts;

    /// Writes a body, or the payload of an event.
    ///
    /// # Errors
    /// `Validation`: a value does not match its shape.
    fn write(
        &self,
        fixed: &FixedParts,
        part: BodyPart<'_>,
        strictness: Strictness,
        capacity: usize,
    ) -> Result<Vec<u8>>;

    /// Reads a body that is not empty as the members of a structure, an output or an error, into a map that may have
    /// others.
    ///
    /// # Errors
    /// `Parse`: the body is malformed.
    fn read_members(
        &self,
        shape: ShapeId,
        body: &Bytes,
        is_error: bool,
        map: &mut Map,
    ) -> Result<()>;

    /// Reads a body or an event payload that is not empty as a member's value.
    ///
    /// # Errors
    /// `Parse`: the body is malformed.
    fn read_member(&self, member: &Member, body: &Bytes) -> Result<Value>;

    /// Reads the body of a format that wraps the output and the request id in an element of its own. Returns `None` for
    /// other formats.
    fn read_wrapped(&self, _: &Operation, _: &Bytes) -> Option<Result<(Value, Option<Str>)>> {
        None
    }

    /// Reads the parts of an error response that need no shape.
    fn error_parts(&self, response: &Response) -> ErrorParts;
}

/// The fixed parts of an operation's requests.
#[derive(Debug, Default)]
pub(crate) struct FixedParts {
    /// The path, if it is not the modeled one.
    pub(crate) path: Option<String>,
    pub(crate) headers: Headers,
    /// The start of the body.
    pub(crate) body: Box<str>,
    /// The root element of the body.
    pub(crate) root: Option<XmlElement>,
}

/// The tags of an XML element.
#[derive(Clone, Debug)]
pub(crate) struct XmlElement {
    /// `<Name xmlns=".."`, without the `>`.
    pub(crate) start: Box<str>,
    /// `</Name>`
    pub(crate) end: Box<str>,
}

/// The part of the parameters that is a body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BodyPart<'a> {
    /// The members of the input; with `body_only`, those without a location.
    Members {
        input: &'a Member,
        params: &'a Map,
        body_only: bool,
    },
    /// The value of a payload member, or an event.
    Value {
        member: &'a Member,
        value: &'a Value,
    },
    /// All members are absent, or this payload member.
    None(Option<&'a Member>),
}

/// The body of an operation's requests or responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// No member is part of the body.
    None,
    /// The members without a location.
    Members,
    /// The member at this position, a blob or string, as it is.
    Raw(usize),
    /// The member at this position, in the format.
    Payload(usize),
    /// Events, which are passed separately.
    EventStream,
}

impl BodyKind {
    /// Returns the kind of a structure's body; `has_members` is `true` if a member has no location.
    pub(crate) fn of(model: &ServiceModel, structure: &Structure, has_members: bool) -> BodyKind {
        let is_event_stream = |member: &Member| model.shape(member.target).traits.is_event_stream();
        let payload = structure.payload.map(|position| position as usize);
        let payload = payload.and_then(|at| Some((at, structure.members.get(at)?)));
        match payload {
            Some((_, member)) if is_event_stream(member) => BodyKind::EventStream,
            Some((position, member)) => match model.shape(member.target).kind {
                Kind::Blob | Kind::String => BodyKind::Raw(position),
                _ => BodyKind::Payload(position),
            },
            None if structure.members.iter().any(is_event_stream) => BodyKind::EventStream,
            None if has_members => BodyKind::Members,
            None => BodyKind::None,
        }
    }
}

/// Returns the value of an empty payload or event: none for a union or document, else an empty one.
pub(crate) fn empty_payload(model: &ServiceModel, member: &Member) -> Value {
    let shape = model.shape(member.target);
    match shape.kind {
        _ if shape.traits.is_union() || shape.traits.is_document() => Value::Null,
        Kind::List(_) => Value::List(List::new()),
        _ => Value::map(),
    }
}

/// Adds the header that asks a service that was a query service before for the codes of that time.
pub(crate) fn push_query_mode(headers: &mut Headers, metadata: &Metadata) {
    if metadata.query_compatible {
        headers.push("x-amzn-query-mode", "true");
    }
}
