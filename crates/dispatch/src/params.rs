//! [`Params`]: the parameters of a call.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use inia_core::{Map, Result, Value, to_value};
use serde::Serialize;

/// The parameters of a call, a pagination, a wait or an action, converted from:
///
/// | | |
/// |---|---|
/// | [`Value`], such as that of [`json!`](inia_core::json), [`Map`], `serde_json::Value` | moved |
/// | `Arc<Value>` | shared between calls: neither copied nor changed |
/// | a reference to anything that serde can serialize: a structure, a map, a value | serialized or copied |
/// | `Result<Value>`, such as an item of a fallible stream of events | its value, or its error when the call is awaited |
/// | `()` | no parameters |
///
/// If serialization fails, awaiting the call reports the error.
///
/// ```no_run
/// use std::sync::Arc;
/// # use inia_dispatch as inia;
/// use inia::{Session, json};
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct ListQueues<'a> {
///     queue_name_prefix: &'a str,
/// }
///
/// # async fn example() -> inia_core::Result<()> {
/// let sqs = Session::load().await?.client("sqs")?;
/// sqs.call("ListQueues", json!({"QueueNamePrefix": "a"})).await?;
/// sqs.call("ListQueues", &ListQueues { queue_name_prefix: "a" }).await?;
/// let shared = Arc::new(json!({"QueueNamePrefix": "a"}));
/// sqs.call("ListQueues", Arc::clone(&shared)).await?;
/// sqs.call("ListQueues", ()).await?;
/// # Ok(())
/// # }
/// ```
pub struct Params(Result<ParamsValue>);

impl Params {
    pub(crate) fn into_params_value(self) -> Result<ParamsValue> {
        self.0
    }

    pub(crate) fn from_result(value: Result<Value>) -> Self {
        Params(value.map(ParamsValue::Owned))
    }

    /// Returns the value, copied if it is shared.
    pub(crate) fn into_value(self) -> Result<Value> {
        self.0.map(|params| match params {
            ParamsValue::Owned(value) => value,
            ParamsValue::Shared(value) => Arc::unwrap_or_clone(value),
        })
    }
}

impl From<Value> for Params {
    fn from(value: Value) -> Self {
        Params(Ok(ParamsValue::Owned(value)))
    }
}

impl From<Result<Value>> for Params {
    fn from(value: Result<Value>) -> Self {
        Params(value.map(ParamsValue::Owned))
    }
}

impl From<Map> for Params {
    fn from(map: Map) -> Self {
        Value::Map(map).into()
    }
}

impl From<serde_json::Value> for Params {
    fn from(value: serde_json::Value) -> Self {
        Value::from(value).into()
    }
}

impl From<Arc<Value>> for Params {
    fn from(value: Arc<Value>) -> Self {
        Params(Ok(ParamsValue::Shared(value)))
    }
}

impl From<()> for Params {
    fn from((): ()) -> Self {
        Value::Null.into()
    }
}

impl<T: Serialize> From<&T> for Params {
    fn from(params: &T) -> Self {
        Params(to_value(params).map(ParamsValue::Owned))
    }
}

/// Prints nothing of the parameters, which may contain secrets.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Params(..)")
    }
}

/// The value of [`Params`]. A shared value is copied on the first change; most calls only read it.
pub(crate) enum ParamsValue {
    Owned(Value),
    Shared(Arc<Value>),
}

impl ParamsValue {
    /// Returns the parameters for changes, copied if they are shared.
    pub(crate) fn to_mut(&mut self) -> &mut Value {
        match self {
            ParamsValue::Owned(value) => value,
            ParamsValue::Shared(value) => Arc::make_mut(value),
        }
    }
}

impl ParamsValue {
    /// Makes the parameters shared, and returns them.
    pub(crate) fn share(&mut self) -> Arc<Value> {
        let shared = match std::mem::replace(self, ParamsValue::Owned(Value::Null)) {
            ParamsValue::Owned(value) => Arc::new(value),
            ParamsValue::Shared(value) => value,
        };
        *self = ParamsValue::Shared(Arc::clone(&shared));
        shared
    }
}

impl Deref for ParamsValue {
    type Target = Value;

    fn deref(&self) -> &Value {
        match self {
            ParamsValue::Owned(value) => value,
            ParamsValue::Shared(value) => value,
        }
    }
}

impl From<Value> for ParamsValue {
    fn from(value: Value) -> Self {
        ParamsValue::Owned(value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use inia_core::{Blob, ErrorKind, Timestamp, json};

    use super::*;

    #[test]
    fn changes_copy_shared_params() {
        let shared = Arc::new(Value::Int(1));
        let mut params = ParamsValue::Shared(Arc::clone(&shared));
        *params.to_mut() = Value::Int(2);
        assert_eq!((&*params, &*shared), (&Value::Int(2), &Value::Int(1)));
    }

    #[test]
    fn converts_values_and_everything_that_serializes() {
        #[derive(serde::Serialize)]
        struct Borrowed<'a> {
            name: &'a str,
        }
        let name = String::from("a");
        let value = json!({"name": "a"});
        let map = value.as_map().unwrap().clone();
        let json = serde_json::json!({"name": "a"});
        for params in [
            Params::from(value.clone()),
            Params::from(&value),
            Params::from(Arc::new(value.clone())),
            Params::from(&Arc::new(value.clone())),
            Params::from(map.clone()),
            Params::from(&map),
            Params::from(json.clone()),
            Params::from(&json),
            Params::from(&Borrowed { name: &name }),
            Params::from(&HashMap::from([("name", &name)])),
        ] {
            assert_eq!(params.into_value().unwrap(), value);
        }
        assert_eq!(Params::from(()).into_value().unwrap(), Value::Null);
        let all = json!({"data": Blob::from(vec![1]), "at": Timestamp::new(1, 5), "nan": f64::INFINITY, "n": u64::MAX});
        assert_eq!(Params::from(&all).into_value().unwrap(), all);
    }

    #[test]
    fn params_are_not_printed_and_may_be_invalid() {
        let secret = Params::from(json!({"password": "hidden"}));
        assert_eq!(format!("{secret:?}"), "Params(..)");
        let error = Params::from(&HashMap::from([((1, 2), 3)])).into_value();
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Validation);
    }
}
