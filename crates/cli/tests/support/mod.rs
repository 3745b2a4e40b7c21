//! A loopback server with canned responses, and the command under test.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Returns the value of a header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A canned response: status, content type and body.
pub(crate) type CannedResponse = (u16, &'static str, Vec<u8>);

/// A server that responds through a function and records the requests.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(crate) fn start(
        respond: impl Fn(&Request) -> CannedResponse + Send + Sync + 'static,
    ) -> Self {
        Server::raw(move |request| {
            let (status, content_type, body) = respond(request);
            let content_type = format!("content-type: {content_type}");
            response(status, &[&content_type], body.len(), &body)
        })
    }

    /// Starts a server that sends the bytes that a function returns.
    pub(crate) fn raw(respond: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (recorded, respond) = (Arc::clone(&requests), Arc::new(respond));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (recorded, respond) = (Arc::clone(&recorded), Arc::clone(&respond));
                std::thread::spawn(move || serve(&stream.unwrap(), &recorded, &*respond));
            }
        });
        Server { url, requests }
    }

    /// Starts a server that sends the same response to every request.
    pub(crate) fn always(status: u16, content_type: &'static str, body: &str) -> Self {
        let body = body.as_bytes().to_vec();
        Server::start(move |_| (status, content_type, body.clone()))
    }

    /// Returns the requests received so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves one request and closes the connection.
fn serve(
    mut stream: &TcpStream,
    recorded: &Mutex<Vec<Request>>,
    respond: &dyn Fn(&Request) -> Vec<u8>,
) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let Some(target) = line.split(' ').nth(1).map(str::to_owned) else {
        // The connection was closed without a request.
        return;
    };
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        target,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).unwrap();
    // Recorded first, so that a test sees requests that wait for their response.
    recorded.lock().unwrap().push(request.clone());
    // The client may close the connection before it has read everything.
    let _ = stream.write_all(&respond(&request));
}

/// Returns the bytes of a response. `length` is its stated length, which may be more than that of the body.
pub(crate) fn response(status: u16, headers: &[&str], length: usize, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {status} Canned\r\ncontent-length: {length}\r\nx-amzn-requestid: r-1\r\nconnection: close\r\n"
    );
    for header in headers {
        bytes.push_str(header);
        bytes.push_str("\r\n");
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Returns a message of an event stream with string headers.
pub(crate) fn event_message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(u8::try_from(name.len()).unwrap());
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(7);
        encoded.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    let be = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let mut message = be(encoded.len() + payload.len() + 16).to_vec();
    message.extend(be(encoded.len()));
    message.extend(crc32(&message).to_be_bytes());
    message.extend(encoded);
    message.extend_from_slice(payload);
    message.extend(crc32(&message).to_be_bytes());
    message
}

/// Returns an event of an event stream.
pub(crate) fn event(name: &str, content_type: &str, payload: &[u8]) -> Vec<u8> {
    let headers = [
        (":message-type", "event"),
        (":event-type", name),
        (":content-type", content_type),
    ];
    event_message(&headers, payload)
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    })
}

/// Exit code and output of a command.
#[derive(Debug)]
pub(crate) struct CommandResult {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for CommandResult {
    fn from(output: Output) -> Self {
        CommandResult {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl CommandResult {
    /// Asserts that a line was rejected as invalid: nothing is printed, and the error contains `message`.
    #[track_caller]
    pub(crate) fn assert_rejected(&self, line: &str, message: &str) {
        assert_eq!(
            (self.status, self.stdout.as_str()),
            (252, ""),
            "{line}: {self:?}"
        );
        assert!(self.stderr.contains(message), "{line}: {self:?}");
    }
}

/// Runs a command to completion.
pub(crate) fn run_command(command: &mut Command) -> CommandResult {
    let Ok(output) = command.output() else {
        return CommandResult {
            status: -1,
            stdout: String::new(),
            stderr: "cannot start the command".to_owned(),
        };
    };
    output.into()
}

/// Runs a command to completion with a standard input that ends.
pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> CommandResult {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early does not read all of it.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

/// Returns an empty folder for a test.
pub(crate) fn fresh_home(test: &str) -> PathBuf {
    let home = home(test);
    std::fs::remove_dir_all(&home).unwrap();
    std::fs::create_dir_all(&home).unwrap();
    home
}

/// Returns a folder for a test, created if missing.
pub(crate) fn home(test: &str) -> PathBuf {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&home).unwrap();
    home
}

/// Returns the command with an environment of only keys and a region.
pub(crate) fn inia(test: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inia"));
    command
        .env_clear()
        .env("HOME", home(test))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_MAX_ATTEMPTS", "1")
        // A pager would wait for keys.
        .env("AWS_PAGER", "");
    command
}
