//! [`NoProxy`]: hosts that are connected to directly.

use std::net::IpAddr;

/// A parsed `NO_PROXY` list.
///
/// # Source
/// Python's `urllib.request.proxy_bypass_environment` for names and ports; curl's `CURLOPT_NOPROXY` for networks.
#[derive(Debug, Default)]
pub(super) struct NoProxy(Vec<(DirectHosts, Option<u16>)>);

/// The hosts of an entry of the list.
#[derive(Debug, PartialEq, Eq)]
enum DirectHosts {
    All,
    /// A host and its subdomains, in lower case.
    Domain(String),
    Network(IpAddr, u8),
}

impl NoProxy {
    /// Parses a list separated by commas or white space. Entries that are neither names, addresses nor networks match nothing.
    pub(super) fn parse(list: &str) -> Self {
        NoProxy(
            list.split([',', ' ', '\t', '\n', '\r'])
                .filter(|entry| !entry.is_empty())
                .map(parse_entry)
                .collect(),
        )
    }

    /// Returns true if the list contains a host. An IPv6 address may be in brackets.
    pub(super) fn contains(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address = parse_address(&host);
        self.0.iter().any(|(hosts, only_port)| {
            only_port.is_none_or(|only| only == port) && hosts.contains(&host, address)
        })
    }
}

impl DirectHosts {
    fn contains(&self, host: &str, address: Option<IpAddr>) -> bool {
        match self {
            DirectHosts::All => true,
            DirectHosts::Domain(domain) => host
                .strip_suffix(domain.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            DirectHosts::Network(network, prefix) => {
                address.is_some_and(|address| is_in_network(address, *network, *prefix))
            }
        }
    }
}

fn parse_entry(entry: &str) -> (DirectHosts, Option<u16>) {
    if let Some(network) = parse_network(entry) {
        return (network, None);
    }
    // The colons of an IPv6 address are not those of a port, because such an address was parsed above.
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        None => (entry, None),
    };
    if host == "*" {
        return (DirectHosts::All, port);
    }
    let hosts = parse_network(host).unwrap_or_else(|| {
        let domain = host.strip_prefix("*.").unwrap_or(host).trim_matches('.');
        DirectHosts::Domain(domain.to_ascii_lowercase())
    });
    (hosts, port)
}

/// Parses an address or a network.
fn parse_network(text: &str) -> Option<DirectHosts> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address = parse_address(address)?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(bits);
    (prefix <= bits).then_some(DirectHosts::Network(address, prefix))
}

fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    text.parse().ok()
}

fn is_in_network(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let (address, network, bits) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (
            u128::from(address.to_bits()),
            u128::from(network.to_bits()),
            32,
        ),
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.to_bits(), network.to_bits(), 128),
        _ => return false,
    };
    let ignored = bits - u32::from(prefix).min(bits);
    // A shift by all 128 bits would overflow.
    (address ^ network).checked_shr(ignored).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_matches_names_addresses_networks_and_ports() {
        for (list, host, port, expected) in [
            ("*", "a.example", 80, true),
            ("x, *", "a.example", 80, true),
            ("example", "a.example", 80, true),
            ("EXAMPLE", "A.Example.", 80, true),
            (".example", "a.example", 80, true),
            (".example", "example", 80, true),
            ("*.example", "a.example", 80, true),
            ("ample", "a.example", 80, false),
            ("a.example:8080", "a.example", 8080, true),
            ("a.example:8080", "a.example", 80, false),
            ("b.example c.example", "c.example", 80, true),
            ("127.0.0.1:5000", "127.0.0.1", 5000, true),
            ("127.0.0.1:5000", "127.0.0.1", 5001, false),
            ("::1", "[::1]", 80, true),
            ("[::1]", "[::1]", 80, true),
            ("[::1]:5000", "[::1]", 5000, true),
            ("[::1]:5000", "[::1]", 80, false),
            ("0:0::1", "::1", 80, true),
            ("10.0.0.0/8", "10.1.2.3", 80, true),
            ("10.0.0.0/8", "11.1.2.3", 80, false),
            ("10.0.0.0/8", "a.example", 80, false),
            ("0.0.0.0/0", "11.1.2.3", 80, true),
            ("::/0", "[fe80::1]", 80, true),
            ("fe80::/10", "[fe80::1]", 80, true),
            ("fe80::/10", "[2001::1]", 80, false),
            ("10.0.0.0/64", "10.0.0.0", 80, false),
            (",, ", "a.example", 80, false),
            ("", "a.example", 80, false),
        ] {
            let list_of = NoProxy::parse(list);
            assert_eq!(
                list_of.contains(host, port),
                expected,
                "{list} {host}:{port}"
            );
        }
    }
}
