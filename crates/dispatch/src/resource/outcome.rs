//! [`ResourceOutcome`]: the result of an action or reference. Builds resources from responses.

use std::borrow::Cow;

use inia_core::{Error, ErrorKind, List, Result, Str, Value};
use inia_model::jmespath::Expression;
use inia_model::{IdentifierSource, Kind, Operation, ResourceTarget, ServiceModel};

use super::Resource;
use crate::Output;

/// The result of an action or a reference.
#[derive(Debug)]
pub enum ResourceOutcome {
    /// No resource.
    None,
    /// The operation's output, reduced to the result of the action's path if it has one.
    Output(Box<Output>),
    /// A resource.
    Resource(Resource),
    /// Resources.
    Resources(Vec<Resource>),
}

impl From<Output> for ResourceOutcome {
    fn from(output: Output) -> Self {
        ResourceOutcome::Output(Box::new(output))
    }
}

impl ResourceOutcome {
    /// Returns true for neither a resource nor an output.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, ResourceOutcome::None)
    }

    /// Returns the output's value; [`Value::Null`] if the outcome is not an output.
    #[must_use]
    pub fn value(&self) -> &Value {
        static NULL: Value = Value::Null;
        match self {
            ResourceOutcome::Output(output) => &output.value,
            _ => &NULL,
        }
    }

    /// Returns the output.
    ///
    /// # Errors
    /// `Resource`: the outcome is not an output.
    pub fn into_output(self) -> Result<Output> {
        match self {
            ResourceOutcome::Output(output) => Ok(*output),
            other => Err(other.mismatch("an output")),
        }
    }

    /// Returns the resource.
    ///
    /// # Errors
    /// `Resource`: the outcome is not exactly one resource.
    pub fn into_resource(self) -> Result<Resource> {
        match self {
            ResourceOutcome::Resource(resource) => Ok(resource),
            other => Err(other.mismatch("a resource")),
        }
    }

    /// Returns the resources: several, one or none.
    ///
    /// # Errors
    /// `Resource`: the outcome is an output.
    pub fn into_resources(self) -> Result<Vec<Resource>> {
        match self {
            ResourceOutcome::None => Ok(Vec::new()),
            ResourceOutcome::Resource(resource) => Ok(vec![resource]),
            ResourceOutcome::Resources(resources) => Ok(resources),
            ResourceOutcome::Output(_) => Err(self.mismatch("a resource")),
        }
    }

    #[cold]
    fn mismatch(&self, expected: &str) -> Error {
        let actual = match self {
            ResourceOutcome::None => "nothing".to_owned(),
            ResourceOutcome::Output(_) => "an output".to_owned(),
            ResourceOutcome::Resource(resource) => resource.to_string(),
            ResourceOutcome::Resources(resources) => format!("{} resources", resources.len()),
        };
        Error::new(
            ErrorKind::Resource,
            format!("expected {expected}, but the outcome is {actual}"),
        )
    }
}

impl Resource {
    /// Builds the resources of a target definition.
    ///
    /// `response` is the operation's output, or the resource's own data for a reference; `params` are those of the call. Data and
    /// identifiers are moved out of an owned response.
    ///
    /// # Source
    /// boto3 `resources/response.py:ResourceHandler`.
    pub(super) async fn build_resources(
        &self,
        target: &ResourceTarget,
        operation: Option<&Operation>,
        params: &Value,
        response: Cow<'_, Value>,
    ) -> Result<ResourceOutcome> {
        let mut identifiers = Vec::with_capacity(target.identifiers.len());
        for identifier in &target.identifiers {
            let value = match &identifier.source {
                IdentifierSource::Response(path) => detached(path.search(&response)?),
                IdentifierSource::RequestParameter(path) => detached(path.search(params)?),
                IdentifierSource::Identifier(position) => self.identifier_at(*position),
                IdentifierSource::Data(path) => detached(path.search(&*self.loaded().await?)?),
                IdentifierSource::Input => continue,
            };
            identifiers.push((&identifier.target, value));
        }
        let data = match &target.path {
            Some(path) => take_result(path, response)?,
            None => Value::Null,
        };
        // Identifiers that are lists build one resource per element; the others are the same for all.
        let count = identifiers.iter().find_map(|(_, value)| match value {
            Value::List(list) => Some(list.len()),
            _ => None,
        });
        let Some(count) = count else {
            if identifiers.iter().any(|(_, value)| value.is_null()) {
                return Ok(match operation {
                    Some(operation) => empty_outcome(self.0.client.model(), operation, target),
                    None => ResourceOutcome::None,
                });
            }
            let identifiers = identifiers
                .into_iter()
                .map(|(name, value)| (name.clone(), value));
            let resource = self.build_resource(&target.resource, identifiers.collect(), data)?;
            return Ok(ResourceOutcome::Resource(resource));
        };
        let mut data = match data {
            Value::List(data) => data,
            _ => List::new(),
        };
        let mut resources = Vec::with_capacity(count);
        for position in 0..count {
            let identifiers = identifiers.iter_mut().map(|(name, value)| {
                let value = match value {
                    Value::List(list) => {
                        list.get_mut(position).map(Value::take).unwrap_or_default()
                    }
                    value => value.clone(),
                };
                (name.clone(), value)
            });
            let identifiers = identifiers.collect();
            let data = data.get_mut(position).map(Value::take).unwrap_or_default();
            resources.push(self.build_resource(&target.resource, identifiers, data)?);
        }
        Ok(ResourceOutcome::Resources(resources))
    }

    /// Builds a resource of the same service. The identifiers may be in any order.
    fn build_resource(
        &self,
        name: &str,
        identifiers: Vec<(Str, Value)>,
        data: Value,
    ) -> Result<Resource> {
        let model = self.0.resources.resource(name)?;
        let mut values = vec![Value::Null; model.identifiers.len()];
        for (name, value) in identifiers {
            let slot = model
                .identifier(&name)
                .and_then(|position| values.get_mut(position));
            match slot {
                Some(slot) => *slot = value,
                None => {
                    return Err(Error::new(
                        ErrorKind::Resource,
                        format!(
                            "{}.{} has no identifier `{name}`",
                            model.service, model.name
                        ),
                    ));
                }
            }
        }
        let data = (!data.is_null()).then_some(data);
        self.create_resource(model, values, data)
    }
}

/// Evaluates an expression. The result is moved out of an owned value if the expression allows it, and copied otherwise.
pub(super) fn take_result(path: &Expression, value: Cow<'_, Value>) -> Result<Value> {
    match value {
        Cow::Borrowed(value) => Ok(path.search(value)?.into_owned()),
        Cow::Owned(mut value) => {
            if path.is_path() {
                return Ok(path.search_mut(&mut value).map_or(Value::Null, Value::take));
            }
            match FlattenPath::parse(path) {
                Some(path) => Ok(path.take(value)),
                None => Ok(path.search(&value)?.into_owned()),
            }
        }
    }
}

/// Copies an identifier so that it does not keep the buffer of its response in memory.
fn detached(identifier: Cow<'_, Value>) -> Value {
    match &*identifier {
        Value::String(text) => Value::String(text.detach()),
        Value::List(list) => list
            .iter()
            .map(|element| match element {
                Value::String(text) => Value::String(text.detach()),
                other => other.clone(),
            })
            .collect(),
        _ => identifier.into_owned(),
    }
}

/// A path of names with optional flattening (`Reservations[].Instances[]`), whose results can be moved out of a page.
struct FlattenPath<'a>(Vec<(&'a str, bool)>);

impl<'a> FlattenPath<'a> {
    fn parse(path: &'a Expression) -> Option<Self> {
        let segments = path.as_str().split('.').map(|segment| {
            let (name, flat) = match segment.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (segment, false),
            };
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            is_name.then_some((name, flat))
        });
        segments.collect::<Option<Vec<_>>>().map(FlattenPath)
    }

    fn take(&self, value: Value) -> Value {
        let mut current = value;
        // After the first flattened name, further names apply to each element.
        let mut elements: Option<Vec<Value>> = None;
        for (name, flat) in &self.0 {
            let mut next = match elements {
                None => {
                    current = current
                        .as_map_mut()
                        .and_then(|map| map.remove(name))
                        .unwrap_or_default();
                    if !flat {
                        continue;
                    }
                    match current.take() {
                        Value::List(list) => list.into_iter().collect(),
                        _ => return Value::Null,
                    }
                }
                Some(values) => values
                    .into_iter()
                    .filter_map(|mut value| value.as_map_mut()?.remove(name))
                    .filter(|value| !value.is_null())
                    .collect::<Vec<_>>(),
            };
            if *flat {
                next = flattened(next);
            }
            elements = Some(next);
        }
        match elements {
            Some(values) => Value::from(values),
            None => current,
        }
    }
}

/// Replaces lists by their elements, and removes nulls.
fn flattened(values: Vec<Value>) -> Vec<Value> {
    let mut flat = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Value::List(list) => flat.extend(list.into_iter().filter(|element| !element.is_null())),
            Value::Null => {}
            other => flat.push(other),
        }
    }
    flat
}

/// Returns the outcome without resources: an empty list if the operation lists resources, and `None` otherwise.
///
/// # Source
/// boto3 `resources/response.py:build_empty_response`.
fn empty_outcome(
    model: &ServiceModel,
    operation: &Operation,
    target: &ResourceTarget,
) -> ResourceOutcome {
    let is_list = || {
        let mut shape = model.shape(operation.output.as_ref()?.target);
        if let Some(path) = &target.path {
            for name in path.as_str().split('.') {
                let name = name.split('[').next()?;
                let next = match &shape.kind {
                    Kind::Structure(structure) => structure.member(name)?,
                    Kind::List(member) => member,
                    _ => return None,
                };
                shape = model.shape(next.target);
            }
        }
        Some(matches!(shape.kind, Kind::List(_)))
    };
    match is_list() {
        Some(true) => ResourceOutcome::Resources(Vec::new()),
        _ => ResourceOutcome::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    #[test]
    fn moved_results_equal_searched_results() {
        let page = json!({
            "R": [
                {"I": [{"Id": 1, "N": [[1, 2], [3]]}, {"Id": 2}], "S": "x"},
                {"I": []},
                {"I": null},
                {},
                5,
                {"I": {"Id": 9}},
                {"I": [{"Id": 3, "N": [4]}, null, [{"Id": 4}]]}
            ],
            "O": {"L": ["a", ["b", ["c"]]], "M": {"k": 1}},
            "T": "text"
        });
        for path in [
            "R[].I[]",
            "R[].I[].Id",
            "R[].I",
            "R[].S",
            "R[].I[].N[]",
            "O.L[]",
            "O.M[]",
            "O.M",
            "T[]",
            "X[]",
            "X[].Y",
            "R[]",
            "O.X[].Y[]",
        ] {
            let path = Expression::compile(path).unwrap();
            let expected = path.search(&page).unwrap().into_owned();
            let moved = take_result(&path, Cow::Owned(page.clone())).unwrap();
            assert_eq!(moved, expected, "{path}");
            assert_eq!(
                take_result(&path, Cow::Borrowed(&page)).unwrap(),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn rejects_other_expressions_as_flatten_paths() {
        for path in [
            "a[0]",
            "a[*].b",
            "a[].b | [0]",
            "a[?b]",
            "\"a\"[]",
            "a[][]",
            "a.*",
            "@",
        ] {
            let path = Expression::compile(path).unwrap();
            assert!(FlattenPath::parse(&path).is_none(), "{path}");
        }
    }

    #[test]
    fn outcome_of_another_type_is_an_error() {
        let error = ResourceOutcome::None.into_resource().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected a resource, but the outcome is nothing"
        );
        assert!(ResourceOutcome::None.into_resources().unwrap().is_empty());
        let output = ResourceOutcome::from(Output {
            value: json!({"a": 1}),
            ..Output::default()
        });
        assert_eq!(output.value()["a"], 1);
        assert!(output.into_resources().is_err());
    }
}
