//! What one search may make, whatever the expression says.

use std::borrow::Cow;

use inia_core::Value;

/// How deep lists and maps that an expression makes may nest.
pub(super) const MAX_RESULT_DEPTH: usize = 256;

/// How many values one search may make or compare; fewer in unit tests, which make them all.
const MAX_VALUES: u64 = if cfg!(test) { 1 << 16 } else { 1 << 24 };

/// Why a search failed.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Cow<'static, str>);

impl Failure {
    #[cold]
    pub(super) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Failure(message.into())
    }

    #[cold]
    pub(super) fn too_deep() -> Self {
        Failure::new(format!(
            "the result nests deeper than {MAX_RESULT_DEPTH} lists and maps"
        ))
    }
}

/// What a search may still make.
///
/// An expression of a hundred bytes can double its result with every step (`[@,@] | [@,@] | ...`): its length bounds nothing.
#[derive(Debug)]
pub(super) struct Limits {
    left: u64,
}

impl Limits {
    pub(super) fn new() -> Self {
        Limits { left: MAX_VALUES }
    }

    /// Takes the making of some values off what is left.
    #[inline]
    pub(super) fn spend(&mut self, values: u64) -> Result<(), Failure> {
        match self.left.checked_sub(values) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(exhausted()),
        }
    }

    /// Takes the making of a string off what is left.
    pub(super) fn spend_on_text(&mut self, bytes: usize) -> Result<(), Failure> {
        self.spend(u64::try_from(bytes).unwrap_or(u64::MAX) / 8 + 1)
    }

    /// Takes a copy of a value off what is left.
    pub(super) fn spend_on(&mut self, value: &Value) -> Result<(), Failure> {
        match value {
            Value::List(list) => {
                self.spend(list.len() as u64)?;
                list.iter().try_for_each(|value| self.spend_on(value))
            }
            Value::Map(map) => {
                self.spend(map.len() as u64)?;
                map.values().try_for_each(|value| self.spend_on(value))
            }
            _ => Ok(()),
        }
    }
}

#[cold]
fn exhausted() -> Failure {
    Failure::new(format!(
        "the expression makes more than {MAX_VALUES} values; narrow down what it selects first"
    ))
}
