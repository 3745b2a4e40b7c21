//! [`BaseUrl`] and [`Url`]: an endpoint's URL, and the parts of a request's that signing and sending need.

use std::fmt;

use inia_core::{Error, ErrorKind, Result};

/// The URL of an endpoint, read once: scheme, host, and the path that goes before each request's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    /// Without a query.
    text: String,
    /// Where the host begins, and the path.
    host: usize,
    path: usize,
}

impl BaseUrl {
    /// # Errors
    /// `Endpoint`: it is not a URL over `http` or `https`.
    pub(crate) fn parse(endpoint: &str) -> Result<Self> {
        let invalid = |why: &str| {
            Error::new(
                ErrorKind::Endpoint,
                format!(
                    "the endpoint {endpoint:?} is not a URL: {why}; it looks like https://host:port"
                ),
            )
        };
        let (scheme, rest) = endpoint
            .split_once("://")
            .ok_or_else(|| invalid("it has no scheme"))?;
        if !matches!(scheme, "http" | "https") {
            return Err(invalid("its scheme is neither http nor https"));
        }
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (host, _) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid("it has no host"));
        }
        let start = scheme.len() + 3;
        Ok(BaseUrl {
            text: format!("{scheme}://{rest}"),
            host: start,
            path: start + host.len(),
        })
    }

    /// The scheme with what follows it, the host, and the path.
    fn parts(&self) -> (&str, &str, &str) {
        let part = |from, to| self.text.get(from..to).unwrap_or_default();
        (
            part(0, self.host),
            part(self.host, self.path),
            part(self.path, self.text.len()),
        )
    }
}

/// A URL of the form `scheme://authority/path?query`, percent-encoded throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    text: String,
    /// Where the authority begins and ends.
    authority: (usize, usize),
    /// Where the path ends.
    path_end: usize,
}

impl Url {
    /// Puts a request's URL together: the endpoint with a prefix before its host, its base path, the request's own path, and
    /// the query. A request without a path of its own goes to the base path as it stands.
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

    /// The query without the `?`; empty for none.
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
    fn the_parts_of_a_url() {
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
    fn what_is_not_a_url_is_refused() {
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
