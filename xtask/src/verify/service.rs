//! Checks operations, shapes, paginators and waiters of a service.

use crate::json::Json;

use super::Problems;
use super::paths::{self, Root};

const TYPES: &[&str] = &[
    "blob",
    "boolean",
    "double",
    "float",
    "integer",
    "list",
    "long",
    "map",
    "string",
    "structure",
    "timestamp",
];

/// A `service-2` definition with lookup functions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service<'a> {
    pub(super) model: &'a Json,
}

impl<'a> Service<'a> {
    pub(super) fn new(model: &'a Json) -> Self {
        Service { model }
    }

    pub(super) fn shape(self, name: &str) -> Option<&'a Json> {
        self.model.get("shapes")?.get(name)
    }

    pub(super) fn operation(self, name: &str) -> Option<&'a Json> {
        self.model.get("operations")?.get(name)
    }

    /// Returns the `input` or `output` structure of an operation; an empty root if the operation does not exist.
    pub(super) fn side(self, operation: &str, side: &str) -> Root<'a> {
        let shape = self
            .operation(operation)
            .and_then(|operation| operation.get(side)?.string("shape"));
        Root {
            service: self,
            shape,
        }
    }
}

/// Checks the references of shapes and operations.
pub(super) fn verify(service: &Service<'_>, folder: &str, problems: &mut Problems) {
    let version = service
        .model
        .get("metadata")
        .and_then(|metadata| metadata.string("apiVersion"));
    // botocore looks up paginators and waiters in the folder named by the service's `apiVersion`.
    let named = folder.rsplit('/').next();
    problems.check(version == named, || {
        format!("its apiVersion is {version:?}")
    });
    for (name, operation) in service.model.members("operations") {
        let location = format!("operations/{name}");
        for side in ["input", "output"] {
            if let Some(target) = operation.get(side) {
                check_reference(*service, &location, side, target, problems);
                let is_structure = target
                    .string("shape")
                    .and_then(|shape| service.shape(shape)?.string("type"))
                    == Some("structure");
                problems.check(is_structure, || {
                    format!("{location}/{side} is not a structure")
                });
            }
        }
        for target in operation.items("errors") {
            check_reference(*service, &location, "errors", target, problems);
        }
    }
    for (name, shape) in service.model.members("shapes") {
        verify_shape(*service, &format!("shapes/{name}"), shape, problems);
    }
}

fn verify_shape(service: Service<'_>, location: &str, shape: &Json, problems: &mut Problems) {
    let kind = shape.string("type").unwrap_or_default();
    problems.check(TYPES.contains(&kind), || {
        format!("{location} has the unknown type `{kind}`")
    });
    let targets: &[&str] = match kind {
        "list" => &["member"],
        "map" => &["key", "value"],
        _ => &[],
    };
    for key in targets {
        match shape.get(key) {
            Some(target) => check_reference(service, location, key, target, problems),
            None => problems.add(format_args!("{location} has no {key}")),
        }
    }
    if kind != "structure" {
        return;
    }
    for (member, target) in shape.members("members") {
        check_reference(service, location, member, target, problems);
    }
    let is_member = |name: &Json| {
        let members = shape.get("members");
        name.as_str()
            .is_some_and(|name| members.is_some_and(|members| members.get(name).is_some()))
    };
    let named = shape.items("required").chain(shape.items("xmlOrder"));
    for name in named.chain(shape.get("payload")) {
        problems.check(is_member(name), || {
            format!("{location} has no member {name:?}")
        });
    }
}

fn check_reference(
    service: Service<'_>,
    location: &str,
    key: &str,
    target: &Json,
    problems: &mut Problems,
) {
    let shape = target.string("shape").unwrap_or_default();
    problems.check(service.shape(shape).is_some(), || {
        format!("{location}/{key} is of the shape `{shape}`, which is not defined")
    });
}

/// Returns a string or a list of strings as a list.
fn one_or_more<'a>(json: &'a Json, key: &str) -> Vec<&'a str> {
    let one = json.string(key);
    one.into_iter()
        .chain(json.items(key).filter_map(Json::as_str))
        .collect()
}

/// Checks a service's `paginators-1`: operations, tokens and result keys exist.
pub(super) fn verify_paginators(service: &Service<'_>, paginators: &Json, problems: &mut Problems) {
    for (name, paginator) in paginators.members("pagination") {
        if service.operation(name).is_none() {
            problems.add(format_args!("unknown operation {name}"));
            continue;
        }
        let (input, output) = (service.side(name, "input"), service.side(name, "output"));
        for key in ["input_token", "limit_key"] {
            for member in one_or_more(paginator, key) {
                problems.check(input.member(member).is_some(), || {
                    format!("{name}: {key} `{member}` is not a parameter")
                });
            }
        }
        let tokens = one_or_more(paginator, "input_token").len();
        let paired = tokens > 0 && tokens == one_or_more(paginator, "output_token").len();
        problems.check(paired, || {
            format!("{name}: input and output tokens do not pair up")
        });
        for key in [
            "output_token",
            "result_key",
            "more_results",
            "non_aggregate_keys",
        ] {
            for path in one_or_more(paginator, key) {
                if let Err(error) = paths::check(path, output) {
                    problems.add(format_args!("{name}: {key} `{path}`: {error}"));
                }
            }
        }
    }
}

/// Checks a service's `waiters-2`: operations and paths exist, matchers and states are valid.
pub(super) fn verify_waiters(service: &Service<'_>, waiters: &Json, problems: &mut Problems) {
    for (name, waiter) in waiters.members("waiters") {
        let operation = waiter.string("operation").unwrap_or_default();
        if service.operation(operation).is_none() {
            problems.add(format_args!("{name}: unknown operation `{operation}`"));
            continue;
        }
        let output = service.side(operation, "output");
        for acceptor in waiter.items("acceptors") {
            let state = acceptor.string("state").unwrap_or_default();
            problems.check(["success", "failure", "retry"].contains(&state), || {
                format!("{name}: unknown state `{state}`")
            });
            problems.check(acceptor.get("expected").is_some(), || {
                format!("{name}: an acceptor has no expected value")
            });
            match acceptor.string("matcher").unwrap_or_default() {
                "status" | "error" => {}
                "path" | "pathAll" | "pathAny" => {
                    let path = acceptor.string("argument").unwrap_or_default();
                    if let Err(error) = paths::check(path, output) {
                        problems.add(format_args!("{name}: `{path}`: {error}"));
                    }
                }
                other => problems.add(format_args!("{name}: unknown matcher `{other}`")),
            }
        }
    }
}
