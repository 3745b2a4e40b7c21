//! [`Outcome`]: what an action answers with or a reference leads to, and how resources are made of answers.

use std::borrow::Cow;

use inia_core::{Error, ErrorKind, List, Result, Str, Value};
use inia_model::jmespath::Expression;
use inia_model::{IdentifierSource, Kind, Operation, ResourceTarget, ServiceModel};

use super::Resource;
use crate::Output;

/// What an action answers with, or a reference leads to.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing, where a resource might have been.
    None,
    /// The operation's output, or the part of it that the action is about.
    Output(Box<Output>),
    /// A resource.
    Resource(Resource),
    /// Resources.
    Resources(Vec<Resource>),
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Outcome::Output(Box::new(output))
    }
}

impl Outcome {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Outcome::None)
    }

    /// The output's value; [`Value::Null`] where the outcome is no output.
    #[must_use]
    pub fn value(&self) -> &Value {
        static NOTHING: Value = Value::Null;
        match self {
            Outcome::Output(output) => &output.value,
            _ => &NOTHING,
        }
    }

    /// The output.
    ///
    /// # Errors
    /// `Resource`: it is none.
    pub fn into_output(self) -> Result<Output> {
        match self {
            Outcome::Output(output) => Ok(*output),
            other => Err(other.is_not("an output")),
        }
    }

    /// The resource.
    ///
    /// # Errors
    /// `Resource`: it is none, or several.
    pub fn into_resource(self) -> Result<Resource> {
        match self {
            Outcome::Resource(resource) => Ok(resource),
            other => Err(other.is_not("a resource")),
        }
    }

    /// The resources: several, one or none.
    ///
    /// # Errors
    /// `Resource`: it is an output.
    pub fn into_resources(self) -> Result<Vec<Resource>> {
        match self {
            Outcome::None => Ok(Vec::new()),
            Outcome::Resource(resource) => Ok(vec![resource]),
            Outcome::Resources(resources) => Ok(resources),
            Outcome::Output(_) => Err(self.is_not("a resource")),
        }
    }

    #[cold]
    fn is_not(&self, wanted: &str) -> Error {
        let found = match self {
            Outcome::None => "nothing".to_owned(),
            Outcome::Output(_) => "an output".to_owned(),
            Outcome::Resource(resource) => resource.to_string(),
            Outcome::Resources(resources) => format!("{} resources", resources.len()),
        };
        Error::new(
            ErrorKind::Resource,
            format!("the outcome is {found}, and not {wanted}"),
        )
    }
}

impl Resource {
    /// Makes resources as a definition says.
    ///
    /// `answer` is the operation's output, or for a reference the resource's own data; `params` are those of the call. Data and
    /// identifiers are taken out of an answer that is given away.
    ///
    /// # Source
    /// boto3 `resources/response.py:ResourceHandler`.
    pub(super) async fn make(
        &self,
        target: &ResourceTarget,
        operation: Option<&Operation>,
        params: &Value,
        answer: Cow<'_, Value>,
    ) -> Result<Outcome> {
        let mut identifiers = Vec::with_capacity(target.identifiers.len());
        for identifier in &target.identifiers {
            let value = match &identifier.source {
                IdentifierSource::Response(path) => detached(path.search(&answer)?),
                IdentifierSource::RequestParameter(path) => detached(path.search(params)?),
                IdentifierSource::Identifier(position) => self.identifier_at(*position),
                IdentifierSource::Data(path) => detached(path.search(&*self.loaded().await?)?),
                IdentifierSource::Input => continue,
            };
            identifiers.push((&identifier.target, value));
        }
        let data = match &target.path {
            Some(path) => found(path, answer)?,
            None => Value::Null,
        };
        // Identifiers that are lists make a resource for each element; the others are the same for all.
        let count = identifiers.iter().find_map(|(_, value)| match value {
            Value::List(list) => Some(list.len()),
            _ => None,
        });
        let Some(count) = count else {
            if identifiers.iter().any(|(_, value)| value.is_null()) {
                return Ok(match operation {
                    Some(operation) => nothing(self.0.client.model(), operation, target),
                    None => Outcome::None,
                });
            }
            let given = identifiers
                .into_iter()
                .map(|(name, value)| (name.clone(), value));
            let resource = self.related(&target.resource, given.collect(), data)?;
            return Ok(Outcome::Resource(resource));
        };
        let mut data = match data {
            Value::List(data) => data,
            _ => List::new(),
        };
        let mut resources = Vec::with_capacity(count);
        for position in 0..count {
            let given = identifiers.iter_mut().map(|(name, value)| {
                let value = match value {
                    Value::List(list) => {
                        list.get_mut(position).map(Value::take).unwrap_or_default()
                    }
                    value => value.clone(),
                };
                (name.clone(), value)
            });
            let given = given.collect();
            let data = data.get_mut(position).map(Value::take).unwrap_or_default();
            resources.push(self.related(&target.resource, given, data)?);
        }
        Ok(Outcome::Resources(resources))
    }

    /// A resource of the same service, with the given identifiers in any order.
    fn related(&self, name: &str, given: Vec<(Str, Value)>, data: Value) -> Result<Resource> {
        let model = self.0.resources.resource(name)?;
        let mut identifiers = vec![Value::Null; model.identifiers.len()];
        for (name, value) in given {
            let slot = model
                .identifier(&name)
                .and_then(|position| identifiers.get_mut(position));
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
        self.sibling(model, identifiers, data)
    }
}

/// What an expression finds, taken out of a value that is given away where that can be.
pub(super) fn found(path: &Expression, value: Cow<'_, Value>) -> Result<Value> {
    match value {
        Cow::Borrowed(value) => Ok(path.search(value)?.into_owned()),
        Cow::Owned(mut value) => {
            if path.is_path() {
                return Ok(path.search_mut(&mut value).map_or(Value::Null, Value::take));
            }
            match Flattening::of(path) {
                Some(flattening) => Ok(flattening.take(value)),
                None => Ok(path.search(&value)?.into_owned()),
            }
        }
    }
}

/// An identifier, without the page that it was read from.
fn detached(found: Cow<'_, Value>) -> Value {
    match &*found {
        Value::String(text) => Value::String(text.detach()),
        Value::List(list) => list
            .iter()
            .map(|each| match each {
                Value::String(text) => Value::String(text.detach()),
                other => other.clone(),
            })
            .collect(),
        _ => found.into_owned(),
    }
}

/// A path of names, each of which may be flattened (`Reservations[].Instances[]`): what a page lists, to be taken out of it without
/// being copied.
struct Flattening<'a>(Vec<(&'a str, bool)>);

impl<'a> Flattening<'a> {
    fn of(path: &'a Expression) -> Option<Self> {
        let parts = path.as_str().split('.').map(|part| {
            let (name, flat) = match part.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (part, false),
            };
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            is_name.then_some((name, flat))
        });
        parts.collect::<Option<Vec<_>>>().map(Flattening)
    }

    fn take(&self, value: Value) -> Value {
        let mut current = value;
        // From the first flattened name on, what follows is found in each element.
        let mut each: Option<Vec<Value>> = None;
        for (name, flat) in &self.0 {
            let mut next = match each {
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
            each = Some(next);
        }
        match each {
            Some(values) => Value::from(values),
            None => current,
        }
    }
}

/// The elements of lists in their place, without nulls.
fn flattened(values: Vec<Value>) -> Vec<Value> {
    let mut flat = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Value::List(list) => flat.extend(list.into_iter().filter(|each| !each.is_null())),
            Value::Null => {}
            other => flat.push(other),
        }
    }
    flat
}

/// What stands for no resource: no resources, where the operation would list them.
///
/// # Source
/// boto3 `resources/response.py:build_empty_response`.
fn nothing(model: &ServiceModel, operation: &Operation, target: &ResourceTarget) -> Outcome {
    let lists = || {
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
    match lists() {
        Some(true) => Outcome::Resources(Vec::new()),
        _ => Outcome::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    #[test]
    fn what_is_taken_out_is_what_would_be_found() {
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
            let taken = found(&path, Cow::Owned(page.clone())).unwrap();
            assert_eq!(taken, expected, "{path}");
            assert_eq!(
                found(&path, Cow::Borrowed(&page)).unwrap(),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn only_paths_that_flatten_are_taken_apart() {
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
            assert!(Flattening::of(&path).is_none(), "{path}");
        }
    }

    #[test]
    fn an_outcome_says_what_it_is() {
        let error = Outcome::None.into_resource().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the outcome is nothing, and not a resource"
        );
        assert!(Outcome::None.into_resources().unwrap().is_empty());
        let output = Outcome::from(Output {
            value: json!({"a": 1}),
            ..Output::default()
        });
        assert_eq!(output.value()["a"], 1);
        assert!(output.into_resources().is_err());
    }
}
