//! [`BaseUrl`] and [`Url`]: the URLs of endpoints and requests, split into the parts that signing needs.

use std::fmt;

use inia_core::{Error, ErrorKind, Result, UrlParts};

/// The parsed URL of an endpoint: scheme, host, and base path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// The URL without query and fragment.
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
    /// `Endpoint`: not an `http` or `https` URL.
    pub(crate) fn parse(endpoint: &str) -> Result<Self> {
        let invalid = |reason: &str| {
            Error::new(
                ErrorKind::Endpoint,
                format!(
                    "invalid endpoint URL {endpoint:?}: {reason}; expected the form https://host:port"
                ),
            )
        };
        let parts = UrlParts::split(endpoint).ok_or_else(|| invalid("missing scheme"))?;
        let (scheme, host) = (parts.scheme, parts.authority);
        if !matches!(scheme, "http" | "https") {
            return Err(invalid("the scheme must be http or https"));
        }
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid("missing or invalid host"));
        }
        let start = scheme.len() + 3;
        Ok(BaseUrl {
            text: format!("{scheme}://{host}{}", parts.path),
            host: start,
            path: start + host.len(),
        })
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
        let whole = url(
            "https://s3.amazonaws.com/base/?x#y",
            "pre.",
            "/a%20b",
            "x=1&y=",
        );
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
    fn rejects_invalid_endpoint_urls() {
        for endpoint in [
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
