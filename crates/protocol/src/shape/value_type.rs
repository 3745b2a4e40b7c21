//! [`ValueType`], the type that a value is read and written as.

use inia_core::{Map, Name, Str, TimestampFormat, Value};
use inia_model::{Kind, Member, ServiceModel, ShapeId};

/// The type that a value is read and written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
    String,
    Blob,
    Boolean,
    /// An integer of any size.
    Integer,
    /// Single precision.
    Float,
    Double,
    Timestamp(Option<TimestampFormat>),
    /// Any JSON value.
    Document,
    Structure(ShapeId),
    List(ShapeId),
    Map(ShapeId),
}

impl ValueType {
    /// Returns the type of a member.
    pub(crate) fn of(model: &ServiceModel, member: &Member) -> ValueType {
        if member.traits.is_document() {
            return ValueType::Document;
        }
        match ValueType::of_shape(model, member.target) {
            ValueType::Timestamp(_) => ValueType::Timestamp(member.traits.timestamp_format),
            other => other,
        }
    }

    /// Returns the type of a shape, without the traits of a member.
    pub(crate) fn of_shape(model: &ServiceModel, id: ShapeId) -> ValueType {
        let shape = model.shape(id);
        if shape.traits.is_document() {
            return ValueType::Document;
        }
        match shape.kind {
            Kind::Structure(_) => ValueType::Structure(id),
            Kind::List(_) => ValueType::List(id),
            Kind::Map { .. } => ValueType::Map(id),
            Kind::String => ValueType::String,
            Kind::Blob => ValueType::Blob,
            Kind::Boolean => ValueType::Boolean,
            Kind::Integer | Kind::Long => ValueType::Integer,
            Kind::Float => ValueType::Float,
            Kind::Double => ValueType::Double,
            Kind::Timestamp => ValueType::Timestamp(None),
        }
    }

    /// Returns the type's name with its article, for log events.
    pub(crate) fn expectation(self) -> &'static str {
        match self {
            ValueType::String => "a string",
            ValueType::Blob => "a blob",
            ValueType::Boolean => "a boolean",
            ValueType::Integer => "an integer",
            ValueType::Float | ValueType::Double => "a number",
            ValueType::Timestamp(_) => "a timestamp",
            ValueType::Document => "a document",
            ValueType::Structure(_) => "a structure",
            ValueType::List(_) => "a list",
            ValueType::Map(_) => "a map",
        }
    }
}

/// The name of the placeholder for a union member that is not in the model.
pub(crate) const UNKNOWN_MEMBER: &str = "SDK_UNKNOWN_MEMBER";

/// Returns the placeholder for a union member that is not in the model.
///
/// # Source
/// botocore `parsers.py:ResponseParser._handle_unknown_tagged_union_member`.
pub(crate) fn unknown_union_member(name: Str) -> (Name, Value) {
    let map = Map::of_member(Name::intern("name"), Value::String(name));
    (Name::intern(UNKNOWN_MEMBER), Value::Map(map))
}
