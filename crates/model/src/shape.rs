//! Shapes, stored in an arena and referring to each other by index, so that recursive shapes need no special care.

use std::fmt;
use std::sync::OnceLock;

use inia_core::Str;

use crate::Traits;
use crate::packed::PackedTexts;

/// Index of a shape in the arena of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeId(pub(crate) u32);

impl ShapeId {
    /// Returns the index, which is below [`ServiceModel::shape_count`](crate::ServiceModel::shape_count).
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A shape of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Name, unique in the service.
    pub name: Str,
    /// Type, with the members of the type.
    pub kind: Kind,
    /// Traits of the shape itself.
    pub traits: Traits,
    /// Bounds and enumeration.
    pub constraints: Constraints,
}

/// Type of a shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Structure, union, document, event stream or error.
    Structure(Structure),
    /// List, with its member.
    List(Member),
    /// Map from strings to values.
    Map {
        /// Key, a string shape.
        key: Member,
        /// Value.
        value: Member,
    },
    /// String.
    String,
    /// Bytes.
    Blob,
    /// Boolean.
    Boolean,
    /// 32-bit integer.
    Integer,
    /// 64-bit integer.
    Long,
    /// Single-precision number.
    Float,
    /// Double-precision number.
    Double,
    /// Timestamp.
    Timestamp,
}

impl Kind {
    /// Returns the name of the type in definitions.
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

/// Members of a structure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Members in the order of the definition.
    pub members: Box<[Member]>,
    /// Positions of the required members in `members`, ascending.
    pub required: Box<[u32]>,
    /// Position in `members` of the payload, which is the whole body.
    pub payload: Option<u32>,
    /// Error traits, if the structure is an error.
    pub error: Option<Box<ErrorTraits>>,
    /// Hash table of member positions plus one by name, 0 for a free slot. Empty for small structures, for which linear
    /// search is as fast.
    pub(crate) by_name: Box<[u16]>,
}

/// Largest number of members that are searched linearly.
const LINEAR_SEARCH_MAX: usize = 4;

impl Structure {
    /// Returns the member with a name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.member_position(name)
            .and_then(|position| self.members.get(position))
    }

    /// Returns the position of the member with a name, trying `next` and the positions after it first: parameters are
    /// mostly in the order of the model, with some left out.
    #[must_use]
    #[inline]
    pub fn member_position_from(&self, next: usize, name: &str) -> Option<usize> {
        /// Number of members to try before the full lookup.
        const LOOKAHEAD: usize = 4;
        let mut candidates = self.members.iter().skip(next).take(LOOKAHEAD);
        match candidates.position(|member| member.name == *name) {
            Some(at) => Some(next + at),
            None => self.member_position(name),
        }
    }

    /// Returns the position of the member with a name.
    #[must_use]
    pub fn member_position(&self, name: &str) -> Option<usize> {
        if self.by_name.is_empty() {
            return self.members.iter().position(|member| member.name == *name);
        }
        let mut slot = first_slot(name, self.by_name.len());
        loop {
            // A free slot ends the search; at least half of the slots are free.
            let position = usize::from(*self.by_name.get(slot)?).checked_sub(1)?;
            if self.members.get(position)?.name == *name {
                return Some(position);
            }
            slot = (slot + 1) & (self.by_name.len() - 1);
        }
    }

    /// Returns the payload member, which is the whole body.
    #[must_use]
    pub fn payload_member(&self) -> Option<&Member> {
        self.payload
            .and_then(|position| self.members.get(position as usize))
    }

    pub(crate) fn build_name_index(&mut self) {
        let count = self.members.len();
        if count <= LINEAR_SEARCH_MAX || count >= usize::from(u16::MAX) {
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

/// Returns the first slot to probe for a name in a hash table of `size` slots, a power of two.
///
/// Most names in a structure differ in their first eight bytes, their last eight bytes or their length.
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

/// Reference to a shape with the traits of the reference: a member of a structure, an element, key or value of a list
/// or map, or an input or output of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Name of the member; `member`, `key` or `value` in lists and maps, empty for an input or output.
    pub name: Str,
    /// Target shape.
    pub target: ShapeId,
    /// Traits, with those of the target merged in.
    pub traits: Traits,
}

impl Member {
    /// Returns the name on the wire: the location name if set, else the name of the member.
    #[must_use]
    #[inline]
    pub fn wire_name(&self) -> &Str {
        self.traits.location_name.as_ref().unwrap_or(&self.name)
    }
}

/// Error traits of a structure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorTraits {
    /// Error code on the wire, if it differs from the shape name.
    pub code: Option<Str>,
    /// HTTP status.
    pub http_status: Option<u16>,
    /// True if the sender is at fault.
    pub sender_fault: bool,
    /// `retryable`, if the error can be retried.
    pub retryable: Option<Retryable>,
}

/// `retryable` trait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retryable {
    /// The error is a throttling error.
    pub throttling: bool,
}

/// Bounds and enumeration of a shape.
#[derive(Clone, Default)]
pub struct Constraints {
    /// `min`: minimum value of a number, or minimum length of any other type.
    pub min: Option<f64>,
    /// `max`: maximum value of a number, or maximum length of any other type.
    pub max: Option<f64>,
    texts: Option<Box<LazyConstraintTexts>>,
}

/// Pattern and enumeration, which are rarely read: decoded from the archive on first use.
#[derive(Clone)]
struct LazyConstraintTexts {
    cell: OnceLock<(Option<Str>, Box<[Str]>)>,
    packed: Option<PackedTexts>,
}

impl Constraints {
    /// No constraints.
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
            Box::new(LazyConstraintTexts {
                cell: OnceLock::from((pattern, enumeration)),
                packed: None,
            })
        });
        Constraints { min, max, texts }
    }

    pub(crate) fn packed(min: Option<f64>, max: Option<f64>, texts: Option<PackedTexts>) -> Self {
        let texts = texts.map(|packed| {
            Box::new(LazyConstraintTexts {
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

    /// `pattern`: a regular expression for strings that AWS checks; not checked here, as in botocore.
    #[must_use]
    pub fn pattern(&self) -> Option<&str> {
        self.texts()?.0.as_deref()
    }

    /// `enum`: the values that were known when the definition was written. Others are allowed. Empty if there is no
    /// enumeration.
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
