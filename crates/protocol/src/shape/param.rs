//! Compiled parameters: the names, types and constraints with which values are looked up and checked while they are
//! written.

use std::ops::Deref;

use inia_core::{Error, ErrorKind, Map, Result, Str, Value};
use inia_model::{Kind, Member, ServiceModel};

use super::{CompiledMember, CompiledStructure, ShapeFormat, ValueType, head_word};
use crate::params::timestamp_param;
use crate::strictness::Strictness;

/// A member, list item, map key or map value that is written.
#[derive(Debug)]
pub(crate) struct ParamSpec {
    name: MemberName,
    pub(crate) is_required: bool,
    types: TypeSpec,
}

impl ParamSpec {
    pub(crate) fn new(model: &ServiceModel, member: &Member, is_required: bool) -> Self {
        ParamSpec {
            name: MemberName::new(&member.name),
            is_required,
            types: TypeSpec::of(model, member),
        }
    }
}

impl Deref for ParamSpec {
    type Target = TypeSpec;

    #[inline(always)]
    fn deref(&self) -> &TypeSpec {
        &self.types
    }
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
pub(crate) struct MemberOrder([u8; ORDER_LEN]);

/// The number of members whose order is remembered.
const ORDER_LEN: usize = 32;

impl Default for MemberOrder {
    #[inline(always)]
    fn default() -> Self {
        const OF_THE_MODEL: [u8; ORDER_LEN] = [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
            24, 25, 26, 27, 28, 29, 30, 31,
        ];
        MemberOrder(OF_THE_MODEL)
    }
}

impl<F: ShapeFormat<Spec = ParamSpec>> CompiledStructure<F> {
    /// Returns the member with a name, and its position; `ordinal` is the name's index among the parameters.
    #[inline(always)]
    pub(crate) fn find(
        &self,
        name: &Str,
        ordinal: usize,
        order: &mut MemberOrder,
    ) -> Option<(usize, &CompiledMember<F>)> {
        let position = order.0.get(ordinal).map(|position| usize::from(*position));
        let predicted = position.and_then(|at| Some((at, self.members.get(at)?)));
        match predicted {
            Some((_, member)) if member.spec.name.is(name.as_bytes()) => predicted,
            _ => self.search(name, ordinal, order),
        }
    }

    #[cold]
    #[inline(never)]
    fn search(
        &self,
        name: &Str,
        ordinal: usize,
        order: &mut MemberOrder,
    ) -> Option<(usize, &CompiledMember<F>)> {
        let name = name.as_bytes();
        // Optional members may be absent, so try the one after the last match.
        let before = ordinal
            .checked_sub(1)
            .and_then(|ordinal| order.0.get(ordinal));
        let next = before.map(|position| usize::from(*position) + 1);
        let is_next = |next: &usize| {
            let member = self.members.get(*next);
            member.is_some_and(|member| member.spec.name.is(name))
        };
        let position = next.filter(is_next).or_else(|| self.index.get(name))?;
        if let (Some(recorded), Ok(position)) = (order.0.get_mut(ordinal), u8::try_from(position)) {
            *recorded = position;
        }
        Some((position, self.members.get(position)?))
    }

    /// Calls `visit` with each parameter that is not null, its member and the member's position. In strict mode, names
    /// of nulls must be members too, and [`CompiledStructure::check_members`] applies.
    ///
    /// # Errors
    /// `Validation`: a parameter is not a member, or a check fails; else those of `visit`.
    pub(crate) fn each_member<'a>(
        &'a self,
        model: &ServiceModel,
        strictness: Strictness,
        params: &'a Map,
        mut visit: impl FnMut(&'a Str, usize, &'a CompiledMember<F>, &'a Value) -> Result<()>,
    ) -> Result<()> {
        let mut order = MemberOrder::default();
        let (mut required, mut count) = (0, 0);
        for (ordinal, (name, value)) in params.iter().enumerate() {
            if value.is_null() && strictness == Strictness::Lenient {
                continue;
            }
            let Some((position, member)) = self.find(name, ordinal, &mut order) else {
                return Err(self.unknown_member(model, name));
            };
            if !value.is_null() {
                required += usize::from(member.spec.is_required);
                count += 1;
                visit(name, position, member, value)?;
            }
        }
        self.check_members(strictness, required, count)
    }

    /// Returns the error for a parameter that is not a member of the structure.
    #[cold]
    pub(crate) fn unknown_member(&self, model: &ServiceModel, name: &str) -> Error {
        Error::new(
            ErrorKind::Validation,
            format!(
                "{}: unknown parameter {name:?}",
                model.shape(self.shape).name
            ),
        )
    }

    /// Checks in strict mode that all required members are present, and exactly one of a union; `required` is the number
    /// of required members among the `count` that are not null.
    ///
    /// # Errors
    /// `Validation`: one is missing.
    #[inline]
    pub(crate) fn check_members(
        &self,
        strictness: Strictness,
        required: usize,
        count: usize,
    ) -> Result<()> {
        if strictness == Strictness::Lenient
            || required == self.required && (!self.is_union || count == 1)
        {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Validation,
            "missing required members, or not exactly one member of a union",
        ))
    }
}

/// The type of a member, list item, map key or map value, with its constraints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypeSpec {
    pub(crate) target: ValueType,
    /// The minimum length of a string, in characters, or of a list.
    pub(crate) min_length: u32,
    /// The length in bytes from which a string has `min_length` characters in any encoding.
    sufficient_bytes: u32,
    /// The minimum value of a number.
    min: f64,
}

impl TypeSpec {
    pub(crate) fn of(model: &ServiceModel, member: &Member) -> TypeSpec {
        let shape = model.shape(member.target);
        let min = shape
            .constraints
            .min
            .or_else(|| member.traits.is_host_label().then_some(1.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates: an unreachable minimum stays unreachable, a negative one is 0"
        )]
        let min_length = min.map_or(0, |min| min.ceil() as u32);
        let target = ValueType::of(model, member);
        TypeSpec {
            target,
            // A character has at most four bytes.
            sufficient_bytes: if min_length > 1 {
                min_length.saturating_mul(4)
            } else {
                min_length
            },
            // Only a structure shape may be a document of any kind.
            min_length: match (target, &shape.kind) {
                (ValueType::Document, Kind::Structure(_)) => 0,
                (ValueType::Document, _) => u32::MAX,
                _ => min_length,
            },
            min: min.unwrap_or(f64::NEG_INFINITY),
        }
    }

    /// Returns whether a string has the minimum length.
    #[inline]
    pub(crate) fn accepts_string(self, text: &str) -> bool {
        text.len() >= self.sufficient_bytes as usize || is_long_enough(text, self.min_length)
    }

    /// Returns whether a list has the minimum length.
    #[inline]
    pub(crate) fn accepts_length(self, length: usize) -> bool {
        length >= self.min_length as usize
    }

    /// Returns whether an integer has the minimum value.
    #[inline]
    #[expect(
        clippy::cast_precision_loss,
        reason = "only compared, as validation does"
    )]
    pub(crate) fn accepts_integer(self, number: i64) -> bool {
        number as f64 >= self.min
    }

    /// Returns whether a float has the minimum value.
    #[inline]
    pub(crate) fn accepts_float(self, number: f64) -> bool {
        number >= self.min
    }

    /// Returns whether a scalar or document is valid. `depth` is the number of levels that a document may still nest.
    pub(crate) fn accepts(self, value: &Value, depth: u32) -> bool {
        match (self.target, value) {
            (ValueType::String, Value::String(text)) => self.accepts_string(text),
            (ValueType::Integer | ValueType::Float | ValueType::Double, Value::Int(number)) => {
                self.accepts_integer(*number)
            }
            (ValueType::Float | ValueType::Double, Value::Float(number)) => {
                self.accepts_float(*number)
            }
            (ValueType::Boolean, Value::Bool(_))
            | (ValueType::Blob, Value::Blob(_) | Value::String(_))
            | (ValueType::Timestamp(_), Value::Timestamp(_)) => true,
            (ValueType::Timestamp(_), value) => timestamp_param("", value).is_ok(),
            (ValueType::Document, value) => self.min_length == 0 && is_document(value, depth),
            _ => false,
        }
    }
}

/// Returns whether a string has at least `min_length` characters.
#[inline]
pub(crate) fn is_long_enough(text: &str, min_length: u32) -> bool {
    let min_length = min_length as usize;
    // A character has at most four bytes, so few strings need counting.
    text.len() >= min_length
        && (min_length <= 1 || text.len() / 4 >= min_length || text.chars().count() >= min_length)
}

/// Returns whether a value has a JSON form.
fn is_document(value: &Value, depth: u32) -> bool {
    match value {
        Value::Blob(_) | Value::Timestamp(_) => false,
        Value::List(list) => depth > 0 && list.iter().all(|value| is_document(value, depth - 1)),
        Value::Map(map) => depth > 0 && map.values().all(|value| is_document(value, depth - 1)),
        _ => true,
    }
}
