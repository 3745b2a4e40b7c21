//! The closure of a service: its operations, also those of its resources, and all shapes that they refer to, with their names.
//!
//! # Source
//! <https://smithy.io/2.0/spec/service-types.html#service-closure>.

use std::collections::{HashMap, HashSet};

use inia_core::Result;

use super::ast::{Ast, AstIndex, AstRef, UNIT, name_of};
use super::invalid;
use super::traits::Trait;
use crate::names::letters_and_digits;

/// The operations and shapes of a service.
pub(super) struct Closure {
    /// Operations, in the order of the service.
    pub(super) operations: Vec<AstIndex>,
    /// Errors that every operation may return.
    pub(super) errors: Vec<AstIndex>,
    /// Data shapes, in the order of the file.
    pub(super) shapes: Vec<AstIndex>,
    /// Name of each data shape.
    pub(super) names: HashMap<AstIndex, String>,
    /// Structures that are the whole input, output or error of an operation, so that their members have HTTP bindings.
    pub(super) messages: HashSet<AstIndex>,
    /// Structures that are events of an event stream, other than errors.
    pub(super) events: HashSet<AstIndex>,
}

/// Returns the service of a file. If there are several, it is the one with the given name, as a shape name or as `sdkId`.
///
/// # Errors
/// `Model`: there is no service, or none with the name.
pub(super) fn service(ast: &Ast<'_>, name: &str) -> Result<AstIndex> {
    let services: Vec<AstIndex> = (0..ast.shapes.len())
        .filter(|index| *ast.shape(*index).kind == *"service")
        .collect();
    match services.as_slice() {
        [] => Err(invalid("no service shape in this Smithy file")),
        [service] => Ok(*service),
        services => {
            let letters = letters_and_digits(name);
            let has_name = |index: &&AstIndex| {
                let sdk_id = ast.shape(**index).sdk_id();
                letters_and_digits(name_of(ast.id(**index))) == letters
                    || sdk_id.is_some_and(|id| letters_and_digits(id) == letters)
            };
            let found = services.iter().find(has_name);
            found.copied().ok_or_else(|| {
                let ids: Vec<&str> = services.iter().map(|index| ast.id(*index)).collect();
                invalid(format!(
                    "{} services and none is named {name:?}; name the file after one of: {}",
                    ids.len(),
                    ids.join(", ")
                ))
            })
        }
    }
}

impl Closure {
    /// Collects the closure of a service.
    ///
    /// # Errors
    /// `Model`: a reference to an undefined shape or to one of another kind; the message has the referring shape.
    pub(super) fn of(ast: &Ast<'_>, service: AstIndex) -> Result<Self> {
        let mut closure = Closure {
            operations: operations(ast, service)?,
            errors: references(ast, service, &ast.shape(service).errors)?,
            shapes: Vec::new(),
            names: HashMap::new(),
            messages: HashSet::new(),
            events: HashSet::new(),
        };
        let mut queue: Vec<AstIndex> = closure.errors.clone();
        closure.messages.extend(&closure.errors);
        for &operation in &closure.operations {
            let shape = ast.shape(operation);
            let parts = shape.input.iter().chain(&shape.output);
            let parts = parts.filter(|part| *part.target != *UNIT);
            let parts = references(ast, operation, parts.chain(&shape.errors))?;
            closure.messages.extend(&parts);
            queue.extend(parts);
        }
        let mut seen = HashSet::new();
        queue.retain(|index| seen.insert(*index));
        while let Some(index) = queue.pop() {
            let shape = ast.shape(index);
            closure.shapes.push(index);
            if matches!(&*shape.kind, "enum" | "intEnum") {
                continue;
            }
            let members = shape
                .members
                .0
                .iter()
                .map(|(name, member)| (&**name, member));
            let parts = [
                ("member", &shape.member),
                ("key", &shape.key),
                ("value", &shape.value),
            ];
            let parts = parts.map(|(name, part)| part.as_ref().map(|part| (name, part)));
            let is_stream = shape.is_event_stream();
            for (name, member) in members.chain(parts.into_iter().flatten()) {
                let target = ast.target(&member.target);
                let target = target.map_err(|error| {
                    error.at(format_args!("shape {}: member {name}", ast.id(index)))
                })?;
                if is_stream && !ast.shape(target).traits.has(Trait::Error) {
                    closure.events.insert(target);
                }
                if seen.insert(target) {
                    queue.push(target);
                }
            }
        }
        closure.shapes.sort_unstable();
        closure.names = names(ast, service, &closure.shapes);
        Ok(closure)
    }

    /// Returns the name of a data shape of the closure.
    pub(super) fn name(&self, index: AstIndex) -> &str {
        self.names.get(&index).map_or("", String::as_str)
    }
}

/// Returns the operations of a service and of its resources.
fn operations(ast: &Ast<'_>, service: AstIndex) -> Result<Vec<AstIndex>> {
    let mut operations = Vec::new();
    let mut seen = HashSet::new();
    let mut queue = vec![service];
    let mut seen_resources = HashSet::new();
    while let Some(index) = queue.pop() {
        let shape = ast.shape(index);
        let lifecycle = [
            &shape.create,
            &shape.put,
            &shape.read,
            &shape.update,
            &shape.delete,
            &shape.list,
        ];
        let own = lifecycle.into_iter().flatten();
        let own = own
            .chain(&shape.operations)
            .chain(&shape.collection_operations);
        for operation in references(ast, index, own)? {
            if *ast.shape(operation).kind != *"operation" {
                let problem = invalid(format!("{} is not an operation", ast.id(operation)));
                return Err(problem.at(format_args!("shape {}", ast.id(index))));
            }
            if seen.insert(operation) {
                operations.push(operation);
            }
        }
        for resource in references(ast, index, &shape.resources)? {
            if seen_resources.insert(resource) {
                queue.push(resource);
            }
        }
    }
    Ok(operations)
}

/// Returns the positions of the shapes that a shape refers to.
fn references<'r, 'a: 'r>(
    ast: &Ast<'a>,
    of: AstIndex,
    targets: impl IntoIterator<Item = &'r AstRef<'a>>,
) -> Result<Vec<AstIndex>> {
    let targets = targets
        .into_iter()
        .map(|reference| ast.target(&reference.target));
    targets
        .collect::<Result<_>>()
        .map_err(|error| error.at(format_args!("shape {}", ast.id(of))))
}

/// Returns the name of each shape: as the service renames it, or the part of its id after the namespace. If two shapes have one
/// name, as simple types of two namespaces may, the later one keeps its whole id.
fn names(ast: &Ast<'_>, service: AstIndex, shapes: &[AstIndex]) -> HashMap<AstIndex, String> {
    let renames: HashMap<&str, &str> = ast
        .shape(service)
        .rename
        .0
        .iter()
        .map(|(id, name)| (&**id, &**name))
        .collect();
    let mut taken: HashSet<&str> = HashSet::new();
    let mut names = HashMap::with_capacity(shapes.len());
    for &index in shapes {
        let id = ast.id(index);
        let name = renames.get(id).copied().unwrap_or_else(|| name_of(id));
        let name = if taken.insert(name) { name } else { id };
        names.insert(index, name.to_owned());
    }
    names
}
