//! Event stream frames: AWS's test vectors, valid and malformed.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use inia::ports::BoxFuture;
use inia::protocol::Headers;
use inia::transport::{Transport, WireBody, WireRequest, WireResponse};
use inia::{Blob, ByteStream, Credentials, Result, Session, Value, json};
use inia_core::ErrorKind;
use inia_protocol::{EventHeader, EventMessage, MessageDecoder};

mod support;
use support::Case;

fn main() -> ExitCode {
    let peer = match support::peers_dir() {
        None => Case::unavailable("frames read and signed by botocore"),
        Some(peers) => Case::new("frames read and signed by botocore", move || {
            compare_with_botocore(&peers)
        }),
    };
    let own = match support::peers_dir() {
        None => Case::unavailable("the frames of botocore's tests"),
        Some(peers) => Case::new("the frames of botocore's tests", move || {
            check_frames_of_botocore(&peers)
        }),
    };
    let Some(folder) = support::conformance_dir("eventstream") else {
        let frames = Case::unavailable("the event stream frames");
        return support::run("event-stream", vec![frames, peer, own]);
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut cases: Vec<Case> = files
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            Case::new(name.clone(), move || {
                check(&name, &std::fs::read(&path).unwrap())
            })
        })
        .collect();
    cases.extend([peer, own]);
    support::run("event-stream", cases)
}

/// Keeps the request of a call, with its body.
#[derive(Debug, Default)]
struct Recorder(Mutex<Option<(Headers, Bytes)>>);

impl Transport for Recorder {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                WireBody::Bytes(bytes) => bytes,
                WireBody::Stream(stream) => stream.collect(1 << 20).await?,
            };
            *self.0.lock().unwrap() = Some((request.headers, body));
            Ok(WireResponse {
                status: 200,
                headers: Headers::new(),
                body: ByteStream::empty(),
            })
        })
    }
}

/// Compares the frames of a call with those that botocore reads, and their signatures with those of its key.
fn compare_with_botocore(peers: &Path) -> Result<(), String> {
    let recorder = Arc::new(Recorder::default());
    let session = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(recorder.clone())
        .build()
        .unwrap();
    let params = json!({"botId": "BOTBOTBOT1", "botAliasId": "TSTALIASID", "localeId": "en_US", "sessionId": "s1"});
    let events = [
        json!({"ConfigurationEvent": {"responseContentType": "text/plain"}}),
        json!({"AudioInputEvent": {"contentType": "audio/lpcm", "audioChunk": Blob::from(vec![0xff; 5000])}}),
        json!({"TextInputEvent": {"text": "Grüße"}}),
        json!({"DisconnectionEvent": {}}),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let call = session
        .client("lexv2-runtime")
        .unwrap()
        .call("StartConversation", params)
        .events(events);
    runtime
        .block_on(call.send())
        .map_err(|error| error.to_string())?;
    let (headers, body) = recorder.0.lock().unwrap().take().unwrap();
    let job = json!({
        "authorization": headers.get("authorization").unwrap(),
        "body": inia_core::to_hex(&body),
    });
    let read = run_peer(peers, &[job.to_json_string()])?;
    let audio = format!(
        r#"{{"contentType":"audio/lpcm","audioChunk":"{}"}}"#,
        base64(&[0xff; 5000])
    );
    let expected = json!([
        [
            "ConfigurationEvent",
            "application/json",
            r#"{"responseContentType":"text/plain"}"#
        ],
        ["AudioInputEvent", "application/json", audio],
        ["TextInputEvent", "application/json", r#"{"text":"Grüße"}"#],
        ["DisconnectionEvent", "application/json", "{}"],
        []
    ]);
    if read == expected {
        Ok(())
    } else {
        Err(format!("botocore reads {}", read.to_json_string()))
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

fn check(name: &str, frame: &[u8]) -> Result<(), String> {
    // Whole and byte by byte.
    for size in [frame.len(), 1] {
        let decoded = decode(frame, size);
        match (name.starts_with("valid_"), decoded) {
            (true, Ok(message)) => check_message(name, frame, &message)?,
            (true, Err(error)) => return Err(format!("refused: {error:#}")),
            (false, Ok(message)) => return Err(format!("taken as {message:?}")),
            (false, Err(error)) if error.kind() == ErrorKind::Stream => {}
            (false, Err(error)) => return Err(format!("unexpected error kind {}", error.kind())),
        }
    }
    Ok(())
}

/// Decodes the only message of a frame.
fn decode(frame: &[u8], size: usize) -> inia_core::Result<EventMessage> {
    let mut decoder = MessageDecoder::new();
    let mut messages = Vec::new();
    for piece in frame.chunks(size) {
        decoder.push(piece);
        messages.extend(decoder.next()?);
    }
    decoder.finish()?;
    assert_eq!(messages.len(), 1);
    Ok(messages.remove(0))
}

fn check_message(name: &str, frame: &[u8], message: &EventMessage) -> Result<(), String> {
    let (headers, payload) = match name {
        "valid_empty_payload" => (vec![("some-header", EventHeader::Short(500))], Bytes::new()),
        "valid_no_headers" => (vec![], Bytes::from_static(b"another test payload")),
        "valid_with_all_headers_and_payload" => (
            vec![
                ("true", EventHeader::Bool(true)),
                ("false", EventHeader::Bool(false)),
                ("byte", EventHeader::Byte(50)),
                ("short", EventHeader::Short(20_000)),
                ("int", EventHeader::Int(500_000)),
                ("long", EventHeader::Long(50_000_000_000)),
                (
                    "bytes",
                    EventHeader::Bytes(Bytes::from_static(b"some bytes")),
                ),
                ("str", EventHeader::String("some str".into())),
                ("time", EventHeader::Timestamp(5_000_000_000)),
                (
                    "uuid",
                    EventHeader::Uuid(0xb79b_c914_de21_4e13_b8b2_bc47_e85b_7f0b_u128.to_be_bytes()),
                ),
            ],
            Bytes::from_static(b"some payload"),
        ),
        _ => return Err(format!("no expectation for {name}: {message:?}")),
    };
    let expected = EventMessage {
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        payload,
    };
    if *message != expected {
        return Err(format!("{message:?}, expected {expected:?}"));
    }
    let encoded = message.encode().map_err(|error| format!("{error:#}"))?;
    if encoded != frame {
        return Err("re-encoding gives a different frame".into());
    }
    Ok(())
}

/// Runs the script with botocore, and returns the JSON that it prints.
fn run_peer(peers: &Path, arguments: &[String]) -> Result<Value, String> {
    let program = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    let folder = support::workspace().join("tests").join("event_server");
    let output = Command::new(peers.join("venv").join(program))
        .arg(folder.join("peer.py"))
        .args(arguments)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// Decodes the frames of botocore's own tests.
fn check_frames_of_botocore(peers: &Path) -> Result<(), String> {
    let is_archive =
        |path: &std::path::PathBuf| path.join("tests/unit/test_eventstream.py").is_file();
    let mut folders = std::fs::read_dir(peers)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let archive = folders
        .find(is_archive)
        .ok_or("the source archive of botocore is missing")?;
    let tests = archive.join("tests/unit/test_eventstream.py");
    let cases = run_peer(peers, &["cases".to_owned(), tests.display().to_string()])?;
    let mut count = 0;
    for case in cases["valid"].items() {
        let frame = bytes_of(&case["frame"]);
        let message = decode(&frame, 1).map_err(|error| format!("{case}: {error:#}"))?;
        let headers = message.headers.iter().map(|(name, header)| {
            let value = match header {
                EventHeader::Bool(value) => json!(*value),
                EventHeader::Byte(number) => json!(*number),
                EventHeader::Short(number) => json!(*number),
                EventHeader::Int(number) => json!(*number),
                EventHeader::Long(number) | EventHeader::Timestamp(number) => json!(*number),
                EventHeader::Bytes(bytes) => json!({"hex": inia_core::to_hex(bytes)}),
                EventHeader::Uuid(uuid) => json!({"hex": inia_core::to_hex(uuid)}),
                EventHeader::String(text) => json!(text.as_str()),
            };
            (name.clone(), value)
        });
        let read = json!({"headers": headers.collect::<inia::Map>(), "payload": inia_core::to_hex(&message.payload)});
        if read["headers"] != case["headers"] || read["payload"] != case["payload"] {
            return Err(format!("{case}: read as {read}"));
        }
        count += 1;
    }
    for frame in cases["invalid"].items() {
        if let Ok(message) = decode(&bytes_of(frame), 1) {
            return Err(format!("{frame}: taken as {message:?}"));
        }
        count += 1;
    }
    if count < 10 {
        return Err(format!("only {count} cases"));
    }
    Ok(())
}

fn bytes_of(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().unwrap().as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}
