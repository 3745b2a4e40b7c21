//! A loopback server that responds through a function, hangs or never finishes, and records its requests.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    /// Returns the value of a header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the access key of the signature.
    pub(crate) fn access_key(&self) -> Option<&str> {
        let (_, rest) = self.header("authorization")?.split_once("Credential=")?;
        rest.split('/').next()
    }

    /// Returns the raw value of a form member.
    pub(crate) fn form(&self, name: &str) -> Option<&str> {
        let mut pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Reaction of a server to a request.
pub(crate) enum Reply {
    /// Status and body.
    Response(u16, String),
    /// No response; the connection remains open.
    Hang,
    /// An endless body.
    Endless,
    /// An endless header section.
    EndlessHead,
    /// Invalid HTTP.
    Garbage,
    /// The connection is closed within the body.
    Cut,
}

/// Returns a response with a body.
pub(crate) fn response(status: u16, body: impl Into<String>) -> Reply {
    Reply::Response(status, body.into())
}

/// A server. Its threads end with the test process.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, reply) = (Arc::clone(&requests), Arc::new(reply));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, reply) = (Arc::clone(&kept), Arc::clone(&reply));
                std::thread::spawn(move || {
                    // Errors of closed connections are ignored.
                    let _ = serve(&stream?, &kept, &*reply);
                    std::io::Result::Ok(())
                });
            }
        });
        Server {
            url: format!("http://127.0.0.1:{port}"),
            port,
            requests,
        }
    }

    /// Returns the requests received so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns methods and targets of the requests received so far.
    pub(crate) fn request_lines(&self) -> Vec<String> {
        let requests = self.requests();
        let line = |request: &Request| format!("{} {}", request.method, request.target);
        requests.iter().map(line).collect()
    }
}

/// Serves requests on a connection, one after the other.
fn serve(
    mut stream: &TcpStream,
    kept: &Mutex<Vec<Request>>,
    reply: &dyn Fn(&Request) -> Reply,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ').map(str::to_owned);
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Ok(());
        };
        let mut headers = Vec::new();
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut request = Request {
            method,
            target,
            headers,
            body: String::new(),
        };
        let length = request
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        request.body = String::from_utf8_lossy(&body).into_owned();
        let reply = reply(&request);
        kept.lock().unwrap().push(request);
        match reply {
            Reply::Response(status, body) => {
                write!(
                    stream,
                    "HTTP/1.1 {status} Canned\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )?;
            }
            Reply::Hang => std::thread::sleep(Duration::from_secs(600)),
            Reply::Endless => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
                loop {
                    stream.write_all(b"400\r\n")?;
                    stream.write_all(&[b'x'; 0x400])?;
                    stream.write_all(b"\r\n")?;
                }
            }
            Reply::EndlessHead => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
                loop {
                    stream.write_all(b"x-more: and more\r\n")?;
                }
            }
            Reply::Garbage => {
                stream.write_all(b"\x16\x03\x01 this is not HTTP\r\n\r\n")?;
                return Ok(());
            }
            Reply::Cut => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"Code\"")?;
                return Ok(());
            }
        }
    }
}
