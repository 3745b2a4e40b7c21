//! S3's legacy signature, HMAC-SHA-1 over a short text: `signature_version` `s3`.
//!
//! ```text
//! StringToSign =
//!   HTTP-Verb + '\n' + Content-MD5 + '\n' + Content-Type + '\n' +
//!   Date (or Expires) + '\n' +
//!   CanonicalizedAmzHeaders +        x-amz-...:value lines, sorted
//!   CanonicalizedResource            the path including the bucket, and the sub-resources of the query
//! ```
//!
//! Newer AWS regions reject it. It is supported because botocore still uses it by default to presign S3 URLs in
//! older regions, and because some S3-compatible servers support no other signature.
//!
//! # Source
//! botocore `auth.py:HmacV1Auth`, `auth.py:HmacV1QueryAuth`

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use inia_core::{Credentials, push_percent_encoded};
use percent_encoding::percent_decode_str;
use sha1::Sha1;

use crate::canonical::split_pair;
use crate::key::with_hmac_block;
use crate::params::session_token;
use crate::request::SignableRequest;
use crate::time::SigningTime;

/// Query parameters that are part of the resource.
///
/// # Source
/// botocore `auth.py:HmacV1Auth.QSAOfInterest`
const SUB_RESOURCES: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Signs a request and returns the headers to set: `date`, `x-amz-security-token` for temporary credentials, and
/// `authorization`.
///
/// `auth_path` is the percent-encoded path including the bucket. It is required if the request's own path lacks the
/// bucket because the bucket is in the host name.
///
/// # Source
/// botocore `auth.py:HmacV1Auth.add_auth`
#[must_use]
pub fn sign_hmac_v1(
    request: &SignableRequest<'_>,
    auth_path: Option<&str>,
    credentials: &Credentials,
    time: SigningTime,
) -> Vec<(&'static str, String)> {
    let date = time.http_date();
    let string_to_sign = string_to_sign(request, auth_path, session_token(credentials), &date);
    let signature = sign_string(credentials, &string_to_sign);
    let mut headers = vec![("date", date)];
    headers
        .extend(session_token(credentials).map(|token| ("x-amz-security-token", token.to_owned())));
    headers.push((
        "authorization",
        format!("AWS {}:{signature}", credentials.access_key_id),
    ));
    headers
}

/// Presigns a request that expires `expires_in` seconds after `time`. Returns the complete query string without `?`.
/// The `x-amz-...`, `content-md5` and `content-type` headers move into it.
///
/// DIFFERENCE: if a header occurs several times, botocore signs all values but writes only the first into the URL,
/// which S3 then rejects; here both have all values, joined by commas.
///
/// # Source
/// botocore `auth.py:HmacV1QueryAuth`
#[must_use]
pub fn presign_hmac_v1(
    request: &SignableRequest<'_>,
    auth_path: Option<&str>,
    credentials: &Credentials,
    time: SigningTime,
    expires_in: u64,
) -> String {
    let expires = time
        .timestamp()
        .seconds()
        .saturating_add_unsigned(expires_in)
        .to_string();
    let signature = sign_string(
        credentials,
        &string_to_sign(request, auth_path, session_token(credentials), &expires),
    );

    let mut query = String::with_capacity(request.query.len() + 256);
    if !request.query.is_empty() {
        query.push_str(request.query);
        query.push('&');
    }
    let mut first = true;
    let mut push = |name: &str, value: &str| {
        if !first {
            query.push('&');
        }
        first = false;
        push_percent_encoded(&mut query, name);
        query.push('=');
        push_percent_encoded(&mut query, value);
    };
    push("AWSAccessKeyId", &credentials.access_key_id);
    push("Signature", &signature);
    let is_moved =
        |name: &str| name.starts_with("x-amz-") || matches!(name, "content-md5" | "content-type");
    for (name, value) in joined_headers(request, session_token(credentials), is_moved) {
        push(name, &value);
    }
    push("Expires", &expires);
    query
}

/// Returns the HMAC-SHA-1 of a string to sign, or of an encoded POST policy, in base64.
pub(crate) fn sign_string(credentials: &Credentials, text: &str) -> String {
    let key = credentials.secret_access_key.expose().as_bytes();
    let mut hmac = with_hmac_block::<Sha1, _>(key, |block| Hmac::<Sha1>::new(block.into()));
    hmac.update(text.as_bytes());
    BASE64_STANDARD.encode(hmac.finalize().into_bytes())
}

fn string_to_sign(
    request: &SignableRequest<'_>,
    auth_path: Option<&str>,
    token: Option<&str>,
    date: &str,
) -> String {
    let header = |header_name: &str| {
        request
            .headers
            .iter()
            .find(|(name, _)| *name == header_name)
            .map_or("", |(_, value)| value.trim_ascii())
    };
    let mut out = request.method.to_ascii_uppercase();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "\n{}\n{}\n{date}\n",
        header("content-md5"),
        header("content-type")
    );
    let mut headers = joined_headers(request, token, |name| name.starts_with("x-amz-"));
    headers.sort_unstable();
    for (name, value) in headers {
        let _ = writeln!(out, "{name}:{}", value.trim_ascii());
    }
    push_resource(&mut out, auth_path.unwrap_or(request.path), request.query);
    out
}

/// Returns the headers accepted by `is_included` in their order. Values of the same name are joined by commas without
/// surrounding white space; the session token, if any, is the last.
fn joined_headers<'a>(
    request: &SignableRequest<'a>,
    token: Option<&'a str>,
    is_included: impl Fn(&str) -> bool,
) -> Vec<(&'a str, String)> {
    const TOKEN: &str = "x-amz-security-token";
    let mut joined: Vec<(&str, String)> = Vec::new();
    for &(name, value) in request.headers {
        if !is_included(name) || token.is_some() && name == TOKEN {
            continue;
        }
        match joined.iter_mut().find(|(earlier, _)| *earlier == name) {
            Some((_, values)) => {
                values.truncate(values.trim_ascii_end().len());
                values.push(',');
                values.push_str(value.trim_ascii_start());
            }
            None => joined.push((name, value.to_owned())),
        }
    }
    joined.extend(token.map(|token| (TOKEN, token.to_owned())));
    joined
}

fn push_resource(out: &mut String, path: &str, query: &str) {
    out.push_str(if path.is_empty() { "/" } else { path });
    let is_sub_resource = |pair: &&str| SUB_RESOURCES.contains(&split_pair(pair).0);
    let mut pairs: Vec<_> = query.split('&').filter(is_sub_resource).collect();
    pairs.sort_by_key(|pair| split_pair(pair).0);
    for (at, pair) in pairs.into_iter().enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, value)) => {
                out.push_str(name);
                out.push('=');
                out.push_str(&percent_decode_str(value).decode_utf8_lossy());
            }
            None => out.push_str(pair),
        }
    }
}

#[cfg(test)]
mod tests {
    use inia_core::Timestamp;

    use super::*;
    use crate::{Payload, test_values};

    /// Cases of botocore's `tests/unit/auth/test_signers.py:TestHMACV1`.
    fn credentials() -> Credentials {
        Credentials::new(
            "44CF9590006BF252F707",
            "OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV",
            None,
        )
    }

    fn request<'a>(
        method: &'a str,
        path: &'a str,
        query: &'a str,
        headers: &'a [(&'a str, &'a str)],
    ) -> SignableRequest<'a> {
        SignableRequest {
            method,
            host: "s3.amazonaws.com",
            path,
            query,
            headers,
            payload: Payload::Unsigned,
        }
    }

    fn time() -> SigningTime {
        test_values::time("20051117T184958Z")
    }

    fn signature(request: &SignableRequest<'_>) -> String {
        let headers = sign_hmac_v1(request, None, &credentials(), time());
        let (_, authorization) = headers.last().unwrap();
        authorization
            .strip_prefix("AWS 44CF9590006BF252F707:")
            .unwrap()
            .to_owned()
    }

    #[test]
    fn signs_put_as_botocore() {
        let headers = [
            ("content-md5", "c8fdb181845a4ca6b8fec737b3581d76"),
            ("content-type", "text/html"),
            ("x-amz-meta-author", "foo@bar.com"),
            ("x-amz-magic", "abracadabra"),
        ];
        let put = request("PUT", "/quotes/nelson", "", &headers);
        assert_eq!(
            string_to_sign(&put, None, None, "Thu, 17 Nov 2005 18:49:58 GMT"),
            "PUT\nc8fdb181845a4ca6b8fec737b3581d76\ntext/html\nThu, 17 Nov 2005 18:49:58 GMT\n\
             x-amz-magic:abracadabra\nx-amz-meta-author:foo@bar.com\n/quotes/nelson"
        );
        assert_eq!(signature(&put), "jZNOcbfWmD/A/f3hSvVzXZjM2HU=");
    }

    #[test]
    fn joins_duplicate_headers() {
        let headers = [
            ("content-md5", "c8fdb181845a4ca6b8fec737b3581d76"),
            ("content-type", "text/html"),
            ("x-amz-meta-author", "bar@baz.com"),
            ("x-amz-meta-author", "foo@bar.com"),
            ("x-amz-magic", "abracadabra"),
        ];
        assert_eq!(
            signature(&request("PUT", "/quotes/nelson", "", &headers)),
            "kIdMxyiYB+F+83zYGR6sSb3ICcE="
        );
    }

    #[test]
    fn signs_sub_resources() {
        assert_eq!(
            signature(&request("PUT", "/quotes/nelson", "uploads", &[])),
            "P7pBz3Z4p3GxysRSJ/gR8nk7D4o="
        );
        let resource = |path: &str, query: &str| {
            let mut out = String::new();
            push_resource(&mut out, path, query);
            out
        };
        for name in SUB_RESOURCES {
            assert_eq!(resource("/quotes", name), format!("/quotes?{name}"));
        }
        assert_eq!(
            resource(
                "/q",
                "prefix=a&versionId=1%2F2&uploadId=x=y&acl&partNumber="
            ),
            "/q?acl&partNumber=&uploadId=x=y&versionId=1/2"
        );
    }

    #[test]
    fn sub_resources_are_sorted_and_unique() {
        assert!(SUB_RESOURCES.is_sorted_by(|one, other| one < other));
    }

    #[test]
    fn signs_session_token_and_path_with_bucket() {
        let credentials = Credentials::new("foo", "bar", Some("baz"));
        let stale = [
            ("x-amz-security-token", "old"),
            ("content-type", "text/html"),
        ];
        let put = request("PUT", "/key", "", &stale);
        let headers = sign_hmac_v1(&put, Some("/bucket/key"), &credentials, time());
        assert_eq!(
            headers[0],
            ("date", "Thu, 17 Nov 2005 18:49:58 GMT".to_owned())
        );
        assert_eq!(headers[1], ("x-amz-security-token", "baz".to_owned()));
        let text = string_to_sign(&put, Some("/bucket/key"), session_token(&credentials), "D");
        assert_eq!(
            text,
            "PUT\n\ntext/html\nD\nx-amz-security-token:baz\n/bucket/key"
        );
    }

    /// Cases of botocore's `test_signers.py:TestS3SigV2Presign`.
    #[test]
    fn presigns_as_botocore() {
        let credentials = Credentials::new("access_key", "secret_key", None);
        let time = Timestamp::new(1_427_427_247, 0).into();
        let presign = |query, headers| {
            presign_hmac_v1(
                &request("GET", "/mybucket/myobject", query, headers),
                None,
                &credentials,
                time,
                3000,
            )
        };
        assert_eq!(
            presign("", &[("user-agent", "botocore")]),
            "AWSAccessKeyId=access_key&Signature=ZRSgywstwIruKLTLt%2FBcrf9H1K4%3D&Expires=1427430247"
        );
        assert_eq!(
            presign(
                "",
                &[("x-amz-security-token", "foo"), ("x-amz-acl", "read-only")]
            ),
            "AWSAccessKeyId=access_key&Signature=5oyMAGiUk1E5Ry2BnFr6cIS3Gus%3D\
             &x-amz-security-token=foo&x-amz-acl=read-only&Expires=1427430247"
        );
        assert_eq!(
            presign("", &[("content-type", "txt"), ("content-md5", "foo")]),
            "AWSAccessKeyId=access_key&Signature=%2FYQRFdQGywXP74WrOx2ET%2FRUqz8%3D\
             &content-type=txt&content-md5=foo&Expires=1427430247"
        );
        assert!(
            presign("versionId=1", &[])
                .starts_with("versionId=1&AWSAccessKeyId=access_key&Signature=")
        );
    }
}
