//! Decoding tables of the body formats that are keyed by member names, JSON and CBOR: one compiled [`DecodeLayout`] per
//! shape.

use inia_core::{Map, Name, Str, TimestampFormat, Value};
use inia_model::{Kind, Member, ServiceModel, Shape, ShapeId, ShapeTable};

use crate::literal::Literal;
use crate::name_index::MemberNameIndex;

/// The type that a value in a body is read and written as.
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

/// The compiled form of a structure.
#[derive(Debug)]
pub(crate) struct DecodeStructure {
    /// The members, in the order of the model.
    pub(crate) members: Box<[DecodeMember]>,
    /// Member positions by wire name.
    by_wire_name: MemberNameIndex,
    pub(crate) is_union: bool,
}

/// The compiled form of a structure member.
#[derive(Debug)]
pub(crate) struct DecodeMember {
    /// The member's name, its key in a [`Value`].
    pub(crate) name: Name,
    /// The encoded key in its usual form, without white space around it.
    pub(crate) key: Literal,
    pub(crate) target: ValueType,
    /// `true` if the member is bound to the URI, a header or the status when the structure is the input or output of a
    /// REST format.
    pub(crate) has_location: bool,
}

/// The compiled form of a shape.
#[derive(Debug)]
pub(crate) enum DecodeLayout {
    Structure(DecodeStructure),
    /// The type of the items.
    List(ValueType),
    /// The type of the values and whether they may be null.
    Map {
        value: ValueType,
        is_sparse: bool,
    },
    Scalar,
}

/// The decoding layouts of a service, compiled per shape on first use.
#[derive(Debug)]
pub(crate) struct DecodeLayouts {
    table: ShapeTable<DecodeLayout>,
    /// Encodes a member's wire name as the key in front of its value.
    key: fn(&str) -> Vec<u8>,
}

impl DecodeLayouts {
    /// Creates an empty table; `key` encodes a member's wire name as the key in front of its value.
    pub(crate) fn new(model: &ServiceModel, key: fn(&str) -> Vec<u8>) -> Self {
        DecodeLayouts {
            table: ShapeTable::new(model.shape_count()),
            key,
        }
    }

    /// Returns the layout of a shape.
    #[inline]
    pub(crate) fn get(&self, model: &ServiceModel, id: ShapeId) -> &DecodeLayout {
        static NONE: DecodeLayout = DecodeLayout::Scalar;
        self.table
            .get_or_init(id, || self.compile(model, id))
            .unwrap_or(&NONE)
    }

    #[cold]
    fn compile(&self, model: &ServiceModel, id: ShapeId) -> DecodeLayout {
        let shape = model.shape(id);
        match &shape.kind {
            Kind::Structure(structure) => DecodeLayout::Structure(structure_layout(
                model,
                shape,
                &structure.members,
                self.key,
            )),
            Kind::List(item) => DecodeLayout::List(ValueType::of(model, item)),
            Kind::Map { value, .. } => DecodeLayout::Map {
                value: ValueType::of(model, value),
                is_sparse: shape.traits.is_sparse(),
            },
            _ => DecodeLayout::Scalar,
        }
    }
}

fn structure_layout(
    model: &ServiceModel,
    shape: &Shape,
    members: &[Member],
    key: fn(&str) -> Vec<u8>,
) -> DecodeStructure {
    let compiled = members
        .iter()
        .map(|member| DecodeMember {
            name: Name::intern(&member.name),
            key: Literal::new(&key(member.wire_name())),
            target: ValueType::of(model, member),
            has_location: member.traits.location.is_some(),
        })
        .collect();
    DecodeStructure {
        members: compiled,
        by_wire_name: MemberNameIndex::new(members.iter().map(|member| &**member.wire_name())),
        is_union: shape.traits.is_union(),
    }
}

impl DecodeStructure {
    /// Returns the member with a wire name, whose [`head_word`](crate::name_index::head_word) is `head`, and its position.
    #[inline(always)]
    pub(crate) fn by_wire_name(&self, name: &[u8], head: u64) -> Option<(usize, &DecodeMember)> {
        let position = self.by_wire_name.get_by_head(name, head)?;
        Some((position, self.members.get(position)?))
    }

    /// Returns the same for a name of at most eight bytes, which `head` holds completely.
    #[inline(always)]
    pub(crate) fn by_short_name(&self, head: u64, length: usize) -> Option<(usize, &DecodeMember)> {
        let position = self.by_wire_name.get_short(head, length)?;
        Some((position, self.members.get(position)?))
    }

    /// Returns the member that is the only entry of a structure value, and its position.
    pub(crate) fn only_member(&self, structure: &Map) -> Option<(usize, &DecodeMember)> {
        let (name, _) = structure.get_index(0).filter(|_| structure.len() == 1)?;
        let mut members = self.members.iter().enumerate();
        members.find(|(_, member)| *member.name == *name)
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
