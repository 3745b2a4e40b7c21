//! [`ProxySettings`]: selects the proxy for a request.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use inia_core::Str;
use inia_core::config::Proxies;

use super::TlsSettings;

/// Proxy settings.
///
/// HTTPS requests go through a tunnel (`CONNECT`), so the proxy cannot read them; plain HTTP requests are forwarded by the proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// URLs of the proxies, by the scheme of the requests: `http`, `https`, or `all` for both.
    pub proxies: Proxies,
    /// Hosts to connect to directly, separated by commas: host names (including subdomains), addresses, networks, or `*`.
    pub no_proxy: Option<Str>,
    /// TLS settings for proxies whose URL is `https`.
    pub tls: TlsSettings,
}

/// The parsed proxy settings.
#[derive(Debug)]
pub(super) struct ProxyTable(Matcher);

impl ProxyTable {
    /// Parses the settings; `None` if there are no proxies.
    ///
    /// # Errors
    /// A message about the first invalid URL. It does not repeat the URL, which may contain a password.
    pub(super) fn new(settings: &ProxySettings) -> Result<Option<Self>, String> {
        let mut matcher = Matcher::builder();
        let mut any = false;
        for (scheme, url) in &settings.proxies.0 {
            if url.is_empty() {
                continue;
            }
            matcher = match scheme.as_str() {
                "http" => matcher.http(complete(scheme, url)?),
                "https" => matcher.https(complete(scheme, url)?),
                "all" => matcher.all(complete(scheme, url)?),
                _ => continue,
            };
            any = true;
        }
        if let Some(hosts) = &settings.no_proxy {
            matcher = matcher.no(hosts.as_str());
        }
        Ok(any.then(|| ProxyTable(matcher.build())))
    }

    /// Returns the proxy for a URL.
    pub(super) fn proxy_for(&self, url: &Uri) -> Option<Intercept> {
        self.0.intercept(url)
    }
}

/// Adds the default scheme to a proxy's URL, and validates it.
///
/// # Source
/// botocore `httpsession.py:ProxyConfiguration._fix_proxy_url`.
fn complete(scheme: &str, url: &str) -> Result<String, String> {
    let url = if url.contains("://") {
        url.to_owned()
    } else {
        format!("http://{}", url.trim_start_matches('/'))
    };
    let Ok(uri) = url.parse::<Uri>() else {
        return Err(format!("the proxy for {scheme} has an invalid URL"));
    };
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(url),
        (Some("http" | "https"), _) => {
            Err(format!("the URL of the proxy for {scheme} has no host"))
        }
        (other, _) => Err(format!(
            "the URL of the proxy for {scheme} has the scheme {:?}: only http and https are supported",
            other.unwrap_or_default()
        )),
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
        let cases = [
            (
                &[("http", "p:1")][..],
                None,
                "http://a.example/",
                Some("http://p:1/"),
            ),
            (&[("http", "p:1")], None, "https://a.example/", None),
            (
                &[("https", "//p:1/x")],
                None,
                "https://a.example/",
                Some("http://p:1/"),
            ),
            (
                &[("all", "https://p:1")],
                None,
                "http://a.example/",
                Some("https://p:1/"),
            ),
            (
                &[("all", "q:2"), ("http", "p:1")],
                None,
                "http://a.example/",
                Some("http://p:1/"),
            ),
            (
                &[("http", "p:1")],
                Some("b.example,example"),
                "http://a.example/",
                None,
            ),
            (
                &[("http", "p:1")],
                Some("b.example"),
                "http://a.example/",
                Some("http://p:1/"),
            ),
            (&[("http", "p:1")], Some("*"), "http://a.example/", None),
            (
                &[("http", "p:1")],
                Some("10.0.0.0/8"),
                "http://10.1.2.3/",
                None,
            ),
        ];
        for (proxies, no_proxy, url, expected) in cases {
            let table = table(proxies, no_proxy).unwrap().unwrap();
            let proxy = table.proxy_for(&url.parse().unwrap());
            let proxy = proxy.map(|proxy| proxy.uri().to_string());
            assert_eq!(proxy.as_deref(), expected, "{proxies:?} {no_proxy:?} {url}");
        }
        assert!(table(&[], Some("*")).unwrap().is_none());
        assert!(table(&[("http", "")], None).unwrap().is_none());
    }

    #[test]
    fn passwords_become_a_header_and_do_not_leak_into_errors() {
        let table = table(&[("http", "http://user:p%40ss@p:1")], None)
            .unwrap()
            .unwrap();
        let proxy = table
            .proxy_for(&"http://a.example".parse().unwrap())
            .unwrap();
        assert_eq!(proxy.basic_auth().unwrap(), "Basic dXNlcjpwQHNz");
        assert!(!format!("{table:?}").contains("p%40ss"));
        for url in ["http://user:hush@p q", "socks5://user:hush@p:1", "http://"] {
            let error = super::tests::table(&[("http", url)], None).unwrap_err();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
