//! Signs one attempt of a call.

use base64::Engine as _;
use inia_core::{Credentials, Error, ErrorKind, Result, Timestamp};
use inia_protocol::Headers;
use inia_signing::{
    Payload, PayloadSigning, PostFields, PostPolicy, SignableRequest, Signature, SigningKeyCache,
    SigningParams, SigningTime, host_header, presign_hmac_v1, presign_v4, sign_hmac_v1, sign_v2,
    sign_v4,
};

pub(crate) use self::v4a::sign_event_v4a;
use self::v4a::{presign_v4a, sign_v4a};
use crate::auth::{Auth, AuthScheme};
use crate::url::Url;

/// The request to sign.
#[derive(Debug)]
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) body: SignableBody<'a>,
    /// True if the operation has a streaming body.
    pub(crate) streaming: bool,
    /// True if a header carries a checksum of the body.
    pub(crate) has_checksum: bool,
    /// S3's `payload_signing_enabled`.
    pub(crate) payload_signing: Option<bool>,
    /// The path including the bucket, for HMAC-SHA1.
    pub(crate) auth_path: Option<&'a str>,
}

/// The body of the request to sign.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignableBody<'a> {
    Bytes(&'a [u8]),
    /// A stream whose SHA-256 was computed ahead.
    Sha256([u8; 32]),
    /// A stream that is not hashed.
    Stream,
    /// An aws-chunked stream with a checksum trailer.
    ChunkedWithTrailer,
    /// An event stream, whose events are signed when they are sent.
    Events,
}

/// The parts of a signature that are not in the headers.
#[derive(Debug, Default)]
pub(crate) struct SignedParts {
    /// A new form body, which holds the signature (version 2).
    pub(crate) form: Option<String>,
    /// The signature, from which those of the events chain.
    pub(crate) seed: Option<Signature>,
}

/// Signing names of the services that sign by S3's rules.
///
/// DIFFERENCE: S3 on Outposts always signs by these rules; in botocore only if the endpoint's auth scheme has the signing name `s3`.
///
/// # Source
/// botocore `handlers.py:S3_SIGNING_NAMES`
const S3_SIGNING_NAMES: [&str; 4] = ["s3", "s3-outposts", "s3-object-lambda", "s3express"];

/// Signs a request: sets its headers, and returns the rest.
pub(crate) fn sign(
    signable: &Signable<'_>,
    auth: &Auth,
    credentials: &Credentials,
    now: Timestamp,
    keys: &SigningKeyCache,
    headers: &mut Headers,
) -> Result<SignedParts> {
    let time = SigningTime::from(now);
    let uses_s3_rules = S3_SIGNING_NAMES.contains(&&*auth.signing_name);
    let signing = PayloadSigning {
        tls: signable.url.is_tls(),
        operation: auth.sign_body,
        configured: signable.payload_signing,
        checksum: signable.has_checksum,
        streaming: signable.streaming,
    };
    let sign_payload = if uses_s3_rules {
        signing.s3()
    } else {
        signing.general()
    };
    let payload = match signable.body {
        SignableBody::ChunkedWithTrailer => Payload::StreamingUnsignedTrailer,
        SignableBody::Events => Payload::Events,
        SignableBody::Bytes(bytes) if sign_payload => Payload::Bytes(bytes),
        SignableBody::Sha256(digest) if sign_payload => Payload::Sha256(digest),
        _ => Payload::Unsigned,
    };
    let host = host_header(signable.url.scheme(), signable.url.authority());
    let pairs: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let request = SignableRequest {
        method: signable.method,
        host: &host,
        path: signable.url.path(),
        query: signable.url.query(),
        headers: &pairs,
        payload,
    };
    let params = SigningParams {
        credentials,
        region: &auth.region,
        service: &auth.signing_name,
        time,
        settings: signing_settings(auth),
    };
    let signed = match auth.scheme {
        AuthScheme::SigV4 | AuthScheme::S3Express => sign_v4(&request, &params, keys),
        AuthScheme::SigV4a => sign_v4a(&request, &params, keys)?,
        AuthScheme::HmacV1 => {
            let signed = sign_hmac_v1(&request, signable.auth_path, credentials, time);
            drop(pairs);
            for (name, value) in signed {
                headers.set(name, value);
            }
            return Ok(SignedParts::default());
        }
        AuthScheme::V2 => {
            let SignableBody::Bytes(body) = signable.body else {
                return Err(Error::new(
                    ErrorKind::Credentials,
                    "signature version 2 does not support streaming bodies",
                ));
            };
            let form = String::from_utf8_lossy(body);
            return Ok(SignedParts {
                form: Some(sign_v2(
                    signable.method,
                    &host,
                    signable.url.path(),
                    &form,
                    credentials,
                    time,
                )),
                seed: None,
            });
        }
        AuthScheme::None | AuthScheme::Bearer => return Ok(SignedParts::default()),
    };
    drop(pairs);
    for (name, value) in signed.iter() {
        headers.set(name, value);
    }
    let is_seed = matches!(signable.body, SignableBody::Events);
    Ok(SignedParts {
        form: None,
        seed: is_seed.then(|| signed.signature().clone()),
    })
}

/// Signs a request in its query, valid for `expires_in` seconds. Returns the whole query.
pub(crate) fn presign(
    signable: &Signable<'_>,
    auth: &Auth,
    credentials: &Credentials,
    now: Timestamp,
    keys: &SigningKeyCache,
    headers: &Headers,
    expires_in: u64,
) -> Result<String> {
    let time = SigningTime::from(now);
    let host = host_header(signable.url.scheme(), signable.url.authority());
    let pairs: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let unsigned = S3_SIGNING_NAMES.contains(&&*auth.signing_name)
        || (!auth.sign_body && signable.url.is_tls());
    let request = SignableRequest {
        method: signable.method,
        host: &host,
        path: signable.url.path(),
        query: signable.url.query(),
        headers: &pairs,
        payload: match signable.body {
            SignableBody::Bytes(bytes) if !unsigned => Payload::Bytes(bytes),
            _ => Payload::Unsigned,
        },
    };
    let params = SigningParams {
        credentials,
        region: &auth.region,
        service: &auth.signing_name,
        time,
        settings: signing_settings(auth),
    };
    Ok(match auth.scheme {
        AuthScheme::HmacV1 => {
            presign_hmac_v1(&request, signable.auth_path, credentials, time, expires_in)
        }
        AuthScheme::SigV4a => presign_v4a(&request, &params, expires_in, keys)?.into_query(),
        _ => presign_v4(&request, &params, expires_in, keys).into_query(),
    })
}

/// Signs the policy of a form. Returns the fields to add to it.
///
/// # Errors
/// `Config`: the auth scheme has no forms.
pub(crate) fn sign_post_policy(
    policy: &PostPolicy,
    auth: &Auth,
    credentials: &Credentials,
    now: Timestamp,
    keys: &SigningKeyCache,
) -> Result<PostFields> {
    let params = SigningParams {
        credentials,
        region: &auth.region,
        service: &auth.signing_name,
        time: SigningTime::from(now),
        settings: signing_settings(auth),
    };
    match auth.scheme {
        AuthScheme::SigV4 | AuthScheme::S3Express => Ok(policy.sign_v4(&params, keys)),
        AuthScheme::HmacV1 => Ok(policy.sign_hmac_v1(credentials)),
        _ => Err(Error::new(
            ErrorKind::Config,
            "the auth scheme of the bucket does not support presigned forms",
        )),
    }
}

/// Returns the signing rules of the service.
fn signing_settings(auth: &Auth) -> inia_signing::SigningSettings {
    if auth.scheme == AuthScheme::S3Express {
        inia_signing::SigningSettings::S3_EXPRESS
    } else if S3_SIGNING_NAMES.contains(&&*auth.signing_name) {
        inia_signing::SigningSettings::S3
    } else if auth.double_encode {
        inia_signing::SigningSettings::GENERAL
    } else {
        inia_signing::SigningSettings {
            path_encoding: inia_signing::PathEncoding::Once,
            ..inia_signing::SigningSettings::GENERAL
        }
    }
}

/// SigV4a signing, with the feature `sigv4a`.
#[cfg(feature = "sigv4a")]
mod v4a {
    use inia_core::{Error, ErrorKind, Result};
    use inia_signing::{
        EventSigner, Presigned, SignableRequest, SignedEvent, SignedHeaders, SigningError,
        SigningKeyCache, SigningParams,
    };

    pub(crate) fn sign_event_v4a(
        signer: &mut EventSigner,
        message: &[u8],
        params: &SigningParams<'_>,
        keys: &SigningKeyCache,
    ) -> Result<SignedEvent> {
        signer
            .sign_v4a(message, params, keys)
            .map_err(signing_error)
    }

    pub(super) fn sign_v4a<'p>(
        request: &SignableRequest<'_>,
        params: &SigningParams<'p>,
        keys: &SigningKeyCache,
    ) -> Result<SignedHeaders<'p>> {
        inia_signing::sign_v4a(request, params, keys).map_err(signing_error)
    }

    pub(super) fn presign_v4a(
        request: &SignableRequest<'_>,
        params: &SigningParams<'_>,
        expires_in: u64,
        keys: &SigningKeyCache,
    ) -> Result<Presigned> {
        inia_signing::presign_v4a(request, params, expires_in, keys).map_err(signing_error)
    }

    #[cold]
    fn signing_error(error: SigningError) -> Error {
        let message = "the credentials cannot sign with SigV4a";
        Error::new(ErrorKind::Credentials, message).with_source(error)
    }
}

/// SigV4a signing without the feature `sigv4a`: an error.
#[cfg(not(feature = "sigv4a"))]
mod v4a {
    use inia_core::{Error, ErrorKind, Result};
    use inia_signing::{
        EventSigner, Presigned, SignableRequest, SignedEvent, SignedHeaders, SigningKeyCache,
        SigningParams,
    };

    pub(crate) fn sign_event_v4a(
        _: &mut EventSigner,
        _: &[u8],
        _: &SigningParams<'_>,
        _: &SigningKeyCache,
    ) -> Result<SignedEvent> {
        Err(missing_feature())
    }

    pub(super) fn sign_v4a<'p>(
        _: &SignableRequest<'_>,
        _: &SigningParams<'p>,
        _: &SigningKeyCache,
    ) -> Result<SignedHeaders<'p>> {
        Err(missing_feature())
    }

    pub(super) fn presign_v4a(
        _: &SignableRequest<'_>,
        _: &SigningParams<'_>,
        _: u64,
        _: &SigningKeyCache,
    ) -> Result<Presigned> {
        Err(missing_feature())
    }

    #[cold]
    fn missing_feature() -> Error {
        Error::new(
            ErrorKind::Config,
            "the request requires SigV4a: build the program with inia's feature `sigv4a`",
        )
    }
}

/// Returns the base64 MD5 of a body, as in `Content-MD5`.
pub(crate) fn content_md5(body: &[u8]) -> String {
    use md5::Digest as _;
    base64::prelude::BASE64_STANDARD.encode(md5::Md5::digest(body))
}
