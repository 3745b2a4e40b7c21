//! Bodies written to files, and events printed when they arrive.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failed setup fails the test"
)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use support::{CommandResult, Request, Server, event, fresh_home, inia, response, run_command};

const BODY: &str = "0123456789abcdefghij";
const ETAG: &str = "etag: \"e1\"";

/// Returns an empty folder of a test with a file of that name.
fn folder_with(test: &str, file: &str) -> (PathBuf, PathBuf) {
    let folder = fresh_home(&format!("download-{test}"));
    let path = folder.join(file);
    std::fs::write(&path, "old").unwrap();
    (folder, path)
}

fn get_object(server: &Server, file: &Path) -> CommandResult {
    run_command(
        inia("download")
            .args(["s3api", "get-object", "--bucket", "bucket", "--key", "k"])
            .args(["--endpoint-url", &server.url])
            .arg(file),
    )
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Returns the range of a request: first and last byte.
fn range(request: &Request) -> Option<(usize, usize)> {
    let range = request.header("range")?.strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().unwrap(), last.parse().unwrap()))
}

/// Returns a response with the rest of [`BODY`] from the start of the requested range, cut off after `length` bytes.
fn part(request: &Request, length: usize, headers: &[&str]) -> Vec<u8> {
    let (status, first, last) = match range(request) {
        Some((first, last)) => (206, first, last),
        None => (200, 0, BODY.len() - 1),
    };
    let content_range = format!("content-range: bytes {first}-{last}/{}", BODY.len());
    let mut all = headers.to_vec();
    if status == 206 {
        all.push(&content_range);
    }
    let body = &BODY.as_bytes()[first..=last];
    response(status, &all, body.len(), &body[..length.min(body.len())])
}

#[test]
fn a_download_that_fails_keeps_the_old_file() {
    let (folder, file) = folder_with("failed", "file");
    // Without an ETag, the rest may be that of another object.
    let cut = Server::raw(|request| part(request, 8, &[]));
    let wrong = Server::raw(|request| part(request, 20, &["x-amz-checksum-crc32: AAAAAA=="]));
    let missing = Server::always(
        404,
        "application/xml",
        "<Error><Code>NoSuchKey</Code></Error>",
    );
    for (server, status, message) in [
        (&cut, 255, "ended after 8 of 20 bytes"),
        (&wrong, 255, "checksum mismatch"),
        (&missing, 254, "NoSuchKey"),
    ] {
        for file in [&file, &folder.join("new")] {
            let result = get_object(server, file);
            assert_eq!(result.status, status, "{result:?}");
            assert!(result.stderr.contains(message), "{result:?}");
        }
    }
    assert_eq!(cut.requests().len(), 2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(names(&folder), ["file"]);
}

#[test]
fn a_body_that_breaks_off_is_resumed() {
    let (folder, file) = folder_with("resumed", "file");
    let server = Server::raw(|request| part(request, 8, &[ETAG, "x-amz-checksum-crc32: Y4wNKQ=="]));
    let result = get_object(&server, &file);
    assert_eq!((result.status, result.stderr.as_str()), (0, ""));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), BODY);
    assert_eq!(names(&folder), ["file"]);
    let requests: Vec<_> = server
        .requests()
        .iter()
        .map(|request| {
            let header = |name| request.header(name).map(str::to_owned);
            (header("range"), header("if-match"))
        })
        .collect();
    let text = |range: &str| (Some(range.to_owned()), Some("\"e1\"".to_owned()));
    assert_eq!(
        requests,
        [(None, None), text("bytes=8-19"), text("bytes=16-19")]
    );

    // A range of the object, as a resource, and to standard output.
    let ranged = run_command(
        inia("download")
            .args(["resource", "s3", "Object", "bucket", "k", "get", "-"])
            .args(["--range", "bytes=2-18", "--endpoint-url", &server.url]),
    );
    assert_eq!((ranged.status, ranged.stdout.as_str()), (0, &BODY[2..=18]));
    let requests = server.requests();
    let ranges: Vec<_> = requests[3..].iter().filter_map(range).collect();
    assert_eq!(ranges, [(2, 18), (10, 18), (18, 18)]);
}

#[test]
fn a_body_of_another_object_is_not_appended() {
    let (folder, file) = folder_with("changed", "file");
    let refused = Server::raw(|request| match range(request) {
        None => part(request, 8, &[ETAG]),
        Some(_) => response(412, &[], 0, b""),
    });
    let ignores_the_condition = Server::raw(|request| match range(request) {
        None => part(request, 8, &[ETAG]),
        Some(_) => part(request, 20, &["etag: \"e2\""]),
    });
    let ignores_the_range = Server::raw(|request| {
        let whole = response(200, &[ETAG], BODY.len(), BODY.as_bytes());
        range(request).map_or_else(|| part(request, 8, &[ETAG]), |_| whole)
    });
    let wrong_checksum =
        Server::raw(|request| part(request, 8, &[ETAG, "x-amz-checksum-crc32: AAAAAA=="]));
    for (server, message) in [
        (refused, "changed meanwhile"),
        (ignores_the_condition, "changed meanwhile"),
        (ignores_the_range, "does not return the requested range"),
        (wrong_checksum, "checksum mismatch"),
    ] {
        let result = get_object(&server, &file);
        assert_eq!(result.status, 255, "{result:?}");
        assert!(result.stderr.contains(message), "{result:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    }
    assert_eq!(names(&folder), ["file"]);
}

#[test]
fn a_body_without_progress_is_resumed_five_times() {
    let (_, file) = folder_with("stuck", "file");
    let server = Server::raw(|request| match range(request) {
        None => part(request, 8, &[ETAG]),
        Some(_) => part(request, 0, &[ETAG]),
    });
    let result = get_object(&server, &file);
    assert_eq!(result.status, 255, "{result:?}");
    assert_eq!(server.requests().len(), 6);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
}

#[test]
fn every_operation_with_a_body_keeps_the_old_file() {
    let (folder, file) = folder_with("others", "file");
    let server = Server::raw(|_| response(200, &[ETAG], 20, b"half"));
    for line in [
        "polly synthesize-speech --output-format mp3 --text t --voice-id Joanna",
        "glacier get-job-output --account-id - --vault-name v --job-id j",
    ] {
        let result = run_command(
            inia("download")
                .args(line.split(' '))
                .args(["--endpoint-url", &server.url])
                .arg(&file),
        );
        assert_eq!(result.status, 255, "{line}: {result:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old", "{line}");
    }
    assert_eq!(names(&folder), ["file"]);
}

#[test]
fn the_result_of_a_call_is_not_lost_for_its_file() {
    let (folder, _) = folder_with("unusable", "file");
    let server = Server::raw(|request| part(request, 20, &[]));
    for (file, message) in [
        (folder.clone(), "is a folder"),
        (folder.join("missing/file"), "no such folder"),
    ] {
        let result = get_object(&server, &file);
        assert_eq!(result.status, 252, "{result:?}");
        assert!(result.stderr.contains(message), "{result:?}");
    }
    assert!(server.requests().is_empty(), "no call was made");
}

#[test]
fn pipes_and_devices_are_written_to() {
    let (folder, _) = folder_with("pipes", "file");
    let server = Server::raw(|request| part(request, 20, &[]));
    let pipe = folder.join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap())
    };
    assert_eq!(get_object(&server, &pipe).status, 0);
    assert_eq!(reader.join().unwrap(), BODY);
    assert_eq!(get_object(&server, Path::new("/dev/null")).status, 0);
    let printed = get_object(&server, Path::new("/dev/stdout"));
    assert!(
        printed.stdout.starts_with(&format!("{BODY}{{\n")),
        "{printed:?}"
    );
    assert_eq!(names(&folder), ["file", "pipe"]);
}

#[test]
fn a_signal_leaves_the_old_file_alone() {
    let (folder, file) = folder_with("signal", "file");
    let (started, start) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream
            .write_all(&response(200, &[ETAG], 1_000_000, BODY.as_bytes()))
            .unwrap();
        started.send(()).unwrap();
        // The body does not end.
        let _ = stream.read(&mut [0]);
    });
    let mut child = inia("download")
        .args(["s3api", "get-object", "--bucket", "bucket", "--key", "k"])
        .args(["--endpoint-url", &url])
        .arg(&file)
        .spawn()
        .unwrap();
    start.recv().unwrap();
    for _ in 0..1_000 {
        if names(&folder).len() == 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(
        names(&folder).len(),
        2,
        "the body is written beside the file"
    );
    let sent = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(names(&folder), ["file"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
}

#[test]
fn events_are_printed_when_they_arrive() {
    let (permit, permits) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let headers = ["content-type: application/vnd.amazon.eventstream"];
        let event = event("PayloadChunk", "application/octet-stream", b"one");
        stream
            .write_all(&response(200, &headers, event.len() * 2, b""))
            .unwrap();
        for () in permits {
            stream.write_all(&event).unwrap();
        }
    });
    let mut child = inia("events")
        .args([
            "lambda",
            "invoke-with-response-stream",
            "--function-name",
            "f",
        ])
        .args(["--query", "PayloadChunk.Payload", "--endpoint-url", &url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        permit.send(()).unwrap();
        // The next event is sent after this one was printed.
        assert_eq!(output.next().unwrap().unwrap(), "\"b25l\"");
    }
    drop(permit);
    assert!(output.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_exception_in_an_event_stream_is_an_error_after_its_events() {
    let server = Server::raw(|_| {
        let headers = [
            (":message-type", "exception"),
            (":exception-type", "InternalError"),
        ];
        let mut events = event("PayloadChunk", "application/octet-stream", b"one");
        events.extend(support::event_message(&headers, b"{}"));
        let content_type = "content-type: application/vnd.amazon.eventstream";
        response(200, &[content_type], events.len(), &events)
    });
    let result = run_command(
        inia("exception")
            .args([
                "lambda",
                "invoke-with-response-stream",
                "--function-name",
                "f",
            ])
            .args(["--endpoint-url", &server.url]),
    );
    assert_eq!(result.status, 254, "{result:?}");
    assert!(result.stderr.contains("InternalError"), "{result:?}");
    let lines: Vec<&str> = result.stdout.lines().collect();
    assert_eq!(
        lines,
        // The events alone, without the other members of the output.
        [r#"{"PayloadChunk":{"Payload":"b25l"}}"#]
    );
}
