//! The canonical request: one text for every spelling of the same request.
//!
//! ```text
//! CanonicalRequest =
//!   HTTPRequestMethod + '\n' +
//!   CanonicalURI + '\n' +            the path, encoded and normalized by the service's rules
//!   CanonicalQueryString + '\n' +    sorted by name, then by value
//!   CanonicalHeaders + '\n' +        name:value lines, sorted by name, values trimmed
//!   SignedHeaders + '\n' +           the names, separated by semicolons
//!   HashedPayload                    hexadecimal SHA-256, or a marker
//! ```
//!
//! # Source
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>;
//! botocore `auth.py:SigV4Auth.canonical_request`

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use inia_core::push_percent_encoded_except;

use crate::digest::{HexDigest, sha256};
use crate::encode::complete_encoding;
use crate::params::{PathEncoding, SigningSettings};
use crate::request::{PayloadLine, SignableRequest};

/// The canonical request: the text whose hash is signed. Returned by [`headers_canonical_request`] and
/// [`query_canonical_request`] for debugging a signature mismatch.
///
/// `Debug` shows only the names of the signed headers, because the text contains the session token; use
/// [`as_str`](Self::as_str) for the text.
///
/// [`headers_canonical_request`]: crate::headers_canonical_request
/// [`query_canonical_request`]: crate::query_canonical_request
#[derive(Clone, PartialEq, Eq)]
pub struct CanonicalRequest {
    text: String,
    signed_headers: Range<usize>,
}

impl CanonicalRequest {
    /// Returns the canonical request as text. It contains the session token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the names of the signed headers, separated by semicolons.
    #[must_use]
    pub fn signed_headers(&self) -> &str {
        self.text
            .get(self.signed_headers.clone())
            .unwrap_or_default()
    }

    /// Returns the SHA-256 of the text in hexadecimal.
    pub(crate) fn hash(&self) -> HexDigest {
        HexDigest::encode(&sha256(self.text.as_bytes()))
    }

    /// Writes the canonical request of `request`. `query` and `headers` replace the request's own; the headers
    /// must be [sorted](signed_headers).
    pub(crate) fn write(
        request: &SignableRequest<'_>,
        query: &str,
        headers: &[(&str, &str)],
        payload: &PayloadLine<'_>,
        settings: &SigningSettings,
    ) -> Self {
        let headers_len: usize = headers
            .iter()
            .map(|(name, value)| 2 * name.len() + value.len() + 3)
            .sum();
        let len = request.method.len() + request.path.len() + query.len() + headers_len + 96;
        let mut text = String::with_capacity(len);

        push_method(&mut text, request.method);
        text.push('\n');
        push_canonical_uri(&mut text, request.path, settings);
        text.push('\n');
        push_canonical_query(&mut text, query);
        text.push('\n');
        push_canonical_headers(&mut text, headers);
        text.push('\n');
        let start = text.len();
        push_signed_headers(&mut text, headers);
        let signed_headers = start..text.len();
        text.push('\n');
        text.push_str(payload.as_str());
        Self {
            text,
            signed_headers,
        }
    }
}

impl fmt::Debug for CanonicalRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CanonicalRequest")
            .field("signed_headers", &self.signed_headers())
            .finish_non_exhaustive()
    }
}

/// Returns `true` if a header of this name (in lower case) is signed. Headers that a proxy or an HTTP client
/// adds, changes or removes in transit are not.
///
/// # Source
/// botocore `auth.py:SIGNED_HEADERS_BLACKLIST`
fn is_signed_header(name: &str) -> bool {
    !matches!(
        name,
        "baggage"
            | "connection"
            | "expect"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "traceparent"
            | "tracestate"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "user-agent"
            | "x-amzn-trace-id"
    )
}

/// Returns the headers to sign, sorted by name; headers of the same name keep their order. Headers that the signer
/// `replaces` are left out, those that it `adds` are appended.
pub(crate) fn signed_headers<'h>(
    request: &SignableRequest<'h>,
    replaces: impl Fn(&str) -> bool,
    adds: impl IntoIterator<Item = (&'h str, &'h str)>,
) -> Vec<(&'h str, &'h str)> {
    let mut headers = Vec::with_capacity(request.headers.len() + 6);
    let mut has_host = false;
    for &(name, value) in request.headers {
        if is_signed_header(name) && name != "authorization" && !replaces(name) {
            has_host |= name == "host";
            headers.push((name, value));
        }
    }
    if !has_host {
        headers.push(("host", request.host));
    }
    headers.extend(adds);
    headers.sort_by_key(|(name, _)| *name);
    headers
}

fn push_method(out: &mut String, method: &str) {
    if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
        out.push_str(&method.to_ascii_uppercase());
    } else {
        out.push_str(method);
    }
}

fn push_canonical_uri(out: &mut String, path: &str, settings: &SigningSettings) {
    let path = if path.is_empty() { "/" } else { path };
    let path = if settings.normalize_path {
        normalize_path(path)
    } else {
        Cow::Borrowed(path)
    };
    match settings.path_encoding {
        PathEncoding::Twice => push_percent_encoded_except(out, &path, |byte| byte == b'/'),
        PathEncoding::Once => out.push_str(&complete_encoding(&path, |byte| byte == b'/')),
    }
}

/// Resolves `.` and `..` segments and drops empty segments, which RFC 3986 would keep.
///
/// # Source
/// botocore `utils.py:remove_dot_segments`
fn normalize_path(path: &str) -> Cow<'_, str> {
    if path.starts_with('/') && !path.contains("//") && !path.contains("/.") {
        return Cow::Borrowed(path);
    }
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut out = String::with_capacity(path.len());
    if path.starts_with('/') {
        out.push('/');
    }
    for (at, segment) in segments.iter().enumerate() {
        if at > 0 {
            out.push('/');
        }
        out.push_str(segment);
    }
    if path.ends_with('/') && !segments.is_empty() {
        out.push('/');
    }
    Cow::Owned(out)
}

/// Appends the query string with its parameters sorted by name, then by value, each with an `=`.
///
/// # Source
/// botocore `auth.py:SigV4Auth._canonical_query_string_url`
fn push_canonical_query(out: &mut String, query: &str) {
    if query.is_empty() {
        return;
    }
    let query = complete_encoding(query, |byte| matches!(byte, b'&' | b'='));
    let mut pairs: Vec<_> = query.split('&').map(split_pair).collect();
    if !pairs.is_sorted() {
        pairs.sort_unstable();
    }
    for (at, (name, value)) in pairs.into_iter().enumerate() {
        if at > 0 {
            out.push('&');
        }
        push_pair(out, name, value);
    }
}

pub(crate) fn split_pair(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

/// Appends `name=value`; an `=` in the value is percent-encoded.
pub(crate) fn push_pair(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push('=');
    if value.contains('=') {
        out.push_str(&value.replace('=', "%3D"));
    } else {
        out.push_str(value);
    }
}

fn push_canonical_headers(out: &mut String, headers: &[(&str, &str)]) {
    let mut previous = None;
    for &(name, value) in headers {
        if previous == Some(name) {
            // Replaces the line break after the previous value with a comma.
            out.pop();
            out.push(',');
        } else {
            out.push_str(name);
            out.push(':');
            previous = Some(name);
        }
        push_trimmed(out, value);
        out.push('\n');
    }
}

/// Appends a header value without surrounding white space and with inner runs of white space reduced to one space.
///
/// DIFFERENCE: only ASCII white space is trimmed. botocore's `auth.py:SigV4Auth._header_value` uses Python's
/// `str.split`, which also trims U+00A0 and similar characters, unlike any server.
fn push_trimmed(out: &mut String, value: &str) {
    // Without an early exit the loop is vectorized, which pays off for long session tokens.
    if !value.bytes().fold(false, |any, byte| any | (byte <= b' ')) {
        out.push_str(value);
        return;
    }
    for (at, word) in value.split_ascii_whitespace().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

pub(crate) fn push_signed_headers(out: &mut String, headers: &[(&str, &str)]) {
    let mut previous = None;
    for &(name, _) in headers {
        if previous == Some(name) {
            continue;
        }
        if previous.is_some() {
            out.push(';');
        }
        out.push_str(name);
        previous = Some(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Payload;

    fn query(text: &str) -> String {
        let mut out = String::new();
        push_canonical_query(&mut out, text);
        out
    }

    #[test]
    fn sorts_query_by_name_then_value() {
        for (text, expected) in [
            ("", ""),
            ("uploads", "uploads="),
            ("b=2&a=1", "a=1&b=2"),
            ("a=2&a=10&a=", "a=&a=10&a=2"),
            // Sorted by name, not by the whole pair: `=` sorts after `.`.
            ("q.options=1&q=2", "q=2&q.options=1"),
            (
                "marker=%C3%A4-01.txt&prefix",
                "marker=%C3%A4-01.txt&prefix=",
            ),
            ("a=b=c", "a=b%3Dc"),
            ("a=b c&ሴ=/", "%E1%88%B4=%2F&a=b%20c"),
            ("a=1&", "=&a=1"),
        ] {
            assert_eq!(query(text), expected, "{text}");
        }
    }

    #[test]
    fn normalizes_paths_as_botocore() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/example/..", "/"),
            ("/example1/example2/../..", "/"),
            ("/../..", "/"),
            ("//example//", "/example/"),
            ("/./example", "/example"),
            ("/a/./b/../c/", "/a/c/"),
            ("/.hidden", "/.hidden"),
            ("a//b", "a/b"),
            ("/a/..b", "/a/..b"),
        ] {
            assert_eq!(normalize_path(path), expected, "{path}");
        }
    }

    #[test]
    fn keeps_s3_paths_unchanged() {
        let canonical = |path| {
            let mut out = String::new();
            push_canonical_uri(&mut out, path, &SigningSettings::S3);
            out
        };
        assert_eq!(canonical("/bucket//a/../b%20c"), "/bucket//a/../b%20c");
        assert_eq!(canonical(""), "/");
    }

    #[test]
    fn trims_and_joins_header_values() {
        let mut out = String::new();
        push_canonical_headers(
            &mut out,
            &[
                ("a", "  x   y "),
                ("b", "1"),
                ("b", "\t2\r\n 3"),
                ("c", ""),
                ("d", "ü\u{a0}ü"),
            ],
        );
        assert_eq!(out, "a:x y\nb:1,2 3\nc:\nd:ü\u{a0}ü\n");
    }

    #[test]
    fn leaves_out_unsigned_and_replaced_headers() {
        let request = SignableRequest {
            method: "get",
            host: "example.com",
            path: "/",
            query: "",
            headers: &[
                ("x-b", "2"),
                ("user-agent", "inia"),
                ("authorization", "old"),
                ("x-amz-date", "old"),
                ("x-a", "1"),
                ("te", "trailers"),
                ("x-b", "1"),
            ],
            payload: Payload::Bytes(b""),
        };
        let headers = signed_headers(
            &request,
            |name| name == "x-amz-date",
            [("x-amz-date", "new")],
        );
        assert_eq!(
            headers,
            [
                ("host", "example.com"),
                ("x-a", "1"),
                ("x-amz-date", "new"),
                ("x-b", "2"),
                ("x-b", "1")
            ]
        );
        let canonical = CanonicalRequest::write(
            &request,
            "",
            &headers,
            &PayloadLine::Text("P"),
            &SigningSettings::GENERAL,
        );
        assert_eq!(canonical.signed_headers(), "host;x-a;x-amz-date;x-b");
        assert_eq!(
            canonical.as_str(),
            "GET\n/\n\nhost:example.com\nx-a:1\nx-amz-date:new\nx-b:2,1\n\nhost;x-a;x-amz-date;x-b\nP"
        );
        assert!(!format!("{canonical:?}").contains("new"));
    }
}
