//! [`UrlParts`] and [`HostPort`]: the syntax of URLs.

use std::net::Ipv6Addr;

/// The parts of a URL of the form `scheme://authority/path?query#fragment`, as written.
///
/// ```
/// use inia_core::UrlParts;
///
/// let url = UrlParts::split("https://[::1]:5000/a?b").unwrap();
/// assert_eq!((url.authority, url.path, url.query), ("[::1]:5000", "/a", "b"));
/// assert_eq!(url.host(), Some("::1"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlParts<'a> {
    /// The text before `://`.
    pub scheme: &'a str,
    /// User information, host and port.
    pub authority: &'a str,
    /// The path with its leading slash; may be empty.
    pub path: &'a str,
    /// The query without the `?`; empty if there is none.
    pub query: &'a str,
}

impl<'a> UrlParts<'a> {
    /// Splits a URL and drops the fragment. Returns `None` if there is no `://`.
    #[must_use]
    pub fn split(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
        Some(UrlParts {
            scheme,
            authority,
            path,
            query,
        })
    }

    /// Returns the host without the brackets of an IPv6 address, or `None` if host or port is invalid. Only an IPv6 address contains
    /// colons.
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        let (_, address) = self
            .authority
            .rsplit_once('@')
            .unwrap_or(("", self.authority));
        let (host, port) = match address.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']')?;
                let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
                address.parse::<Ipv6Addr>().ok()?;
                (
                    host,
                    if port.is_empty() {
                        port
                    } else {
                        port.strip_prefix(':')?
                    },
                )
            }
            None => address.split_once(':').unwrap_or((address, "")),
        };
        let is_port = port.is_empty()
            || port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        (is_port && !host.is_empty() && !host.contains(['[', ']'])).then_some(host)
    }
}

/// A host and a port, as in the authority of a URL that a request can be sent to.
///
/// ```
/// use inia_core::HostPort;
///
/// let address = HostPort::parse("[::1]:5000").unwrap();
/// assert_eq!((address.host, address.port), ("[::1]", Some(5000)));
/// assert_eq!(HostPort::parse("a:99999").unwrap_err(), "the port must be between 1 and 65535");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort<'a> {
    /// A host name, an IPv4 address, or an IPv6 address in brackets.
    pub host: &'a str,
    /// The port, unless it is absent or empty.
    pub port: Option<u16>,
}

impl<'a> HostPort<'a> {
    /// Parses a host and an optional port. Underscores are allowed, because names of containers have them.
    ///
    /// # Errors
    /// The reason why the text is not wholly understood.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        if text.contains('@') {
            return Err("a user and password are not supported");
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(bracketed) => {
                let end = bracketed
                    .find(']')
                    .ok_or("the bracket of the host is not closed")?;
                let (address, _) = bracketed.split_at_checked(end).unwrap_or_default();
                if address.contains('%') {
                    return Err("zone ids of IPv6 addresses are not supported");
                }
                if address.parse::<Ipv6Addr>().is_err() {
                    return Err("the host is not a valid IPv6 address");
                }
                // The address and both brackets.
                let (host, port) = text.split_at_checked(end + 2).unwrap_or_default();
                match port.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if port.is_empty() => (host, None),
                    None => return Err("the host is not a valid IPv6 address"),
                }
            }
            None => {
                let (host, port) = match text.split_once(':') {
                    Some((host, port)) => (host, Some(port)),
                    None => (text, None),
                };
                check_host_name(host)?;
                (host, port)
            }
        };
        let port = match port {
            None | Some("") => None,
            Some(port) => {
                let digits = port.bytes().all(|byte| byte.is_ascii_digit());
                let number = port.parse().ok().filter(|number| digits && *number > 0);
                Some(number.ok_or("the port must be between 1 and 65535")?)
            }
        };
        Ok(HostPort { host, port })
    }
}

fn check_host_name(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("the host is missing");
    }
    if !host.is_ascii() {
        return Err("the host must be ASCII: write an internationalized name in Punycode (xn--)");
    }
    if host.len() > 255 {
        return Err("the host is longer than 255 bytes");
    }
    // A trailing dot marks an absolute name.
    let labels = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if labels.split('.').all(is_label) {
        Ok(())
    } else {
        Err("the host is not valid")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_wholly_understood() {
        for (text, expected) in [
            ("a", Ok(("a", None))),
            ("A.b-c_d.:80", Ok(("A.b-c_d.", Some(80)))),
            ("127.0.0.1:5000", Ok(("127.0.0.1", Some(5000)))),
            ("a:", Ok(("a", None))),
            ("[::1]", Ok(("[::1]", None))),
            ("[::1]:65535", Ok(("[::1]", Some(65535)))),
            ("a:99999", Err("the port must be between 1 and 65535")),
            ("a:80abc", Err("the port must be between 1 and 65535")),
            ("a:0", Err("the port must be between 1 and 65535")),
            ("a:+80", Err("the port must be between 1 and 65535")),
            ("a:80:81", Err("the port must be between 1 and 65535")),
            ("::1", Err("the host is missing")),
            ("u:p@a", Err("a user and password are not supported")),
            ("", Err("the host is missing")),
            ("a..b", Err("the host is not valid")),
            (".", Err("the host is not valid")),
            ("a b", Err("the host is not valid")),
            ("a%41", Err("the host is not valid")),
            ("a\\b", Err("the host is not valid")),
            (
                "[fe80::1%25eth0]",
                Err("zone ids of IPv6 addresses are not supported"),
            ),
            ("[1.2.3.4]", Err("the host is not a valid IPv6 address")),
            ("[::1]x", Err("the host is not a valid IPv6 address")),
            ("[::1", Err("the bracket of the host is not closed")),
        ] {
            let parsed = HostPort::parse(text).map(|address| (address.host, address.port));
            assert_eq!(parsed, expected, "{text}");
        }
        assert!(
            HostPort::parse("zo\u{eb}")
                .unwrap_err()
                .contains("Punycode")
        );
        assert!(HostPort::parse(&"a".repeat(256)).is_err());
    }

    #[test]
    fn splits_urls() {
        for (url, parts) in [
            ("https://a", ("https", "a", "", "")),
            (
                "HTTP://u:p@a:80/b//c?d?e#f",
                ("HTTP", "u:p@a:80", "/b//c", "d?e"),
            ),
            ("http://a?b/c", ("http", "a", "", "b/c")),
            ("http://a#b?c", ("http", "a", "", "")),
            ("http://", ("http", "", "", "")),
        ] {
            let split = UrlParts::split(url).unwrap();
            assert_eq!(
                (split.scheme, split.authority, split.path, split.query),
                parts
            );
        }
        assert_eq!(UrlParts::split("localhost:5000"), None);
    }

    #[test]
    fn validates_hosts_and_ports() {
        for (authority, host) in [
            ("a", Some("a")),
            ("u:p@a:80", Some("a")),
            ("a:", Some("a")),
            ("[::1]", Some("::1")),
            ("[fe80::1%25en0]:81", Some("fe80::1%25en0")),
            ("", None),
            (":80", None),
            ("a:b", None),
            ("a:+80", None),
            ("a:65536", None),
            ("a:1:2", None),
            ("::1]", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[1.2.3.4]", None),
        ] {
            let url = format!("http://{authority}/");
            assert_eq!(UrlParts::split(&url).unwrap().host(), host, "{authority}");
        }
    }
}
