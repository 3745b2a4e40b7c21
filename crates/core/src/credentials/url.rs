//! Parses the scheme and host of the URL of a metadata service.

use std::net::IpAddr;

use crate::UrlParts;

/// The parts of a URL that determine whether it is allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ProviderUrl<'a> {
    /// `http` or `https`.
    pub(crate) scheme: &'a str,
    /// The host, without the brackets of an IPv6 address.
    pub(crate) host: &'a str,
}

/// Parses an `http` or `https` URL. Text that URL parsers interpret differently (user names, backslashes, escapes in the host) is
/// rejected, because the checked host must be the one that the request is sent to.
pub(crate) fn parse(url: &str) -> Result<ProviderUrl<'_>, &'static str> {
    if url
        .bytes()
        .any(|byte| byte <= b' ' || byte == b'\\' || byte >= 0x7f)
    {
        return Err("the URL contains invalid characters");
    }
    let parts = UrlParts::split(url).ok_or("the URL has no host")?;
    if !matches!(parts.scheme, "http" | "https") {
        return Err("the scheme of the URL must be http or https");
    }
    match parts.host() {
        Some(host) if !parts.authority.contains(['@', '%']) => Ok(ProviderUrl {
            scheme: parts.scheme,
            host,
        }),
        _ => Err("invalid host or port in the URL"),
    }
}

impl ProviderUrl<'_> {
    /// Returns `true` if the host is a loopback address.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_hosts_and_rejects_ambiguous_urls() {
        for (url, host) in [
            ("http://169.254.170.2/a?b", Some("169.254.170.2")),
            ("https://a.b:80", Some("a.b")),
            ("http://[fd00:ec2::23]:1/x", Some("fd00:ec2::23")),
            ("http://localhost?x", Some("localhost")),
            ("/credentials", None),
            ("http://", None),
            ("http://localhost@evil.example/", None),
            ("http://evil.example\\@localhost/", None),
            ("http://127.0.0.1%2eevil/", None),
            ("http://a b/", None),
            ("http://a:b/", None),
            ("http://[::1/", None),
            ("http://[::1]evil/", None),
            ("http://[evil]/", None),
            ("ftp://localhost/", None),
        ] {
            assert_eq!(parse(url).ok().map(|parts| parts.host), host, "{url}");
        }
        for (url, loopback) in [
            ("http://127.9.9.9/", true),
            ("http://[::1]/", true),
            ("http://LOCALHOST/", true),
            ("http://127.0.0.1.evil.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(parse(url).unwrap().is_loopback(), loopback, "{url}");
        }
    }
}
