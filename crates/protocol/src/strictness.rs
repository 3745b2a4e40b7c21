//! Strict serialization: validation on the fast path, while the request is written.
//!
//! With [`Strictness::Strict`] a serializer stops at the first value that does not match its shape exactly.
//! [`ServiceModel::validate`] then decides whether the value is invalid or only needs coercion, and reports errors with
//! paths. So a value rejected here may still be valid, but a value accepted here must be.

use inia_core::{Map, Name, Result, Value};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};

use crate::decode_layout::ValueType;
use crate::scalar::{mismatch, timestamp_param};
use crate::{Input, Request};

/// The nesting limit of strict serialization, not above that of validation.
pub(crate) const STRICT_MAX_DEPTH: u32 = 255;

/// The handling of values that do not match their shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Stop at the first one: the parameters were not validated.
    Strict,
    /// Write what can be written: the parameters are valid, or validation is disabled.
    Lenient,
}

impl Strictness {
    /// Checks the parameters of an operation that has no input.
    ///
    /// # Errors
    /// `Validation`: there are parameters, in strict mode.
    pub(crate) fn check_no_params(self, operation: &Operation, params: &Value) -> Result<()> {
        match params {
            Value::Null => Ok(()),
            Value::Map(map) if map.is_empty() => Ok(()),
            _ if self == Strictness::Lenient => Ok(()),
            other => Err(mismatch(&operation.name, "no parameters", other)),
        }
    }
}

/// Serializes a request in strict mode. Returns `None` if the input has a stream besides the parameters, which strict
/// serialization does not cover.
#[inline]
pub(crate) fn strict_request(
    input: Input<'_>,
    write: impl FnOnce(Strictness) -> Result<Request>,
) -> Option<Request> {
    if input.has_stream {
        return None;
    }
    write(Strictness::Strict).ok()
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

/// The required members of a structure.
#[derive(Debug, Default)]
pub(crate) struct RequiredMembers {
    /// A bit for each of the first 64 required members.
    bits: u64,
    /// The required members beyond the first 64.
    overflow: Box<[Name]>,
}

impl RequiredMembers {
    /// Returns the required members of a structure and the bit of each member, 0 for an optional one.
    pub(crate) fn of(structure: &Structure) -> (RequiredMembers, Box<[u64]>) {
        let mut member_bits = vec![0; structure.members.len()];
        let mut required = RequiredMembers::default();
        let mut overflow = Vec::new();
        for (ordinal, position) in structure.required.iter().enumerate() {
            let position = *position as usize;
            let Some(bit) = u32::try_from(ordinal)
                .ok()
                .and_then(|o| 1_u64.checked_shl(o))
            else {
                overflow.extend(
                    structure
                        .members
                        .get(position)
                        .map(|member| Name::intern(&member.name)),
                );
                continue;
            };
            if let Some(member_bit) = member_bits.get_mut(position) {
                *member_bit |= bit;
                required.bits |= bit;
            }
        }
        required.overflow = overflow.into();
        (required, member_bits.into())
    }

    /// Returns whether all required members are present; `bits` is the union of the bits of all members that are not
    /// null.
    #[inline]
    pub(crate) fn all_present(&self, bits: u64, map: &Map) -> bool {
        self.bits & !bits == 0 && (self.overflow.is_empty() || self.overflow_present(map))
    }

    #[cold]
    fn overflow_present(&self, map: &Map) -> bool {
        let mut overflow = self.overflow.iter();
        overflow.all(|name| map.get(name).is_some_and(|value| !value.is_null()))
    }
}
