//! Resolves the auth scheme of a call, with its signing name and region.
//!
//! # Source
//! botocore `regions.py:auth_schemes_to_signing_ctx`, `handlers.py:set_operation_specific_signer`,
//! `model.py:OperationModel.resolved_auth_type`.

use inia_core::config::{ClientSettings, Config};
use inia_core::ports::Env;
use inia_core::{Error, ErrorKind, Result, Str, Token};
use inia_endpoint::Endpoint;
use inia_model::{Metadata, Operation};

use crate::region::missing_region;

/// An auth scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthScheme {
    /// The request is not signed.
    None,
    /// `AWS4-HMAC-SHA256`.
    SigV4,
    /// `AWS4-ECDSA-P256-SHA256`.
    SigV4a,
    /// SigV4 with the credentials of an S3 Express session.
    S3Express,
    /// A bearer token in the authorization header.
    Bearer,
    /// Signature version 2, in the form or query.
    V2,
    /// HMAC-SHA1 in the authorization header: S3's signature before SigV4.
    HmacV1,
}

impl AuthScheme {
    /// Returns the name in definitions.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            AuthScheme::None => "none",
            AuthScheme::SigV4 => "sigv4",
            AuthScheme::SigV4a => "sigv4a",
            AuthScheme::S3Express => "sigv4-s3express",
            AuthScheme::Bearer => "bearer",
            AuthScheme::V2 => "v2",
            AuthScheme::HmacV1 => "s3",
        }
    }

    /// Returns the scheme for any of its names in definitions, rule sets and settings.
    pub(crate) fn from_name(name: &str) -> Option<AuthScheme> {
        let name = name.rsplit('#').next().unwrap_or(name);
        Some(match name {
            "noAuth" | "none" => AuthScheme::None,
            "sigv4" | "v4" | "s3v4" | "v4-unsigned-body" => AuthScheme::SigV4,
            "sigv4a" | "v4a" | "s3v4a" => AuthScheme::SigV4a,
            "sigv4-s3express" | "v4-s3express" => AuthScheme::S3Express,
            "httpBearerAuth" | "bearer" => AuthScheme::Bearer,
            "v2" => AuthScheme::V2,
            "s3" => AuthScheme::HmacV1,
            _ => return None,
        })
    }
}

/// An auth scheme with its signing parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Auth {
    pub(crate) scheme: AuthScheme,
    /// Service name in the credential scope.
    pub(crate) signing_name: Str,
    /// Region in the credential scope; for SigV4a the region set.
    pub(crate) region: Str,
    /// True if the canonical request encodes the path a second time.
    pub(crate) double_encode: bool,
    /// True if the signature covers the hash of the body. If false, the body stays unsigned over TLS only.
    pub(crate) sign_body: bool,
}

/// The signing name and region of an endpoint whose rules do not state them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DefaultScope<'a> {
    /// The signing name; that of the definition if `None`.
    pub(crate) signing_name: Option<&'static str>,
    pub(crate) region: Option<&'a str>,
}

/// Resolves the auth scheme of a call from the operation, the service, the endpoint and the client's settings.
///
/// DIFFERENCE: an operation that its definition marks as unsigned stays unsigned; in botocore the endpoint's auth schemes override
/// that. SigV4a is always supported: without awscrt, botocore falls back to SigV4 if the definition selects SigV4a, and fails if the
/// endpoint does.
pub(crate) fn resolve(
    operation: &Operation,
    metadata: &Metadata,
    endpoint: &Endpoint,
    settings: &ClientSettings,
    scope: DefaultScope<'_>,
) -> Result<Auth> {
    let sign_body =
        !operation.unsigned_payload && operation.auth_type.as_deref() != Some("v4-unsigned-body");
    let mut auth = Auth {
        scheme: AuthScheme::None,
        signing_name: match scope.signing_name {
            Some(name) => Str::from_static(name),
            None => metadata.signing_name().clone(),
        },
        region: scope.region.map(Str::from).unwrap_or_default(),
        double_encode: true,
        sign_body,
    };
    if settings.is_unsigned()
        || operation.auth_type.as_deref() == Some("none")
        || is_always_unsigned(&metadata.service_id, &operation.name)
    {
        return Ok(auth);
    }
    let mut preferred = preferred_schemes(operation, metadata, settings);
    if preferred.first() == Some(&AuthScheme::None) {
        return Ok(auth);
    }
    if let Some(name) = unsupported_scheme(operation, metadata, settings)
        && endpoint.auth_schemes.is_empty()
    {
        let message = format!(
            "{}: the auth scheme {name:?} is not supported; if the service accepts unsigned requests, use --no-sign-request or the signature version UNSIGNED",
            metadata.service_id
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    let supported: Vec<(AuthScheme, &inia_endpoint::AuthScheme)> = endpoint
        .auth_schemes
        .iter()
        .filter_map(|option| AuthScheme::from_name(&option.name).map(|scheme| (scheme, option)))
        .collect();
    if let (None, Some(first)) = (&settings.signature_version, endpoint.auth_schemes.first())
        && supported.is_empty()
    {
        let message = format!(
            "{}: the auth scheme {:?} is not supported",
            metadata.service_id, first.name
        );
        return Err(Error::new(ErrorKind::Endpoint, message));
    }
    // The endpoint's order wins (an S3 Express bucket, a multi-region access point), unless the client sets a preference.
    let has_preference =
        settings.signature_version.is_some() || !settings.auth_scheme_preference.is_empty();
    let chosen = if has_preference || supported.is_empty() {
        preferred
            .iter()
            .find_map(|scheme| supported.iter().find(|(option, _)| option == scheme))
    } else if preferred.first() == Some(&AuthScheme::Bearer) {
        None
    } else {
        supported.first()
    };
    match chosen {
        Some((scheme, option)) => {
            auth.scheme = *scheme;
            if let Some(name) = &option.signing_name {
                auth.signing_name = name.clone();
            }
            if let Some(region) = &option.signing_region {
                auth.region = region.clone();
            } else if let Some(set) = &option.signing_region_set
                && !set.is_empty()
            {
                auth.region = Str::from(set.join(","));
            }
            auth.double_encode = !option.disable_double_encoding.unwrap_or(false);
        }
        None => {
            auth.scheme = if preferred.is_empty() {
                AuthScheme::SigV4
            } else {
                preferred.swap_remove(0)
            }
        }
    }
    if auth.scheme == AuthScheme::SigV4a && !settings.sigv4a_signing_region_set.is_empty() {
        auth.region = Str::from(settings.sigv4a_signing_region_set.join(","));
    }
    if auth.region.is_empty() && !matches!(auth.scheme, AuthScheme::None | AuthScheme::Bearer) {
        return Err(missing_region());
    }
    Ok(auth)
}

/// Returns true if the definition lists bearer tokens among the auth schemes of an operation.
pub(crate) fn offers_bearer(operation: &Operation, metadata: &Metadata) -> bool {
    let names = operation.auth.as_ref().unwrap_or(&metadata.auth);
    names
        .iter()
        .any(|name| AuthScheme::from_name(name) == Some(AuthScheme::Bearer))
}

/// Returns true if a client of the service prefers the bearer token of the environment (`AWS_BEARER_TOKEN_BEDROCK`) to a signature.
/// An auth scheme of the client's options takes precedence, one of the environment or the profile does not.
///
/// # Source
/// botocore `handlers.py:_should_prefer_bearer_auth`, `get_bearer_auth_supported_services`.
pub(crate) fn prefers_env_token(metadata: &Metadata, config: &Config, env: &dyn Env) -> bool {
    const SERVICES: [&str; 1] = ["bedrock"];
    let signing_name = metadata.signing_name();
    SERVICES.contains(&&**signing_name)
        && config.signature_version.is_none()
        && config.auth_scheme_preference.is_none()
        && Token::from_env(signing_name, env).is_some()
}

/// Returns the preferred auth scheme of an operation or its service if none of theirs is supported.
fn unsupported_scheme<'a>(
    operation: &'a Operation,
    metadata: &'a Metadata,
    settings: &ClientSettings,
) -> Option<&'a Str> {
    let names = operation.auth.as_ref().unwrap_or(&metadata.auth);
    let is_supported = |name: &Str| AuthScheme::from_name(name).is_some();
    let is_set = settings.signature_version.is_some() || operation.auth_type.is_some();
    names
        .first()
        .filter(|_| !is_set && !names.iter().any(is_supported))
}

/// Operations that are not signed whatever the definition states, by service id. Definitions of older releases do not state it.
///
/// # Source
/// botocore `handlers.py:disable_signing`.
const ALWAYS_UNSIGNED: [(&str, &[&str]); 2] = [
    (
        "Cognito Identity",
        &[
            "GetCredentialsForIdentity",
            "GetId",
            "GetOpenIdToken",
            "UnlinkIdentity",
        ],
    ),
    ("STS", &["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]),
];

fn is_always_unsigned(service_id: &str, operation: &str) -> bool {
    let mut rows = ALWAYS_UNSIGNED.iter();
    rows.any(|(service, operations)| *service == service_id && operations.contains(&operation))
}

/// Returns the schemes of the operation or service, in the order of the client's preference.
fn preferred_schemes(
    operation: &Operation,
    metadata: &Metadata,
    settings: &ClientSettings,
) -> Vec<AuthScheme> {
    if let Some(version) = &settings.signature_version {
        return AuthScheme::from_name(version).into_iter().collect();
    }
    let from_names = |names: &[Str]| {
        names
            .iter()
            .filter_map(|name| AuthScheme::from_name(name))
            .collect::<Vec<_>>()
    };
    let mut schemes = match (&operation.auth, &operation.auth_type) {
        (Some(names), _) => from_names(names),
        (None, Some(kind)) => AuthScheme::from_name(kind).into_iter().collect(),
        (None, None) => from_names(&metadata.auth),
    };
    if schemes.is_empty() {
        schemes.extend(AuthScheme::from_name(&metadata.signature_version));
    }
    let preference = from_names(&settings.auth_scheme_preference);
    schemes.sort_by_key(|scheme| {
        preference
            .iter()
            .position(|preferred| preferred == scheme)
            .unwrap_or(usize::MAX)
    });
    schemes
}
