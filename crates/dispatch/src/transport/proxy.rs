//! [`ProxySettings`]: which requests go through a proxy, and how it is spoken to.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use inia_core::Str;
use inia_core::config::Proxies;

use super::TlsSettings;

/// Which requests go through a proxy.
///
/// HTTPS goes through a tunnel (`CONNECT`), so that the proxy sees nothing of it; plain HTTP is handed to the proxy to forward.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// The proxies' URLs, by the scheme of the requests they are for: `http`, `https`, or `all` for both.
    pub proxies: Proxies,
    /// Hosts that are reached without proxy, separated by commas: names, each with its subdomains, addresses, networks, or `*`.
    pub no_proxy: Option<Str>,
    /// TLS to a proxy whose own URL is `https`.
    pub tls: TlsSettings,
}

/// The proxies by what they are for, read once.
#[derive(Debug)]
pub(super) struct ProxyTable(Matcher);

impl ProxyTable {
    /// The table, or `None` where there are no proxies.
    ///
    /// # Errors
    /// What is wrong with the first URL that is none. It is not repeated, since it may hold a password.
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

    /// The proxy on the way to a URL.
    pub(super) fn route(&self, url: &Uri) -> Option<Intercept> {
        self.0.intercept(url)
    }
}

/// A proxy's URL with its scheme.
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
            "the proxy for {scheme} is a {} one: only http and https are spoken to proxies",
            other.unwrap_or("strange")
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
    fn requests_are_routed_by_their_scheme() {
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
            let found = table.route(&url.parse().unwrap());
            let found = found.map(|proxy| proxy.uri().to_string());
            assert_eq!(found.as_deref(), expected, "{proxies:?} {no_proxy:?} {url}");
        }
        assert!(table(&[], Some("*")).unwrap().is_none());
        assert!(table(&[("http", "")], None).unwrap().is_none());
    }

    #[test]
    fn passwords_become_a_header_and_are_in_no_error() {
        let table = table(&[("http", "http://user:p%40ss@p:1")], None)
            .unwrap()
            .unwrap();
        let proxy = table.route(&"http://a.example".parse().unwrap()).unwrap();
        assert_eq!(proxy.basic_auth().unwrap(), "Basic dXNlcjpwQHNz");
        assert!(!format!("{table:?}").contains("p%40ss"));
        for url in ["http://user:hush@p q", "socks5://user:hush@p:1", "http://"] {
            let error = super::tests::table(&[("http", url)], None).unwrap_err();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
