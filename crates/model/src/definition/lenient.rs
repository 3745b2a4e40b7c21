//! Loads a definition with invalid parts: an operation that uses an invalid shape is left out, and the others remain usable.

use std::collections::{HashMap, HashSet};
use std::fmt;

use inia_core::{Error, Result, Str, Value};

use super::raw::{RawMember, RawOperation, RawPairs, RawService, RawShape, RawText};
use super::{Resolver, build, names};
use crate::{ServiceModel, Traits};

/// An operation that cannot be used, and the reason.
pub(crate) type OperationProblem = (Str, String);

/// Loads what is valid of a definition that cannot be loaded as a whole; `error` is the reason, which is returned if no operation is
/// usable.
#[cold]
pub(super) fn load(name: &str, text: &str, error: Error) -> Result<ServiceModel> {
    let Ok(Value::Map(mut root)) = serde_json::from_str::<Value>(text) else {
        return Err(error);
    };
    let operations = entries(root.remove("operations"));
    let shapes = entries(root.remove("shapes"));
    let rest = Value::Map(root).to_json_string();
    let Ok(mut raw) = serde_json::from_str::<RawService<'_>>(&rest) else {
        return Err(error);
    };
    let mut problems = ShapeProblems::default();
    for (name, text) in &shapes {
        match serde_json::from_str::<RawShape<'_>>(text) {
            Ok(shape) => raw.shapes.0.push((RawText::from(name.as_str()), shape)),
            Err(problem) => problems.add(name, &problem),
        }
    }
    problems.find(&mut raw);
    let mut invalid: Vec<OperationProblem> = Vec::new();
    for (name, text) in &operations {
        let problem = match serde_json::from_str::<RawOperation<'_>>(text) {
            Err(problem) => problem.to_string(),
            Ok(operation) => match problems.of_operation(&operation, &raw) {
                Some(problem) => problem,
                None => {
                    let name = RawText::from(name.as_str());
                    raw.operations.0.push((name, operation));
                    continue;
                }
            },
        };
        invalid.push((Str::from(name.as_str()), problem));
    }
    if raw.operations.0.is_empty() {
        return Err(error);
    }
    match build(name, raw) {
        Ok(model) => Ok(model.with_problems(invalid)),
        Err(_) => Err(error),
    }
}

/// Returns the entries of an object, each as JSON.
fn entries(object: Option<Value>) -> Vec<(String, String)> {
    match object {
        Some(Value::Map(object)) => object
            .into_iter()
            .map(|(name, entry)| (name.to_string(), entry.to_json_string()))
            .collect(),
        _ => Vec::new(),
    }
}

/// Invalid shapes, each with its problem.
#[derive(Default)]
struct ShapeProblems(HashMap<String, String>);

impl ShapeProblems {
    fn add(&mut self, shape: &str, problem: &dyn fmt::Display) {
        self.0
            .insert(shape.to_owned(), format!("shape {shape}: {problem}"));
    }

    /// Removes all invalid shapes, and those that refer to them.
    fn find(&mut self, raw: &mut RawService<'_>) {
        let RawPairs(shapes) = &raw.shapes;
        let own_traits = vec![Traits::NONE; shapes.len()];
        let Ok(names) = names(shapes) else { return };
        let resolver = Resolver {
            names,
            shapes,
            own_traits: &own_traits,
        };
        let mut referring: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut queue: Vec<String> = Vec::new();
        for ((name, shape), own) in shapes.iter().zip(&own_traits) {
            for target in targets(shape) {
                referring.entry(target).or_default().push(name);
            }
            if let Err(problem) = resolver.shape(name, shape, own) {
                // A reference to a shape that is invalid itself is reported with the problem of that shape.
                let cause = targets(shape).find_map(|target| self.0.get(target).cloned());
                match cause {
                    Some(cause) => drop(self.0.insert((**name).to_owned(), cause)),
                    None => self.add(name, &problem),
                }
                queue.push((**name).to_owned());
            }
        }
        while let Some(invalid) = queue.pop() {
            let Some(problem) = self.0.get(&invalid).cloned() else {
                continue;
            };
            for name in referring.get(&*invalid).into_iter().flatten() {
                if !self.0.contains_key(*name) {
                    self.0.insert((*name).to_owned(), problem.clone());
                    queue.push((*name).to_owned());
                }
            }
        }
        let valid: HashSet<String> = shapes
            .iter()
            .filter(|(name, _)| !self.0.contains_key(&**name))
            .map(|(name, _)| (**name).to_owned())
            .collect();
        raw.shapes.0.retain(|(name, _)| valid.contains(&**name));
    }

    /// Returns the problem of an operation that refers to an invalid shape.
    fn of_operation(&self, operation: &RawOperation<'_>, raw: &RawService<'_>) -> Option<String> {
        let parts = operation.input.iter().chain(&operation.output);
        let mut targets = parts.chain(&operation.errors).map(|part| &*part.shape);
        targets.find_map(|target| {
            let is_defined = || raw.shapes.0.iter().any(|(name, _)| **name == *target);
            match self.0.get(target) {
                Some(problem) => Some(problem.clone()),
                None if is_defined() => None,
                None => Some(format!("refers to undefined shape {target:?}")),
            }
        })
    }
}

fn targets<'s>(shape: &'s RawShape<'_>) -> impl Iterator<Item = &'s str> {
    let members = shape.members.0.iter().map(|(_, member)| member);
    let parts = shape.member.iter().chain(&shape.key).chain(&shape.value);
    members
        .chain(parts)
        .map(|member: &RawMember<'_>| &*member.shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(operations: &str, shapes: &str) -> Result<ServiceModel> {
        let text = format!(
            r#"{{"metadata": {{"protocol": "json", "endpointPrefix": "t"}}, "operations": {{
                "Good": {{"http": {{}}, "input": {{"shape": "Fine"}}}}, {operations}}},
                "shapes": {{"Fine": {{"type": "structure", "members": {{}}}}, {shapes}}}}}"#
        );
        ServiceModel::from_json("test", text.as_bytes())
    }

    #[test]
    fn an_invalid_part_costs_the_operations_that_use_it() {
        let bad_input = r#""Bad": {"http": {}, "input": {"shape": "In"}}"#;
        for (operations, shapes, problem) in [
            (
                bad_input,
                r#""In": {"type": "tensor"}"#,
                "shape In: unknown type \"tensor\"",
            ),
            (
                bad_input,
                r#""In": {"type": "string", "enum": [1, 2]}"#,
                "shape In: invalid type: integer `1`",
            ),
            (
                bad_input,
                r#""In": {"type": "structure", "members": {"A": {"shape": "Gone"}}}"#,
                "shape In: A refers to undefined shape \"Gone\"",
            ),
            (
                bad_input,
                r#""In": {"type": "structure", "members": {"A": {"shape": "Deep"}}}, "Deep": {"type": "list", "member": {"shape": "Worse"}}, "Worse": {"type": 3}"#,
                "shape Worse: invalid type: integer `3`",
            ),
            (
                r#""Bad": {"http": {}, "errors": null}"#,
                r#""X": {"type": "string"}"#,
                "invalid type: null",
            ),
            (
                r#""Bad": {"http": {}, "output": {"shape": "Gone"}}"#,
                r#""X": {"type": "string"}"#,
                "refers to undefined shape \"Gone\"",
            ),
        ] {
            let model = match model(operations, shapes) {
                Ok(model) => model,
                Err(error) => panic!("{shapes}: {error}"),
            };
            assert_eq!(model.operation("good").unwrap().name, "Good");
            let error = model.operation("Bad").unwrap_err().to_string();
            assert!(
                error.starts_with("test: operation Bad cannot be used: "),
                "{error}"
            );
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn a_definition_without_a_usable_operation_is_an_error() {
        let text = r#"{"metadata": {"protocol": "json", "endpointPrefix": "t"},
            "operations": {"Bad": {"http": {}, "input": {"shape": "In"}}}, "shapes": {"In": {"type": "tensor"}}}"#;
        let error = ServiceModel::from_json("test", text.as_bytes()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("shape In: unknown type \"tensor\""),
            "{error}"
        );
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let text = "\u{feff}{\"metadata\": {\"protocol\": \"json\", \"endpointPrefix\": \"t\"}}";
        assert!(ServiceModel::from_json("test", text.as_bytes()).is_ok());
    }
}
