//! [`ProxySettings`]: selects the proxy for a request.

use std::fmt;

use base64::Engine as _;
use http::HeaderValue;
use inia_core::config::Proxies;
use inia_core::{Secret, Str};
use percent_encoding::percent_decode_str;

use super::TlsSettings;
use super::no_proxy::NoProxy;
use inia_core::HostPort;

/// Proxy settings.
///
/// HTTPS requests go through a tunnel, so the proxy cannot read them. Plain HTTP requests are forwarded by an HTTP proxy, and go through
/// the tunnel of a SOCKS proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// URLs of the proxies, by the scheme of the requests: `http`, `https`, or `all` for both. A proxy's own scheme is `http`, `https`,
    /// `socks5`, or `socks5h`, which leaves DNS to the proxy.
    pub proxies: Proxies,
    /// Hosts to connect to directly, separated by commas: host names (including subdomains), addresses, networks, each with a port if it
    /// applies to that port only, or `*`.
    pub no_proxy: Option<Str>,
    /// TLS settings for proxies whose URL is `https`.
    pub tls: TlsSettings,
}

/// A proxy. `Display` and `Debug` omit its user and password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) scheme: ProxyScheme,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) login: Option<ProxyLogin>,
}

/// The protocol of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProxyScheme {
    Http,
    Https,
    /// SOCKS 5 with the address of the host.
    Socks5,
    /// SOCKS 5 with the name of the host.
    Socks5h,
}

/// The user and password for a proxy.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ProxyLogin {
    pub(super) user: Secret,
    pub(super) password: Secret,
}

impl ProxyScheme {
    const ALL: [(&'static str, ProxyScheme, u16); 4] = [
        ("http", ProxyScheme::Http, 80),
        ("https", ProxyScheme::Https, 443),
        ("socks5", ProxyScheme::Socks5, 1080),
        ("socks5h", ProxyScheme::Socks5h, 1080),
    ];
}

impl Proxy {
    /// Parses the URL of a proxy.
    ///
    /// The password may contain any character: it ends at the last `@`, and is percent-decoded.
    ///
    /// DIFFERENCE: botocore supports no SOCKS proxies, and passwords with `@`, `#`, `/` and `?` only if they are percent-encoded.
    ///
    /// # Errors
    /// A reason that does not repeat the URL, which may contain a password.
    ///
    /// # Source
    /// botocore `httpsession.py:ProxyConfiguration._fix_proxy_url`, `_get_auth_from_url`.
    fn parse(url: &str) -> Result<Self, String> {
        let url = url.trim();
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                (scheme, rest)
            }
            _ => ("http", url.trim_start_matches('/')),
        };
        let Some((_, scheme, default_port)) = ProxyScheme::ALL
            .into_iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(scheme))
        else {
            return Err(format!(
                "unsupported scheme {scheme:?}: it must be http, https, socks5 or socks5h"
            ));
        };
        let (login, address) = match rest.rsplit_once('@') {
            Some((login, address)) => (Some(login).filter(|login| !login.is_empty()), address),
            None => (None, rest),
        };
        let (address, _) = address.split_at(address.find(['/', '?', '#']).unwrap_or(address.len()));
        let address = HostPort::parse(address)?;
        let proxy = Proxy {
            scheme,
            host: address.host.to_ascii_lowercase(),
            port: address.port.unwrap_or(default_port),
            login: login.map(ProxyLogin::parse),
        };
        if proxy.is_socks() && proxy.login.as_ref().is_some_and(ProxyLogin::is_too_long) {
            return Err(
                "the user and password of a SOCKS proxy are limited to 255 bytes".to_owned(),
            );
        }
        Ok(proxy)
    }

    /// Returns true for the SOCKS schemes.
    pub(super) fn is_socks(&self) -> bool {
        matches!(self.scheme, ProxyScheme::Socks5 | ProxyScheme::Socks5h)
    }

    /// Returns the value of `proxy-authorization`.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let ProxyLogin { user, password } = self.login.as_ref()?;
        let login = format!("{}:{}", user.expose(), password.expose());
        let login = base64::engine::general_purpose::STANDARD.encode(login);
        let mut value = HeaderValue::from_str(&format!("Basic {login}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl ProxyLogin {
    fn parse(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decode = |text| Secret::from(&*percent_decode_str(text).decode_utf8_lossy());
        ProxyLogin {
            user: decode(user),
            password: decode(password),
        }
    }

    fn is_too_long(&self) -> bool {
        self.user.expose().len() > 255 || self.password.expose().len() > 255
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = ProxyScheme::ALL
            .iter()
            .find(|(_, scheme, _)| *scheme == self.scheme)
            .map_or("", |(name, ..)| name);
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The parsed proxy settings.
#[derive(Debug)]
pub(super) struct ProxyTable {
    http: Option<Proxy>,
    https: Option<Proxy>,
    no_proxy: NoProxy,
}

impl ProxyTable {
    /// Parses the settings; `None` without proxies.
    ///
    /// # Errors
    /// A message about the first invalid URL. It does not repeat the URL, which may contain a password.
    pub(super) fn new(settings: &ProxySettings) -> Result<Option<Self>, String> {
        let proxy = |scheme: &str| {
            let url = settings.proxies.0.get(scheme);
            let url = url.filter(|url| !url.trim().is_empty());
            url.map(|url| {
                Proxy::parse(url)
                    .map_err(|error| format!("the proxy for {scheme} has an invalid URL: {error}"))
            })
            .transpose()
        };
        let all = proxy("all")?;
        let table = ProxyTable {
            http: proxy("http")?.or_else(|| all.clone()),
            https: proxy("https")?.or(all),
            no_proxy: NoProxy::parse(settings.no_proxy.as_deref().unwrap_or_default()),
        };
        Ok((table.http.is_some() || table.https.is_some()).then_some(table))
    }

    /// Returns the proxy for requests to a host.
    pub(super) fn proxy_for(&self, is_tls: bool, host: &str, port: u16) -> Option<&Proxy> {
        let proxy = if is_tls { &self.https } else { &self.http };
        proxy
            .as_ref()
            .filter(|_| !self.no_proxy.contains(host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(
        proxies: &[(&str, &str)],
        no_proxy: Option<&str>,
    ) -> Result<Option<ProxyTable>, String> {
        ProxyTable::new(&ProxySettings {
            proxies: Proxies(
                proxies
                    .iter()
                    .map(|(scheme, url)| (Str::from(*scheme), Str::from(*url)))
                    .collect(),
            ),
            no_proxy: no_proxy.map(Str::from),
            tls: TlsSettings::default(),
        })
    }

    #[test]
    fn selects_proxies_by_scheme_and_host() {
        for (proxies, no_proxy, is_tls, expected) in [
            (&[("http", "p:1")][..], None, false, Some("http://p:1")),
            (&[("http", "p:1")], None, true, None),
            (&[("https", "//p:1/x")], None, true, Some("http://p:1")),
            (&[("all", "https://p")], None, false, Some("https://p:443")),
            (&[("all", "HTTP://P")], None, true, Some("http://p:80")),
            (
                &[("all", "socks5h://[::1]")],
                None,
                true,
                Some("socks5h://[::1]:1080"),
            ),
            (
                &[("all", "q:2"), ("http", "p:1")],
                None,
                false,
                Some("http://p:1"),
            ),
            (
                &[("all", "q:2"), ("http", "p:1")],
                None,
                true,
                Some("http://q:2"),
            ),
            (&[("http", "p:1")], Some("b.example,example"), false, None),
            (
                &[("http", "p:1")],
                Some("b.example"),
                false,
                Some("http://p:1"),
            ),
        ] {
            let table = table(proxies, no_proxy).unwrap().unwrap();
            let proxy = table.proxy_for(is_tls, "a.example", 80);
            let proxy = proxy.map(Proxy::to_string);
            assert_eq!(proxy.as_deref(), expected, "{proxies:?} {no_proxy:?}");
        }
        assert!(table(&[], Some("*")).unwrap().is_none());
        assert!(table(&[("http", " ")], None).unwrap().is_none());
    }

    #[test]
    fn passwords_may_contain_any_character() {
        for (url, login) in [
            ("http://user:p%40ss@p:1", "user:p@ss"),
            ("user:p#w@p:1", "user:p#w"),
            ("http://user:p@w@p:1", "user:p@w"),
            ("http://user:p/w?x#y@p:1/", "user:p/w?x#y"),
            ("user:100%@p:1", "user:100%"),
            ("http://user:a:b@p:1", "user:a:b"),
            ("http://user@p:1", "user:"),
        ] {
            let table = table(&[("http", url)], None).unwrap().unwrap();
            let proxy = table.proxy_for(false, "a.example", 80).unwrap();
            assert_eq!(proxy.to_string(), "http://p:1", "{url}");
            let encoded = base64::engine::general_purpose::STANDARD.encode(login);
            assert_eq!(
                proxy.authorization().unwrap(),
                format!("Basic {encoded}").as_str(),
                "{url}"
            );
            assert!(!format!("{table:?}").contains("user"), "{table:?}");
        }
    }

    #[test]
    fn passwords_do_not_leak_into_errors() {
        for url in [
            "http://user:hush@p q",
            "ftp://user:hush@p:1",
            "socks4://user:hush@p:1",
            "http://user:hush@p:99999",
            "http://user:hush@p:80x",
            "http://user:hush@",
            "http://",
        ] {
            let error = table(&[("http", url)], None).unwrap_err();
            assert!(!error.contains("hush"), "{error}");
        }
        let long = format!("socks5://user:{}@p", "h".repeat(256));
        assert!(table(&[("all", &long)], None).is_err());
    }
}
