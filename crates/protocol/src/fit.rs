//! Whether values fit their shapes, as the writers see at first sight: [`Part`] and [`Required`].
//!
//! A writer that is told to refuse [`Misfits`] checks while it writes, and stops at the first value that is not precisely what
//! its shape asks for. Whether it is wrong, or only spelt differently, is then for [`ServiceModel::validate`] to find out, which
//! knows paths and messages. So what is refused here may still be right, but what is accepted here must be right.

use inia_core::{Map, Name, Result, Value};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};

use crate::layout::Target;
use crate::scalar::{mismatch, timestamp_param};
use crate::{Input, Request};

/// How deep containers may lie in each other for values to fit at first sight: not deeper than validation lets them.
pub(crate) const FIT_DEPTH: u32 = 255;

/// What a writer does with a value that does not fit its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfits {
    /// It stops: the parameters have not been validated.
    Refuse,
    /// It writes what can be written: the parameters are valid, or were not to be validated.
    Write,
}

impl Misfits {
    /// Holds the parameters of an operation without input against that.
    ///
    /// # Errors
    /// There are some, and misfits are refused.
    pub(crate) fn none_given(self, operation: &Operation, params: &Value) -> Result<()> {
        match params {
            Value::Null => Ok(()),
            Value::Map(map) if map.is_empty() => Ok(()),
            _ if self == Misfits::Write => Ok(()),
            other => Err(mismatch(&operation.name, "no parameters", other)),
        }
    }
}

/// A request whose writer refuses misfits. What is given beside the parameters, as a stream, it does not know about: then there is
/// none.
#[inline]
pub(crate) fn fitting(
    input: Input<'_>,
    write: impl FnOnce(Misfits) -> Result<Request>,
) -> Option<Request> {
    if input.has_stream {
        return None;
    }
    write(Misfits::Refuse).ok()
}

/// What a member, an item of a list, or a key or value of a map is written as, and what it must be to fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) target: Target,
    /// The least length of a string, in characters, or of a list.
    pub(crate) least: u32,
    /// The length in bytes of strings that are long enough in any case.
    enough: u32,
    /// The least value of a number.
    min: f64,
}

impl Part {
    pub(crate) fn of(model: &ServiceModel, member: &Member) -> Part {
        let shape = model.shape(member.target);
        let min = shape
            .constraints
            .min
            .or_else(|| member.traits.is_host_label().then_some(1.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what no length can reach is as well the greatest number, and what each reaches is 0"
        )]
        let least = min.map_or(0, |min| min.ceil() as u32);
        let target = Target::of(model, member);
        Part {
            target,
            // A character has at most four bytes.
            enough: if least > 1 {
                least.saturating_mul(4)
            } else {
                least
            },
            // Only what is declared as a structure may be any document.
            least: match (target, &shape.kind) {
                (Target::Document, Kind::Structure(_)) => 0,
                (Target::Document, _) => u32::MAX,
                _ => least,
            },
            min: min.unwrap_or(f64::NEG_INFINITY),
        }
    }

    /// Whether a string is long enough.
    #[inline]
    pub(crate) fn takes_text(self, text: &str) -> bool {
        text.len() >= self.enough as usize || is_long_enough(text, self.least)
    }

    /// Whether a list of a length is long enough.
    #[inline]
    pub(crate) fn takes_length(self, length: usize) -> bool {
        length >= self.least as usize
    }

    /// Whether an integer is large enough.
    #[inline]
    #[expect(
        clippy::cast_precision_loss,
        reason = "only compared, as validation does"
    )]
    pub(crate) fn takes_integer(self, number: i64) -> bool {
        number as f64 >= self.min
    }

    /// Whether a float is large enough.
    #[inline]
    pub(crate) fn takes_float(self, number: f64) -> bool {
        number >= self.min
    }

    /// Whether a value that is no structure, list or map fits. `depth` is how much deeper a document may be.
    pub(crate) fn fits(self, value: &Value, depth: u32) -> bool {
        match (self.target, value) {
            (Target::String, Value::String(text)) => self.takes_text(text),
            (Target::Integer | Target::Float | Target::Double, Value::Int(number)) => {
                self.takes_integer(*number)
            }
            (Target::Float | Target::Double, Value::Float(number)) => self.takes_float(*number),
            (Target::Boolean, Value::Bool(_))
            | (Target::Blob, Value::Blob(_) | Value::String(_))
            | (Target::Timestamp(_), Value::Timestamp(_)) => true,
            (Target::Timestamp(_), value) => timestamp_param("", value).is_ok(),
            (Target::Document, value) => self.least == 0 && is_document(value, depth),
            _ => false,
        }
    }
}

/// Whether a text has at least so many characters.
#[inline]
pub(crate) fn is_long_enough(text: &str, least: u32) -> bool {
    let least = least as usize;
    // A character has at most four bytes, so that few texts need be counted.
    text.len() >= least && (least <= 1 || text.len() / 4 >= least || text.chars().count() >= least)
}

/// Whether a value can stand in JSON as it is.
fn is_document(value: &Value, depth: u32) -> bool {
    match value {
        Value::Blob(_) | Value::Timestamp(_) => false,
        Value::List(list) => depth > 0 && list.iter().all(|value| is_document(value, depth - 1)),
        Value::Map(map) => depth > 0 && map.values().all(|value| is_document(value, depth - 1)),
        _ => true,
    }
}

/// The members of a structure that must be given.
#[derive(Debug, Default)]
pub(crate) struct Required {
    /// A bit for each of the first 64.
    bits: u64,
    /// Those beyond.
    more: Box<[Name]>,
}

impl Required {
    /// Those of a structure, and the bit of each of its members: 0 for one without.
    pub(crate) fn of(structure: &Structure) -> (Required, Box<[u64]>) {
        let mut of_members = vec![0; structure.members.len()];
        let mut required = Required::default();
        let mut more = Vec::new();
        for (ordinal, position) in structure.required.iter().enumerate() {
            let position = *position as usize;
            let Some(bit) = u32::try_from(ordinal)
                .ok()
                .and_then(|o| 1_u64.checked_shl(o))
            else {
                more.extend(
                    structure
                        .members
                        .get(position)
                        .map(|member| Name::intern(&member.name)),
                );
                continue;
            };
            if let Some(of_member) = of_members.get_mut(position) {
                *of_member |= bit;
                required.bits |= bit;
            }
        }
        required.more = more.into();
        (required, of_members.into())
    }

    /// Whether all are given: `bits` has those of the members that are not null.
    #[inline]
    pub(crate) fn are_given(&self, bits: u64, map: &Map) -> bool {
        self.bits & !bits == 0 && (self.more.is_empty() || self.more_are_given(map))
    }

    #[cold]
    fn more_are_given(&self, map: &Map) -> bool {
        let mut more = self.more.iter();
        more.all(|name| map.get(name).is_some_and(|value| !value.is_null()))
    }
}
