//! The value of the `host` header.

use std::borrow::Cow;

/// Returns the `host` header of a request to `authority`, which is `host`, `host:port` or `user@host:port`: in lower
/// case, without the user information, and without the scheme's default port.
///
/// ```
/// use inia_signing::host_header;
///
/// assert_eq!(host_header("https", "S3.us-west-2.amazonaws.com:443"), "s3.us-west-2.amazonaws.com");
/// assert_eq!(host_header("http", "localhost:4566"), "localhost:4566");
/// ```
///
/// # Source
/// botocore `auth.py:_host_from_url`
#[must_use]
pub fn host_header<'a>(scheme: &str, authority: &'a str) -> Cow<'a, str> {
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    // An IPv6 address contains colons inside its brackets.
    let port = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((host, port)),
        _ => None,
    };
    let host = match port {
        Some((host, "")) => host,
        Some((host, "80")) if scheme.eq_ignore_ascii_case("http") => host,
        Some((host, "443")) if scheme.eq_ignore_ascii_case("https") => host,
        _ => authority,
    };
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_user_and_default_port_and_lowercases() {
        for (scheme, authority, expected) in [
            (
                "http",
                "s3.us-west-2.amazonaws.com:80",
                "s3.us-west-2.amazonaws.com",
            ),
            (
                "https",
                "s3.us-west-2.amazonaws.com:443",
                "s3.us-west-2.amazonaws.com",
            ),
            (
                "https",
                "s3.us-west-2.amazonaws.com:80",
                "s3.us-west-2.amazonaws.com:80",
            ),
            (
                "https",
                "username:password@s3.us-west-2.amazonaws.com",
                "s3.us-west-2.amazonaws.com",
            ),
            (
                "http",
                "username:password@s3.us-west-2.amazonaws.com:80",
                "s3.us-west-2.amazonaws.com",
            ),
            ("HTTPS", "Example.COM:443", "example.com"),
            ("http", "[::1]:4566", "[::1]:4566"),
            ("http", "[::1]:80", "[::1]"),
            ("http", "[FE80::1]", "[fe80::1]"),
            ("http", "localhost:", "localhost"),
            ("http", "", ""),
        ] {
            assert_eq!(
                host_header(scheme, authority),
                expected,
                "{scheme} {authority}"
            );
        }
    }
}
