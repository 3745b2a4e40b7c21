//! Opens tunnels through proxies: `CONNECT` of HTTP, and SOCKS 5.

use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::failure::ConnectError;
use super::proxy::{Proxy, ProxyScheme};
use super::socket::ByteChannel;

type Channel = Box<dyn ByteChannel>;

/// Maximum size of a proxy's response to `CONNECT`, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// Opens a tunnel to a host through an HTTP proxy.
pub(super) async fn open_http(
    channel: &mut Channel,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<(), ConnectError> {
    let mut request =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(authorization) = proxy.authorization() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    channel
        .write_all(&request)
        .await
        .map_err(|error| ConnectError::io("failed", &error))?;

    let mut head = Vec::with_capacity(1024);
    let end = loop {
        if let Some(end) = head_end(&head) {
            break end;
        }
        if head.len() >= MAX_HEAD {
            return Err(ConnectError::refused(
                "sent a response that is too long",
                false,
            ));
        }
        let read = channel
            .read_buf(&mut head)
            .await
            .map_err(|error| ConnectError::io("failed", &error))?;
        if read == 0 {
            return Err(ConnectError::refused("closed the connection", false));
        }
    };
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split_once(' '))
        .map(|(_, status)| status.trim())
        .and_then(|status| Some((status.get(..3)?.parse::<u16>().ok()?, status)));
    match status {
        Some((200..=299, _)) if end == head.len() => Ok(()),
        // With TLS, the client speaks first.
        Some((200..=299, _)) => Err(ConnectError::refused(
            &format!("sent data before the tunnel to {host}:{port} was used"),
            true,
        )),
        Some((status, text)) => {
            let text: String = text
                .chars()
                .filter(|char| !char.is_control())
                .take(100)
                .collect();
            let hint = match status {
                407 => "; set the user and password in the proxy's URL",
                _ => "",
            };
            // A server error may be transient: the proxy could not reach the host.
            Err(ConnectError::refused(
                &format!("refused the tunnel to {host}:{port}: {text}{hint}"),
                status < 500,
            ))
        }
        None => Err(ConnectError::refused("is not an HTTP proxy", true)),
    }
}

/// Returns the length of the response's header section if it is complete. The body of a refusal may follow.
fn head_end(response: &[u8]) -> Option<usize> {
    let length = |end: &[u8]| {
        let start = response.windows(end.len()).position(|window| window == end);
        start.map(|start| start + end.len())
    };
    let (crlf, lf) = (length(b"\r\n\r\n"), length(b"\n\n"));
    crlf.into_iter().chain(lf).min()
}

/// Opens a tunnel to a host through a SOCKS 5 proxy.
///
/// # Source
/// RFC 1928; RFC 1929 for user and password.
pub(super) async fn open_socks5(
    channel: &mut Channel,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<(), ConnectError> {
    let address = socks_address(proxy.scheme, host, port).await?;
    socks_exchange(channel, proxy, &address, port)
        .await
        .map_err(|error| ConnectError::io("failed", &error))?
}

/// Returns the address type and the address of a host. With `socks5` the name is resolved here, and with `socks5h` by the proxy.
async fn socks_address(
    scheme: ProxyScheme,
    host: &str,
    port: u16,
) -> Result<Vec<u8>, ConnectError> {
    let host = host.trim_matches(['[', ']']);
    let mut address = host.parse::<IpAddr>().ok();
    if address.is_none() && scheme == ProxyScheme::Socks5 {
        let mut found = tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| {
                ConnectError::io(&format!("cannot be used: cannot resolve {host}"), &error)
            })?;
        address = found.next().as_ref().map(SocketAddr::ip);
        if address.is_none() {
            return Err(ConnectError::refused(
                &format!("cannot be used: {host} has no address"),
                false,
            ));
        }
    }
    let mut bytes = Vec::with_capacity(host.len() + 2);
    match address {
        Some(IpAddr::V4(address)) => {
            bytes.push(1);
            bytes.extend_from_slice(&address.octets());
        }
        Some(IpAddr::V6(address)) => {
            bytes.push(4);
            bytes.extend_from_slice(&address.octets());
        }
        None => {
            bytes.push(3);
            bytes.push(
                u8::try_from(host.len())
                    .map_err(|_| ConnectError::config("the host name is longer than 255 bytes"))?,
            );
            bytes.extend_from_slice(host.as_bytes());
        }
    }
    Ok(bytes)
}

/// Exchanges the messages of SOCKS 5: method, user and password, address.
async fn socks_exchange(
    channel: &mut Channel,
    proxy: &Proxy,
    address: &[u8],
    port: u16,
) -> std::io::Result<Result<(), ConnectError>> {
    const NO_LOGIN: u8 = 0;
    const PASSWORD: u8 = 2;
    let refused = |message: &str| Ok(Err(ConnectError::refused(message, true)));
    let greeting: &[u8] = match proxy.login {
        None => &[5, 1, NO_LOGIN],
        Some(_) => &[5, 2, NO_LOGIN, PASSWORD],
    };
    channel.write_all(greeting).await?;
    let mut method = [0; 2];
    channel.read_exact(&mut method).await?;
    match (method, &proxy.login) {
        ([5, NO_LOGIN], _) => {}
        ([5, PASSWORD], Some(login)) => {
            let mut message = zeroize::Zeroizing::new(vec![1]);
            for text in [&login.user, &login.password] {
                let text = text.expose().as_bytes();
                // `Proxy::parse` limits both to 255 bytes.
                message.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
                message.extend_from_slice(text);
            }
            channel.write_all(&message).await?;
            let mut status = [0; 2];
            channel.read_exact(&mut status).await?;
            if status != [1, 0] {
                return refused("refused the user and password");
            }
        }
        ([5, _], None) => return refused("requires a user and password: set them in its URL"),
        ([5, _], Some(_)) => return refused("does not accept a user and password"),
        _ => return refused("is not a SOCKS 5 proxy"),
    }
    let mut request = vec![5, 1, 0];
    request.extend_from_slice(address);
    request.extend_from_slice(&port.to_be_bytes());
    channel.write_all(&request).await?;
    // Version, reply, reserved byte and address type, then the bound address, which is not used.
    let mut reply = [0; 4];
    channel.read_exact(&mut reply).await?;
    let [version, code, _, kind] = reply;
    if version != 5 {
        return refused("is not a SOCKS 5 proxy");
    }
    if code != 0 {
        let (reason, is_final) = match code {
            1 => ("general failure", false),
            2 => ("not allowed by the proxy's rules", true),
            3 => ("network unreachable", false),
            4 => ("host unreachable", false),
            5 => ("connection refused", false),
            6 => ("time to live expired", false),
            7 => ("command not supported", true),
            8 => ("address type not supported", true),
            _ => ("unknown reply", true),
        };
        return Ok(Err(ConnectError::refused(
            &format!("refused the tunnel: {reason}"),
            is_final,
        )));
    }
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(channel.read_u8().await?),
        _ => return refused("sent an invalid reply"),
    };
    let mut bound = vec![0; length + 2];
    channel.read_exact(&mut bound).await?;
    Ok(Ok(()))
}
