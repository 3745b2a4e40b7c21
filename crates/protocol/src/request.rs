//! [`RequestPlan`], the compiled form of an operation's requests.
//!
//! ```text
//! params --+--> path labels, query string, headers    in REST formats only
//!          +--> host prefix
//!          +--> body: the payload member alone, or all members without a location
//! ```
//!
//! # Source
//! botocore `serialize.py:BaseRestSerializer`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use inia_core::{Map, Name, Result, Str, TimestampFormat, Value, push_percent_encoded};
use inia_model::{Kind, Location, Member, Operation, ServiceModel, Structure};

use crate::format::{BodyKind, BodyPart, CONTENT_TYPE, EVENT_STREAM_TYPE, FixedParts, WireFormat};
use crate::header::{header_text, push_prefix_headers};
use crate::params::{blob_bytes, mismatch, params_map};
use crate::scalar::text_param;
use crate::shape::{CompiledMember, CompiledStructure, ParamSpec, ShapeFormat, ValueType};
use crate::strictness::Strictness;
use crate::uri::{UriTemplate, split_query};
use crate::{Headers, Input, Request};

/// The compiled form of an operation's requests.
#[derive(Debug)]
pub(crate) struct RequestPlan {
    fixed: FixedParts,
    path: UriTemplate,
    /// The fixed query parameters of the request URI.
    query: Str,
    host_prefix: Option<UriTemplate>,
    /// The locations of the input's members, in REST formats.
    locations: Option<CompiledStructure<Locations>>,
    body: BodyKind,
    /// True if the fixed headers have a content type.
    has_content_type: bool,
    /// The predicted length of a body, in bytes: somewhat longer than the longest so far.
    body_length: AtomicUsize,
}

/// The predicted length of the first body, in bytes.
const FIRST_LENGTH: usize = 256;

/// The maximum predicted length, in bytes: one long body must not inflate all later ones.
const MAX_LENGTH: usize = 1 << 20;

/// The locations of members as a [`ShapeFormat`].
#[derive(Debug)]
struct Locations;

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

impl ShapeFormat for Locations {
    type Spec = ParamSpec;
    type Wire = ParamLocation;
    /// `true` if no two members can send a header of the same name.
    type Extra = bool;

    fn key<'m>(member: &'m Member, _: &'m CompiledMember<Self>) -> &'m [u8] {
        member.name.as_bytes()
    }

    fn spec(model: &ServiceModel, member: &Member, is_required: bool) -> ParamSpec {
        ParamSpec::new(model, member, is_required)
    }

    fn wire(&self, model: &ServiceModel, member: &Member, _: bool) -> ParamLocation {
        let name = member.wire_name();
        match member.traits.location {
            Some(Location::Uri) => ParamLocation::Label,
            Some(Location::QueryString) => match model.shape(member.target).kind {
                Kind::Map { .. } => ParamLocation::QueryMap,
                _ => ParamLocation::Query(Str::from(query_key(name))),
            },
            Some(Location::Header) => ParamLocation::Header(lower_name(name)),
            Some(Location::Headers) => ParamLocation::Headers(lower_name(prefix_of(member))),
            Some(Location::StatusCode) | None => ParamLocation::Body,
        }
    }

    fn extra(&self, _: &Structure, members: &mut [CompiledMember<Self>]) -> bool {
        let mut names = HashSet::new();
        members.iter().all(|member| match &member.wire {
            ParamLocation::Header(name) => names.insert(name),
            ParamLocation::Headers(_) => false,
            _ => true,
        })
    }
}

/// Returns a header's name in lower case, interned, so that adding it to a request costs no allocation.
pub(crate) fn lower_name(name: &str) -> Str {
    let name = Name::intern(&name.to_ascii_lowercase());
    Str::from_static(name.as_static().as_str())
}

/// Returns the header name prefix of a member; without a location name it is empty, which matches every header.
pub(crate) fn prefix_of(member: &Member) -> &str {
    member.traits.location_name.as_deref().unwrap_or_default()
}

impl RequestPlan {
    /// Compiles an operation; `has_locations` is `true` in REST formats.
    pub(crate) fn new(
        model: &ServiceModel,
        operation: &Operation,
        fixed: FixedParts,
        has_locations: bool,
    ) -> Self {
        let input = model.input(operation);
        let (path, query) = match &fixed.path {
            Some(path) => (path.as_str(), Str::new()),
            None => split_query(&operation.request_uri),
        };
        let member = operation.input.as_ref().filter(|_| has_locations);
        let located = member.and_then(|member| Some((member.target, input?)));
        let locations =
            located.map(|(id, input)| CompiledStructure::new(&Locations, model, id, input));
        let is_body =
            |member: &CompiledMember<Locations>| matches!(member.wire, ParamLocation::Body);
        let body = match (input, &locations) {
            _ if !has_locations => BodyKind::Members,
            (Some(input), Some(locations)) => {
                BodyKind::of(model, input, locations.members.iter().any(is_body))
            }
            _ => BodyKind::None,
        };
        let has_content_type = fixed.headers.contains(CONTENT_TYPE.as_str());
        RequestPlan {
            has_content_type,
            path: UriTemplate::path(if path.is_empty() { "/" } else { path }, input),
            query,
            host_prefix: operation
                .host_prefix
                .as_deref()
                .map(|prefix| UriTemplate::host_prefix(prefix, input)),
            locations,
            body,
            fixed,
            body_length: AtomicUsize::new(FIRST_LENGTH),
        }
    }

    /// Writes a request.
    ///
    /// # Errors
    /// `Validation`: a value does not match its shape, or a label of the path or host is missing or invalid.
    pub(crate) fn request(
        &self,
        format: &dyn WireFormat,
        model: &ServiceModel,
        operation: &Operation,
        input: Input<'_>,
        strictness: Strictness,
    ) -> Result<Request> {
        let empty = Map::new();
        let params = params_map(&operation.name, input.params, &empty)?;
        let structure = model.input(operation);
        let members = structure.map_or(&[][..], |structure| &structure.members);
        let mut request = Request {
            method: operation.method.clone(),
            query: self.query.to_string(),
            // With room for the headers of transport and signature, but bounded for a parameter map of any length.
            headers: self
                .fixed
                .headers
                .clone_with_capacity(params.len().min(members.len()) + 8),
            ..Request::default()
        };
        let has_body_members = match &self.locations {
            Some(locations) => {
                self.bind(locations, model, members, params, strictness, &mut request)?
            }
            None => structure.is_some(),
        };
        if structure.is_none() {
            strictness.check_no_params(operation, params)?;
        }
        request.path = self.path.render_path(|position| {
            match members
                .get(position)
                .map(|member| (member, params.get(&member.name)))
            {
                Some((member, Some(value))) if !value.is_null() => {
                    location_text(model, member, value).map(Some)
                }
                _ => Ok(None),
            }
        })?;
        let part = match self.body {
            BodyKind::None => None,
            BodyKind::EventStream => {
                if !self.has_content_type(&request.headers) {
                    request.headers.push(CONTENT_TYPE, EVENT_STREAM_TYPE);
                }
                None
            }
            BodyKind::Raw(position) => {
                if let Some((member, value)) = present_member(members, params, position)
                    && !input.has_stream
                {
                    request.body = match value {
                        Value::Blob(blob) => blob.to_bytes(),
                        value => Bytes::copy_from_slice(blob_bytes(&member.name, value)?),
                    };
                }
                None
            }
            BodyKind::Payload(position) => match present_member(members, params, position) {
                Some((member, value)) => Some(BodyPart::Value { member, value }),
                None => Some(BodyPart::None(members.get(position))),
            },
            BodyKind::Members => match &operation.input {
                Some(input) if has_body_members => Some(BodyPart::Members {
                    input,
                    params,
                    body_only: self.locations.is_some(),
                }),
                _ => Some(BodyPart::None(None)),
            },
        };
        if let Some(part) = part {
            let capacity = self.body_length.load(Ordering::Relaxed);
            let body = format.write(&self.fixed, part, strictness, capacity)?;
            if body.len() > capacity {
                let length = (body.len() + body.len() / 8).min(MAX_LENGTH);
                self.body_length.store(length, Ordering::Relaxed);
            }
            if !body.is_empty() && !self.has_content_type(&request.headers) {
                request.headers.push(CONTENT_TYPE, format.media_type());
            }
            request.body = body.into();
        }
        if let Some(template) = &self.host_prefix {
            request.host_prefix = Some(template.render_host_prefix(members, params)?);
        }
        Ok(request)
    }

    /// Returns true if a request has a content type. Only members with a location add one to the fixed headers.
    fn has_content_type(&self, headers: &Headers) -> bool {
        self.has_content_type
            || (self.locations.is_some() && headers.contains(CONTENT_TYPE.as_str()))
    }

    /// Writes the members that are bound to the query string and headers. Returns whether there are members without a
    /// location.
    fn bind(
        &self,
        locations: &CompiledStructure<Locations>,
        model: &ServiceModel,
        members: &[Member],
        params: &Map,
        strictness: Strictness,
        request: &mut Request,
    ) -> Result<bool> {
        let mut has_body_members = false;
        locations.each_member(
            model,
            strictness,
            params,
            |name, position, location, value| {
                let Some(member) = members.get(position) else {
                    return Ok(());
                };
                // The format checks what it writes.
                let is_checked = match (&location.wire, self.body) {
                    (ParamLocation::Body, BodyKind::Members) => true,
                    (ParamLocation::Body, BodyKind::Payload(payload)) => payload == position,
                    _ => false,
                };
                if strictness == Strictness::Strict
                    && !is_checked
                    && !model.is_valid_member(member, value)
                {
                    return Err(mismatch(name, "a value that matches its shape", value));
                }
                match &location.wire {
                    ParamLocation::Label => {}
                    ParamLocation::Query(key) => {
                        push_query_member(&mut request.query, model, member, key, value)?;
                    }
                    ParamLocation::QueryMap => {
                        push_query_map(&mut request.query, model, member, value, |key| {
                            is_named(members, params, key)
                        })?;
                    }
                    ParamLocation::Header(name) => match header_text(model, member, value)? {
                        Some(text) if locations.extra => request.headers.push(name.clone(), text),
                        Some(text) => request.headers.set(name.clone(), text),
                        None => {}
                    },
                    ParamLocation::Headers(prefix) => {
                        push_prefix_headers(&mut request.headers, &member.name, prefix, value)?;
                    }
                    ParamLocation::Body => has_body_members = true,
                }
                Ok(())
            },
        )?;
        Ok(has_body_members)
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
fn location_text(model: &ServiceModel, member: &Member, value: &Value) -> Result<Str> {
    let target = ValueType::of(model, member);
    text_param(&member.name, target, TimestampFormat::Iso8601, value)
}

/// Appends a query parameter, whose encoded name ends with `=`, once for each item of a list.
fn push_query_member(
    query: &mut String,
    model: &ServiceModel,
    member: &Member,
    key: &str,
    value: &Value,
) -> Result<()> {
    if let (Kind::List(item), Value::List(list)) = (&model.shape(member.target).kind, value) {
        let mut items = list.iter().filter(|value| !value.is_null());
        return items.try_for_each(|value| push_query_member(query, model, item, key, value));
    }
    let text = location_text(model, member, value)?;
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(key);
    push_percent_encoded(query, &text);
    Ok(())
}

/// Appends a map of query parameters, whose values are strings or lists of strings, skipping names for which `is_taken`
/// holds.
fn push_query_map(
    query: &mut String,
    model: &ServiceModel,
    member: &Member,
    value: &Value,
    is_taken: impl Fn(&str) -> bool,
) -> Result<()> {
    let (Kind::Map { value: item, .. }, Value::Map(map)) =
        (&model.shape(member.target).kind, value)
    else {
        return Err(mismatch(&member.name, "a map", value));
    };
    let entries = map
        .iter()
        .filter(|(key, value)| !value.is_null() && !is_taken(key));
    for (key, value) in entries {
        push_query_member(query, model, item, &query_key(key), value)?;
    }
    Ok(())
}

/// Returns the encoded name of a query parameter, with `=`.
fn query_key(name: &str) -> String {
    let mut key = String::with_capacity(name.len() + 1);
    push_percent_encoded(&mut key, name);
    key.push('=');
    key
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
