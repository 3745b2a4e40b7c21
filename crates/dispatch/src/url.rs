//! [`Url`]: the parts of a request's URL that signing and sending need.

use std::fmt;

use inia_core::{Error, ErrorKind, Result};

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
    /// # Errors
    /// `Endpoint`: the endpoint is not a URL over `http` or `https`.
    ///
    /// # Source
    /// botocore `awsrequest.py:_urljoin`.
    pub(crate) fn new(endpoint: &str, host_prefix: &str, path: &str, query: &str) -> Result<Self> {
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
        let (host, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid("it has no host"));
        }
        let mut text = String::with_capacity(
            endpoint.len() + host_prefix.len() + path.len() + query.len() + 3,
        );
        text.push_str(scheme);
        text.push_str("://");
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
        Ok(Url {
            text,
            authority: (start, end),
            path_end,
        })
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
        let url = Url::new("https://s3.amazonaws.com/base/", "pre.", "/a%20b", "x=1&y=").unwrap();
        assert_eq!(
            url.as_str(),
            "https://pre.s3.amazonaws.com/base/a%20b?x=1&y="
        );
        assert_eq!(
            (url.scheme(), url.authority(), url.path(), url.query()),
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
            let url = Url::new(endpoint, "", path, "").unwrap();
            assert_eq!(url.as_str(), expected, "{endpoint} {path}");
        }
        let bare = Url::new("http://[::1]:5000", "", "/", "").unwrap();
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
                Url::new(endpoint, "", "/", "").unwrap_err().kind(),
                ErrorKind::Endpoint,
                "{endpoint}"
            );
        }
    }
}
