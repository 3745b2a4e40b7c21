//! Signature Version 4: HMAC-SHA-256 with a key for one day, region and service.

use crate::headers::{SignedHeaders, UnsignedHeaders, string_to_sign};
use crate::key_cache::SigningKeyCache;
use crate::params::{SigningAlgorithm, SigningParams};
use crate::presign::{self, Presigned};
use crate::request::SignableRequest;

const V4: SigningAlgorithm = SigningAlgorithm::HmacSha256;

/// Signs a request with SigV4 in its headers.
///
/// Headers of an earlier signature are not signed, and the result replaces them.
///
/// ```
/// use inia_core::{Credentials, Timestamp};
/// use inia_signing::{Payload, SigningSettings, SignableRequest, SigningKeyCache, SigningParams, sign_v4};
///
/// let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
/// let request = SignableRequest {
///     method: "GET",
///     host: "iam.amazonaws.com",
///     path: "/",
///     query: "Action=ListUsers&Version=2010-05-08",
///     headers: &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
///     payload: Payload::Bytes(b""),
/// };
/// let params = SigningParams {
///     credentials: &credentials,
///     region: "us-east-1",
///     service: "iam",
///     time: Timestamp::new(1_440_938_160, 0).into(),
///     settings: SigningSettings::GENERAL,
/// };
/// let signed = sign_v4(&request, &params, &SigningKeyCache::default());
/// let headers: Vec<_> = signed.iter().collect();
/// assert_eq!(headers[0], ("x-amz-date", "20150830T123600Z"));
/// assert_eq!(
///     headers[1],
///     (
///         "authorization",
///         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
///          SignedHeaders=content-type;host;x-amz-date, \
///          Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
///     ),
/// );
/// ```
///
/// # Source
/// botocore `auth.py:SigV4Auth.add_auth`
#[must_use]
pub fn sign_v4<'a>(
    request: &SignableRequest<'_>,
    params: &SigningParams<'a>,
    keys: &SigningKeyCache,
) -> SignedHeaders<'a> {
    let unsigned = UnsignedHeaders::new(V4, request, params);
    let canonical = unsigned.canonical_request(request, params);
    let signature = keys.sign(params, &string_to_sign(V4, params, &canonical));
    unsigned.finish(params, &canonical, signature)
}

/// Presigns a request with SigV4; the URL expires after `expires_in` seconds.
///
/// All given headers are signed, so that the user of the URL must send them. Leave out headers that describe a body
/// that is not sent, as botocore leaves out a `content-type` of `application/x-www-form-urlencoded; charset=utf-8`.
/// Pass [`Payload::Unsigned`] for S3. Other services require the hash of the body, which is usually empty because the
/// parameters are in the query.
///
/// DIFFERENCE: if a query parameter occurs several times, botocore keeps only the first
/// (`auth.py:SigV4QueryAuth._modify_request_before_signing`); here all are kept.
///
/// [`Payload::Unsigned`]: crate::Payload::Unsigned
///
/// # Source
/// botocore `auth.py:SigV4QueryAuth`
#[must_use]
pub fn presign_v4(
    request: &SignableRequest<'_>,
    params: &SigningParams<'_>,
    expires_in: u64,
    keys: &SigningKeyCache,
) -> Presigned {
    let unsigned = presign::UnsignedQuery::new(V4, request, params, expires_in);
    let signature = keys.sign(params, &string_to_sign(V4, params, &unsigned.canonical));
    unsigned.finish(params, signature)
}

#[cfg(test)]
mod tests {
    use inia_core::Credentials;

    use super::*;
    use crate::test_values::{credentials, time};
    use crate::{ContentSha256, Payload, SessionTokenMode, SigningSettings};

    const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn s3_params() -> SigningParams<'static> {
        SigningParams {
            credentials: credentials(KEY_ID, SECRET, None),
            region: "us-east-1",
            service: "s3",
            time: time("20130524T000000Z"),
            settings: SigningSettings::S3,
        }
    }

    fn general_params(credentials: &'static Credentials) -> SigningParams<'static> {
        SigningParams {
            credentials,
            region: "us-west-2",
            service: "ec2",
            time: time("20140310T170255Z"),
            settings: SigningSettings::GENERAL,
        }
    }

    fn request<'a>(method: &'a str, host: &'a str, path: &'a str) -> SignableRequest<'a> {
        SignableRequest {
            method,
            host,
            path,
            query: "",
            headers: &[],
            payload: Payload::Bytes(b""),
        }
    }

    /// Examples of the S3 guide, "Signature Calculations for the Authorization Header".
    #[test]
    fn signs_s3_examples() {
        let host = "examplebucket.s3.amazonaws.com";
        let get = SignableRequest {
            headers: &[("range", "bytes=0-9")],
            ..request("GET", host, "/test.txt")
        };
        let put = SignableRequest {
            headers: &[
                ("date", "Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            payload: Payload::Bytes(b"Welcome to Amazon S3."),
            ..request("PUT", host, "/test%24file.text")
        };
        let lifecycle = SignableRequest {
            query: "lifecycle",
            ..request("GET", host, "/")
        };
        let list = SignableRequest {
            query: "prefix=J&max-keys=2",
            ..request("GET", host, "/")
        };
        let keys = SigningKeyCache::default();
        for (request, expected) in [
            (
                get,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                lifecycle,
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                list,
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            assert_eq!(
                sign_v4(&request, &s3_params(), &keys).signature().as_str(),
                expected
            );
        }
        // The guide signs both dates; botocore and inia use only the header that the request has.
        let signed = sign_v4(&put, &s3_params(), &keys);
        let names: Vec<_> = signed.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["date", "x-amz-content-sha256", "authorization"]);
        assert!(
            signed
                .authorization()
                .contains("SignedHeaders=date;host;x-amz-content-sha256;x-amz-storage-class,")
        );
        assert_eq!(
            signed.iter().next(),
            Some(("date", "Fri, 24 May 2013 00:00:00 -0000"))
        );
    }

    /// Example of the S3 guide, "Authenticating Requests: Using Query Parameters".
    #[test]
    fn presigns_s3_example() {
        let request = SignableRequest {
            payload: Payload::Unsigned,
            ..request("GET", "examplebucket.s3.amazonaws.com", "/test.txt")
        };
        let presigned = presign_v4(&request, &s3_params(), 86_400, &SigningKeyCache::default());
        assert_eq!(
            presigned.query(),
            "X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
             &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
        assert!(presigned.query().contains("&X-Amz-SignedHeaders=host&"));
        assert!(!format!("{presigned:?}").contains("aeeed9"));
    }

    /// Two cases of botocore's `tests/unit/auth/test_signers.py:TestSigV4Presign`.
    #[test]
    fn presigns_as_botocore() {
        let mut params = SigningParams {
            credentials: credentials("access_key", "secret_key", None),
            region: "myregion",
            service: "myservice",
            time: time("20140101T000000Z"),
            settings: SigningSettings::GENERAL,
        };
        let keys = SigningKeyCache::default();
        let ec2 = request("GET", "ec2.us-east-1.amazonaws.com", "/");
        assert_eq!(
            presign_v4(&ec2, &params, 60, &keys).signature().as_str(),
            "c70e0bcdb4cd3ee324f71c78195445b8788315af0800bbbdbbb6d05a616fb84c"
        );
        params.settings = SigningSettings::S3;
        let s3 = SignableRequest {
            payload: Payload::Unsigned,
            ..request(
                "GET",
                "s3.us-west-2.amazonaws.com",
                "/mybucket/keyname/.bar",
            )
        };
        assert_eq!(
            presign_v4(&s3, &params, 60, &keys).signature().as_str(),
            "ac1b8b9e47e8685c5c963d75e35e8741d55251cd955239cc1efad4dc7201db66"
        );
        let upload = SignableRequest {
            query: "uploads&a=1&a=2",
            ..s3
        };
        let presigned = presign_v4(&upload, &params, 60, &keys);
        assert!(
            presigned
                .query()
                .starts_with("uploads=&a=1&a=2&X-Amz-Algorithm="),
            "{}",
            presigned.query()
        );
    }

    #[test]
    fn sends_session_token_signed_or_unsigned() {
        let keys = SigningKeyCache::default();
        let mut params = general_params(credentials("foo", "bar", Some("baz/")));
        let request = request("PUT", "ec2.amazonaws.com", "/");

        let signed = sign_v4(&request, &params, &keys);
        assert!(
            signed
                .iter()
                .any(|header| header == ("x-amz-security-token", "baz/"))
        );
        assert!(
            signed
                .authorization()
                .contains("host;x-amz-date;x-amz-security-token,")
        );
        assert!(
            presign_v4(&request, &params, 60, &keys)
                .query()
                .contains("&X-Amz-Security-Token=baz%2F&X-Amz-Sig")
        );

        params.settings.session_token = SessionTokenMode::AddedAfterSigning;
        let after = sign_v4(&request, &params, &keys);
        assert!(
            after
                .iter()
                .any(|header| header == ("x-amz-security-token", "baz/"))
        );
        assert!(
            after
                .authorization()
                .contains("SignedHeaders=host;x-amz-date,")
        );
        let canonical = presign::query_canonical_request(V4, &request, &params, 60);
        assert!(!canonical.as_str().contains("Token"));
        assert!(
            presign_v4(&request, &params, 60, &keys)
                .query()
                .contains("&X-Amz-Security-Token=baz%2F&X-Amz-Sig")
        );

        params.settings = SigningSettings::S3_EXPRESS;
        let express = sign_v4(&request, &params, &keys);
        assert!(
            express
                .authorization()
                .contains("x-amz-date;x-amz-s3session-token,")
        );
        assert!(
            presign_v4(&request, &params, 60, &keys)
                .query()
                .contains("&X-Amz-S3session-Token=baz%2F&X-Amz-Sig")
        );
    }

    #[test]
    fn ignores_an_empty_session_token() {
        let params = general_params(credentials("foo", "bar", Some("")));
        let request = request("PUT", "ec2.amazonaws.com", "/");
        let names: Vec<_> = sign_v4(&request, &params, &SigningKeyCache::default())
            .iter()
            .map(|(n, _)| n)
            .collect();
        assert_eq!(names, ["x-amz-date", "authorization"]);
    }

    #[test]
    fn signing_twice_yields_the_same_signature() {
        let keys = SigningKeyCache::default();
        let params = general_params(credentials("foo", "bar", Some("baz")));
        let first = sign_v4(&request("PUT", "ec2.amazonaws.com", "/"), &params, &keys);
        let headers: Vec<_> = first.iter().collect();
        let again = SignableRequest {
            headers: &headers,
            ..request("PUT", "ec2.amazonaws.com", "/")
        };
        assert_eq!(
            sign_v4(&again, &params, &keys).authorization(),
            first.authorization()
        );
    }

    #[test]
    fn adds_content_sha256_header_by_rule() {
        let keys = SigningKeyCache::default();
        let mut params = general_params(credentials("foo", "bar", None));
        let plain = request("PUT", "ec2.amazonaws.com", "/");
        let unsigned = SignableRequest {
            payload: Payload::Unsigned,
            ..plain
        };
        let value = |request: &SignableRequest<'_>, params: &SigningParams<'_>| {
            let signed = sign_v4(request, params, &keys);
            signed
                .iter()
                .find(|(name, _)| *name == "x-amz-content-sha256")
                .map(|(_, value)| value.to_owned())
        };
        assert_eq!(value(&plain, &params), None);
        assert_eq!(
            value(&unsigned, &params).as_deref(),
            Some("UNSIGNED-PAYLOAD")
        );

        // A value set by the caller is the payload line.
        let own = [("x-amz-content-sha256", "0123")];
        let own = SignableRequest {
            headers: &own,
            ..plain
        };
        assert_eq!(value(&own, &params), None);
        let canonical = crate::headers_canonical_request(V4, &own, &params);
        assert!(
            canonical
                .as_str()
                .ends_with("host;x-amz-content-sha256;x-amz-date\n0123")
        );

        params.settings.content_sha256 = ContentSha256::Always;
        assert_eq!(
            value(&own, &params).as_deref(),
            Some(crate::HexDigest::EMPTY.as_str())
        );
    }

    #[test]
    fn debug_of_a_signed_request_shows_no_values() {
        let params = general_params(credentials("foo", "bar", Some("bazooka")));
        let signed = sign_v4(
            &request("PUT", "ec2.amazonaws.com", "/"),
            &params,
            &SigningKeyCache::default(),
        );
        let text = format!("{signed:?} {params:?}");
        assert!(
            !text.contains("bazooka") && !text.contains("Signature="),
            "{text}"
        );
    }
}
