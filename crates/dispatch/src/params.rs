//! [`Params`]: owned or shared parameters of a call.

use std::ops::Deref;
use std::sync::Arc;

use inia_core::Value;

/// The parameters of a call. Shared parameters are copied on the first change; most calls only read them.
#[derive(Debug)]
pub(crate) enum Params {
    Owned(Value),
    Shared(Arc<Value>),
}

impl Params {
    /// Returns the parameters for changes, copied if they are shared.
    pub(crate) fn to_mut(&mut self) -> &mut Value {
        match self {
            Params::Owned(value) => value,
            Params::Shared(value) => Arc::make_mut(value),
        }
    }
}

impl Deref for Params {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self {
            Params::Owned(value) => value,
            Params::Shared(value) => value,
        }
    }
}

impl From<Value> for Params {
    fn from(value: Value) -> Self {
        Params::Owned(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_copy_shared_params() {
        let shared = Arc::new(Value::Int(1));
        let mut params = Params::Shared(Arc::clone(&shared));
        *params.to_mut() = Value::Int(2);
        assert_eq!((&*params, &*shared), (&Value::Int(2), &Value::Int(1)));
    }
}
