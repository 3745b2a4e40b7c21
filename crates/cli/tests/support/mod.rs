//! A loopback server with canned responses, and the command under test.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
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
    respond: &dyn Fn(&Request) -> CannedResponse,
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
    let (status, content_type, body) = respond(&request);
    recorded.lock().unwrap().push(request);
    let head = format!(
        "HTTP/1.1 {status} Canned\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nx-amzn-requestid: r-1\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
}

/// Exit code and output of a command.
#[derive(Debug)]
pub(crate) struct CommandResult {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
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
    CommandResult {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
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
        .env("AWS_MAX_ATTEMPTS", "1");
    command
}
