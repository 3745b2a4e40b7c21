//! Event stream frames: AWS's test vectors, valid and malformed.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

use std::process::ExitCode;

use bytes::Bytes;
use inia_core::ErrorKind;
use inia_protocol::{EventHeader, EventMessage, MessageDecoder};

mod support;
use support::Case;

fn main() -> ExitCode {
    let Some(folder) = support::conformance_dir("eventstream") else {
        return support::run(
            "event-stream",
            vec![Case::unavailable("the event stream frames")],
        );
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let cases = files
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            Case::new(name.clone(), move || {
                check(&name, &std::fs::read(&path).unwrap())
            })
        })
        .collect();
    support::run("event-stream", cases)
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
