//! Converts operations.
//!
//! # Source
//! <https://smithy.io/2.0/spec/service-types.html#operation>.

use inia_core::{Result, Str, Value};

use super::ast::{AstIndex, AstRef, UNIT, name_of};
use super::auth;
use super::endpoints;
use super::http;
use super::shapes::ShapeConverter;
use super::traits::Trait;
use crate::definition::raw::{RawEndpointDiscovery, RawMember, RawOperation, RawText};

impl<'s> ShapeConverter<'s, '_> {
    /// Converts an operation; `discovery` is the name of the operation that returns the endpoints of the service.
    ///
    /// # Errors
    /// `Model`: a reference to an undefined shape.
    pub(super) fn operation(
        &self,
        index: AstIndex,
        discovery: Option<&str>,
    ) -> Result<RawOperation<'s>> {
        let shape = self.ast.shape(index);
        let name = name_of(self.ast.id(index));
        let mut input = self.message(shape.input.as_ref())?;
        if let (Some(raw), Some(input)) = (&mut input, &shape.input) {
            self.add_namespace(&input.target, raw);
        }
        let mut output = self.message(shape.output.as_ref())?;
        if self.protocols.is_query()
            && let Some(output) = &mut output
        {
            let traits = output.traits.get_or_insert_default();
            traits.result_wrapper = Some(Str::from(format!("{name}Result")));
        }
        let errors = shape.errors.iter().map(|error| self.reference(error));
        let mut errors: Vec<RawMember<'_>> = errors.collect::<Result<_>>()?;
        for &error in &self.closure.errors {
            if !errors
                .iter()
                .any(|own| *own.shape == *self.closure.name(error))
            {
                errors.push(RawMember {
                    shape: RawText::from(self.closure.name(error)),
                    ..RawMember::default()
                });
            }
        }
        let auth = auth::of_operation(shape);
        let discovered = shape.traits.get(Trait::ClientDiscoveredEndpoint);
        Ok(RawOperation {
            http: http::of_operation(shape, self.protocols.has_bindings),
            input,
            output,
            errors,
            auth: auth.schemes,
            auth_type: auth.auth_type,
            unsigned_payload: auth.unsigned_payload,
            endpoint: http::host_prefix(shape),
            checksum: http::checksum(shape),
            checksum_required: shape.traits.has(Trait::HttpChecksumRequired),
            compression: http::compression(shape),
            static_context: endpoints::static_context(&shape.traits),
            operation_context: endpoints::operation_context(&shape.traits),
            endpoint_discovery: discovered.map(|discovered| {
                let required = discovered.get("required").and_then(Value::as_bool);
                RawEndpointDiscovery {
                    required: required.unwrap_or_default(),
                }
            }),
            is_endpoint_operation: discovery == Some(name),
            is_idempotent: shape.traits.has(Trait::Idempotent),
            is_readonly: shape.traits.has(Trait::Readonly),
            is_deprecated: shape.traits.has(Trait::Deprecated),
            unknown: Vec::new(),
        })
    }

    /// Returns the reference to an input or output; `None` if it is `Unit`.
    fn message(&self, part: Option<&AstRef<'_>>) -> Result<Option<RawMember<'s>>> {
        let part = part.filter(|part| *part.target != *UNIT);
        part.map(|part| self.reference(part)).transpose()
    }

    fn reference(&self, reference: &AstRef<'_>) -> Result<RawMember<'s>> {
        let target = self.ast.target(&reference.target)?;
        Ok(RawMember {
            shape: RawText::from(self.closure.name(target)),
            ..RawMember::default()
        })
    }
}
