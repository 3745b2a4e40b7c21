//! The parameters that a resource fills in.

use inia_core::{Error, ErrorKind, Map, Result, Value};
use inia_model::{ParamSource, ResourceParam};

use super::Resource;

impl Resource {
    /// Fills in parameters; `batch` is the resource's position in its batch, if there is one.
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

/// Puts the caller's parameters over those that are filled in.
pub(super) fn update(into: &mut Value, given: Value) -> Result<()> {
    let given = match given {
        Value::Null => return Ok(()),
        Value::Map(given) => given,
        other => return Err(no_map(&other)),
    };
    match into.as_map_mut() {
        Some(into) => into.extend(given),
        None => *into = Value::Map(given),
    }
    Ok(())
}

#[cold]
pub(super) fn no_map(given: &Value) -> Error {
    Error::new(
        ErrorKind::Validation,
        format!("parameters are a map, and not a {}", given.type_name()),
    )
}

/// Puts parameters over others as filters are: maps into maps, and lists behind lists.
///
/// # Source
/// botocore `utils.py:merge_dicts`.
pub(super) fn merge(into: &mut Map, given: Map) {
    merge_level(into, given, true);
}

/// Lists are joined at the outermost level only.
fn merge_level(into: &mut Map, given: Map, join_lists: bool) {
    for (name, value) in given {
        match (into.get_mut(&name), value) {
            (Some(Value::Map(into)), Value::Map(given)) => merge_level(into, given, false),
            (Some(Value::List(into)), Value::List(given)) if join_lists => into.extend(given),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

/// Parameters that a resource is yet to fill in.
#[derive(Debug)]
pub(crate) struct FillParams {
    pub(super) resource: Resource,
    pub(super) params: Result<Box<[ResourceParam]>>,
    pub(super) given: Value,
}

impl FillParams {
    pub(crate) async fn filled(self) -> Result<Value> {
        let mut params = Value::map();
        self.resource
            .fill_in(&self.params?, &mut params, None)
            .await?;
        update(&mut params, self.given)?;
        Ok(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    #[test]
    fn filters_are_merged() {
        let mut params = json!({"Filters": [{"Name": "a"}], "Deep": {"L": [1], "k": 1}, "x": 1});
        let given =
            json!({"Filters": [{"Name": "b"}], "Deep": {"L": [2], "m": 2}, "x": 2, "y": [3]});
        merge(
            params.as_map_mut().unwrap(),
            given.as_map().unwrap().clone(),
        );
        assert_eq!(
            params,
            json!({"Filters": [{"Name": "a"}, {"Name": "b"}], "Deep": {"L": [2], "k": 1, "m": 2}, "x": 2, "y": [3]})
        );
    }

    #[test]
    fn the_callers_parameters_win() {
        let mut params = json!({"a": [1], "b": 1});
        update(&mut params, json!({"a": [2]})).unwrap();
        update(&mut params, Value::Null).unwrap();
        assert_eq!(params, json!({"a": [2], "b": 1}));
        let error = update(&mut params, json!([1])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
    }
}
