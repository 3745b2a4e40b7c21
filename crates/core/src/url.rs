//! [`UrlParts`]: the syntax of URLs.

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

#[cfg(test)]
mod tests {
    use super::*;

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
