//! [`Params`]: a call's parameters, its own or shared.

use std::ops::Deref;
use std::sync::Arc;

use inia_core::Value;

/// The parameters of a call. What is shared is copied only where something has to be changed: most calls only read.
#[derive(Debug)]
pub(crate) enum Params {
    Own(Value),
    Shared(Arc<Value>),
}

impl Params {
    /// The parameters, to change.
    pub(crate) fn to_mut(&mut self) -> &mut Value {
        match self {
            Params::Own(value) => value,
            Params::Shared(value) => Arc::make_mut(value),
        }
    }
}

impl Deref for Params {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self {
            Params::Own(value) => value,
            Params::Shared(value) => value,
        }
    }
}

impl From<Value> for Params {
    fn from(value: Value) -> Self {
        Params::Own(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_not_changed() {
        let shared = Arc::new(Value::Int(1));
        let mut params = Params::Shared(Arc::clone(&shared));
        *params.to_mut() = Value::Int(2);
        assert_eq!((&*params, &*shared), (&Value::Int(2), &Value::Int(1)));
    }
}
