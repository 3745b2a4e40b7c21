//! The few things a metadata service's URL is asked: what scheme and host it has.

use std::net::IpAddr;

/// The parts of a URL that decide whether it may be called.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UrlParts<'a> {
    /// `http` or `https`.
    pub(crate) scheme: &'a str,
    /// The host, without the brackets of an IPv6 address.
    pub(crate) host: &'a str,
}

/// Reads an `http` or `https` URL. What two readers could understand differently (user names, backslashes, escapes in the host)
/// is refused: the host that is checked has to be the host that is called.
pub(crate) fn parse(url: &str) -> Result<UrlParts<'_>, &'static str> {
    if url
        .bytes()
        .any(|byte| byte <= b' ' || byte == b'\\' || byte >= 0x7f)
    {
        return Err("the URL has characters that no URL has");
    }
    let (scheme, rest) = url
        .split_once("://")
        .ok_or("the URL does not name a host")?;
    if !matches!(scheme, "http" | "https") {
        return Err("the URL's scheme is neither http nor https");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    if authority.contains(['@', '%']) {
        return Err("the URL's host is not a plain one");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest
                .split_once(']')
                .ok_or("the URL's host is not a plain one")?;
            if !matches!(host.parse(), Ok(IpAddr::V6(_))) {
                return Err("the URL's host is not an IPv6 address");
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
        _ => return Err("the URL's port is not a number"),
    }
    if host.is_empty() || host.contains(['[', ']']) {
        return Err("the URL does not name a host");
    }
    Ok(UrlParts { scheme, host })
}

impl UrlParts<'_> {
    /// Whether the host is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_they_are_called() {
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
