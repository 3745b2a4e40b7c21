//! Parameters that a resource fills in.

use inia_core::{Error, ErrorKind, Map, Result, Value};
use inia_model::{ParamSource, ResourceParam};

use super::Resource;
use crate::Params;

impl Resource {
    /// Fills in parameters. `batch` is the resource's index in a batch action.
    ///
    /// # Source
    /// boto3 `resources/params.py:create_request_parameters`.
    pub(super) async fn fill_in(
        &self,
        params: &[ResourceParam],
        into: &mut Value,
        batch: Option<usize>,
    ) -> Result<()> {
        for param in params {
            let value = match &param.source {
                ParamSource::Identifier(position) => self.identifier_at(*position),
                ParamSource::Data(path) => path.search(&*self.loaded().await?)?.into_owned(),
                ParamSource::Constant(value) => value.clone(),
                ParamSource::Input => continue,
            };
            param.target.set(into, value, batch);
        }
        Ok(())
    }
}

/// Overrides filled-in parameters with the caller's.
pub(super) fn override_params(into: &mut Value, overrides: Value) -> Result<()> {
    let overrides = match overrides {
        Value::Null => return Ok(()),
        Value::Map(overrides) => overrides,
        other => return Err(invalid_params(&other)),
    };
    match into.as_map_mut() {
        Some(into) => into.extend(overrides),
        None => *into = Value::Map(overrides),
    }
    Ok(())
}

#[cold]
pub(super) fn invalid_params(params: &Value) -> Error {
    Error::new(
        ErrorKind::Validation,
        format!("parameters must be a map, not a {}", params.type_name()),
    )
}

/// Merges the parameters of a filter: maps are merged, and lists are appended.
///
/// # Source
/// botocore `utils.py:merge_dicts`.
pub(super) fn merge(into: &mut Map, from: Map) {
    merge_level(into, from, true);
}

/// Lists are appended at the outermost level only.
fn merge_level(into: &mut Map, from: Map, append_lists: bool) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Map(into)), Value::Map(from)) => merge_level(into, from, false),
            (Some(Value::List(into)), Value::List(from)) if append_lists => into.extend(from),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// Parameters that a resource fills in when they are needed.
#[derive(Debug)]
pub(crate) struct ResourceParams {
    pub(super) resource: Resource,
    pub(super) params: Result<Box<[ResourceParam]>>,
    pub(super) overrides: Params,
}

impl ResourceParams {
    pub(crate) async fn resolve(self) -> Result<Value> {
        let mut params = Value::map();
        self.resource
            .fill_in(&self.params?, &mut params, None)
            .await?;
        override_params(&mut params, self.overrides.into_value()?)?;
        Ok(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    #[test]
    fn merges_filters() {
        let mut params = json!({"Filters": [{"Name": "a"}], "Deep": {"L": [1], "k": 1}, "x": 1});
        let from =
            json!({"Filters": [{"Name": "b"}], "Deep": {"L": [2], "m": 2}, "x": 2, "y": [3]});
        merge(params.as_map_mut().unwrap(), from.as_map().unwrap().clone());
        assert_eq!(
            params,
            json!({"Filters": [{"Name": "a"}, {"Name": "b"}], "Deep": {"L": [2], "k": 1, "m": 2}, "x": 2, "y": [3]})
        );
    }

    #[test]
    fn caller_overrides_parameters() {
        let mut params = json!({"a": [1], "b": 1});
        override_params(&mut params, json!({"a": [2]})).unwrap();
        override_params(&mut params, Value::Null).unwrap();
        assert_eq!(params, json!({"a": [2], "b": 1}));
        let error = override_params(&mut params, json!([1])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
    }
}
