//! Compares two shape graphs from the operations down, without the names of shapes and what only one format can express.

use std::collections::HashSet;

use inia_core::Str;

use super::convert::{JSON_SUFFIX, STREAM_SUFFIX};
use inia_model::{Flags, Kind, Location, Member, Operation, ServiceModel, ShapeId, Structure};

/// Flags that a Smithy model cannot have, or that no call depends on.
const IGNORED_FLAGS: [Flags; 3] = [Flags::BOXED, Flags::WRAPPER, Flags::FAULT];
/// Differences that are listed for a service.
const MAX_LISTED: usize = 20;

/// Compares the model of a definition in botocore's format with the model of the Smithy model that it was converted to. Returns the
/// differences.
pub(crate) fn differences(left: &ServiceModel, right: &ServiceModel) -> Vec<String> {
    let mut comparison = GraphComparison {
        left,
        right,
        is_rest: left.metadata().protocol.starts_with("rest-"),
        seen: HashSet::new(),
        found: Vec::new(),
    };
    comparison.services();
    comparison.found
}

struct GraphComparison<'m> {
    left: &'m ServiceModel,
    right: &'m ServiceModel,
    is_rest: bool,
    seen: HashSet<(ShapeId, ShapeId, bool)>,
    found: Vec<String>,
}

impl GraphComparison<'_> {
    fn check<T: PartialEq + std::fmt::Debug>(&mut self, at: &str, name: &str, left: T, right: T) {
        if left != right && self.found.len() < MAX_LISTED {
            self.found
                .push(format!("{at}: {name}: {left:?}, Smithy: {right:?}"));
        }
    }

    fn services(&mut self) {
        let (left, right) = (self.left.metadata(), self.right.metadata());
        self.check("metadata", "serviceId", &left.service_id, &right.service_id);
        self.check(
            "metadata",
            "apiVersion",
            &left.api_version,
            &right.api_version,
        );
        self.check(
            "metadata",
            "endpointPrefix",
            &left.endpoint_prefix,
            &right.endpoint_prefix,
        );
        if left.signature_version != "bearer" {
            self.check(
                "metadata",
                "signing name",
                left.signing_name(),
                right.signing_name(),
            );
        }
        self.check("metadata", "h2", &left.h2, &right.h2);
        self.check(
            "metadata",
            "query compatible",
            left.query_compatible,
            right.query_compatible,
        );
        self.check(
            "metadata",
            "client context",
            &left.client_context,
            &right.client_context,
        );
        self.check("metadata", "deprecated", left.deprecated, right.deprecated);
        let names = |model: &ServiceModel| model.operation_names().cloned().collect::<Vec<Str>>();
        let (left, right) = (names(self.left), names(self.right));
        self.check("service", "operations", left, right);
        for (left, right) in self.left.operations().zip(self.right.operations()) {
            self.operations(left, right);
        }
    }

    fn operations(&mut self, left: &Operation, right: &Operation) {
        let at = left.name.as_str();
        if self.is_rest {
            self.check(at, "method", &left.method, &right.method);
            let uri = with_wire_labels(&left.request_uri, self.left.input(left), false);
            let other = with_wire_labels(&right.request_uri, self.right.input(right), true);
            self.check(at, "URI", uri, other);
            self.check(at, "response code", left.response_code, right.response_code);
        }
        self.check(at, "host prefix", &left.host_prefix, &right.host_prefix);
        self.check(at, "checksum", &left.checksum, &right.checksum);
        self.check(
            at,
            "checksum required",
            left.checksum_required,
            right.checksum_required,
        );
        self.check(at, "compression", &left.compression, &right.compression);
        self.check(
            at,
            "static context",
            &left.static_context,
            &right.static_context,
        );
        self.check(
            at,
            "operation context",
            &left.operation_context,
            &right.operation_context,
        );
        self.check(
            at,
            "discovery",
            left.endpoint_discovery,
            right.endpoint_discovery,
        );
        let is_discovery = |operation: &Operation| operation.is_endpoint_operation;
        self.check(
            at,
            "endpoint operation",
            is_discovery(left),
            is_discovery(right),
        );
        self.check(at, "idempotent", left.is_idempotent, right.is_idempotent);
        self.check(at, "readonly", left.is_readonly, right.is_readonly);
        self.check(at, "deprecated", left.is_deprecated, right.is_deprecated);
        let is_unsigned = |operation: &Operation| operation.auth_type.as_deref() == Some("none");
        self.check(at, "unsigned", is_unsigned(left), is_unsigned(right));
        let signs_body = |operation: &Operation| {
            operation.unsigned_payload || operation.auth_type.as_deref() == Some("v4-unsigned-body")
        };
        self.check(at, "unsigned payload", signs_body(left), signs_body(right));
        if !is_unsigned(left) && left.auth.is_some() {
            self.check(at, "auth", &left.auth, &right.auth);
        }
        if self.left.metadata().protocol == "query" {
            self.check(
                at,
                "result wrapper",
                &left.result_wrapper,
                &right.result_wrapper,
            );
        }
        for (part, left, right) in [
            ("input", &left.input, &right.input),
            ("output", &left.output, &right.output),
        ] {
            self.check(at, part, left.is_some(), right.is_some());
            if let (Some(left), Some(right)) = (left, right) {
                self.shapes(&format!("{at} {part}"), left.target, right.target, true);
            }
        }
        let names = |model: &ServiceModel, errors: &[ShapeId]| -> Vec<Str> {
            errors
                .iter()
                .map(|error| model.shape(*error).name.clone())
                .collect()
        };
        let errors = names(self.left, &left.errors);
        let others = names(self.right, &right.errors);
        self.check(at, "errors", errors, others);
        for (left, right) in left.errors.iter().zip(&right.errors) {
            self.shapes(&format!("{at} error"), *left, *right, true);
        }
    }

    fn shapes(&mut self, at: &str, left_id: ShapeId, right_id: ShapeId, is_message: bool) {
        if !self.seen.insert((left_id, right_id, is_message)) {
            return;
        }
        let (left, right) = (self.left.shape(left_id), self.right.shape(right_id));
        let name = right.name.as_str();
        let original = name
            .strip_suffix(JSON_SUFFIX)
            .or(name.strip_suffix(STREAM_SUFFIX));
        self.check(at, "name", &*left.name, original.unwrap_or(name));
        let at = format!("{at} {}", left.name);
        self.check(&at, "type", left.kind.name(), right.kind.name());
        let constraints = (
            left.constraints.min,
            left.constraints.max,
            left.constraints.pattern(),
        );
        let others = (
            right.constraints.min,
            right.constraints.max,
            right.constraints.pattern(),
        );
        self.check(&at, "bounds", constraints, others);
        let values = (
            left.constraints.enumeration(),
            right.constraints.enumeration(),
        );
        self.check(&at, "enumeration", values.0, values.1);
        match (&left.kind, &right.kind) {
            (Kind::Structure(left), Kind::Structure(right)) => {
                self.structures(&at, left, right, is_message);
            }
            (Kind::List(left), Kind::List(right)) => self.members(&at, left, right, false),
            (
                Kind::Map { key, value },
                Kind::Map {
                    key: other_key,
                    value: other_value,
                },
            ) => {
                self.members(&at, key, other_key, false);
                self.members(&at, value, other_value, false);
            }
            _ => {}
        }
    }

    fn structures(&mut self, at: &str, left: &Structure, right: &Structure, is_message: bool) {
        let names = |structure: &Structure| -> Vec<Str> {
            structure
                .members
                .iter()
                .map(|member| member.name.clone())
                .collect()
        };
        self.check(at, "members", names(left), names(right));
        self.check(at, "required", &left.required, &right.required);
        if self.is_rest && is_message {
            self.check(at, "payload", left.payload, right.payload);
        }
        let error = |structure: &Structure| {
            let error = structure.error.as_ref()?;
            Some((error.code.clone(), error.http_status, error.retryable))
        };
        self.check(at, "error", error(left), error(right));
        for (left, right) in left.members.iter().zip(&right.members) {
            self.members(&format!("{at}.{}", left.name), left, right, is_message);
        }
    }

    fn members(&mut self, at: &str, left: &Member, right: &Member, is_message: bool) {
        let is_bound = self.is_rest && is_message;
        let (own, other) = (&left.traits, &right.traits);
        let mut flags = (own.flags, other.flags);
        for ignored in IGNORED_FLAGS {
            flags.0.set(ignored, false);
            flags.1.set(ignored, false);
        }
        self.check(at, "flags", flags.0, flags.1);
        if is_bound {
            self.check(at, "location", own.location, other.location);
        }
        let is_label = own.location == Some(Location::Uri) && is_bound;
        if !is_label {
            let name = self.wire_name(self.left, left);
            let other_name = self.wire_name(self.right, right);
            self.check(at, "wire name", name, other_name);
        }
        self.check(at, "query name", &own.query_name, &other.query_name);
        self.check(at, "namespace", &own.xml_namespace, &other.xml_namespace);
        self.check(
            at,
            "timestamp format",
            own.timestamp_format,
            other.timestamp_format,
        );
        self.check(
            at,
            "context parameter",
            &own.context_param,
            &other.context_param,
        );
        self.shapes(at, left.target, right.target, false);
    }

    /// Returns the name of a member on the wire; a list that is flattened itself has the name of its items.
    fn wire_name(&self, model: &ServiceModel, member: &Member) -> Str {
        let shape = model.shape(member.target);
        match &shape.kind {
            Kind::List(item) if shape.traits.is_flattened() => item.traits.location_name.as_ref(),
            Kind::Map { .. } if member.traits.location == Some(Location::QueryString) => {
                return Str::default();
            }
            _ => None,
        }
        .unwrap_or(member.wire_name())
        .clone()
    }
}

/// Returns a URI with the names of labels on the wire in place of the members' names.
fn with_wire_labels(uri: &str, input: Option<&Structure>, is_by_member: bool) -> String {
    let mut result = uri.to_owned();
    let members = input.map(|input| &*input.members).unwrap_or_default();
    for (position, member) in members.iter().enumerate() {
        if member.traits.location == Some(Location::Uri) {
            let name = if is_by_member {
                &member.name
            } else {
                member.wire_name()
            };
            for end in ["}", "+}"] {
                result = result.replace(&format!("{{{name}{end}"), &format!("{{{position}{end}"));
            }
        }
    }
    result
}
