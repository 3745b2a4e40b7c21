//! Parses the scheme and host of the URL of a metadata service.

use std::net::IpAddr;

/// The parts of a URL that determine whether it is allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UrlParts<'a> {
    /// `http` or `https`.
    pub(crate) scheme: &'a str,
    /// The host, without the brackets of an IPv6 address.
    pub(crate) host: &'a str,
}

/// Parses an `http` or `https` URL. Text that URL parsers interpret differently (user names, backslashes, escapes in the host) is
/// rejected, because the checked host must be the one that the request is sent to.
pub(crate) fn parse(url: &str) -> Result<UrlParts<'_>, &'static str> {
    if url
        .bytes()
        .any(|byte| byte <= b' ' || byte == b'\\' || byte >= 0x7f)
    {
        return Err("the URL contains invalid characters");
    }
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no host")?;
    if !matches!(scheme, "http" | "https") {
        return Err("the scheme of the URL must be http or https");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    if authority.contains(['@', '%']) {
        return Err("invalid host in the URL");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("invalid host in the URL")?;
            if !matches!(host.parse(), Ok(IpAddr::V6(_))) {
                return Err("invalid IPv6 address in the URL");
            }
            (
                host,
                port.strip_prefix(':').or((port.is_empty()).then_some("")),
            )
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, Some("")),
        },
    };
    match port {
        Some(port) if port.is_empty() || port.parse::<u16>().is_ok() => {}
        _ => return Err("invalid port in the URL"),
    }
    if host.is_empty() || host.contains(['[', ']']) {
        return Err("the URL has no host");
    }
    Ok(UrlParts { scheme, host })
}

impl UrlParts<'_> {
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
