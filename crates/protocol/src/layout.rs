//! [`Layouts`]: what the formats whose bodies are keyed by member names, JSON and CBOR, work out about each shape once, to read it.

use inia_core::{Map, Name, Str, TimestampFormat, Value};
use inia_model::{Kind, Member, ServiceModel, Shape, ShapeId, ShapeTable};

use crate::literal::Literal;
use crate::names::NameIndex;

/// What a value in a body is read and written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    String,
    Blob,
    Boolean,
    /// An integer of any size.
    Integer,
    /// Single precision.
    Float,
    Double,
    Timestamp(Option<TimestampFormat>),
    /// Any JSON.
    Document,
    Structure(ShapeId),
    List(ShapeId),
    Map(ShapeId),
}

impl Target {
    /// What a member is read and written as.
    pub(crate) fn of(model: &ServiceModel, member: &Member) -> Target {
        let shape = model.shape(member.target);
        if shape.traits.is_document() || member.traits.is_document() {
            return Target::Document;
        }
        match shape.kind {
            Kind::Structure(_) => Target::Structure(member.target),
            Kind::List(_) => Target::List(member.target),
            Kind::Map { .. } => Target::Map(member.target),
            Kind::String => Target::String,
            Kind::Blob => Target::Blob,
            Kind::Boolean => Target::Boolean,
            Kind::Integer | Kind::Long => Target::Integer,
            Kind::Float => Target::Float,
            Kind::Double => Target::Double,
            Kind::Timestamp => Target::Timestamp(member.traits.timestamp_format),
        }
    }
}

/// What is worked out about a structure.
#[derive(Debug)]
pub(crate) struct Fields {
    /// One for each member, in the order of the model.
    pub(crate) fields: Box<[Field]>,
    /// Positions by the name on the wire.
    by_wire_name: NameIndex,
    /// Exactly one member is set.
    pub(crate) is_union: bool,
    /// For messages.
    pub(crate) shape_name: Str,
}

/// What is worked out about a member of a structure.
#[derive(Debug)]
pub(crate) struct Field {
    /// The member's name: the key in a [`Value`].
    pub(crate) name: Name,
    /// What stands before its value in a body, where nothing stands between.
    pub(crate) key: Literal,
    pub(crate) target: Target,
    /// The member travels in the head of an HTTP message, where the structure is the input or output of a REST format.
    pub(crate) has_location: bool,
}

/// What is worked out about a shape.
#[derive(Debug)]
pub(crate) enum Layout {
    Structure(Fields),
    /// The items, of a list.
    List(Target),
    /// The values of a map, and whether they may be null.
    Map {
        value: Target,
        is_sparse: bool,
    },
    Scalar,
}

/// The layouts of a service's shapes, worked out on first use.
#[derive(Debug)]
pub(crate) struct Layouts {
    table: ShapeTable<Layout>,
    /// What stands before the value of a member of a name.
    key: fn(&str) -> Vec<u8>,
}

impl Layouts {
    /// No layout worked out yet; `key` gives what stands before the value of a member of a name.
    pub(crate) fn new(model: &ServiceModel, key: fn(&str) -> Vec<u8>) -> Self {
        Layouts {
            table: ShapeTable::new(model.shape_count()),
            key,
        }
    }

    /// The layout of a shape.
    #[inline]
    pub(crate) fn get(&self, model: &ServiceModel, id: ShapeId) -> &Layout {
        static NONE: Layout = Layout::Scalar;
        self.table
            .get_or_init(id, || self.make(model, id))
            .unwrap_or(&NONE)
    }

    #[cold]
    fn make(&self, model: &ServiceModel, id: ShapeId) -> Layout {
        let shape = model.shape(id);
        match &shape.kind {
            Kind::Structure(structure) => {
                Layout::Structure(fields_of(model, shape, &structure.members, self.key))
            }
            Kind::List(item) => Layout::List(Target::of(model, item)),
            Kind::Map { value, .. } => Layout::Map {
                value: Target::of(model, value),
                is_sparse: shape.traits.is_sparse(),
            },
            _ => Layout::Scalar,
        }
    }
}

fn fields_of(
    model: &ServiceModel,
    shape: &Shape,
    members: &[Member],
    key: fn(&str) -> Vec<u8>,
) -> Fields {
    let fields = members
        .iter()
        .map(|member| Field {
            name: Name::intern(&member.name),
            key: Literal::new(&key(member.wire_name())),
            target: Target::of(model, member),
            has_location: member.traits.location.is_some(),
        })
        .collect();
    Fields {
        fields,
        by_wire_name: NameIndex::new(members.iter().map(|member| &**member.wire_name())),
        is_union: shape.traits.is_union(),
        shape_name: shape.name.clone(),
    }
}

impl Fields {
    /// The field of a name on the wire, whose [`head_of`](crate::names::head_of) is known, and its position.
    #[inline(always)]
    pub(crate) fn by_wire_name(&self, name: &[u8], head: u64) -> Option<(usize, &Field)> {
        let position = self.by_wire_name.get_by_head(name, head)?;
        Some((position, self.fields.get(position)?))
    }

    /// As [`Fields::by_wire_name`], of a name of at most eight bytes.
    #[inline(always)]
    pub(crate) fn by_short_name(&self, head: u64, length: usize) -> Option<(usize, &Field)> {
        let position = self.by_wire_name.get_short(head, length)?;
        Some((position, self.fields.get(position)?))
    }

    /// The one member that a structure has, and its position.
    pub(crate) fn only(&self, structure: &Map) -> Option<(usize, &Field)> {
        let (name, _) = structure.get_index(0).filter(|_| structure.len() == 1)?;
        let mut fields = self.fields.iter().enumerate();
        fields.find(|(_, field)| *field.name == *name)
    }
}

/// The entry that stands for a union's member that the model does not know.
///
/// # Source
/// botocore `parsers.py:ResponseParser._handle_unknown_tagged_union_member`.
pub(crate) fn unknown_union_member(name: Str) -> (Name, Value) {
    let map = Map::of_member(Name::intern("name"), Value::String(name));
    (Name::intern("SDK_UNKNOWN_MEMBER"), Value::Map(map))
}
