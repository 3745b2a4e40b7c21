//! Loopback servers that speak raw bytes, and clients of them.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

pub(crate) mod certificates;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use inia::config::{Config, Proxies};
use inia::{Client, Credentials, Error, Output, Result, Session, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Upper bound for a call that must end on its own.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(60);
/// Timeout of calls to a silent server.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// Starts a loopback server with the same behavior for each connection. Returns its port and the number of connections.
pub(crate) async fn server<F, T>(behave: F) -> (u16, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let socket = TcpSocket::new_v4().unwrap();
    // A small receive buffer, so that a slow server slows its client down.
    socket.set_recv_buffer_size(1 << 18).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1024).unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let connections = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(behave(socket));
        }
    });
    (port, count)
}

/// Starts a server that reads each request's header section, sends a fixed response and closes.
pub(crate) async fn server_sending(response: &'static [u8]) -> u16 {
    let talk = move |mut socket: TcpStream| async move {
        read_head(&mut socket).await;
        let _ = socket.write_all(response).await;
        let _ = socket.shutdown().await;
        // Reads the remaining data, so that closing does not reset the connection.
        let _ = socket.read_to_end(&mut Vec::new()).await;
    };
    server(talk).await.0
}

/// Reads the header section of a request.
pub(crate) async fn read_head(socket: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match socket.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Reads a request with its body. Returns `None` at the end of the connection.
pub(crate) async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let head = read_head(socket).await;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    socket.read_exact(&mut vec![0; length]).await.ok()?;
    Some(head).filter(|head| !head.is_empty())
}

pub(crate) fn client(service: &str, url: &str, config: Config) -> Client {
    let defaults = Config::new()
        .proxies(Proxies::new())
        .max_attempts(1)
        .connect_timeout(CALL_LIMIT)
        .read_timeout(SHORT);
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "a secret", None))
        .endpoint_url(url.to_owned())
        .config(&defaults.merge(&config))
        .build()
        .unwrap()
        .client(service)
        .unwrap()
}

pub(crate) async fn list_queues(url: &str, config: Config) -> Result<Output> {
    let call = client("sqs", url, config).call("ListQueues", json!({}));
    tokio::time::timeout(CALL_LIMIT, call)
        .await
        .expect("the call must end")
}

pub(crate) async fn failure(port: u16) -> Error {
    list_queues(&format!("http://127.0.0.1:{port}"), Config::new())
        .await
        .unwrap_err()
}

/// Returns the error of creating a client.
pub(crate) fn client_error(url: &str, config: Config) -> Error {
    let session = Session::builder()
        .region("us-east-1")
        .endpoint_url(url.to_owned())
        .config(&config)
        .build()
        .unwrap();
    let error = session.client("sqs").unwrap_err();
    assert_eq!(error.kind(), inia::ErrorKind::Config);
    error
}
