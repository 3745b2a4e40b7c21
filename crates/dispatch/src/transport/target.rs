//! [`Target`]: the peer of a connection.

use http::Uri;
use http::uri::{Authority, Scheme};
use inia_core::HostPort;

use super::HttpVersion;

/// The peer of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    is_tls: bool,
    authority: Authority,
    port: u16,
    version: HttpVersion,
}

impl Target {
    /// Returns the target of a URL.
    ///
    /// # Errors
    /// A reason, if the URL is not wholly understood.
    pub(super) fn of(url: &Uri, version: HttpVersion) -> Result<Self, String> {
        let is_tls = match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err("the scheme must be http or https".to_owned()),
        };
        let authority = url.authority().ok_or("the host is missing")?;
        let port = HostPort::parse(authority.as_str())?.port;
        Ok(Target {
            is_tls,
            authority: authority.clone(),
            port: port.unwrap_or(if is_tls { 443 } else { 80 }),
            version: match version {
                // HTTP/2 is negotiated by TLS.
                HttpVersion::Http2 if !is_tls => HttpVersion::Http1,
                version => version,
            },
        })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Returns true if HTTP/2 is used without negotiation.
    pub(super) fn has_prior_knowledge(&self) -> bool {
        !self.is_tls && self.version == HttpVersion::Http2Only
    }

    /// Returns the host; an IPv6 address is in brackets.
    pub(super) fn host(&self) -> &str {
        self.authority.host()
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn version(&self) -> HttpVersion {
        self.version
    }

    /// Returns host and port as in the URL.
    pub(super) fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// Returns the value of the `host` header, without the default port.
    pub(super) fn host_header(&self) -> &str {
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => self.authority.host(),
            _ => self.authority.as_str(),
        }
    }
}
