//! The shape graph: shapes in an arena, referring to each other by index, so that recursion costs nothing.

use std::fmt;
use std::sync::OnceLock;

use inia_core::Str;

use crate::Traits;
use crate::packed::PackedTexts;

/// The place of a shape in its service's graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeId(pub(crate) u32);

impl ShapeId {
    /// The place as an index below [`ServiceModel::shape_count`](crate::ServiceModel::shape_count).
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One shape of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Its name, unique in its service.
    pub name: Str,
    /// Its type and what the type holds.
    pub kind: Kind,
    /// Its own traits.
    pub traits: Traits,
    /// Bounds and enumerations.
    pub constraints: Constraints,
}

/// The type of a shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A structure, union, document object, event stream or error.
    Structure(Structure),
    /// A list of one member shape.
    List(Member),
    /// A map from strings to one value shape.
    Map {
        /// The key, a string shape.
        key: Member,
        /// The value.
        value: Member,
    },
    /// Text.
    String,
    /// Bytes.
    Blob,
    /// A boolean.
    Boolean,
    /// An integer of 32 bits.
    Integer,
    /// An integer of 64 bits.
    Long,
    /// A number of single precision.
    Float,
    /// A number of double precision.
    Double,
    /// A moment in time.
    Timestamp,
}

impl Kind {
    /// The type's name in a definition.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Kind::Structure(_) => "structure",
            Kind::List(_) => "list",
            Kind::Map { .. } => "map",
            Kind::String => "string",
            Kind::Blob => "blob",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Timestamp => "timestamp",
        }
    }
}

/// The members of a structure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// The members in the definition's order.
    pub members: Box<[Member]>,
    /// The members that must be given, as positions in `members`, in order.
    pub required: Box<[u32]>,
    /// The member that is the whole body, as a position in `members`.
    pub payload: Option<u32>,
    /// What an error says of itself.
    pub error: Option<Box<ErrorTraits>>,
    /// Positions in `members` plus one, 0 where free, in a hash table by member name; empty for the few that are found as
    /// fast one by one.
    pub(crate) by_name: Box<[u16]>,
}

/// The number of members up to which they are looked at one by one.
const SEARCHED: usize = 4;

impl Structure {
    /// The member of a name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.member_position(name)
            .and_then(|position| self.members.get(position))
    }

    /// The position of the member of a name, which is likely to be at `next` or soon behind it: parameters mostly stand in the
    /// model's order, with some left out.
    #[must_use]
    #[inline]
    pub fn member_position_from(&self, next: usize, name: &str) -> Option<usize> {
        /// How many members are tried before all are searched.
        const AHEAD: usize = 4;
        let mut ahead = self.members.iter().skip(next).take(AHEAD);
        match ahead.position(|member| member.name == *name) {
            Some(at) => Some(next + at),
            None => self.member_position(name),
        }
    }

    /// The position of the member of a name.
    #[must_use]
    pub fn member_position(&self, name: &str) -> Option<usize> {
        if self.by_name.is_empty() {
            return self.members.iter().position(|member| member.name == *name);
        }
        let mut slot = first_slot(name, self.by_name.len());
        loop {
            // A free slot ends the search; there is always one.
            let position = usize::from(*self.by_name.get(slot)?).checked_sub(1)?;
            if self.members.get(position)?.name == *name {
                return Some(position);
            }
            slot = (slot + 1) & (self.by_name.len() - 1);
        }
    }

    /// The member that is the whole body.
    #[must_use]
    pub fn payload_member(&self) -> Option<&Member> {
        self.payload
            .and_then(|position| self.members.get(position as usize))
    }

    pub(crate) fn index(&mut self) {
        let count = self.members.len();
        if count <= SEARCHED || count >= usize::from(u16::MAX) {
            return;
        }
        let size = (count * 2).next_power_of_two();
        let mut by_name = vec![0; size];
        for (member, entry) in self.members.iter().zip(1_u16..) {
            let mut slot = first_slot(&member.name, size);
            while by_name.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & (size - 1);
            }
            if let Some(slot) = by_name.get_mut(slot) {
                *slot = entry;
            }
        }
        self.by_name = by_name.into();
    }
}

/// Where a name's entry is looked for first in a hash table of `size` slots, a power of two.
///
/// The names of one structure mostly differ in their first bytes, their last ones or their length.
#[inline]
fn first_slot(name: &str, size: usize) -> usize {
    let name = name.as_bytes();
    let (head, tail) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => {
            let bytes = name.iter().take(8);
            let head = bytes.fold(0, |head, byte| head << 8 | u64::from(*byte));
            (head, 0)
        }
    };
    let mixed =
        (head ^ tail.rotate_left(29) ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize & (size - 1)
}

/// A reference to a shape with the traits of the place it is used in: a structure's member, a list's or map's part, or
/// the input or output of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The member's name; `member`, `key` and `value` for the parts of lists and maps, and empty for an input or output.
    pub name: Str,
    /// The shape it targets.
    pub target: ShapeId,
    /// Its traits over those of the target.
    pub traits: Traits,
}

impl Member {
    /// The name on the wire: the location name where there is one, else the member's own.
    #[must_use]
    #[inline]
    pub fn wire_name(&self) -> &Str {
        self.traits.location_name.as_ref().unwrap_or(&self.name)
    }
}

/// What an error shape says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorTraits {
    /// The code on the wire, where it is not the shape's name.
    pub code: Option<Str>,
    /// The HTTP status it comes with.
    pub http_status: Option<u16>,
    /// Whether the sender is at fault.
    pub sender_fault: bool,
    /// Whether a retry may help; with throttling, slowly.
    pub retryable: Option<Retryable>,
}

/// The `retryable` trait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retryable {
    /// The error says that calls come too fast.
    pub throttling: bool,
}

/// Bounds and enumerations of a shape.
#[derive(Clone, Default)]
pub struct Constraints {
    /// `min`: of a number its least value, of anything else its least length.
    pub min: Option<f64>,
    /// `max`: of a number its greatest value, of anything else its greatest length.
    pub max: Option<f64>,
    texts: Option<Box<ConstraintTexts>>,
}

/// What only people read of the constraints: packed until asked for.
#[derive(Clone)]
struct ConstraintTexts {
    cell: OnceLock<(Option<Str>, Box<[Str]>)>,
    packed: Option<PackedTexts>,
}

impl Constraints {
    /// No constraints at all.
    pub(crate) const NONE: Constraints = Constraints {
        min: None,
        max: None,
        texts: None,
    };

    pub(crate) fn new(
        min: Option<f64>,
        max: Option<f64>,
        pattern: Option<Str>,
        enumeration: Box<[Str]>,
    ) -> Self {
        let texts = (pattern.is_some() || !enumeration.is_empty()).then(|| {
            Box::new(ConstraintTexts {
                cell: OnceLock::from((pattern, enumeration)),
                packed: None,
            })
        });
        Constraints { min, max, texts }
    }

    pub(crate) fn packed(min: Option<f64>, max: Option<f64>, texts: Option<PackedTexts>) -> Self {
        let texts = texts.map(|packed| {
            Box::new(ConstraintTexts {
                cell: OnceLock::new(),
                packed: Some(packed),
            })
        });
        Constraints { min, max, texts }
    }

    fn texts(&self) -> Option<&(Option<Str>, Box<[Str]>)> {
        let texts = self.texts.as_deref()?;
        Some(texts.cell.get_or_init(|| {
            let unpacked = texts.packed.and_then(PackedTexts::read);
            unpacked.unwrap_or_default()
        }))
    }

    /// `pattern`: a regular expression that AWS's servers hold strings to; not checked here, as in botocore.
    #[must_use]
    pub fn pattern(&self) -> Option<&str> {
        self.texts()?.0.as_deref()
    }

    /// `enum`: the values known when the definition was written, others are allowed; empty where there is none.
    #[must_use]
    pub fn enumeration(&self) -> &[Str] {
        self.texts()
            .map(|(_, values)| &**values)
            .unwrap_or_default()
    }
}

impl PartialEq for Constraints {
    fn eq(&self, other: &Self) -> bool {
        (self.min, self.max, self.pattern(), self.enumeration())
            == (other.min, other.max, other.pattern(), other.enumeration())
    }
}

impl fmt::Debug for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Constraints")
            .field("min", &self.min)
            .field("max", &self.max)
            .field("pattern", &self.pattern())
            .field("enumeration", &self.enumeration())
            .finish()
    }
}
