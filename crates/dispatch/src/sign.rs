//! Signing one attempt of a call.

use base64::Engine as _;
use inia_core::{Credentials, Error, ErrorKind, Result, Timestamp};
use inia_protocol::Headers;
use inia_signing::{
    Payload, PayloadSigning, SignableRequest, SigningKeyCache, SigningParams, SigningTime,
    host_header, presign_hmac_v1, presign_v4, sign_hmac_v1, sign_v2, sign_v4,
};

use self::v4a::{presign_v4a, sign_v4a};
use crate::auth::{Auth, AuthScheme};
use crate::url::Url;

/// What is signed: a request but for its signature.
#[derive(Debug)]
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) body: SignableBody<'a>,
    /// Whether the operation takes a streaming body.
    pub(crate) streaming: bool,
    /// Whether a header carries a checksum of the body.
    pub(crate) has_checksum: bool,
    /// S3's `payload_signing_enabled`.
    pub(crate) payload_signing: Option<bool>,
    /// The path with the bucket in it, for S3's older signature.
    pub(crate) auth_path: Option<&'a str>,
}

/// The body of a request, as far as the signature covers it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SignableBody<'a> {
    Bytes(&'a [u8]),
    /// A stream whose SHA-256 was computed ahead.
    Sha256([u8; 32]),
    /// A stream that is not hashed.
    Stream,
    /// A stream with its checksum behind it.
    ChunkedWithTrailer,
}

/// The signing names of services that sign by S3's rules.
///
/// DIFFERENCE: S3 on Outposts is among them throughout; botocore signs by these rules only where the endpoint's rules name S3.
///
/// # Source
/// botocore `handlers.py:S3_SIGNING_NAMES`
const S3_SIGNING_NAMES: [&str; 4] = ["s3", "s3-outposts", "s3-object-lambda", "s3express"];

/// Signs with credentials: sets the headers, or changes the body of an old query request.
///
/// The second result is the new body, where the signature goes into it.
pub(crate) fn sign(
    signable: &Signable<'_>,
    auth: &Auth,
    credentials: &Credentials,
    now: Timestamp,
    keys: &SigningKeyCache,
    headers: &mut Headers,
) -> Result<Option<String>> {
    let time = SigningTime::from(now);
    let by_s3_rules = S3_SIGNING_NAMES.contains(&&*auth.signing_name);
    let rule = PayloadSigning {
        tls: signable.url.is_tls(),
        operation: auth.sign_body,
        configured: signable.payload_signing,
        checksum: signable.has_checksum,
        streaming: signable.streaming,
    };
    let hashed = if by_s3_rules {
        rule.s3()
    } else {
        rule.general()
    };
    let payload = match signable.body {
        SignableBody::ChunkedWithTrailer => Payload::StreamingUnsignedTrailer,
        SignableBody::Bytes(bytes) if hashed => Payload::Bytes(bytes),
        SignableBody::Sha256(digest) if hashed => Payload::Sha256(digest),
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
            return Ok(None);
        }
        AuthScheme::V2 => {
            let SignableBody::Bytes(body) = signable.body else {
                return Err(Error::new(
                    ErrorKind::Credentials,
                    "a streaming body cannot be signed with version 2",
                ));
            };
            let form = String::from_utf8_lossy(body);
            return Ok(Some(sign_v2(
                signable.method,
                &host,
                signable.url.path(),
                &form,
                credentials,
                time,
            )));
        }
        AuthScheme::None | AuthScheme::Bearer => return Ok(None),
    };
    drop(pairs);
    for (name, value) in signed.iter() {
        headers.set(name, value);
    }
    Ok(None)
}

/// Signs with credentials in the query, for so many seconds: the whole query is the result.
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

/// The rules of the service that a request is signed for.
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

/// SigV4a, which a program may be built without.
#[cfg(feature = "sigv4a")]
mod v4a {
    use inia_core::{Error, ErrorKind, Result};
    use inia_signing::{
        Presigned, SignableRequest, SignedHeaders, SigningError, SigningKeyCache, SigningParams,
    };

    pub(super) fn sign_v4a<'p>(
        request: &SignableRequest<'_>,
        params: &SigningParams<'p>,
        keys: &SigningKeyCache,
    ) -> Result<SignedHeaders<'p>> {
        inia_signing::sign_v4a(request, params, keys).map_err(failed)
    }

    pub(super) fn presign_v4a(
        request: &SignableRequest<'_>,
        params: &SigningParams<'_>,
        expires_in: u64,
        keys: &SigningKeyCache,
    ) -> Result<Presigned> {
        inia_signing::presign_v4a(request, params, expires_in, keys).map_err(failed)
    }

    #[cold]
    fn failed(error: SigningError) -> Error {
        let message = "the credentials cannot sign with SigV4a";
        Error::new(ErrorKind::Credentials, message).with_source(error)
    }
}

/// SigV4a, which this program is built without.
#[cfg(not(feature = "sigv4a"))]
mod v4a {
    use inia_core::{Error, ErrorKind, Result};
    use inia_signing::{Presigned, SignableRequest, SignedHeaders, SigningKeyCache, SigningParams};

    pub(super) fn sign_v4a<'p>(
        _: &SignableRequest<'_>,
        _: &SigningParams<'p>,
        _: &SigningKeyCache,
    ) -> Result<SignedHeaders<'p>> {
        Err(missing())
    }

    pub(super) fn presign_v4a(
        _: &SignableRequest<'_>,
        _: &SigningParams<'_>,
        _: u64,
        _: &SigningKeyCache,
    ) -> Result<Presigned> {
        Err(missing())
    }

    #[cold]
    fn missing() -> Error {
        Error::new(
            ErrorKind::Config,
            "this request is to be signed with SigV4a: build the program with inia's feature `sigv4a`",
        )
    }
}

/// The checksum by which the oldest operations protect their body.
pub(crate) fn content_md5(body: &[u8]) -> String {
    use md5::Digest as _;
    base64::prelude::BASE64_STANDARD.encode(md5::Md5::digest(body))
}
