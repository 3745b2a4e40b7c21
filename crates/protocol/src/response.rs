//! [`ResponsePlan`], the compiled form of a structure as a response: an operation's output, or an error.
//!
//! ```text
//! response --+--> status and headers    in REST formats only
//!            +--> body: the payload member alone, or all members without a location
//! ```
//!
//! # Source
//! botocore `parsers.py:BaseRestParser`.

use bytes::Bytes;
use inia_core::{Blob, Map, Result, Str, Value};
use inia_model::{Kind, Location, Member, ServiceModel, ShapeId};

use crate::Response;
use crate::format::{BodyKind, WireFormat, empty_payload};
use crate::header::{header_value, prefix_headers};
use crate::mismatch::log_scalar;
use crate::request::{lower_name, prefix_of};
use crate::shape::ValueType;

#[derive(Debug)]
pub(crate) struct ResponsePlan {
    located: Box<[(usize, ResponseLocation)]>,
    body: BodyKind,
}

#[derive(Debug)]
enum ResponseLocation {
    Status,
    /// The header's name in lower case.
    Header(Str),
    /// The prefix in lower case.
    Headers(Str),
}

impl ResponsePlan {
    /// Compiles a structure; `has_locations` is `true` in REST formats.
    pub(crate) fn new(model: &ServiceModel, shape: ShapeId, has_locations: bool) -> Self {
        let location = |member: &Member| match member.traits.location? {
            Location::StatusCode => Some(ResponseLocation::Status),
            Location::Header => Some(ResponseLocation::Header(lower_name(member.wire_name()))),
            Location::Headers => Some(ResponseLocation::Headers(lower_name(prefix_of(member)))),
            Location::Uri | Location::QueryString => None,
        };
        let Kind::Structure(structure) = &model.shape(shape).kind else {
            return ResponsePlan {
                located: Box::default(),
                body: BodyKind::None,
            };
        };
        if !has_locations {
            return ResponsePlan {
                located: Box::default(),
                body: BodyKind::Members,
            };
        }
        let members = structure.members.iter().enumerate();
        let located: Box<[(usize, ResponseLocation)]> = members
            .filter_map(|(position, member)| Some((position, location(member)?)))
            .collect();
        let has_members = located.len() < structure.members.len();
        ResponsePlan {
            located,
            body: BodyKind::of(model, structure, has_members),
        }
    }

    /// Reads a response.
    ///
    /// # Errors
    /// `Parse`: the body is malformed.
    pub(crate) fn read(
        &self,
        format: &dyn WireFormat,
        model: &ServiceModel,
        id: ShapeId,
        response: &Response,
        is_error: bool,
    ) -> Result<Map> {
        let shape = model.shape(id);
        let members: &[Member] = match &shape.kind {
            Kind::Structure(structure) => &structure.members,
            _ => &[],
        };
        let mut map = Map::new();
        for (position, location) in &self.located {
            let Some(member) = members.get(*position) else {
                continue;
            };
            let value = match location {
                ResponseLocation::Status => Value::Int(i64::from(response.status)),
                ResponseLocation::Header(name) => match response.headers.get_shared(name) {
                    Some(text) => header_value(model, &shape.name, member, text),
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
        let body = &response.body;
        match self.body {
            BodyKind::Members if !body.is_empty() => {
                format.read_members(id, body, is_error, &mut map)?;
            }
            BodyKind::None | BodyKind::EventStream | BodyKind::Members => {}
            BodyKind::Raw(position) | BodyKind::Payload(position) => {
                let Some(member) = members.get(position) else {
                    return Ok(map);
                };
                let value = match self.body {
                    BodyKind::Raw(_) => raw_body(model, &shape.name, member, body),
                    _ if body.is_empty() => empty_payload(model, member),
                    _ if is_error => {
                        let mut payload = Map::new();
                        format.read_members(member.target, body, true, &mut payload)?;
                        Value::Map(payload)
                    }
                    _ => format.read_member(member, body)?,
                };
                if !value.is_null() {
                    map.push(member.name.clone(), value);
                }
            }
        }
        Ok(map)
    }
}

/// Converts a raw body to a string or blob. Returns null for an empty blob, which may be a stream that is read
/// separately.
///
/// DIFFERENCE: an empty body is an absent payload, as in the Smithy test suites; botocore returns an empty one.
fn raw_body(model: &ServiceModel, structure: &str, member: &Member, body: &Bytes) -> Value {
    let is_blob = matches!(model.shape(member.target).kind, Kind::Blob);
    if body.is_empty() && (is_blob || member.traits.is_streaming()) {
        return Value::Null;
    }
    if is_blob {
        return Value::Blob(Blob::from(body.clone()));
    }
    text_payload(structure, member, body)
}

/// Converts a payload to a string. One that is not UTF-8 stays a blob.
pub(crate) fn text_payload(structure: &str, member: &Member, body: &Bytes) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) => Value::from(text),
        Err(_) => {
            let value = Value::Blob(Blob::from(body.clone()));
            log_scalar(structure, &member.name, ValueType::String, &value);
            value
        }
    }
}
