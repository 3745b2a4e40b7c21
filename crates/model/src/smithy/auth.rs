//! Auth traits: the schemes of a service and of an operation, in order of preference.
//!
//! # Source
//! <https://smithy.io/2.0/spec/authentication-traits.html>, <https://smithy.io/2.0/aws/aws-auth.html>.

use inia_core::Str;

use super::ast::AstShape;
use super::http::texts;
use super::traits::Trait;

/// Auth schemes that a service may have as traits, by their ids in alphabetical order: the order of preference without an `auth` trait.
const SCHEMES: [Trait; 6] = [
    Trait::SigV4,
    Trait::SigV4a,
    Trait::HttpApiKeyAuth,
    Trait::HttpBasicAuth,
    Trait::HttpBearerAuth,
    Trait::HttpDigestAuth,
];

/// Scheme of requests that are not signed.
pub(super) const NO_AUTH: &str = "smithy.api#noAuth";

/// Returns the auth schemes of a service, in order of preference.
pub(super) fn of_service(service: &AstShape<'_>) -> Vec<Str> {
    let mut schemes = match service.traits.get(Trait::Auth) {
        Some(schemes) => texts(schemes),
        None => {
            let present = SCHEMES.iter().filter(|scheme| service.traits.has(**scheme));
            present
                .map(|scheme| Str::from_static(scheme.id()))
                .collect()
        }
    };
    if schemes.is_empty() {
        schemes.push(Str::from_static(NO_AUTH));
    }
    schemes
}

/// Returns the `signatureVersion` for the auth schemes of a service.
pub(super) fn signature_version(schemes: &[Str]) -> Str {
    Str::from_static(match schemes.first().map(Str::as_str) {
        Some("aws.auth#sigv4a") => "v4a",
        Some("smithy.api#httpBearerAuth") => "bearer",
        Some(NO_AUTH) => "none",
        _ => "v4",
    })
}

/// Auth of an operation that differs from that of its service.
#[derive(Default)]
pub(super) struct OperationAuth {
    pub(super) schemes: Option<Vec<Str>>,
    pub(super) auth_type: Option<Str>,
    pub(super) unsigned_payload: bool,
}

/// Returns the auth of an operation.
///
/// DIFFERENCE: an operation with `optionalAuth` is not signed, as in botocore; the specification signs it if there are credentials.
pub(super) fn of_operation(operation: &AstShape<'_>) -> OperationAuth {
    let unsigned_payload = operation.traits.has(Trait::UnsignedPayload);
    let schemes = operation.traits.get(Trait::Auth);
    let is_unsigned = operation.traits.has(Trait::OptionalAuth)
        || schemes.is_some_and(|schemes| schemes.items().next().is_none());
    if is_unsigned {
        return OperationAuth {
            schemes: Some(vec![Str::from_static(NO_AUTH)]),
            auth_type: Some(Str::from_static("none")),
            unsigned_payload,
        };
    }
    OperationAuth {
        schemes: schemes.map(texts),
        auth_type: unsigned_payload.then(|| Str::from_static("v4-unsigned-body")),
        unsigned_payload,
    }
}
