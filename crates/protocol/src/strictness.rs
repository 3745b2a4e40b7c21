//! Strict serialization: validation on the fast path, while the request is written.
//!
//! With [`Strictness::Strict`] a serializer stops at the first value that does not match its shape exactly.
//! [`ServiceModel::validate`] then decides whether the value is invalid or only needs coercion, and reports errors with
//! paths. So a value rejected here may still be valid, but a value accepted here must be.

use inia_core::{Error, ErrorKind, Map, Result, Value};
use inia_model::Operation;

use crate::params::mismatch;

/// The nesting limit of strict serialization, not above that of validation.
const STRICT_MAX_DEPTH: u32 = 255;

/// The handling of values that do not match their shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Stop at the first one: the parameters were not validated.
    Strict,
    /// Write what can be written: the parameters are valid, or validation is disabled.
    Lenient,
}

impl Strictness {
    /// Returns the nesting limit of parameters; `lenient` is that of the format.
    #[inline]
    pub(crate) fn max_depth(self, lenient: u32) -> u32 {
        match self {
            Strictness::Strict => STRICT_MAX_DEPTH,
            Strictness::Lenient => lenient,
        }
    }

    /// Checks a null in a list or map.
    ///
    /// # Errors
    /// `Validation`: it is not sparse, in strict mode.
    #[inline]
    pub(crate) fn check_null(self, is_sparse: bool, context: &str) -> Result<()> {
        if self == Strictness::Strict && !is_sparse {
            return Err(mismatch(
                context,
                "a value that matches its shape",
                &Value::Null,
            ));
        }
        Ok(())
    }

    /// Checks the parameters of an operation that has no input.
    ///
    /// # Errors
    /// `Validation`: there are parameters.
    pub(crate) fn check_no_params(self, operation: &Operation, params: &Map) -> Result<()> {
        let mut params = params.iter();
        match params.find(|(_, value)| self == Strictness::Strict || !value.is_null()) {
            Some((name, _)) => Err(Error::new(
                ErrorKind::Validation,
                format!("{}: unknown parameter {name:?}", operation.name),
            )),
            None => Ok(()),
        }
    }
}
