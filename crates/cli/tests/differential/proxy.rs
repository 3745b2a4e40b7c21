//! Runs the command behind a proxy that terminates TLS, records requests and gives canned responses.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use super::corpus::Case;
use super::peer::{CannedResponse, Exchange, RunResult, environment, write_home};

/// A certificate authority, and the certificates of hosts.
pub(crate) struct Proxy {
    authority: PathBuf,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    hosts: Mutex<HashMap<String, Arc<rustls::ServerConfig>>>,
}

impl Proxy {
    pub(crate) fn new() -> Self {
        let mut params = rcgen::CertificateParams::new([]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let authority = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("differential-ca.pem");
        std::fs::write(&authority, pem).unwrap();
        Proxy {
            authority,
            issuer: rcgen::Issuer::new(params, key),
            hosts: Mutex::default(),
        }
    }

    fn tls(&self, host: &str) -> Arc<rustls::ServerConfig> {
        let mut hosts = self.hosts.lock().unwrap();
        if let Some(config) = hosts.get(host) {
            return Arc::clone(config);
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);
        hosts.insert(host.to_owned(), Arc::clone(&config));
        config
    }

    /// Runs the command; the responses are those of the other side, in order, or else those of the case.
    pub(crate) fn run(&self, case: &Case, expected: &RunResult, thread: usize) -> RunResult {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("inia-{thread}"));
        let work = folder.join("work");
        let home = folder.join("home");
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir_all(&work).unwrap();
        write_home(&home, case);
        for (name, contents) in &case.files {
            std::fs::write(work.join(name), contents).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_inia"));
        command
            .args(&case.words)
            .env_clear()
            .envs(environment(case).filter(|(_, value)| !value.is_empty()))
            .env("HOME", &home)
            .env("INIA_AS_AWS", "1")
            .env("HTTP_PROXY", &url)
            .env("HTTPS_PROXY", &url)
            .env("AWS_CA_BUNDLE", &self.authority)
            .current_dir(&work)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let exchanges = Mutex::new(Vec::new());
        let output = std::thread::scope(|scope| {
            let server = scope.spawn(|| {
                for stream in listener.incoming() {
                    let stream = stream.unwrap();
                    let mut first = [0];
                    if stream.peek(&mut first).unwrap_or(0) == 0 || first == *b"!" {
                        break;
                    }
                    self.serve(stream, &exchanges, expected);
                }
            });
            let mut child = command.spawn().unwrap();
            if let Some(mut stdin) = child.stdin.take() {
                // The command may not read it.
                let _ = stdin.write_all(case.stdin.as_bytes());
            }
            let output = child.wait_with_output().unwrap();
            // Ends the server.
            let _ = TcpStream::connect(address).unwrap().write_all(b"!");
            server.join().unwrap();
            output
        });
        let mut files = std::collections::BTreeMap::new();
        for entry in std::fs::read_dir(&work).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && !case.files.contains_key(&name) {
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
        RunResult {
            status: output.status.code().map_or(-1, i64::from),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            exchanges: exchanges.into_inner().unwrap(),
            files,
        }
    }

    /// Serves a connection. A connection that is kept for further requests is left when the command ends.
    fn serve(&self, mut stream: TcpStream, exchanges: &Mutex<Vec<Exchange>>, expected: &RunResult) {
        let Some(head) = RequestHead::read(&mut stream) else {
            return;
        };
        if head.method == "CONNECT" {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let host = head.target.rsplit_once(':').unwrap().0;
            let connection = rustls::ServerConnection::new(self.tls(host)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            if let Some(inner) = RequestHead::read(&mut stream) {
                let url = format!("https://{host}{}", inner.target);
                respond(&mut stream, inner, url, exchanges, expected);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
            return;
        }
        let url = head.target.clone();
        respond(&mut stream, head, url, exchanges, expected);
    }
}

struct RequestHead {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

/// Reads up to a line break, without reading ahead.
fn read_line(stream: &mut impl Read) -> Option<String> {
    let mut line = Vec::new();
    BufReader::with_capacity(1, stream)
        .read_until(b'\n', &mut line)
        .ok()?;
    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
    (!line.is_empty()).then_some(text)
}

impl RequestHead {
    fn read(stream: &mut impl Read) -> Option<Self> {
        let first = read_line(stream)?;
        let mut words = first.split(' ');
        let mut head = RequestHead {
            method: words.next()?.to_owned(),
            target: words.next()?.to_owned(),
            headers: Vec::new(),
        };
        loop {
            let line = read_line(stream)?;
            let Some((name, value)) = line.split_once(':') else {
                return Some(head);
            };
            head.headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map(|(_, value)| &**value)
    }
}

fn respond(
    stream: &mut (impl Read + Write),
    head: RequestHead,
    url: String,
    exchanges: &Mutex<Vec<Exchange>>,
    expected: &RunResult,
) {
    if head.header("expect").is_some() {
        let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        let _ = stream.flush();
    }
    let mut body = Vec::new();
    if head.header("transfer-encoding").is_some() {
        while let Some(line) = read_line(stream) {
            let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            let mut chunk = vec![0; size];
            let _ = stream.read_exact(&mut chunk);
            body.extend(chunk);
            read_line(stream);
            if size == 0 {
                break;
            }
        }
    } else {
        let length = head
            .header("content-length")
            .map_or(0, |text| text.parse().unwrap());
        body.resize(length, 0);
        let _ = stream.read_exact(&mut body);
    }
    let position = exchanges.lock().unwrap().len();
    let canned = expected
        .exchanges
        .get(position)
        .map(|exchange| exchange.response.clone());
    let canned = canned.unwrap_or_else(|| CannedResponse {
        status: 200,
        headers: Vec::new(),
        body: b"{}".to_vec(),
    });
    let mut bytes = format!(
        "HTTP/1.1 {} Canned\r\ncontent-length: {}\r\nconnection: close\r\n",
        canned.status,
        canned.body.len()
    );
    for (name, value) in &canned.headers {
        bytes += &format!("{name}: {value}\r\n");
    }
    bytes += "\r\n";
    let mut bytes = bytes.into_bytes();
    if head.method != "HEAD" {
        bytes.extend_from_slice(&canned.body);
    }
    exchanges.lock().unwrap().push(Exchange {
        method: head.method,
        url,
        headers: head.headers,
        body,
        response: canned,
    });
    let _ = stream.write_all(&bytes);
    let _ = stream.flush();
}
