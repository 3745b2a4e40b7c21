//! Signature Version 4a: ECDSA over P-256 with a key pair derived from the secret, for any set of regions.
//!
//! A signature is in DER, whose length varies with its value: 136 to 144 hexadecimal digits and, rarely, fewer. In the
//! chunks of a signed stream, whose length must be fixed in advance, it is padded to 144 digits with `*`. Signatures
//! are deterministic by RFC 6979; AWS accepts any valid signature.

use crate::asymmetric_key::SigningError;
use crate::headers::{SignedHeaders, UnsignedHeaders, string_to_sign};
use crate::key_cache::SigningKeyCache;
use crate::params::{SigningAlgorithm, SigningParams};
use crate::presign::{self, Presigned};
use crate::request::SignableRequest;

const V4A: SigningAlgorithm = SigningAlgorithm::EcdsaP256Sha256;

/// Signs a request with SigV4a in its headers for the region set in [`SigningParams::region`].
///
/// # Errors
/// See [`SigningError`].
///
/// # Source
/// botocore `crt/auth.py:CrtSigV4AsymAuth`
pub fn sign_v4a<'a>(
    request: &SignableRequest<'_>,
    params: &SigningParams<'a>,
    keys: &SigningKeyCache,
) -> Result<SignedHeaders<'a>, SigningError> {
    let unsigned = UnsignedHeaders::new(V4A, request, params);
    let canonical = unsigned.canonical_request(request, params);
    let key = keys.asymmetric_key(params.credentials)?;
    let signature = key.sign(string_to_sign(V4A, params, &canonical).as_bytes())?;
    Ok(unsigned.finish(params, &canonical, signature))
}

/// Presigns a request with SigV4a; the URL expires after `expires_in` seconds.
///
/// # Errors
/// See [`SigningError`].
///
/// # Source
/// botocore `crt/auth.py:CrtSigV4AsymQueryAuth`
pub fn presign_v4a(
    request: &SignableRequest<'_>,
    params: &SigningParams<'_>,
    expires_in: u64,
    keys: &SigningKeyCache,
) -> Result<Presigned, SigningError> {
    let unsigned = presign::UnsignedQuery::new(V4A, request, params, expires_in);
    let key = keys.asymmetric_key(params.credentials)?;
    let signature = key.sign(string_to_sign(V4A, params, &unsigned.canonical).as_bytes())?;
    Ok(unsigned.finish(params, signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::{credentials, time};
    use crate::{Payload, SigningSettings};

    #[test]
    fn signs_region_set_outside_the_scope() {
        let request = SignableRequest {
            method: "GET",
            host: "mrap.accesspoint.s3-global.amazonaws.com",
            path: "/key",
            query: "",
            headers: &[("x-amz-region-set", "stale")],
            payload: Payload::Unsigned,
        };
        let params = SigningParams {
            credentials: credentials("AKIDEXAMPLE", "secret", Some("token")),
            region: "us-east-1,eu-*",
            service: "s3",
            time: time("20150830T123600Z"),
            settings: SigningSettings::S3,
        };
        let keys = SigningKeyCache::default();
        let signed = sign_v4a(&request, &params, &keys).unwrap();
        assert!(
            signed
                .iter()
                .any(|header| header == ("x-amz-region-set", "us-east-1,eu-*"))
        );
        assert!(signed.authorization().starts_with(
            "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/s3/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-region-set;x-amz-security-token, Signature=30"
        ));
        let presigned = presign_v4a(&request, &params, 60, &keys).unwrap();
        assert!(
            presigned
                .query()
                .contains("&X-Amz-Region-Set=us-east-1%2Ceu-%2A&"),
            "{}",
            presigned.query()
        );
        assert!(presigned.query().contains("&X-Amz-SignedHeaders=host&"));
        assert_eq!(keys.len(), 1);
    }
}
