//! The resources of a service: what they take identifiers and parameters from, and what they make.
//!
//! # Source
//! boto3 `resources/model.py`, `resources/params.py`, `resources/response.py`.

use std::collections::BTreeSet;

use crate::json::Json;

use super::Problems;
use super::paths::{self, Root};
use super::service::Service;

/// What all checks of a resources file look things up in.
#[derive(Clone, Copy)]
struct Definitions<'a> {
    service: Service<'a>,
    waiters: &'a Json,
    resources: &'a Json,
}

/// Where a resource's data come from, for parameters and identifiers that are taken from them.
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

/// Checks a service's `resources-1`.
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
                format!("{name}: there is no shape `{shape}`")
            });
        }
        for identifier in resource.items("identifiers") {
            if let Some(member) = identifier.string("memberName") {
                problems.check(owner.data.member(member).is_some(), || {
                    format!("{name}: identifier `{member}` is no member of its shape")
                });
            }
        }
        if let Some(load) = resource.get("load") {
            self.verify_action(&format!("{name}.load"), owner, load, problems);
        }
        for kind in ["actions", "batchActions", "hasMany"] {
            for (action, definition) in resource.members(kind) {
                let place = format!("{name}.{kind}.{action}");
                self.verify_action(&place, owner, definition, problems);
            }
        }
        for (reference, definition) in resource.members("has") {
            if let Some(target) = definition.get("resource") {
                let place = format!("{name}.has.{reference}");
                self.verify_target(&place, owner, target, None, problems);
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
        place: &str,
        owner: Owner<'a>,
        action: &'a Json,
        problems: &mut Problems,
    ) {
        let Some(request) = action.get("request") else {
            problems.add(format_args!("{place} has no request"));
            return;
        };
        let operation = request.string("operation").unwrap_or_default();
        if self.service.operation(operation).is_none() {
            problems.add(format_args!("{place}: there is no operation `{operation}`"));
            return;
        }
        self.verify_params(place, owner, operation, request.items("params"), problems);
        let output = self.service.side(operation, "output");
        if let Some(path) = action.string("path") {
            check_path(place, path, output, problems);
        }
        if let Some(target) = action.get("resource") {
            self.verify_target(place, owner, target, Some(operation), problems);
        }
    }

    fn verify_params(
        self,
        place: &str,
        owner: Owner<'a>,
        operation: &str,
        params: impl Iterator<Item = &'a Json>,
        problems: &mut Problems,
    ) {
        let input = self.service.side(operation, "input");
        for param in params {
            check_path(
                place,
                param.string("target").unwrap_or_default(),
                input,
                problems,
            );
            match param.string("source").unwrap_or_default() {
                "identifier" => check_identifier(place, owner, param, problems),
                "data" => check_path(
                    place,
                    param.string("path").unwrap_or_default(),
                    owner.data,
                    problems,
                ),
                "string" | "integer" | "boolean" => problems
                    .check(param.get("value").is_some(), || {
                        format!("{place}: a constant parameter has no value")
                    }),
                "input" => {}
                other => problems.add(format_args!("{place}: unknown source `{other}`")),
            }
        }
    }

    /// Checks what a reference, an action or a collection makes. `operation` is the one called for it, if any.
    fn verify_target(
        self,
        place: &str,
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
            problems.add(format_args!("{place}: there is no resource `{kind}`"));
            return;
        };
        let needed: BTreeSet<&str> = Owner {
            definition: resource,
            data: owner.data,
        }
        .identifiers()
        .collect();
        let given: BTreeSet<&str> = target
            .items("identifiers")
            .filter_map(|identifier| identifier.string("target"))
            .collect();
        problems.check(needed == given, || {
            format!("{place}: {kind} needs the identifiers {needed:?} and is given {given:?}")
        });
        for identifier in target.items("identifiers") {
            let path = identifier.string("path").unwrap_or_default();
            match (identifier.string("source").unwrap_or_default(), operation) {
                ("identifier", _) => check_identifier(place, owner, identifier, problems),
                ("data", _) => check_path(place, path, owner.data, problems),
                ("response", Some(operation)) => {
                    check_path(
                        place,
                        path,
                        self.service.side(operation, "output"),
                        problems,
                    );
                }
                ("requestParameter", Some(operation)) => {
                    check_path(place, path, self.service.side(operation, "input"), problems);
                }
                ("input", _) => {}
                (other, _) => problems.add(format_args!("{place}: unknown source `{other}`")),
            }
        }
        if let Some(path) = target.string("path") {
            let data = match operation {
                Some(operation) => self.service.side(operation, "output"),
                None => owner.data,
            };
            check_path(place, path, data, problems);
        }
    }

    fn verify_waiter(
        self,
        place: &str,
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
            problems.add(format_args!("{place}: there is no waiter `{name}`"));
            return;
        };
        self.verify_params(place, owner, operation, waiter.items("params"), problems);
        if let Some(path) = waiter.string("path") {
            check_path(
                place,
                path,
                self.service.side(operation, "output"),
                problems,
            );
        }
    }
}

fn check_identifier(place: &str, owner: Owner<'_>, from: &Json, problems: &mut Problems) {
    let name = from.string("name").unwrap_or_default();
    problems.check(owner.identifiers().any(|known| known == name), || {
        format!("{place}: there is no identifier `{name}`")
    });
}

fn check_path(place: &str, path: &str, root: Root<'_>, problems: &mut Problems) {
    if let Err(error) = paths::check(path, root) {
        problems.add(format_args!("{place}: `{path}`: {error}"));
    }
}
