//! Checks resources: the sources of identifiers and parameters, and the targets of actions and relations.
//!
//! # Source
//! boto3 `resources/model.py`, `resources/params.py`, `resources/response.py`.

use std::collections::BTreeSet;

use crate::json::Json;

use super::Problems;
use super::paths::{self, Root};
use super::service::Service;

/// Definitions used by all checks of a resources file.
#[derive(Clone, Copy)]
struct Definitions<'a> {
    service: Service<'a>,
    waiters: &'a Json,
    resources: &'a Json,
}

/// A resource and its data, the sources of parameters and identifiers.
#[derive(Clone, Copy)]
struct Owner<'a> {
    definition: &'a Json,
    data: Root<'a>,
}

impl<'a> Owner<'a> {
    fn identifiers(self) -> impl Iterator<Item = &'a str> {
        self.definition
            .items("identifiers")
            .filter_map(|identifier| identifier.string("name"))
    }
}

/// Checks the `resources-1` of a service.
pub(super) fn verify(
    service: &Service<'_>,
    waiters: &Json,
    resources: &Json,
    problems: &mut Problems,
) {
    let definitions = Definitions {
        service: *service,
        waiters,
        resources,
    };
    if let Some(root) = resources.get("service") {
        definitions.verify_resource("service", root, problems);
    }
    for (name, resource) in resources.members("resources") {
        definitions.verify_resource(name, resource, problems);
    }
}

impl<'a> Definitions<'a> {
    fn verify_resource(self, name: &str, resource: &'a Json, problems: &mut Problems) {
        let shape = resource.string("shape");
        let owner = Owner {
            definition: resource,
            data: Root {
                service: self.service,
                shape,
            },
        };
        if let Some(shape) = shape {
            problems.check(self.service.shape(shape).is_some(), || {
                format!("{name}: unknown shape `{shape}`")
            });
        }
        for identifier in resource.items("identifiers") {
            if let Some(member) = identifier.string("memberName") {
                problems.check(owner.data.member(member).is_some(), || {
                    format!("{name}: identifier `{member}` is not a member of its shape")
                });
            }
        }
        if let Some(load) = resource.get("load") {
            self.verify_action(&format!("{name}.load"), owner, load, problems);
        }
        for kind in ["actions", "batchActions", "hasMany"] {
            for (action, definition) in resource.members(kind) {
                let location = format!("{name}.{kind}.{action}");
                self.verify_action(&location, owner, definition, problems);
            }
        }
        for (reference, definition) in resource.members("has") {
            if let Some(target) = definition.get("resource") {
                let location = format!("{name}.has.{reference}");
                self.verify_target(&location, owner, target, None, problems);
            }
        }
        for (waiter, definition) in resource.members("waiters") {
            self.verify_waiter(
                &format!("{name}.waiters.{waiter}"),
                owner,
                definition,
                problems,
            );
        }
    }

    fn verify_action(
        self,
        location: &str,
        owner: Owner<'a>,
        action: &'a Json,
        problems: &mut Problems,
    ) {
        let Some(request) = action.get("request") else {
            problems.add(format_args!("{location} has no request"));
            return;
        };
        let operation = request.string("operation").unwrap_or_default();
        if self.service.operation(operation).is_none() {
            problems.add(format_args!("{location}: unknown operation `{operation}`"));
            return;
        }
        self.verify_params(
            location,
            owner,
            operation,
            request.items("params"),
            problems,
        );
        let output = self.service.side(operation, "output");
        if let Some(path) = action.string("path") {
            check_path(location, path, output, problems);
        }
        if let Some(target) = action.get("resource") {
            self.verify_target(location, owner, target, Some(operation), problems);
        }
    }

    fn verify_params(
        self,
        location: &str,
        owner: Owner<'a>,
        operation: &str,
        params: impl Iterator<Item = &'a Json>,
        problems: &mut Problems,
    ) {
        let input = self.service.side(operation, "input");
        for param in params {
            check_path(
                location,
                param.string("target").unwrap_or_default(),
                input,
                problems,
            );
            match param.string("source").unwrap_or_default() {
                "identifier" => check_identifier(location, owner, param, problems),
                "data" => check_path(
                    location,
                    param.string("path").unwrap_or_default(),
                    owner.data,
                    problems,
                ),
                "string" | "integer" | "boolean" => problems
                    .check(param.get("value").is_some(), || {
                        format!("{location}: a constant parameter has no value")
                    }),
                "input" => {}
                other => problems.add(format_args!("{location}: unknown source `{other}`")),
            }
        }
    }

    /// Checks the target of a reference, an action or a collection. `operation` is the one called for it, if any.
    fn verify_target(
        self,
        location: &str,
        owner: Owner<'a>,
        target: &'a Json,
        operation: Option<&str>,
        problems: &mut Problems,
    ) {
        let kind = target.string("type").unwrap_or_default();
        let Some(resource) = self
            .resources
            .get("resources")
            .and_then(|all| all.get(kind))
        else {
            problems.add(format_args!("{location}: unknown resource `{kind}`"));
            return;
        };
        let needed: BTreeSet<&str> = Owner {
            definition: resource,
            data: owner.data,
        }
        .identifiers()
        .collect();
        let actual: BTreeSet<&str> = target
            .items("identifiers")
            .filter_map(|identifier| identifier.string("target"))
            .collect();
        problems.check(needed == actual, || {
            format!("{location}: {kind} requires identifiers {needed:?}, got {actual:?}")
        });
        for identifier in target.items("identifiers") {
            let path = identifier.string("path").unwrap_or_default();
            match (identifier.string("source").unwrap_or_default(), operation) {
                ("identifier", _) => check_identifier(location, owner, identifier, problems),
                ("data", _) => check_path(location, path, owner.data, problems),
                ("response", Some(operation)) => {
                    check_path(
                        location,
                        path,
                        self.service.side(operation, "output"),
                        problems,
                    );
                }
                ("requestParameter", Some(operation)) => {
                    check_path(
                        location,
                        path,
                        self.service.side(operation, "input"),
                        problems,
                    );
                }
                ("input", _) => {}
                (other, _) => problems.add(format_args!("{location}: unknown source `{other}`")),
            }
        }
        if let Some(path) = target.string("path") {
            let data = match operation {
                Some(operation) => self.service.side(operation, "output"),
                None => owner.data,
            };
            check_path(location, path, data, problems);
        }
    }

    fn verify_waiter(
        self,
        location: &str,
        owner: Owner<'a>,
        waiter: &'a Json,
        problems: &mut Problems,
    ) {
        let name = waiter.string("waiterName").unwrap_or_default();
        let definition = self
            .waiters
            .get("waiters")
            .and_then(|waiters| waiters.get(name));
        let Some(operation) = definition.and_then(|waiter| waiter.string("operation")) else {
            problems.add(format_args!("{location}: unknown waiter `{name}`"));
            return;
        };
        self.verify_params(location, owner, operation, waiter.items("params"), problems);
        if let Some(path) = waiter.string("path") {
            check_path(
                location,
                path,
                self.service.side(operation, "output"),
                problems,
            );
        }
    }
}

fn check_identifier(location: &str, owner: Owner<'_>, from: &Json, problems: &mut Problems) {
    let name = from.string("name").unwrap_or_default();
    problems.check(
        owner.identifiers().any(|identifier| identifier == name),
        || format!("{location}: unknown identifier `{name}`"),
    );
}

fn check_path(location: &str, path: &str, root: Root<'_>, problems: &mut Problems) {
    if let Err(error) = paths::check(path, root) {
        problems.add(format_args!("{location}: `{path}`: {error}"));
    }
}
