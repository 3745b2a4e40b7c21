//! HTTP traits: method and URI of an operation, and the locations of members in the message.
//!
//! # Source
//! <https://smithy.io/2.0/spec/http-bindings.html>.

use inia_core::{Str, Value};

use super::ast::{AstMember, AstShape};
use super::traits::Trait;
use crate::definition::raw::{
    RawChecksum, RawCompression, RawEndpoint, RawHttp, RawMember, RawText, RawTraits,
};

/// Sets the location of a member of an input, output or error.
pub(super) fn bind<'s>(
    name: &'s str,
    member: &'s AstMember<'_>,
    raw: &mut RawMember<'s>,
    traits: &mut RawTraits,
) {
    for (id, value) in member.traits.iter() {
        let text = || value.as_str().map(RawText::from);
        let (location, location_name) = match id {
            Trait::HttpLabel => ("uri", Some(RawText::from(name))),
            Trait::HttpQuery => ("querystring", text()),
            Trait::HttpQueryParams => ("querystring", None),
            Trait::HttpHeader => ("header", text()),
            Trait::HttpPrefixHeaders => ("headers", text()),
            Trait::HttpResponseCode => ("statusCode", Some(RawText::from(name))),
            _ => continue,
        };
        traits.location = Some(Str::from_static(location));
        raw.location_name = location_name;
        return;
    }
}

/// Returns the method and URI of an operation.
pub(super) fn of_operation(operation: &AstShape<'_>, has_bindings: bool) -> RawHttp {
    let entry = |name| operation.traits.text_entry(Trait::Http, name).cloned();
    if !has_bindings {
        return RawHttp {
            method: Some(Str::from_static("POST")),
            request_uri: Some(Str::from_static("/")),
            response_code: None,
        };
    }
    let code = operation.traits.entry(Trait::Http, "code");
    let code = code.and_then(Value::as_i64);
    RawHttp {
        method: entry("method"),
        request_uri: entry("uri"),
        response_code: code.and_then(|code| u16::try_from(code).ok()),
    }
}

/// Returns the host prefix of an operation.
pub(super) fn host_prefix(operation: &AstShape<'_>) -> Option<RawEndpoint> {
    let prefix = operation.traits.text_entry(Trait::Endpoint, "hostPrefix")?;
    Some(RawEndpoint {
        host_prefix: Some(prefix.clone()),
    })
}

/// Returns the checksums of an operation.
pub(super) fn checksum(operation: &AstShape<'_>) -> Option<RawChecksum> {
    let checksum = operation.traits.get(Trait::HttpChecksum)?;
    let text = |name| checksum.get(name).and_then(Value::as_str).map(Str::from);
    let required = checksum.get("requestChecksumRequired");
    let algorithms = checksum.get("responseAlgorithms");
    Some(RawChecksum {
        request_required: required.and_then(Value::as_bool).unwrap_or_default(),
        request_algorithm_member: text("requestAlgorithmMember"),
        request_validation_mode_member: text("requestValidationModeMember"),
        response_algorithms: algorithms.map(texts).unwrap_or_default(),
    })
}

/// Returns the encodings of a compressed request.
pub(super) fn compression(operation: &AstShape<'_>) -> Option<RawCompression> {
    let encodings = operation
        .traits
        .entry(Trait::RequestCompression, "encodings")?;
    Some(RawCompression {
        encodings: texts(encodings),
    })
}

/// Returns the strings of a list.
pub(super) fn texts(list: &Value) -> Vec<Str> {
    let items = list.items();
    items.filter_map(Value::as_str).map(Str::from).collect()
}
