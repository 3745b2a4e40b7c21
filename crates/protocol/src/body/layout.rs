//! [`EncodeLayouts`], the compiled shapes with which values are validated and written.

use inia_core::{Error, ErrorKind, Str};
use inia_model::{Kind, Member, ServiceModel, ShapeId, ShapeTable, Structure};

use super::buffer::PaddedLiteral;
use crate::name_index::{MemberNameIndex, head_word};
use crate::strictness::{RequiredMembers, TypeSpec};

/// The encoding layouts of a service, compiled per shape on first use.
#[derive(Debug)]
pub(crate) struct EncodeLayouts {
    table: ShapeTable<EncodeLayout>,
    /// Encodes a member's wire name as the key in front of its value.
    key: fn(&str) -> Vec<u8>,
}

/// The compiled form of a shape.
#[derive(Debug)]
pub(super) enum EncodeLayout {
    Structure(EncodeStructure),
    List {
        item: TypeSpec,
        is_sparse: bool,
    },
    Map {
        key: TypeSpec,
        value: TypeSpec,
        is_sparse: bool,
    },
    Scalar,
}

/// The compiled form of a structure.
#[derive(Debug)]
pub(super) struct EncodeStructure {
    /// The members, in the order of the model.
    members: Box<[EncodeMember]>,
    /// Member positions by member name.
    by_name: MemberNameIndex,
    pub(super) required: RequiredMembers,
    pub(super) is_union: bool,
    /// The shape's name, for error messages.
    shape_name: Str,
}

/// The compiled form of a structure member.
#[derive(Debug)]
pub(super) struct EncodeMember {
    name: MemberName,
    /// The encoded key.
    pub(super) key: PaddedLiteral,
    pub(super) spec: TypeSpec,
    /// The member's bit in [`RequiredMembers`].
    pub(super) required_bit: u64,
    /// `true` if the member is bound to the URI or a header when the structure is the input of a REST format.
    pub(super) has_location: bool,
}

/// A name for fast comparison: its first and last words are stored inline, so a comparison rarely follows a pointer.
#[derive(Debug)]
struct MemberName {
    /// The first eight bytes, zero-padded, and the last eight.
    head: u64,
    tail: u64,
    text: Box<[u8]>,
}

impl MemberName {
    fn new(name: &str) -> Self {
        let text = name.as_bytes();
        MemberName {
            head: head_word(text),
            tail: text
                .last_chunk()
                .map_or(0, |tail| u64::from_le_bytes(*tail)),
            text: text.into(),
        }
    }

    #[inline(always)]
    fn is(&self, name: &[u8]) -> bool {
        if name.len() != self.text.len() {
            return false;
        }
        match (name.first_chunk(), name.last_chunk()) {
            (Some(head), Some(tail)) => {
                u64::from_le_bytes(*head) == self.head
                    && u64::from_le_bytes(*tail) == self.tail
                    && (name.len() <= 16 || self.is_long(name))
            }
            _ => head_word(name) == self.head,
        }
    }
}

impl MemberName {
    /// Compares a name of the same length, more than 16 bytes.
    #[inline(always)]
    fn is_long(&self, name: &[u8]) -> bool {
        if name.len() > 32 {
            return *self.text == *name;
        }
        // Two overlapping comparisons, without a call.
        name.first_chunk::<16>() == self.text.first_chunk()
            && name.last_chunk::<16>() == self.text.last_chunk()
    }
}

/// The order of the members of a structure when it was last written: the model position of each. List items mostly
/// repeat the order of the item before. Starts as the order of the model.
#[derive(Debug)]
pub(super) struct MemberOrder([u8; ORDER_LEN]);

/// The number of members whose order is remembered.
const ORDER_LEN: usize = 32;

impl Default for MemberOrder {
    #[inline(always)]
    fn default() -> Self {
        const OF_THE_MODEL: [u8; ORDER_LEN] = {
            let mut positions = [0; ORDER_LEN];
            let mut position = 0;
            while position < ORDER_LEN {
                #[expect(
                    clippy::indexing_slicing,
                    clippy::cast_possible_truncation,
                    reason = "it is below 32"
                )]
                {
                    positions[position] = position as u8;
                }
                position += 1;
            }
            positions
        };
        MemberOrder(OF_THE_MODEL)
    }
}

impl EncodeLayouts {
    /// Creates an empty table; `key` encodes a member's wire name as the key in front of its value.
    pub(crate) fn new(model: &ServiceModel, key: fn(&str) -> Vec<u8>) -> Self {
        EncodeLayouts {
            table: ShapeTable::new(model.shape_count()),
            key,
        }
    }

    /// Returns the layout of a shape.
    #[inline]
    pub(super) fn get(&self, model: &ServiceModel, id: ShapeId) -> &EncodeLayout {
        static NONE: EncodeLayout = EncodeLayout::Scalar;
        self.table
            .get_or_init(id, || self.compile(model, id))
            .unwrap_or(&NONE)
    }

    #[cold]
    fn compile(&self, model: &ServiceModel, id: ShapeId) -> EncodeLayout {
        let shape = model.shape(id);
        let is_sparse = shape.traits.is_sparse();
        match &shape.kind {
            Kind::Structure(structure) => {
                let (required, bits) = RequiredMembers::of(structure);
                EncodeLayout::Structure(EncodeStructure {
                    members: self.members(model, structure, &bits),
                    by_name: MemberNameIndex::new(
                        structure.members.iter().map(|member| &*member.name),
                    ),
                    required,
                    is_union: shape.traits.is_union(),
                    shape_name: shape.name.clone(),
                })
            }
            Kind::List(item) => EncodeLayout::List {
                item: TypeSpec::of(model, item),
                is_sparse,
            },
            Kind::Map { key, value } => EncodeLayout::Map {
                key: TypeSpec::of(model, key),
                value: TypeSpec::of(model, value),
                is_sparse,
            },
            _ => EncodeLayout::Scalar,
        }
    }

    fn members(
        &self,
        model: &ServiceModel,
        structure: &Structure,
        bits: &[u64],
    ) -> Box<[EncodeMember]> {
        let compile = |(member, bit): (&Member, &u64)| EncodeMember {
            name: MemberName::new(&member.name),
            key: PaddedLiteral::new(&(self.key)(member.wire_name())),
            spec: TypeSpec::of(model, member),
            required_bit: *bit,
            has_location: member.traits.location.is_some(),
        };
        structure.members.iter().zip(bits).map(compile).collect()
    }
}

impl EncodeStructure {
    /// Returns the member with a name; `ordinal` is its index among the parameters.
    #[inline(always)]
    pub(super) fn find(
        &self,
        name: &Str,
        ordinal: usize,
        order: &mut MemberOrder,
    ) -> Option<&EncodeMember> {
        let position = order.0.get(ordinal).map(|position| usize::from(*position));
        match position.and_then(|position| self.members.get(position)) {
            Some(member) if member.name.is(name.as_bytes()) => Some(member),
            _ => self.search(name, ordinal, order),
        }
    }

    #[cold]
    #[inline(never)]
    fn search(&self, name: &Str, ordinal: usize, order: &mut MemberOrder) -> Option<&EncodeMember> {
        let name = name.as_bytes();
        // Optional members may be absent, so try the one after the last match.
        let before = ordinal
            .checked_sub(1)
            .and_then(|ordinal| order.0.get(ordinal));
        let next = before.map(|position| usize::from(*position) + 1);
        let is_next = |next: &usize| {
            self.members
                .get(*next)
                .is_some_and(|member| member.name.is(name))
        };
        let position = next.filter(is_next).or_else(|| self.by_name.get(name))?;
        if let (Some(recorded), Ok(position)) = (order.0.get_mut(ordinal), u8::try_from(position)) {
            *recorded = position;
        }
        self.members.get(position)
    }

    /// Returns the error for a parameter that is not a member of the structure.
    #[cold]
    pub(super) fn unknown_member(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::Validation,
            format!("{}: unknown parameter {name:?}", self.shape_name),
        )
    }
}
