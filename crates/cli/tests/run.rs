//! `inia run`: one call per line in, one result per line out.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Server, event, event_message, inia, response, run_command, run_with_input};

const JSON: &str = "application/x-amz-json-1.0";

/// A running `inia run` process.
struct Run {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

#[expect(clippy::unwrap_used, reason = "a broken process fails the test")]
impl Run {
    fn start(test: &str) -> Self {
        Run::with(inia(test).arg("run"))
    }

    fn with(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                if sender.send(line.unwrap()).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        Run {
            child,
            input,
            lines,
        }
    }

    fn send(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    /// Returns the next result line without waiting for the end of the input.
    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(60)).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn call(&mut self, call: &Value) -> Value {
        self.send(&call.to_string());
        self.next()
    }

    /// Closes the input and asserts that no further results arrive.
    fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
        assert_eq!(self.lines.recv().ok(), None);
    }
}

fn list_queues(server: &Server, id: Value) -> Value {
    json!({"id": id, "service": "sqs", "operation": "ListQueues", "endpoint_url": server.url})
}

#[test]
fn echoes_ids_of_any_type_before_the_input_ends() {
    let server = Server::always(200, JSON, r#"{"QueueUrls": ["http://q/grüße-🙂"]}"#);
    let mut run = Run::start("ids");
    for id in [
        json!("17"),
        json!(17),
        json!(1.5),
        json!(null),
        json!(true),
        json!(["a", {"b": 1}]),
        json!("grüße 🙂\n"),
    ] {
        let result = run.call(&list_queues(&server, id.clone()));
        assert_eq!(result["id"], id);
        assert_eq!(result["ok"], true);
        assert_eq!(
            result["result"],
            json!({"QueueUrls": ["http://q/grüße-🙂"]})
        );
        let metadata = &result["metadata"];
        assert_eq!(metadata["http_status"], 200);
        assert_eq!(metadata["request_id"], "r-1");
        assert_eq!(metadata["attempts"], 1);
        assert_eq!(metadata["headers"]["content-type"], JSON);
    }
    let mut call = list_queues(&server, Value::Null);
    call.as_object_mut().unwrap().remove("id");
    assert_eq!(run.call(&call)["id"], Value::Null);
    run.end();
}

#[test]
fn invalid_lines_do_not_stop_the_run() {
    let server = Server::always(200, JSON, "{}");
    let mut run = Run::start("garbage");
    for line in ["not JSON", "{\"id\": 1", "[]", "3", "\u{feff}{}"] {
        run.send(line);
        let result = run.next();
        assert_eq!(result["ok"], false, "{line}");
        assert_eq!(result["error"]["kind"], "validation", "{line}");
        assert_eq!(result["id"], Value::Null, "{line}");
    }
    run.send("");
    for (call, kind, part) in [
        (
            json!({"id": 5, "operation": "ListQueues"}),
            "validation",
            "missing required key service",
        ),
        (
            json!({"id": 5, "service": "sqs"}),
            "validation",
            "missing required key operation",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ListQueues", "regoin": "x"}),
            "validation",
            "did you mean region?",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ListQueues", "params": []}),
            "validation",
            "params: expected an object",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ListQueues", "credentials": {"access_key_id": "a"}}),
            "validation",
            "expected access_key_id and secret_access_key",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ListQueues", "credentials": {"access_key": "a"}}),
            "validation",
            "did you mean access_key_id?",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ListQueues", "events": []}),
            "validation",
            "the input of ListQueues has no event stream",
        ),
        (
            json!({"id": 5, "service": "nosuch", "operation": "X"}),
            "model",
            "nosuch",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ListQeues"}),
            "model",
            "did you mean ListQueues?",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ReceiveMessage"}),
            "validation",
            "QueueUrl",
        ),
        (
            json!({"id": 5, "service": "sqs", "operation": "ListQueues", "endpoint_url": "http://127.0.0.1:1"}),
            "connection",
            "",
        ),
    ] {
        let result = run.call(&call);
        assert_eq!(
            (&result["id"], &result["ok"]),
            (&json!(5), &json!(false)),
            "{call}"
        );
        assert_eq!(result["error"]["kind"], kind, "{call}");
        let message = result["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{call}: {message}");
    }
    assert_eq!(run.call(&list_queues(&server, json!(6)))["ok"], true);
    run.end();
}

#[test]
fn blobs_are_base64_in_input_and_output() {
    let server = Server::start(|request| {
        let response = match request.header("x-amz-target") {
            Some("TrentService.Encrypt") => r#"{"CiphertextBlob": "/wAB", "KeyId": "k"}"#,
            _ => {
                r#"{"Item": {"b": {"B": "/wAB"}, "n": {"N": "1"}, "s": {"BS": ["AA==", "AQ=="]}}}"#
            }
        };
        (200, JSON, response.as_bytes().to_vec())
    });
    let mut run = Run::start("blobs");
    let encrypted = run.call(&json!({
        "service": "kms", "operation": "Encrypt", "endpoint_url": server.url,
        "params": {"KeyId": "k", "Plaintext": "AAH/"}
    }));
    assert_eq!(
        encrypted["result"],
        json!({"CiphertextBlob": "/wAB", "KeyId": "k"})
    );
    let item = run.call(&json!({
        "service": "dynamodb", "operation": "get-item", "endpoint_url": server.url,
        "params": {"TableName": "table", "Key": {"b": {"B": "AAH/"}}}
    }));
    assert_eq!(
        item["result"],
        json!({"Item": {"b": {"B": "/wAB"}, "n": {"N": "1"}, "s": {"BS": ["AA==", "AQ=="]}}})
    );
    let requests: Vec<Value> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(requests[0]["Plaintext"], "AAH/");
    assert_eq!(requests[1]["Key"], json!({"b": {"B": "AAH/"}}));
    let invalid = run.call(&json!({
        "service": "kms", "operation": "Encrypt", "endpoint_url": server.url,
        "params": {"KeyId": "k", "Plaintext": "no base64!"}
    }));
    assert_eq!(invalid["error"]["kind"], "validation");
    assert!(
        invalid["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("Plaintext: ")
    );
    run.end();
}

#[test]
fn streaming_bodies_are_base64_in_input_and_output() {
    let server = Server::start(|request| {
        (
            200,
            "binary/octet-stream",
            request.target.clone().into_bytes(),
        )
    });
    let mut run = Run::start("streams");
    let put = run.call(&json!({
        "service": "s3", "operation": "PutObject", "endpoint_url": server.url,
        "params": {"Bucket": "b", "Key": "k", "Body": "AAH/"}, "config": {"request_checksum_calculation": "when_required"}
    }));
    assert_eq!(put["ok"], true, "{put}");
    assert_eq!(server.requests()[0].body, [0, 1, 255]);
    let downloaded = run.call(&json!({
        "service": "s3", "operation": "GetObject", "endpoint_url": server.url, "params": {"Bucket": "b", "Key": "k"}
    }));
    // Base64 of `/b/k`.
    assert_eq!(downloaded["result"]["Body"], "L2Ivaw==", "{downloaded}");
    run.end();
}

#[test]
fn signs_with_the_credentials_of_the_line() {
    let server = Server::always(200, JSON, "{}");
    let mut run = Run::start("credentials");
    let session_call = list_queues(&server, Value::Null);
    let (mut unsigned, mut keyed) = (session_call.clone(), session_call.clone());
    unsigned["credentials"] = Value::Null;
    keyed["credentials"] =
        json!({"access_key_id": "OTHER", "secret_access_key": "s", "session_token": "t"});
    keyed["region"] = json!("eu-west-1");
    for call in [&session_call, &unsigned, &keyed, &session_call] {
        assert_eq!(run.call(call)["ok"], true, "{call}");
    }
    let requests = server.requests();
    let signed_by = |position: usize, key: &str| {
        requests[position]
            .header("authorization")
            .is_some_and(|header: &str| header.contains(key))
    };
    assert!(signed_by(0, "Credential=AKID/"));
    assert_eq!(requests[1].header("authorization"), None);
    assert_eq!(requests[1].header("x-amz-security-token"), None);
    assert!(signed_by(2, "Credential=OTHER/") && signed_by(2, "/eu-west-1/sqs/"));
    assert_eq!(requests[2].header("x-amz-security-token"), Some("t"));
    assert!(signed_by(3, "Credential=AKID/"));
    run.end();
}

#[test]
fn service_errors_include_metadata() {
    let server = Server::always(
        400,
        JSON,
        r#"{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "it is not so", "Item": {"k": {"S": "v"}}}"#,
    );
    let mut run = Run::start("errors");
    let result = run.call(&json!({
        "id": "e", "service": "dynamodb", "operation": "PutItem", "endpoint_url": server.url,
        "params": {"TableName": "table", "Item": {"k": {"S": "v"}}}
    }));
    assert_eq!((&result["id"], &result["ok"]), (&json!("e"), &json!(false)));
    let error = &result["error"];
    assert_eq!(error["kind"], "service");
    assert_eq!(error["code"], "ConditionalCheckFailedException");
    assert_eq!(error["shape"], "ConditionalCheckFailedException");
    assert_eq!(error["message"], "it is not so");
    assert_eq!(error["http_status"], 400);
    assert_eq!(error["details"], json!({"Item": {"k": {"S": "v"}}}));
    assert_eq!(result["metadata"]["http_status"], 400);
    assert_eq!(result["metadata"]["request_id"], "r-1");
    assert_eq!(result["metadata"]["attempts"], 1);
    assert_eq!(result["metadata"]["headers"]["content-type"], JSON);
    run.end();
}

#[test]
fn metadata_of_errors_says_what_is_known_of_the_response() {
    let server = Server::always(200, JSON, "{\"QueueUrls\": [");
    let mut run = Run::start("metadata");
    let malformed = run.call(&list_queues(&server, json!(1)));
    assert_eq!(malformed["error"]["kind"], "parse", "{malformed}");
    let refused = run.call(
        &json!({"service": "sqs", "operation": "ListQueues", "endpoint_url": "http://127.0.0.1:1"}),
    );
    assert_eq!(refused["error"]["kind"], "connection", "{refused}");
    let unsent = run.call(&json!({"service": "sqs", "operation": "ReceiveMessage"}));
    for (result, status, request_id, attempts) in [
        (malformed, json!(200), json!("r-1"), 1),
        (refused, json!(null), json!(null), 1),
        (unsent, json!(null), json!(null), 0),
    ] {
        let metadata = &result["metadata"];
        assert_eq!(metadata["http_status"], status, "{result}");
        assert_eq!(metadata["request_id"], request_id, "{result}");
        assert_eq!(metadata["attempts"], attempts, "{result}");
        assert!(metadata["headers"].is_object(), "{result}");
    }
    run.end();
}

#[test]
fn attempts_count_bodies_that_break_off() {
    let server = Server::raw(|request| {
        let body = if request.target.starts_with("/bucket") {
            &b"half"[..]
        } else {
            &b"{\"QueueUrls\""[..]
        };
        response(200, &["content-type: application/json"], 100, body)
    });
    let mut run = Run::with(inia("run-broken").arg("run").env("AWS_MAX_ATTEMPTS", "2"));
    let buffered = run.call(&list_queues(&server, json!(1)));
    assert_eq!(buffered["ok"], false, "{buffered}");
    assert_eq!(buffered["metadata"]["attempts"], 2, "{buffered}");
    // A streaming body is read after the call: the response has arrived, and is not requested again.
    let streamed = run.call(&json!({
        "service": "s3", "operation": "GetObject", "endpoint_url": server.url, "params": {"Bucket": "bucket", "Key": "k"},
        "config": {"s3": {"addressing_style": "path"}}
    }));
    assert_eq!(streamed["ok"], false, "{streamed}");
    assert_eq!(streamed["metadata"]["attempts"], 1, "{streamed}");
    assert_eq!(streamed["metadata"]["http_status"], 200, "{streamed}");
    assert_eq!(streamed["metadata"]["headers"]["content-length"], "100");
    run.end();
}

const EVENT_STREAM: &str = "content-type: application/vnd.amazon.eventstream";

/// Returns a call of Lambda's `InvokeWithResponseStream`.
fn invoke_with_stream(server: &Server) -> Value {
    json!({"service": "lambda", "operation": "InvokeWithResponseStream", "endpoint_url": server.url,
        "params": {"FunctionName": "f"}})
}

#[test]
fn event_streams_are_lists_of_events() {
    let server = Server::raw(|request| {
        let events = if request.header("x-amz-target").is_some() {
            [
                event("initial-response", JSON, b"{}"),
                event("sessionStart", JSON, br#"{"requestId": "r"}"#),
                event(
                    "sessionUpdate",
                    JSON,
                    br#"{"sessionResults": [{"message": "m"}]}"#,
                ),
            ]
            .concat()
        } else {
            [
                event("PayloadChunk", "application/octet-stream", b"\x00\xff"),
                event("InvokeComplete", JSON, br#"{"ErrorCode": "E"}"#),
            ]
            .concat()
        };
        let headers = [EVENT_STREAM, "x-amz-executed-version: 7"];
        response(200, &headers, events.len(), &events)
    });
    let mut run = Run::start("events");
    let rest = run.call(&invoke_with_stream(&server));
    assert_eq!(
        rest["result"],
        json!({
            "StatusCode": 200, "ExecutedVersion": "7", "ResponseStreamContentType": "application/vnd.amazon.eventstream",
            "EventStream": [{"PayloadChunk": {"Payload": "AP8="}}, {"InvokeComplete": {"ErrorCode": "E"}}]
        }),
        "{rest}"
    );
    assert_eq!(rest["metadata"]["request_id"], "r-1");
    let json_protocol = run.call(&json!({
        "service": "logs", "operation": "StartLiveTail", "endpoint_url": server.url,
        "params": {"logGroupIdentifiers": ["arn:aws:logs:us-east-1:123456789012:log-group:g"]},
        "config": {"inject_host_prefix": false}
    }));
    assert_eq!(
        json_protocol["result"],
        json!({"responseStream": [
            {"sessionStart": {"requestId": "r"}}, {"sessionUpdate": {"sessionResults": [{"message": "m"}]}}
        ]}),
        "{json_protocol}"
    );
    let mut limited = invoke_with_stream(&server);
    limited["config"] = json!({"max_response_bytes": 40});
    let limited = run.call(&limited);
    assert_eq!(limited["error"]["kind"], "stream", "{limited}");
    run.end();
}

#[test]
fn an_exception_in_an_event_stream_is_an_error_with_the_events_before_it() {
    let server = Server::raw(|request| {
        let mut events = event("PayloadChunk", "application/octet-stream", b"one");
        if request.target.contains("cut") {
            events.truncate(events.len() - 1);
        } else {
            let headers = [
                (":message-type", "error"),
                (":error-code", "InternalError"),
                (":error-message", "broken"),
            ];
            events.extend(event_message(&headers, b""));
        }
        response(200, &[EVENT_STREAM], events.len(), &events)
    });
    let mut run = Run::start("exceptions");
    let failed = run.call(&invoke_with_stream(&server));
    assert_eq!(failed["ok"], false, "{failed}");
    assert_eq!(failed["error"]["kind"], "service", "{failed}");
    assert_eq!(failed["error"]["code"], "InternalError", "{failed}");
    assert_eq!(failed["error"]["message"], "broken", "{failed}");
    assert_eq!(
        failed["events"],
        json!([{"PayloadChunk": {"Payload": "b25l"}}])
    );
    assert_eq!(failed["metadata"]["http_status"], 200);
    assert_eq!(failed["metadata"]["attempts"], 1);
    let mut cut = invoke_with_stream(&server);
    cut["params"]["FunctionName"] = json!("cut");
    let cut = run.call(&cut);
    assert_eq!(cut["error"]["kind"], "stream", "{cut}");
    assert_eq!(cut["events"], json!([]));
    run.end();
}

#[test]
fn the_auth_scheme_of_the_operation_chooses_between_keys_and_bearer_token() {
    let server = Server::always(200, JSON, "{}");
    let mut run = Run::start("tokens");
    let both =
        json!({"access_key_id": "OTHER", "secret_access_key": "s", "bearer_token": "the-token"});
    let call = |service: &str, operation: &str, credentials: &Value| json!({"service": service, "operation": operation, "endpoint_url": server.url, "credentials": credentials});
    for (call, authorization) in [
        (
            call("codecatalyst", "VerifySession", &both),
            "Bearer the-token",
        ),
        (call("sqs", "ListQueues", &both), "Credential=OTHER/"),
        (
            call(
                "bedrock",
                "ListFoundationModels",
                &json!({"bearer_token": "the-token"}),
            ),
            "Bearer the-token",
        ),
    ] {
        assert_eq!(run.call(&call)["ok"], true, "{call}");
        let requests = server.requests();
        let header = requests.last().unwrap().header("authorization").unwrap();
        assert!(header.contains(authorization), "{call}: {header}");
    }
    run.end();
}

#[test]
fn batch_with_an_operation_is_aws_batch() {
    let server = Server::always(200, "application/json", r#"{"jobSummaryList": []}"#);
    for arguments in [
        &["batch", "list-jobs"][..],
        &["call", "batch", "list-jobs"],
        &["batch", "--region", "eu-west-1", "list-jobs"],
    ] {
        let listed = run_command(
            inia("aws-batch")
                .args(arguments)
                .args(["--endpoint-url", &server.url]),
        );
        assert_eq!(listed.status, 0, "{arguments:?}: {listed:?}");
        assert!(listed.stdout.contains("jobSummaryList"), "{listed:?}");
    }
    assert_eq!(server.requests().last().unwrap().target, "/v1/listjobs");
    let mut run = Run::with(inia("alias").args(["batch", "--concurrency", "2"]));
    assert_eq!(run.call(&json!({"id": 1}))["error"]["kind"], "validation");
    run.end();
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let listed = run_command(inia("as-aws").arg0("/usr/bin/aws").arg("batch"));
        assert!(
            listed.stderr.contains("arguments are required: operation"),
            "{listed:?}"
        );
    }
}

/// A gate that requests wait at until it is opened.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

#[expect(clippy::unwrap_used, reason = "a poisoned lock fails the test")]
impl Gate {
    fn pass(&self) {
        let is_open = self.is_open.lock().unwrap();
        let _open = self.opened.wait_while(is_open, |open| !*open).unwrap();
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

/// Waits until a condition holds.
fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(condition(), "the condition does not hold after a minute");
}

/// Upper bound for the memory of a command without data, in bytes: a debug build has about 30 MB.
const BASE_MEMORY: usize = 60_000_000;

/// Returns the largest resident memory that a process had, in bytes; `None` on other systems than Linux.
fn memory(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024)
}

#[test]
fn ever_new_settings_use_neither_ever_more_memory_nor_connections() {
    const LINES: usize = 800;
    let server = Server::always(200, JSON, "{}");
    let mut run = Run::with(inia("settings").args(["run", "--concurrency", "8"]));
    let send = |run: &mut Run, numbers: std::ops::Range<usize>| {
        for number in numbers.clone() {
            let mut call = list_queues(&server, json!(number));
            // A transport of its own for each line.
            call["config"] = json!({"connect_timeout": 10 + number});
            run.send(&call.to_string());
        }
        for _ in numbers {
            assert_eq!(run.next()["ok"], json!(true));
        }
    };
    send(&mut run, 0..LINES / 2);
    let before = memory(&run.child);
    send(&mut run, LINES / 2..LINES);
    if let (Some(before), Some(after)) = (before, memory(&run.child)) {
        assert!(
            after < before + 8_000_000,
            "{before} bytes of memory, then {after}"
        );
        let open = std::fs::read_dir(format!("/proc/{}/fd", run.child.id()))
            .unwrap()
            .count();
        assert!(open < 400, "{open} file descriptors");
    }
    run.end();
}

#[test]
fn stops_calling_while_the_results_are_not_read() {
    const LINES: usize = 200;
    const RESULT: usize = 500_000;
    // A pipe holds 64 KiB, less than one result.
    let server = Server::start(|_| {
        let url = "x".repeat(RESULT);
        (
            200,
            JSON,
            format!("{{\"QueueUrls\": [\"{url}\"]}}").into_bytes(),
        )
    });
    let mut child = inia("stalled")
        .args(["run", "--concurrency", "4"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let call = list_queues(&server, json!("id")).to_string();
    let writer = std::thread::spawn(move || {
        for _ in 0..LINES {
            writeln!(input, "{call}").unwrap();
        }
    });
    wait_until(|| server.requests().len() >= 4);
    std::thread::sleep(Duration::from_millis(300));
    let stalled = server.requests().len();
    assert!(stalled <= 5, "{stalled} calls, but no result was read");
    if let Some(memory) = memory(&child) {
        // A place has a result at most, once as a value and once as a line.
        let limit = (BASE_MEMORY + 5 * 4 * RESULT) as u64;
        assert!(memory < limit, "{memory} bytes of memory");
    }
    let output = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(output.lines().count(), LINES);
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(server.requests().len(), LINES);
}

#[cfg(unix)]
#[test]
fn signals_end_the_input_and_the_calls_in_flight_are_reported() {
    for (signal, status) in [("-TERM", 143), ("-INT", 130)] {
        let gate = Arc::new(Gate::default());
        let server = {
            let gate = Arc::clone(&gate);
            Server::start(move |_| {
                gate.pass();
                (200, JSON, b"{}".to_vec())
            })
        };
        let mut run = Run::with(inia("signals").args(["run", "--concurrency", "3"]));
        for id in 0..10 {
            run.send(&list_queues(&server, json!(id)).to_string());
        }
        wait_until(|| server.requests().len() == 3);
        let kill = |child: &Child| {
            let sent = Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status();
            assert!(sent.unwrap().success());
        };
        kill(&run.child);
        // The signal arrives before the responses.
        std::thread::sleep(Duration::from_millis(100));
        gate.open();
        let mut ids: Vec<Value> = (0..3).map(|_| run.next()["id"].clone()).collect();
        ids.sort_by_key(Value::as_u64);
        assert_eq!(ids, [json!(0), json!(1), json!(2)]);
        assert_eq!(run.child.wait().unwrap().code(), Some(status));
        assert_eq!(
            run.lines.recv().ok(),
            None,
            "no line is read after the signal"
        );
        assert_eq!(server.requests().len(), 3);
    }
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_a_call_that_hangs() {
    let gate = Arc::new(Gate::default());
    let server = {
        let gate = Arc::clone(&gate);
        Server::start(move |_| {
            gate.pass();
            (200, JSON, b"{}".to_vec())
        })
    };
    let mut run = Run::start("hangs");
    run.send(&list_queues(&server, json!(1)).to_string());
    wait_until(|| server.requests().len() == 1);
    let child = run.child.id().to_string();
    let ended = Arc::new(Mutex::new(None));
    let waiter = {
        let ended = Arc::clone(&ended);
        std::thread::spawn(move || {
            let status = run.child.wait().unwrap();
            *ended.lock().unwrap() = status.code();
        })
    };
    // Signals that arrive together count once, so they are sent until the process has ended.
    wait_until(|| {
        let _ = Command::new("kill").args(["-INT", &child]).output();
        ended.lock().unwrap().is_some()
    });
    waiter.join().unwrap();
    assert_eq!(*ended.lock().unwrap(), Some(130));
    gate.open();
}

#[test]
fn ends_when_the_results_are_no_longer_wanted() {
    let server = Server::always(200, JSON, "{}");
    let mut child = inia("closed")
        .arg("run")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // The input stays open: the command does not wait for its end.
    writeln!(input, "{}", list_queues(&server, json!(1))).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(255));
}

#[test]
fn lines_may_begin_with_a_byte_order_mark_and_unverified_certificates_warn_once() {
    let server = Server::always(200, JSON, "{}");
    let mut call = list_queues(&server, json!(1));
    call["config"] = json!({"verify": false});
    let lines = format!("\u{feff}{call}\n{call}\n");
    let result = run_with_input(inia("warning").arg("run"), lines.as_bytes());
    let (results, warnings) = (result.stdout, result.stderr);
    assert_eq!(results.matches(r#""ok":true"#).count(), 2, "{results}");
    assert_eq!(warnings.matches("an attacker").count(), 1, "{warnings}");
}
