//! Which auth scheme a call is signed with, and with which names.
//!
//! # Source
//! botocore `regions.py:auth_schemes_to_signing_ctx`, `handlers.py:set_operation_specific_signer`,
//! `model.py:OperationModel.resolved_auth_type`.

use inia_core::config::ClientSettings;
use inia_core::{Error, ErrorKind, Result, Str};
use inia_endpoint::Endpoint;
use inia_model::{Metadata, Operation};

/// A way to prove who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthScheme {
    /// None: the request goes out as it is.
    None,
    /// `AWS4-HMAC-SHA256`.
    SigV4,
    /// `AWS4-ECDSA-P256-SHA256`.
    SigV4a,
    /// SigV4 with the credentials of an S3 Express session.
    S3Express,
    /// A bearer token in the authorization header.
    Bearer,
    /// The signature of version 2, in the query.
    V2,
    /// HMAC-SHA1 in the authorization header: what S3 had before SigV4.
    HmacV1,
}

impl AuthScheme {
    /// The scheme under any of the names that definitions, rule sets and settings give it.
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

/// A scheme with the names it signs for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Auth {
    pub(crate) scheme: AuthScheme,
    /// The service's name in the credential scope.
    pub(crate) signing_name: Str,
    /// The region in the credential scope; for SigV4a the region set.
    pub(crate) region: Str,
    /// Whether the path is encoded once more in the canonical request.
    pub(crate) double_encode: bool,
    /// Whether the body is hashed into the signature; where not, only over TLS.
    pub(crate) sign_body: bool,
}

/// Decides the scheme of a call from what the operation, the service, the endpoint and the client say.
///
/// DIFFERENCE: an operation that the definition says is not signed is not signed; botocore lets the endpoint's rules overrule that.
/// And SigV4a is signed with wherever it is asked for: botocore needs its companion in C for it, signs with SigV4 where it is the
/// definition that asks, and refuses the call where it is the endpoint.
pub(crate) fn resolve(
    operation: &Operation,
    metadata: &Metadata,
    endpoint: &Endpoint,
    settings: &ClientSettings,
    region: Option<&str>,
) -> Result<Auth> {
    let sign_body =
        !operation.unsigned_payload && operation.auth_type.as_deref() != Some("v4-unsigned-body");
    let mut auth = Auth {
        scheme: AuthScheme::None,
        signing_name: metadata.signing_name().clone(),
        region: region.map(Str::from).unwrap_or_default(),
        double_encode: true,
        sign_body,
    };
    if settings.is_unsigned() || operation.auth_type.as_deref() == Some("none") {
        return Ok(auth);
    }
    let mut wanted = wanted(operation, metadata, settings);
    if wanted.first() == Some(&AuthScheme::None) {
        return Ok(auth);
    }
    let offered: Vec<(AuthScheme, &inia_endpoint::AuthScheme)> = endpoint
        .auth_schemes
        .iter()
        .filter_map(|offer| AuthScheme::from_name(&offer.name).map(|scheme| (scheme, offer)))
        .collect();
    if let (None, Some(first)) = (&settings.signature_version, endpoint.auth_schemes.first())
        && offered.is_empty()
    {
        let message = format!(
            "{}: the auth scheme {:?} is not supported",
            metadata.service_id, first.name
        );
        return Err(Error::new(ErrorKind::Endpoint, message));
    }
    // The endpoint's own list knows best (an S3 Express bucket, a multi-region access point), unless the caller insists.
    let insists =
        settings.signature_version.is_some() || !settings.auth_scheme_preference.is_empty();
    let chosen = if insists || offered.is_empty() {
        wanted
            .iter()
            .find_map(|scheme| offered.iter().find(|(offer, _)| offer == scheme))
    } else {
        if !wanted.contains(&AuthScheme::Bearer) || wanted.first() != Some(&AuthScheme::Bearer) {
            offered.first()
        } else {
            None
        }
    };
    match chosen {
        Some((scheme, offer)) => {
            auth.scheme = *scheme;
            if let Some(name) = &offer.signing_name {
                auth.signing_name = Str::from(name);
            }
            if let Some(region) = &offer.signing_region {
                auth.region = Str::from(region);
            } else if let Some(set) = &offer.signing_region_set
                && !set.is_empty()
            {
                auth.region = Str::from(set.join(","));
            }
            auth.double_encode = !offer.disable_double_encoding.unwrap_or(false);
        }
        None => {
            auth.scheme = if wanted.is_empty() {
                AuthScheme::SigV4
            } else {
                wanted.swap_remove(0)
            }
        }
    }
    if auth.scheme == AuthScheme::SigV4a && !settings.sigv4a_signing_region_set.is_empty() {
        auth.region = Str::from(settings.sigv4a_signing_region_set.join(","));
    }
    if auth.region.is_empty() && !matches!(auth.scheme, AuthScheme::None | AuthScheme::Bearer) {
        return Err(Error::new(
            ErrorKind::Config,
            "no region is set: give one to the client or the session, set AWS_REGION, or put `region` in the profile",
        ));
    }
    Ok(auth)
}

/// The schemes that the operation and service accept, in the order of preference.
fn wanted(
    operation: &Operation,
    metadata: &Metadata,
    settings: &ClientSettings,
) -> Vec<AuthScheme> {
    if let Some(version) = &settings.signature_version {
        return AuthScheme::from_name(version).into_iter().collect();
    }
    let named = |names: &[Str]| {
        names
            .iter()
            .filter_map(|name| AuthScheme::from_name(name))
            .collect::<Vec<_>>()
    };
    let mut schemes = match (&operation.auth, &operation.auth_type) {
        (Some(names), _) => named(names),
        (None, Some(kind)) => AuthScheme::from_name(kind).into_iter().collect(),
        (None, None) => named(&metadata.auth),
    };
    if schemes.is_empty() {
        schemes.extend(AuthScheme::from_name(&metadata.signature_version));
    }
    let preferred = named(&settings.auth_scheme_preference);
    schemes.sort_by_key(|scheme| {
        preferred
            .iter()
            .position(|wanted| wanted == scheme)
            .unwrap_or(usize::MAX)
    });
    schemes
}
