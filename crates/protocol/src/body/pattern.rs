//! [`Patterns`]: what is worked out about each shape once, to check and write its values.

use inia_core::{Error, ErrorKind, Str};
use inia_model::{Kind, Member, ServiceModel, ShapeId, ShapeTable, Structure};

use super::buffer::Piece;
use crate::fit::{Part, Required};
use crate::names::{NameIndex, head_of};

/// The patterns of a service's shapes, worked out on first use.
#[derive(Debug)]
pub(crate) struct Patterns {
    table: ShapeTable<Pattern>,
    /// What stands before the value of a member of a name.
    key: fn(&str) -> Vec<u8>,
}

/// What is worked out about a shape.
#[derive(Debug)]
pub(super) enum Pattern {
    Structure(Slots),
    List {
        item: Part,
        is_sparse: bool,
    },
    Map {
        key: Part,
        value: Part,
        is_sparse: bool,
    },
    Scalar,
}

/// What is worked out about a structure.
#[derive(Debug)]
pub(super) struct Slots {
    /// One for each member, in the order of the model.
    slots: Box<[Slot]>,
    /// Positions by the member's name.
    by_name: NameIndex,
    pub(super) required: Required,
    /// Exactly one member is set.
    pub(super) is_union: bool,
    /// For messages.
    shape_name: Str,
}

/// What is worked out about a member of a structure.
#[derive(Debug)]
pub(super) struct Slot {
    name: SlotName,
    /// What stands before its value.
    pub(super) key: Piece,
    pub(super) part: Part,
    /// Its bit among the members that must be given.
    pub(super) required_bit: u64,
    /// The member travels in the head of an HTTP message, where the structure is the input of a REST format.
    pub(super) has_location: bool,
}

/// A name to be compared with others: most are told apart, or known to be the same, by words that lie beside each other.
#[derive(Debug)]
struct SlotName {
    /// The first eight bytes, or as many as there are, and the last eight.
    head: u64,
    tail: u64,
    text: Box<[u8]>,
}

impl SlotName {
    fn new(name: &str) -> Self {
        let text = name.as_bytes();
        SlotName {
            head: head_of(text),
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
            _ => head_of(name) == self.head,
        }
    }
}

impl SlotName {
    /// Whether it is a name of the same length, more than 16 bytes.
    #[inline(always)]
    fn is_long(&self, name: &[u8]) -> bool {
        if name.len() > 32 {
            return *self.text == *name;
        }
        // Two comparisons that may overlap, without a call.
        name.first_chunk::<16>() == self.text.first_chunk()
            && name.last_chunk::<16>() == self.text.last_chunk()
    }
}

/// In which order the members of a structure stood when it was last met: the position in the model of each. What a list holds mostly
/// repeats it, and it begins as the order of the model.
#[derive(Debug)]
pub(super) struct Order([u8; ORDER]);

/// For how many members it is remembered.
const ORDER: usize = 32;

impl Default for Order {
    #[inline(always)]
    fn default() -> Self {
        const OF_THE_MODEL: [u8; ORDER] = {
            let mut positions = [0; ORDER];
            let mut position = 0;
            while position < ORDER {
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
        Order(OF_THE_MODEL)
    }
}

impl Patterns {
    /// No pattern worked out yet; `key` gives what stands before the value of a member of a name.
    pub(crate) fn new(model: &ServiceModel, key: fn(&str) -> Vec<u8>) -> Self {
        Patterns {
            table: ShapeTable::new(model.shape_count()),
            key,
        }
    }

    /// The pattern of a shape.
    #[inline]
    pub(super) fn get(&self, model: &ServiceModel, id: ShapeId) -> &Pattern {
        static NONE: Pattern = Pattern::Scalar;
        self.table
            .get_or_init(id, || self.make(model, id))
            .unwrap_or(&NONE)
    }

    #[cold]
    fn make(&self, model: &ServiceModel, id: ShapeId) -> Pattern {
        let shape = model.shape(id);
        let is_sparse = shape.traits.is_sparse();
        match &shape.kind {
            Kind::Structure(structure) => {
                let (required, bits) = Required::of(structure);
                Pattern::Structure(Slots {
                    slots: self.slots(model, structure, &bits),
                    by_name: NameIndex::new(structure.members.iter().map(|member| &*member.name)),
                    required,
                    is_union: shape.traits.is_union(),
                    shape_name: shape.name.clone(),
                })
            }
            Kind::List(item) => Pattern::List {
                item: Part::of(model, item),
                is_sparse,
            },
            Kind::Map { key, value } => Pattern::Map {
                key: Part::of(model, key),
                value: Part::of(model, value),
                is_sparse,
            },
            _ => Pattern::Scalar,
        }
    }

    fn slots(&self, model: &ServiceModel, structure: &Structure, bits: &[u64]) -> Box<[Slot]> {
        let slot = |(member, bit): (&Member, &u64)| Slot {
            name: SlotName::new(&member.name),
            key: Piece::new(&(self.key)(member.wire_name())),
            part: Part::of(model, member),
            required_bit: *bit,
            has_location: member.traits.location.is_some(),
        };
        structure.members.iter().zip(bits).map(slot).collect()
    }
}

impl Slots {
    /// The member of a name, the one at `place` of those that are given.
    #[inline(always)]
    pub(super) fn find(&self, name: &Str, place: usize, order: &mut Order) -> Option<&Slot> {
        let position = order.0.get(place).map(|position| usize::from(*position));
        match position.and_then(|position| self.slots.get(position)) {
            Some(slot) if slot.name.is(name.as_bytes()) => Some(slot),
            _ => self.search(name, place, order),
        }
    }

    #[cold]
    #[inline(never)]
    fn search(&self, name: &Str, place: usize, order: &mut Order) -> Option<&Slot> {
        let name = name.as_bytes();
        // Members of the model may have been left out.
        let before = place.checked_sub(1).and_then(|place| order.0.get(place));
        let next = before.map(|position| usize::from(*position) + 1);
        let is_next = |next: &usize| self.slots.get(*next).is_some_and(|slot| slot.name.is(name));
        let position = next.filter(is_next).or_else(|| self.by_name.get(name))?;
        if let (Some(known), Ok(position)) = (order.0.get_mut(place), u8::try_from(position)) {
            *known = position;
        }
        self.slots.get(position)
    }

    /// The error for a parameter that the structure has no member for.
    #[cold]
    pub(super) fn no_such_member(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::Validation,
            format!("{} has no member {name:?}", self.shape_name),
        )
    }
}
