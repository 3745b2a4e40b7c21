//! Bindings of the REST formats: members in the path, query string, headers and status, and the selection of the body.
//!
//! ```text
//! params --+--> path labels, query string, headers, host prefix
//!          +--> body: the payload member alone, or all members without a location
//! ```
//! The format passes a function that writes or reads the body.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use inia_core::{
    Blob, ErrorKind, Map, Name, Result, Str, TimestampFormat, Value, push_percent_encoded,
};
use inia_model::{
    Kind, Location, Member, Operation, OperationTable, ServiceModel, ShapeId, ShapeTable, Structure,
};

use crate::body_lengths::foreign_operation;
use crate::header::{header_text, header_value, prefix_headers, push_prefix_headers};
use crate::mismatch::log_scalar;
use crate::scalar::{ScalarText, blob_bytes, mismatch, params_map, text_param};
use crate::shape::RequiredMembers;
use crate::shape::ValueType;
use crate::strictness::Strictness;
use crate::uri::{UriTemplate, push_query, split_query};
use crate::{Headers, Input, Request, Response};

/// The part of the parameters that is the body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RestRequestBody<'a> {
    /// The payload member's value is the whole body.
    Payload {
        member: &'a Member,
        value: &'a Value,
    },
    /// The operation has a payload member, which is absent.
    NoPayload { member: &'a Member },
    /// The members without a location are the body; the others must be skipped.
    Members { params: &'a Map },
    /// The operation has members without a location, all of which are absent.
    NoMembers,
}

/// The part of the output that is the body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RestResponseBody<'a> {
    /// The whole body is the value of this payload member.
    Payload(&'a Member),
    /// The body holds the members without a location.
    Members,
}

/// The REST bindings of a service, compiled per operation and shape on first use.
#[derive(Debug)]
pub(crate) struct RestBindings {
    model: Arc<ServiceModel>,
    requests: OperationTable<RestRequestBinding>,
    responses: ShapeTable<RestResponseBinding>,
}

#[derive(Debug)]
struct RestRequestBinding {
    path: UriTemplate,
    /// The fixed query parameters of the request URI.
    query: Str,
    host_prefix: Option<UriTemplate>,
    /// The location of each input member.
    locations: Box<[ParamLocation]>,
    body: RestRequestBodyKind,
    required: RequiredMembers,
    /// The bit of each member in [`RequiredMembers`].
    required_bits: Box<[u64]>,
    is_union: bool,
    has_query_map: bool,
    /// `true` if no two members can send a header of the same name.
    has_distinct_headers: bool,
}

#[derive(Debug)]
enum ParamLocation {
    Label,
    /// `Name=` of a query parameter, percent-encoded.
    Query(Str),
    QueryMap,
    /// The header's name in lower case.
    Header(Str),
    /// The prefix in lower case.
    Headers(Str),
    Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RestRequestBodyKind {
    /// No member is part of the body.
    None,
    /// The members without a location.
    Members,
    /// The member at this position, a blob or string, as it is.
    Raw(usize),
    /// The member at this position, written by the format.
    Payload(usize),
    /// Events, which are passed besides the parameters.
    EventStream,
}

#[derive(Debug)]
struct RestResponseBinding {
    located: Box<[(usize, ResponseLocation)]>,
    body: RestResponseBodyKind,
}

#[derive(Debug)]
enum ResponseLocation {
    Status,
    /// The header's name in lower case.
    Header(Str),
    /// The prefix in lower case.
    Headers(Str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RestResponseBodyKind {
    None,
    Members,
    Raw(usize),
    Payload(usize),
    EventStream,
}

/// Returns a header's name in lower case, interned, so that adding it to a request costs no allocation.
fn lower_name(name: &str) -> Str {
    let name = Name::intern(&name.to_ascii_lowercase());
    Str::from_static(name.as_static().as_str())
}

impl RestRequestBinding {
    fn new(model: &ServiceModel, operation: &Operation) -> Self {
        let input = model.input(operation);
        let (required, required_bits) = input.map(RequiredMembers::of).unwrap_or_default();
        let (path, query) = split_query(&operation.request_uri);
        let locations: Box<[ParamLocation]> = input
            .map(|input| {
                input
                    .members
                    .iter()
                    .map(|m| ParamLocation::new(model, m))
                    .collect()
            })
            .unwrap_or_default();
        let body = match input.and_then(|input| Some((input, input.payload? as usize))) {
            Some((input, position)) => match input.members.get(position) {
                Some(member) if is_event_stream(model, member) => RestRequestBodyKind::EventStream,
                Some(member) if is_raw(model, member) => RestRequestBodyKind::Raw(position),
                Some(_) => RestRequestBodyKind::Payload(position),
                None => RestRequestBodyKind::None,
            },
            None if model.event_stream_input(operation).is_some() => {
                RestRequestBodyKind::EventStream
            }
            None if locations
                .iter()
                .any(|location| matches!(location, ParamLocation::Body)) =>
            {
                RestRequestBodyKind::Members
            }
            None => RestRequestBodyKind::None,
        };
        RestRequestBinding {
            path: UriTemplate::path(if path.is_empty() { "/" } else { path }, input),
            query,
            host_prefix: operation
                .host_prefix
                .as_deref()
                .map(|prefix| UriTemplate::host_prefix(prefix, input)),
            has_query_map: locations
                .iter()
                .any(|location| matches!(location, ParamLocation::QueryMap)),
            has_distinct_headers: has_distinct_headers(&locations),
            locations,
            body,
            required,
            required_bits,
            is_union: operation
                .input
                .as_ref()
                .is_some_and(|input| input.traits.is_union()),
        }
    }

    /// Returns whether the format validates a member while it writes the body.
    fn is_checked_in_body(&self, position: usize, location: &ParamLocation) -> bool {
        matches!(location, ParamLocation::Body)
            && match self.body {
                RestRequestBodyKind::Members => true,
                RestRequestBodyKind::Payload(payload) => payload == position,
                _ => false,
            }
    }
}

impl ParamLocation {
    fn new(model: &ServiceModel, member: &Member) -> ParamLocation {
        let name = member.wire_name();
        match member.traits.location {
            Some(Location::Uri) => ParamLocation::Label,
            Some(Location::QueryString) => match model.shape(member.target).kind {
                Kind::Map { .. } => ParamLocation::QueryMap,
                _ => {
                    let mut encoded = String::with_capacity(name.len() + 1);
                    push_percent_encoded(&mut encoded, name);
                    encoded.push('=');
                    ParamLocation::Query(Str::from(encoded))
                }
            },
            Some(Location::Header) => ParamLocation::Header(lower_name(name)),
            Some(Location::Headers) => ParamLocation::Headers(lower_name(prefix_of(member))),
            Some(Location::StatusCode) | None => ParamLocation::Body,
        }
    }
}

fn has_distinct_headers(locations: &[ParamLocation]) -> bool {
    let mut names = HashSet::new();
    locations.iter().all(|location| match location {
        ParamLocation::Header(name) => names.insert(name),
        ParamLocation::Headers(_) => false,
        ParamLocation::Label
        | ParamLocation::Query(_)
        | ParamLocation::QueryMap
        | ParamLocation::Body => true,
    })
}

/// Returns the header name prefix of a member; without a location name it is empty, which matches every header.
fn prefix_of(member: &Member) -> &str {
    member.traits.location_name.as_deref().unwrap_or_default()
}

fn is_event_stream(model: &ServiceModel, member: &Member) -> bool {
    model.shape(member.target).traits.is_event_stream()
}

/// Returns whether a payload member is the raw body.
fn is_raw(model: &ServiceModel, member: &Member) -> bool {
    matches!(model.shape(member.target).kind, Kind::Blob | Kind::String)
}

impl RestResponseBinding {
    fn new(model: &ServiceModel, structure: &Structure) -> Self {
        let location = |member: &Member| match member.traits.location? {
            Location::StatusCode => Some(ResponseLocation::Status),
            Location::Header => Some(ResponseLocation::Header(lower_name(member.wire_name()))),
            Location::Headers => Some(ResponseLocation::Headers(lower_name(prefix_of(member)))),
            Location::Uri | Location::QueryString => None,
        };
        let located: Box<[(usize, ResponseLocation)]> = structure
            .members
            .iter()
            .enumerate()
            .filter_map(|(position, member)| Some((position, location(member)?)))
            .collect();
        let body = match structure.payload.map(|position| position as usize) {
            Some(position) => match structure.members.get(position) {
                Some(member) if is_event_stream(model, member) => RestResponseBodyKind::EventStream,
                Some(member) if is_raw(model, member) => RestResponseBodyKind::Raw(position),
                Some(_) => RestResponseBodyKind::Payload(position),
                None => RestResponseBodyKind::None,
            },
            None if structure.members.iter().any(|m| is_event_stream(model, m)) => {
                RestResponseBodyKind::EventStream
            }
            None if located.len() < structure.members.len() => RestResponseBodyKind::Members,
            None => RestResponseBodyKind::None,
        };
        RestResponseBinding { located, body }
    }
}

impl RestBindings {
    /// Creates an empty table.
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        RestBindings {
            requests: OperationTable::new(model.operation_count()),
            responses: ShapeTable::new(model.shape_count()),
            model,
        }
    }

    /// Serializes a request; `write_body` is called at most once, if the format has a body to write.
    ///
    /// # Errors
    /// `Validation`: a value does not match its shape, or a label of the path or host is missing or invalid.
    ///
    /// # Source
    /// botocore `serialize.py:BaseRestSerializer`.
    pub(crate) fn serialize(
        &self,
        operation: &Operation,
        input: Input<'_>,
        strictness: Strictness,
        write_body: impl FnOnce(RestRequestBody<'_>) -> Result<Vec<u8>>,
    ) -> Result<Request> {
        let model = &*self.model;
        let is_strict = strictness == Strictness::Strict;
        let Some(binding) = self
            .requests
            .get_or_init(operation, || RestRequestBinding::new(model, operation))
        else {
            return Err(foreign_operation(operation));
        };
        let structure = model.input(operation);
        let members: &[Member] = structure.map(|s| &*s.members).unwrap_or_default();
        let empty = Map::new();
        let params = params_map(&operation.name, input.params, &empty)?;
        let mut query = String::new();
        query.push_str(&binding.query);
        // With room for the headers of transport and signature, but bounded for a parameter map of any length.
        let mut headers = Headers::with_capacity(params.len().min(members.len()) + 8);
        let mut has_members = false;
        let (mut next, mut present_bits, mut count) = (0, 0, 0);
        for (name, value) in params {
            if value.is_null() && !is_strict {
                continue;
            }
            let Some((at, member, location)) = structure
                .and_then(|structure| structure.member_position_from(next, name))
                .and_then(|at| Some((at, members.get(at)?, binding.locations.get(at)?)))
            else {
                return Err(unknown_parameter(operation, name));
            };
            next = at + 1;
            if value.is_null() {
                continue;
            }
            count += 1;
            present_bits |= binding.required_bits.get(at).copied().unwrap_or_default();
            if is_strict
                && !binding.is_checked_in_body(at, location)
                && !model.is_valid_member(member, value)
            {
                return Err(mismatch(name, "a value that matches its shape", value));
            }
            match location {
                ParamLocation::Label => {}
                ParamLocation::Query(key) => {
                    push_query_member(&mut query, model, member, key, value)?
                }
                ParamLocation::QueryMap => {
                    push_query_map(&mut query, member, value, |key| {
                        binding.has_query_map && is_named(members, params, key)
                    })?;
                }
                ParamLocation::Header(name) => match header_text(model, member, value)? {
                    Some(text) if binding.has_distinct_headers => {
                        headers.push(name.clone(), text);
                    }
                    Some(text) => headers.set(name.clone(), text),
                    None => {}
                },
                ParamLocation::Headers(prefix) => {
                    push_prefix_headers(&mut headers, &member.name, prefix, value)?;
                }
                ParamLocation::Body => has_members = true,
            }
        }
        if is_strict
            && !(binding.required.all_present(present_bits, params)
                && (!binding.is_union || count == 1))
        {
            return Err(mismatch(
                &operation.name,
                "all required members, and exactly one member of a union",
                input.params,
            ));
        }
        let path = binding.path.render_path(|position| {
            let Some(member) = members.get(position) else {
                return Ok(None);
            };
            match params.get(&member.name) {
                None | Some(Value::Null) => Ok(None),
                Some(value) => location_text(model, member, value).map(Some),
            }
        })?;
        let body = match binding.body {
            RestRequestBodyKind::None => Bytes::new(),
            RestRequestBodyKind::Members if has_members => {
                write_body(RestRequestBody::Members { params })?.into()
            }
            RestRequestBodyKind::Members => write_body(RestRequestBody::NoMembers)?.into(),
            RestRequestBodyKind::EventStream => {
                if !headers.contains("content-type") {
                    headers.push(CONTENT_TYPE, EVENT_STREAM_TYPE);
                }
                Bytes::new()
            }
            RestRequestBodyKind::Raw(position) => match present_member(members, params, position) {
                Some((_, Value::Blob(blob))) if !input.has_stream => blob.to_bytes(),
                Some((member, value)) if !input.has_stream => {
                    Bytes::copy_from_slice(blob_bytes(&member.name, value)?)
                }
                _ => Bytes::new(),
            },
            RestRequestBodyKind::Payload(position) => {
                match present_member(members, params, position) {
                    Some((member, value)) => {
                        write_body(RestRequestBody::Payload { member, value })?.into()
                    }
                    None => match members.get(position) {
                        Some(member) => write_body(RestRequestBody::NoPayload { member })?.into(),
                        None => Bytes::new(),
                    },
                }
            }
        };
        let host_prefix = match &binding.host_prefix {
            Some(template) => Some(template.render_host_prefix(structure, input.params)?),
            None => None,
        };
        Ok(Request {
            method: operation.method.clone(),
            path,
            query,
            headers,
            body,
            host_prefix,
        })
    }

    /// Parses a response into a structure: an operation's output, or an error. `read_body` is called at most once, if
    /// the format has a body to read, and adds members to the map.
    ///
    /// # Errors
    /// `Parse`: the body is malformed.
    ///
    /// # Source
    /// botocore `parsers.py:BaseRestParser`.
    pub(crate) fn parse(
        &self,
        shape: ShapeId,
        response: Response,
        read_body: impl FnOnce(RestResponseBody<'_>, Bytes, &mut Map) -> Result<()>,
    ) -> Result<Map> {
        let model = &*self.model;
        let shape_name = &model.shape(shape).name;
        let Kind::Structure(structure) = &model.shape(shape).kind else {
            return Ok(Map::new());
        };
        let Some(binding) = self
            .responses
            .get_or_init(shape, || RestResponseBinding::new(model, structure))
        else {
            return Ok(Map::new());
        };
        let mut map = Map::new();
        for (position, location) in &binding.located {
            let Some(member) = structure.members.get(*position) else {
                continue;
            };
            let value = match location {
                ResponseLocation::Status => Value::Int(i64::from(response.status)),
                ResponseLocation::Header(name) => match response.headers.get_shared(name) {
                    Some(text) => header_value(model, shape_name, member, text),
                    None => continue,
                },
                ResponseLocation::Headers(prefix) => {
                    Value::Map(prefix_headers(&response.headers, prefix))
                }
            };
            if !value.is_null() {
                map.push(member.name.clone(), value);
            }
        }
        match binding.body {
            RestResponseBodyKind::None | RestResponseBodyKind::EventStream => {}
            RestResponseBodyKind::Members => {
                read_body(RestResponseBody::Members, response.body, &mut map)?;
            }
            RestResponseBodyKind::Raw(position) => {
                if let Some(member) = structure.members.get(position)
                    && let Some(value) = raw_body(model, shape_name, member, response.body)
                {
                    map.push(member.name.clone(), value);
                }
            }
            RestResponseBodyKind::Payload(position) => {
                if let Some(member) = structure.members.get(position) {
                    read_body(RestResponseBody::Payload(member), response.body, &mut map)?;
                }
            }
        }
        Ok(map)
    }
}

pub(crate) const CONTENT_TYPE: Str = Str::from_static("content-type");
pub(crate) const EVENT_STREAM_TYPE: Str = Str::from_static("application/vnd.amazon.eventstream");

/// Converts a raw body to a string or blob. Returns `None` for an empty blob, which may be a stream that is read
/// separately.
fn raw_body(model: &ServiceModel, structure: &str, member: &Member, body: Bytes) -> Option<Value> {
    if matches!(model.shape(member.target).kind, Kind::Blob) {
        // DIFFERENCE: an empty body is an absent payload, as in the Smithy test suites; botocore returns an empty one.
        return (!body.is_empty()).then(|| Value::Blob(Blob::from(body)));
    }
    if member.traits.is_streaming() && body.is_empty() {
        return None;
    }
    Some(text_payload(structure, member, body))
}

/// Converts a payload to a string. One that is not UTF-8 stays a blob.
pub(crate) fn text_payload(structure: &str, member: &Member, body: Bytes) -> Value {
    match String::from_utf8(Vec::from(body)) {
        Ok(text) => Value::from(text),
        Err(error) => {
            let value = Value::Blob(Blob::from(error.into_bytes()));
            log_scalar(structure, &member.name, ValueType::String, &value);
            value
        }
    }
}

fn present_member<'a>(
    members: &'a [Member],
    params: &'a Map,
    position: usize,
) -> Option<(&'a Member, &'a Value)> {
    let member = members.get(position)?;
    let value = params.get(&member.name)?;
    (!value.is_null()).then_some((member, value))
}

/// Converts a parameter to text for a path or query string.
fn location_text<'a>(
    model: &ServiceModel,
    member: &Member,
    value: &'a Value,
) -> Result<ScalarText<'a>> {
    let target = ValueType::of(model, member);
    text_param(&member.name, target, TimestampFormat::Iso8601, value)
}

fn push_query_member(
    query: &mut String,
    model: &ServiceModel,
    member: &Member,
    key: &str,
    value: &Value,
) -> Result<()> {
    let mut push = |text: &str| {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(key);
        push_percent_encoded(query, text);
    };
    match (&model.shape(member.target).kind, value) {
        (Kind::List(item), Value::List(list)) => {
            for value in list.iter().filter(|value| !value.is_null()) {
                push(&location_text(model, item, value)?);
            }
        }
        _ => push(&location_text(model, member, value)?),
    }
    Ok(())
}

/// Adds a map of query parameters, whose values are strings or lists of strings, skipping names for which `is_taken`
/// holds.
fn push_query_map(
    query: &mut String,
    member: &Member,
    value: &Value,
    is_taken: impl Fn(&str) -> bool,
) -> Result<()> {
    let Value::Map(map) = value else {
        return Err(mismatch(&member.name, "a map", value));
    };
    let mut push = |key: &str, value: &Value| -> Result<()> {
        let text = text_param(
            &member.name,
            ValueType::String,
            TimestampFormat::Iso8601,
            value,
        )?;
        push_query(query, key, &text);
        Ok(())
    };
    for (key, value) in map.iter().filter(|(key, _)| !is_taken(key)) {
        match value {
            Value::Null => {}
            Value::List(list) => {
                for value in list.iter().filter(|value| !value.is_null()) {
                    push(key, value)?;
                }
            }
            value => push(key, value)?,
        }
    }
    Ok(())
}

/// Returns whether a member that is present is bound to this query parameter; it takes precedence over the map.
fn is_named(members: &[Member], params: &Map, key: &str) -> bool {
    members.iter().any(|member| {
        member.traits.location == Some(Location::QueryString)
            && *member.wire_name() == *key
            && params
                .get(&member.name)
                .is_some_and(|value| !value.is_null() && !matches!(value, Value::Map(_)))
    })
}

#[cold]
pub(crate) fn unknown_parameter(operation: &Operation, name: &str) -> inia_core::Error {
    inia_core::Error::new(
        ErrorKind::Validation,
        format!("{}: unknown parameter {name:?}", operation.name),
    )
}
