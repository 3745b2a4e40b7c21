//! `inia batch`: one call per line in, one result per line out.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Server, inia};

const JSON: &str = "application/x-amz-json-1.0";

/// A running `inia batch` process.
struct Batch {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
}

#[expect(clippy::unwrap_used, reason = "a broken batch process fails the test")]
impl Batch {
    fn start(test: &str) -> Self {
        let mut child = inia(test)
            .arg("batch")
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
        Batch {
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
    let mut batch = Batch::start("ids");
    for id in [
        json!("17"),
        json!(17),
        json!(1.5),
        json!(null),
        json!(true),
        json!(["a", {"b": 1}]),
        json!("grüße 🙂\n"),
    ] {
        let result = batch.call(&list_queues(&server, id.clone()));
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
    assert_eq!(batch.call(&call)["id"], Value::Null);
    batch.end();
}

#[test]
fn invalid_lines_do_not_stop_the_batch() {
    let server = Server::always(200, JSON, "{}");
    let mut batch = Batch::start("garbage");
    for line in ["not JSON", "{\"id\": 1", "[]", "3", "\u{feff}{}"] {
        batch.send(line);
        let result = batch.next();
        assert_eq!(result["ok"], false, "{line}");
        assert_eq!(result["error"]["kind"], "validation", "{line}");
        assert_eq!(result["id"], Value::Null, "{line}");
    }
    batch.send("");
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
        let result = batch.call(&call);
        assert_eq!(
            (&result["id"], &result["ok"]),
            (&json!(5), &json!(false)),
            "{call}"
        );
        assert_eq!(result["error"]["kind"], kind, "{call}");
        let message = result["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{call}: {message}");
    }
    assert_eq!(batch.call(&list_queues(&server, json!(6)))["ok"], true);
    batch.end();
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
    let mut batch = Batch::start("blobs");
    let encrypted = batch.call(&json!({
        "service": "kms", "operation": "Encrypt", "endpoint_url": server.url,
        "params": {"KeyId": "k", "Plaintext": "AAH/"}
    }));
    assert_eq!(
        encrypted["result"],
        json!({"CiphertextBlob": "/wAB", "KeyId": "k"})
    );
    let item = batch.call(&json!({
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
    let invalid = batch.call(&json!({
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
    batch.end();
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
    let mut batch = Batch::start("streams");
    let put = batch.call(&json!({
        "service": "s3", "operation": "PutObject", "endpoint_url": server.url,
        "params": {"Bucket": "b", "Key": "k", "Body": "AAH/"}, "config": {"request_checksum_calculation": "when_required"}
    }));
    assert_eq!(put["ok"], true, "{put}");
    assert_eq!(server.requests()[0].body, [0, 1, 255]);
    let downloaded = batch.call(&json!({
        "service": "s3", "operation": "GetObject", "endpoint_url": server.url, "params": {"Bucket": "b", "Key": "k"}
    }));
    // Base64 of `/b/k`.
    assert_eq!(downloaded["result"]["Body"], "L2Ivaw==", "{downloaded}");
    batch.end();
}

#[test]
fn signs_with_the_credentials_of_the_line() {
    let server = Server::always(200, JSON, "{}");
    let mut batch = Batch::start("credentials");
    let session_call = list_queues(&server, Value::Null);
    let (mut unsigned, mut keyed) = (session_call.clone(), session_call.clone());
    unsigned["credentials"] = Value::Null;
    keyed["credentials"] =
        json!({"access_key_id": "OTHER", "secret_access_key": "s", "session_token": "t"});
    keyed["region"] = json!("eu-west-1");
    for call in [&session_call, &unsigned, &keyed, &session_call] {
        assert_eq!(batch.call(call)["ok"], true, "{call}");
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
    batch.end();
}

#[test]
fn service_errors_include_metadata() {
    let server = Server::always(
        400,
        JSON,
        r#"{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "it is not so", "Item": {"k": {"S": "v"}}}"#,
    );
    let mut batch = Batch::start("errors");
    let result = batch.call(&json!({
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
    batch.end();
}
