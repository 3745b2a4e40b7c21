//! The function `parseURL` of the rules engine.

use inia_core::{UrlParts, push_percent_encoded};

use crate::functions::is_ipv4;

/// The parts of a custom endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParsedUrl<'a> {
    pub(crate) scheme: &'static str,
    /// User information, host and port, as written.
    pub(crate) authority: &'a str,
    /// The path as written; empty if there is none.
    pub(crate) path: &'a str,
    /// The path without dot segments and empty segments, percent-encoded, with a slash at both ends.
    pub(crate) normalized_path: String,
    pub(crate) is_ip: bool,
}

impl<'a> ParsedUrl<'a> {
    /// Parses a URL. Returns `None` if it is not an `http` or `https` URL, or has a query.
    ///
    /// DIFFERENCE: botocore removes tabs and line ends from a URL, and raises a `TypeError` or `ValueError` for a missing
    /// host or broken brackets. Here a URL with any of these, with another control character or with a space is unset, so
    /// the error rule of the rule set applies.
    ///
    /// # Source
    /// botocore `endpoint_provider.py:RuleSetStandardLibrary.parse_url`
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_start_matches(|c: char| c <= ' ');
        if text.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return None;
        }
        let parts = UrlParts::split(text).filter(|parts| parts.query.is_empty())?;
        let scheme = ["https", "http"]
            .into_iter()
            .find(|supported| parts.scheme.eq_ignore_ascii_case(supported))?;
        let host = parts.host()?;
        let is_ip = match host.split_once('%') {
            Some((_, zone)) if host.contains(':') => is_zone(zone),
            _ => host.contains(':') || is_ipv4(host),
        };
        let path = without_parameters(parts.path);
        Some(Self {
            scheme,
            authority: parts.authority,
            path,
            normalized_path: normalize(path),
            is_ip,
        })
    }
}

/// Returns whether `zone` is an IPv6 zone, with or without `25` of an encoded percent sign before it.
fn is_zone(zone: &str) -> bool {
    let zone = zone
        .strip_prefix("25")
        .filter(|rest| !rest.is_empty())
        .unwrap_or(zone);
    !zone.is_empty()
        && zone
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._!-~".contains(&b))
}

/// Returns `path` without the `;parameters` of its last segment, which Python's URL parser splits off.
fn without_parameters(path: &str) -> &str {
    let segment = path.rfind('/').unwrap_or(0);
    match path.get(segment..).and_then(|last| last.find(';')) {
        Some(at) => path.get(..segment + at).unwrap_or(path),
        None => path,
    }
}

/// Normalizes a path: removes dot segments and empty segments, and percent-encodes the rest.
///
/// # Source
/// botocore `utils.py:normalize_url_path`, `remove_dot_segments`
fn normalize(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut normalized = String::with_capacity(path.len() + 2);
    normalized.push('/');
    for segment in segments {
        push_percent_encoded(&mut normalized, segment);
        normalized.push('/');
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_urls_like_botocore() {
        // (url, scheme, authority, path, normalized path, is ip)
        let cases = [
            (
                "https://example.com",
                "https",
                "example.com",
                "",
                "/",
                false,
            ),
            (
                "HTTPS://Example.com/",
                "https",
                "Example.com",
                "/",
                "/",
                false,
            ),
            (
                "http://example.com:80/foo/bar",
                "http",
                "example.com:80",
                "/foo/bar",
                "/foo/bar/",
                false,
            ),
            ("https://127.0.0.1", "https", "127.0.0.1", "", "/", true),
            (
                "https://999.1.1.1:5000",
                "https",
                "999.1.1.1:5000",
                "",
                "/",
                true,
            ),
            ("https://[fe80::1]", "https", "[fe80::1]", "", "/", true),
            (
                "https://[fe80::1%25en0]:81/x",
                "https",
                "[fe80::1%25en0]:81",
                "/x",
                "/x/",
                true,
            ),
            (
                "https://a/b//c/./d/../e?",
                "https",
                "a",
                "/b//c/./d/../e",
                "/b/c/e/",
                false,
            ),
            ("https://a/../..", "https", "a", "/../..", "/", false),
            (
                "https://a/%20é",
                "https",
                "a",
                "/%20é",
                "/%2520%C3%A9/",
                false,
            ),
            (
                "https://user:pw@a:1/",
                "https",
                "user:pw@a:1",
                "/",
                "/",
                false,
            ),
            (
                "https://a/b;c/d;e",
                "https",
                "a",
                "/b;c/d",
                "/b%3Bc/d/",
                false,
            ),
            ("https://a#frag?x=y", "https", "a", "", "/", false),
            (" https://a", "https", "a", "", "/", false),
            ("https://a:/x", "https", "a:", "/x", "/x/", false),
        ];
        for (text, scheme, authority, path, normalized_path, is_ip) in cases {
            let expected = ParsedUrl {
                scheme: if scheme == "https" { "https" } else { "http" },
                authority,
                path,
                normalized_path: normalized_path.to_owned(),
                is_ip,
            };
            assert_eq!(ParsedUrl::parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn rejects_invalid_endpoint_urls() {
        let cases = [
            "",
            "https",
            "https:",
            "https://",
            "https:///path",
            "//a",
            "ftp://a",
            "acbd://example.com",
            "https://a?b=c",
            "https://a:b/",
            "https://a:65536/",
            "https://a:1:2/",
            "https://a:-1/",
            "https://[::1/",
            "https://::1]/",
            "https://[::1]x/",
            "https://[1.2.3.4]/",
            "https://a\nb/",
            "https://a b/",
        ];
        for text in cases {
            assert_eq!(ParsedUrl::parse(text), None, "{text}");
        }
    }
}
