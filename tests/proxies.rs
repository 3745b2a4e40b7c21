//! Proxies: forwarding, tunnels, SOCKS, and their errors.

use std::sync::{Arc, Mutex};

use inia::ErrorKind;
use inia::config::{Config, Proxies, ProxyConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

mod raw_server;

use raw_server::certificates::Certificates;
use raw_server::{CALL_LIMIT, client_error, list_queues, read_head, server, server_sending};

/// Starts a proxy that returns the client's credentials and request line in the request id of the response.
async fn proxy() -> u16 {
    let (port, _) = server(|mut socket| async move {
        let head = read_head(&mut socket).await;
        let first = head.lines().next().unwrap();
        let authorization = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("proxy-authorization: ").map(|_| line[21..].to_owned()))
            .unwrap_or_default();
        if let Some(target) = first.strip_prefix("CONNECT ") {
            let target = target.split(' ').next().unwrap();
            if authorization.is_empty() {
                let _ = socket.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
                return;
            }
            let mut server = TcpStream::connect(target).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 Go on\r\n\r\n").await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut socket, &mut server).await;
            return;
        }
        let response = format!(
            "HTTP/1.1 200 OK\r\nx-amzn-requestid: {first} {authorization}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        let _ = socket.write_all(response.as_bytes()).await;
    })
    .await;
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_requests_are_sent_to_the_proxy() {
    let port = proxy().await;
    let config =
        Config::new().proxies(Proxies::new().with("http", format!("user:pass@127.0.0.1:{port}")));
    let output = list_queues("http://queues.invalid:81", config)
        .await
        .unwrap();
    assert_eq!(
        output.metadata.request_id.as_deref(),
        Some("POST http://queues.invalid:81/ HTTP/1.1 Basic dXNlcjpwYXNz")
    );
    // A proxy for another scheme is not used.
    let config = Config::new().proxies(Proxies::new().with("https", format!("127.0.0.1:{port}")));
    let error = list_queues("http://queues.invalid:81", config)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_invalid_proxy_urls() {
    for url in [
        "http://user:hush@not a host",
        "http://user:hush@127.0.0.1:99999",
        "socks4://user:hush@127.0.0.1:1",
        "ftp://user:hush@127.0.0.1:1",
    ] {
        let config = Config::new().proxies(Proxies::new().with("http", url));
        let error = list_queues("http://queues.invalid", config)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?} {error}").contains("hush"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_sign_in_the_password_does_not_bypass_the_proxy() {
    let port = proxy().await;
    for (login, encoded) in [
        ("user:p#w", "dXNlcjpwI3c="),
        ("user:p@w", "dXNlcjpwQHc="),
        ("user:p%23w", "dXNlcjpwI3c="),
        ("user:p/w?x", "dXNlcjpwL3c/eA=="),
    ] {
        let url = format!("http://{login}@127.0.0.1:{port}");
        let config = Config::new().proxies(Proxies::new().with("http", url));
        let output = list_queues("http://queues.invalid:81", config)
            .await
            .unwrap();
        assert_eq!(
            output.metadata.request_id.unwrap(),
            format!("POST http://queues.invalid:81/ HTTP/1.1 Basic {encoded}")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_of_a_refused_tunnel_is_in_the_error() {
    for (response, expected, attempts) in [
        ("HTTP/1.1 403 Not\u{7} here\r\n\r\n", "403 Not here", 1),
        ("HTTP/1.0 502 Bad Gateway\nx: y\n\n", "502 Bad Gateway", 2),
        ("HTTP/1.1 407\r\n\r\n", "set the user and password", 1),
        // The body of a refusal, on a connection that stays open.
        (
            "HTTP/1.1 407 Denied\r\nContent-Length: 16\r\n\r\n<html>no</html>\n",
            "407 Denied",
            1,
        ),
        (
            "HTTP/1.1 503 Busy\nContent-Length: 4\n\nbusy",
            "503 Busy",
            2,
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nHELO",
            "sent data before the tunnel",
            1,
        ),
        ("SSH-2.0\r\n\r\n", "is not an HTTP proxy", 1),
        ("HTTP/1.1 200 OK", "closed the connection", 2),
    ] {
        let port = server_sending(response.as_bytes()).await;
        let config = Config::new()
            .read_timeout(CALL_LIMIT)
            .max_attempts(2)
            .proxies(Proxies::new().with("https", format!("user:hush@127.0.0.1:{port}")));
        let error = list_queues("https://queues.invalid", config)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("http://127.0.0.1:{port}"))
        );
        assert!(!format!("{error:?} {error}").contains("hush"), "{error:?}");
        assert_eq!(error.attempts(), attempts, "{error}");
    }
}

/// Starts a SOCKS 5 proxy that connects to `port` on loopback. Returns its port, and the requested addresses.
async fn socks_proxy(login: Option<&'static str>, port: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let addresses = Arc::new(Mutex::new(Vec::new()));
    let requested = Arc::clone(&addresses);
    let (proxy, _) = server(move |socket| {
        let requested = Arc::clone(&requested);
        async move {
            let _ = serve_socks(socket, login, port, &requested).await;
        }
    })
    .await;
    (proxy, addresses)
}

async fn serve_socks(
    mut socket: TcpStream,
    login: Option<&str>,
    port: u16,
    requested: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    assert_eq!(socket.read_u8().await?, 5);
    let mut methods = vec![0; usize::from(socket.read_u8().await?)];
    socket.read_exact(&mut methods).await?;
    let method = if login.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        return socket.write_all(&[5, 0xff]).await;
    }
    socket.write_all(&[5, method]).await?;
    if let Some(login) = login {
        assert_eq!(socket.read_u8().await?, 1);
        let mut texts = Vec::new();
        for _ in 0..2 {
            let mut text = vec![0; usize::from(socket.read_u8().await?)];
            socket.read_exact(&mut text).await?;
            texts.push(String::from_utf8(text).unwrap());
        }
        let is_valid = texts.join(":") == login;
        socket.write_all(&[1, u8::from(!is_valid)]).await?;
    }
    let mut head = [0; 4];
    socket.read_exact(&mut head).await?;
    let length = match head[3] {
        1 => 4,
        4 => 16,
        _ => usize::from(socket.read_u8().await?),
    };
    let mut address = vec![0; length];
    socket.read_exact(&mut address).await?;
    let address = match head[3] {
        3 => String::from_utf8(address).unwrap(),
        _ => format!("{address:?}"),
    };
    let to = socket.read_u16().await?;
    requested.lock().unwrap().push(format!("{address}:{to}"));
    if address == "refused.invalid" {
        return socket.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    tokio::io::copy_bidirectional(&mut socket, &mut server).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn socks_proxies_open_tunnels() {
    let port = server_sending(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let (open, addresses) = socks_proxy(None, port).await;
    let (closed, _) = socks_proxy(Some("user:p@w"), port).await;
    let call = async |url: &str, proxy: String| {
        let config = Config::new()
            .read_timeout(CALL_LIMIT)
            .max_attempts(2)
            .proxies(Proxies::new().with("all", proxy));
        list_queues(url, config).await
    };
    // The name is resolved by the proxy, or here.
    call(
        "http://queues.invalid",
        format!("socks5h://127.0.0.1:{open}"),
    )
    .await
    .unwrap();
    call("http://localhost:81", format!("socks5://127.0.0.1:{open}"))
        .await
        .unwrap();
    call("http://[::1]:82", format!("socks5h://127.0.0.1:{open}"))
        .await
        .unwrap();
    call(
        "http://queues.invalid",
        format!("socks5h://user:p@w@127.0.0.1:{closed}"),
    )
    .await
    .unwrap();
    let addresses = addresses.lock().unwrap().clone();
    assert_eq!(addresses[0], "queues.invalid:80");
    assert!(
        [
            "[127, 0, 0, 1]:81",
            "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]:81"
        ]
        .contains(&&*addresses[1])
    );
    assert!(addresses[2].ends_with(" 1]:82"), "{addresses:?}");

    for (proxy, expected) in [
        (
            format!("127.0.0.1:{closed}"),
            "requires a user and password",
        ),
        (
            format!("user:hush@127.0.0.1:{closed}"),
            "refused the user and password",
        ),
        (
            format!("user:hush@127.0.0.1:{open}"),
            "not allowed by the proxy's rules",
        ),
    ] {
        let url = "http://refused.invalid";
        let error = call(url, format!("socks5h://{proxy}")).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        assert_eq!(error.attempts(), 1, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn https_goes_through_socks_proxies() {
    let certificates = Certificates::new();
    let port = certificates.serve().await;
    let (proxy, _) = socks_proxy(None, port).await;
    let config = Config::new()
        .read_timeout(CALL_LIMIT)
        .ca_bundle(certificates.path("ca.pem"))
        .client_cert(certificates.client())
        .proxies(Proxies::new().with("https", format!("socks5h://127.0.0.1:{proxy}")));
    let output = list_queues("https://localhost", config).await.unwrap();
    assert_eq!(output.metadata.request_id.as_deref(), Some("trusted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_proxies_name_them() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let config =
        Config::new().proxies(Proxies::new().with("http", format!("user:hush@127.0.0.1:{port}")));
    let error = list_queues("http://queues.invalid:81", config)
        .await
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("http://queues.invalid:81"), "{text}");
    assert!(
        text.contains(&format!(
            "cannot connect to the proxy http://127.0.0.1:{port}"
        )),
        "{text}"
    );
    assert!(!text.contains("hush"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn https_uses_a_tunnel() {
    let certificates = Certificates::new();
    let port = certificates.serve().await;
    let url = format!("https://localhost:{port}");
    let hop = proxy().await;
    let through = |proxy: String| {
        Config::new()
            .read_timeout(CALL_LIMIT)
            .ca_bundle(certificates.path("ca.pem"))
            .client_cert(certificates.client())
            .proxies(Proxies::new().with("https", proxy))
    };
    let output = list_queues(&url, through(format!("http://user:pass@127.0.0.1:{hop}")))
        .await
        .unwrap();
    assert_eq!(output.metadata.request_id.as_deref(), Some("trusted"));

    let error = list_queues(&url, through(format!("127.0.0.1:{hop}")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    let refusal = format!(
        "the proxy http://127.0.0.1:{hop} refused the tunnel to localhost:{port}: 407 Proxy Authentication Required"
    );
    assert!(error.to_string().contains(&refusal), "{error}");
    assert!(!error.is_retryable());

    let forwarding = through(format!("127.0.0.1:{hop}"))
        .proxies_config(ProxyConfig::new().proxy_use_forwarding_for_https(true));
    let error = client_error(&url, forwarding);
    assert!(error.to_string().contains("through a tunnel"), "{error}");
}
