//! Limits on the work of one search.

use std::borrow::Cow;

use inia_core::Value;

/// The maximum nesting depth of lists and maps in a result.
pub(super) const MAX_RESULT_DEPTH: usize = 256;

/// The maximum number of values that one search may create or compare; lower in unit tests, which reach it.
const MAX_VALUES: u64 = if cfg!(test) { 1 << 16 } else { 1 << 24 };

/// An error of a search.
#[derive(Debug)]
pub(super) struct EvalError(pub(super) Cow<'static, str>);

impl EvalError {
    #[cold]
    pub(super) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        EvalError(message.into())
    }

    #[cold]
    pub(super) fn too_deep() -> Self {
        EvalError::new(format!(
            "the result nests deeper than {MAX_RESULT_DEPTH} lists and maps"
        ))
    }
}

/// The remaining number of values that a search may create or compare.
///
/// The length of an expression does not bound its result: an expression of a hundred bytes can double it with every step
/// (`[@,@] | [@,@] | ...`).
#[derive(Debug)]
pub(super) struct EvalBudget {
    remaining: u64,
}

impl EvalBudget {
    pub(super) fn new() -> Self {
        EvalBudget {
            remaining: MAX_VALUES,
        }
    }

    /// Charges a number of values.
    #[inline]
    pub(super) fn spend(&mut self, values: u64) -> Result<(), EvalError> {
        match self.remaining.checked_sub(values) {
            Some(remaining) => {
                self.remaining = remaining;
                Ok(())
            }
            None => Err(exhausted()),
        }
    }

    /// Charges a string.
    pub(super) fn spend_on_text(&mut self, bytes: usize) -> Result<(), EvalError> {
        self.spend(u64::try_from(bytes).unwrap_or(u64::MAX) / 8 + 1)
    }

    /// Charges a copy of a value.
    pub(super) fn spend_on(&mut self, value: &Value) -> Result<(), EvalError> {
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
fn exhausted() -> EvalError {
    EvalError::new(format!(
        "the expression creates more than {MAX_VALUES} values; select fewer values first"
    ))
}
