//! [`BaseUrl`] and [`Url`]: the URLs of endpoints and requests, split into the parts that signing needs.

use std::fmt;

use inia_core::{Error, ErrorKind, HostPort, Result, UrlParts};

/// The parsed URL of an endpoint: scheme, host, and base path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// The URL with scheme and host in lower case, and without the default port.
    text: String,
    /// Offset of the host.
    host: usize,
    /// Offset of the path.
    path: usize,
}

impl BaseUrl {
    /// Parses the URL of an endpoint.
    ///
    /// # Errors
    /// `Endpoint`: not an `http` or `https` URL, or a part of it would be ignored.
    pub(crate) fn parse(endpoint: &str) -> Result<Self> {
        Self::try_parse(endpoint)
            .map_err(|reason| invalid_url(ErrorKind::Endpoint, endpoint, reason))
    }

    /// Parses an endpoint that a setting contains.
    ///
    /// # Errors
    /// `Config`, as [`parse`](Self::parse).
    pub(crate) fn from_setting(endpoint: &str) -> Result<Self> {
        let endpoint = endpoint.trim();
        Self::try_parse(endpoint)
            .map_err(|reason| invalid_url(ErrorKind::Config, endpoint, reason).at("endpoint_url"))
    }

    /// Returns the host with its port.
    pub(crate) fn authority(&self) -> &str {
        self.parts().1
    }

    fn try_parse(endpoint: &str) -> Result<Self, &'static str> {
        let parts = UrlParts::split(endpoint).ok_or("the scheme is missing")?;
        let scheme = parts.scheme.to_ascii_lowercase();
        let default_port = match &*scheme {
            "http" => 80,
            "https" => 443,
            _ => return Err("the scheme must be http or https"),
        };
        let address = HostPort::parse(parts.authority)?;
        if endpoint.contains(['?', '#']) {
            return Err("a query or fragment is not supported");
        }
        let is_path = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if !parts.path.bytes().all(is_path) {
            return Err("the path must be percent-encoded");
        }
        let mut text = format!("{scheme}://");
        let host = text.len();
        text.push_str(&address.host.to_ascii_lowercase());
        if let Some(port) = address.port.filter(|port| *port != default_port) {
            text.push_str(&format!(":{port}"));
        }
        let path = text.len();
        text.push_str(parts.path);
        Ok(BaseUrl { text, host, path })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true if the host may have subdomains: it is neither an IP address nor `localhost`.
    pub(crate) fn has_subdomains(&self) -> bool {
        let (host, _) = split_port(self.authority());
        !host.starts_with('[')
            && !host.eq_ignore_ascii_case("localhost")
            && host.parse::<std::net::Ipv4Addr>().is_err()
    }

    /// Returns the scheme with its `://`, the host, and the path.
    fn parts(&self) -> (&str, &str, &str) {
        let slice = |start, end| self.text.get(start..end).unwrap_or_default();
        (
            slice(0, self.host),
            slice(self.host, self.path),
            slice(self.path, self.text.len()),
        )
    }
}

#[cold]
fn invalid_url(kind: ErrorKind, url: &str, reason: &str) -> Error {
    Error::new(
        kind,
        format!(
            "invalid URL {:?}: {reason}; expected the form https://host:port",
            printable_url(url)
        ),
    )
}

/// Returns a URL for error messages, without user, password and query.
pub(crate) fn printable_url(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => ("***@", rest),
        None => ("", rest),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}{user}{rest}")
}

/// A percent-encoded URL of the form `scheme://authority/path?query`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    text: String,
    /// Start and end offset of the authority.
    authority: (usize, usize),
    /// End offset of the path.
    path_end: usize,
}

impl Url {
    /// Joins the URL of a request: the endpoint with a prefix before its host, the base path, the request's path, and the query. If
    /// the request has no path, the base path is used unchanged.
    ///
    /// # Source
    /// botocore `awsrequest.py:_urljoin`.
    pub(crate) fn new(endpoint: &BaseUrl, host_prefix: &str, path: &str, query: &str) -> Self {
        let (scheme, host, base) = endpoint.parts();
        let mut text = String::with_capacity(
            endpoint.text.len() + host_prefix.len() + path.len() + query.len() + 2,
        );
        text.push_str(scheme);
        let start = text.len();
        text.push_str(host_prefix);
        text.push_str(host);
        let end = text.len();
        match path {
            "" | "/" if !base.is_empty() => text.push_str(base),
            _ => {
                text.push_str(base.trim_end_matches('/'));
                if !path.starts_with('/') {
                    text.push('/');
                }
                text.push_str(path);
            }
        }
        let path_end = text.len();
        if !query.is_empty() {
            text.push('?');
            text.push_str(query);
        }
        Url {
            text,
            authority: (start, end),
            path_end,
        }
    }

    pub(crate) fn scheme(&self) -> &str {
        if self.is_tls() { "https" } else { "http" }
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.text.starts_with("https:")
    }

    pub(crate) fn authority(&self) -> &str {
        self.text
            .get(self.authority.0..self.authority.1)
            .unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.text
            .get(self.authority.1..self.path_end)
            .unwrap_or_default()
    }

    /// Returns the query without the `?`; empty if there is none.
    pub(crate) fn query(&self) -> &str {
        self.text.get(self.path_end + 1..).unwrap_or_default()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the URL in a `location` header of the response to this URL.
    ///
    /// # Errors
    /// `Endpoint`: not an `http` or `https` URL.
    pub(crate) fn redirected(&self, location: &str) -> Result<Self> {
        let absolute = if location.starts_with('/') && !location.starts_with("//") {
            format!("{}://{}{location}", self.scheme(), self.authority())
        } else if location.starts_with("//") {
            format!("{}:{location}", self.scheme())
        } else {
            location.to_owned()
        };
        let without_fragment = absolute.split('#').next().unwrap_or_default();
        let (base, query) = without_fragment
            .split_once('?')
            .unwrap_or((without_fragment, ""));
        let base = BaseUrl::parse(base).map_err(|error| error.at("redirected by the endpoint"))?;
        Ok(Url::new(&base, "", "", query))
    }

    /// Returns true if requests to this URL may carry the credentials of requests to `original`: it has the same host and port, or TLS
    /// where the original had none.
    pub(crate) fn has_trusted_host(&self, original: &Url) -> bool {
        let (host, port) = split_port(self.authority());
        let (original_host, original_port) = split_port(original.authority());
        if !host.eq_ignore_ascii_case(original_host) {
            return false;
        }
        match (original.is_tls(), self.is_tls()) {
            (false, true) => true,
            (true, false) => false,
            (_, is_tls) => {
                let default = if is_tls { "443" } else { "80" };
                port.unwrap_or(default) == original_port.unwrap_or(default)
            }
        }
    }
}

/// Splits an authority into host and port.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_splits_urls() {
        let url = |endpoint: &str, prefix: &str, path: &str, query: &str| {
            Url::new(&BaseUrl::parse(endpoint).unwrap(), prefix, path, query)
        };
        let whole = url("https://s3.amazonaws.com/base/", "pre.", "/a%20b", "x=1&y=");
        assert_eq!(
            whole.as_str(),
            "https://pre.s3.amazonaws.com/base/a%20b?x=1&y="
        );
        assert_eq!(
            (
                whole.scheme(),
                whole.authority(),
                whole.path(),
                whole.query()
            ),
            ("https", "pre.s3.amazonaws.com", "/base/a%20b", "x=1&y=")
        );
        for (endpoint, path, expected) in [
            ("http://a", "", "http://a/"),
            ("http://a/", "/", "http://a/"),
            ("http://a/bucket", "/", "http://a/bucket"),
            ("http://a/bucket", "", "http://a/bucket"),
            ("http://a/base/", "", "http://a/base/"),
            ("http://a/base/", "/x", "http://a/base/x"),
            ("http://a/base", "/x/", "http://a/base/x/"),
        ] {
            assert_eq!(
                url(endpoint, "", path, "").as_str(),
                expected,
                "{endpoint} {path}"
            );
        }
        let bare = url("http://[::1]:5000", "", "/", "");
        assert_eq!(
            (bare.authority(), bare.path(), bare.query()),
            ("[::1]:5000", "/", "")
        );
    }

    #[test]
    fn signs_the_host_that_it_sends() {
        for (endpoint, expected) in [
            ("HTTP://LOCALHOST:5000", "http://localhost:5000"),
            ("https://Host.Example:443/Path", "https://host.example/Path"),
            ("http://host:80", "http://host"),
            ("http://host:443", "http://host:443"),
            ("http://host:", "http://host"),
            ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
            ("http://localhost.:5000", "http://localhost.:5000"),
        ] {
            assert_eq!(BaseUrl::parse(endpoint).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn errors_do_not_contain_passwords() {
        for endpoint in [
            "https://user:hush@host",
            "user:hush@host:80",
            "http://a:hush@b@c?hush",
        ] {
            let error = BaseUrl::from_setting(endpoint).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("endpoint_url"));
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn trusts_redirects_to_the_same_host_only() {
        for (original, location, expected, trusted) in [
            ("http://a:1/x", "/y?z=1", "http://a:1/y?z=1", true),
            ("http://a/x", "http://A:80/x", "http://a/x", true),
            ("http://a:1/x", "http://a:2/x", "http://a:2/x", false),
            ("http://a:1/x", "https://a/x#f", "https://a/x", true),
            ("https://a/x", "http://a/x", "http://a/x", false),
            ("https://a/x", "https://b.a/x", "https://b.a/x", false),
            (
                "http://[::1]:1/x",
                "http://[::1]:1/y",
                "http://[::1]:1/y",
                true,
            ),
            ("http://a/x", "//b/x", "http://b/x", false),
        ] {
            let original = Url::new(&BaseUrl::parse(original).unwrap(), "", "", "");
            let url = original.redirected(location).unwrap();
            assert_eq!(url.as_str(), expected);
            assert_eq!(url.has_trusted_host(&original), trusted, "{location}");
        }
        let original = Url::new(&BaseUrl::parse("http://a/").unwrap(), "", "", "");
        assert!(original.redirected("ftp://a/").is_err());
        assert!(original.redirected("").is_err());
    }

    #[test]
    fn only_names_have_subdomains() {
        for (url, expected) in [
            ("http://127.0.0.1:5000", false),
            ("http://[::1]:5000", false),
            ("http://LOCALHOST/x", false),
            ("http://a.localhost", true),
            ("https://sqs.us-east-1.amazonaws.com", true),
        ] {
            assert_eq!(
                BaseUrl::parse(url).unwrap().has_subdomains(),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn rejects_invalid_endpoint_urls() {
        for endpoint in [
            "http://127.0.0.1:99999",
            "http://127.0.0.1:80abc",
            "http://127.0.0.1:0",
            "http://user@host",
            "http://host?query",
            "http://host/#fragment",
            "http://host/a b",
            "http://host\\path",
            "http://h\u{f6}st",
            "http://[fe80::1%25eth0]",
            "",
            "localhost:5000",
            "ftp://host",
            "https://",
            "http:///path",
            "https://a b",
        ] {
            assert_eq!(
                BaseUrl::parse(endpoint).unwrap_err().kind(),
                ErrorKind::Endpoint,
                "{endpoint}"
            );
        }
    }
}
