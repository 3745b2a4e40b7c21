//! Whole calls over a recording transport: typed parameters and outputs of `call_as`, and the Lambda trace header.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia::ports::{BoxFuture, Env, Host};
use inia::{
    Client, Credentials, ErrorKind, Result, Session, json, protocol::Headers, transport::Transport,
    transport::WireBody, transport::WireRequest, transport::WireResponse,
};
use serde::{Deserialize, Serialize};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

/// Returns the same response to every request, and records the requests.
#[derive(Debug)]
struct Recorder {
    response: &'static str,
    /// Additional response headers.
    headers: &'static [(&'static str, &'static str)],
    requests: Mutex<Vec<(Headers, String)>>,
}

impl Recorder {
    fn new(response: &'static str) -> Arc<Self> {
        Recorder::with_headers(response, &[])
    }

    fn with_headers(
        response: &'static str,
        headers: &'static [(&'static str, &'static str)],
    ) -> Arc<Self> {
        Arc::new(Recorder {
            response,
            headers,
            requests: Mutex::default(),
        })
    }

    fn client(self: &Arc<Self>, service: &str, host: Host) -> Client {
        let session = Session::builder()
            .host(host)
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .transport(self.clone())
            .build()
            .unwrap();
        session.client(service).unwrap()
    }

    /// Returns a header of each request.
    fn headers(&self, name: &str) -> Vec<Option<String>> {
        let requests = self.requests.lock().unwrap();
        let header = |(headers, _): &(Headers, String)| headers.get(name).map(str::to_owned);
        requests.iter().map(header).collect()
    }
}

impl Transport for Recorder {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                WireBody::Bytes(bytes) => bytes,
                WireBody::Stream(stream) => stream.collect(1 << 20).await?,
            };
            let body = String::from_utf8(body.to_vec()).unwrap();
            self.requests.lock().unwrap().push((request.headers, body));
            let mut headers = Headers::new();
            headers.set("content-type", "text/plain");
            for (name, value) in self.headers {
                headers.set(*name, *value);
            }
            Ok(WireResponse {
                status: 200,
                headers,
                body: self.response.into(),
            })
        })
    }
}

fn host(env: FakeEnv) -> Host {
    FakePorts::new(env, 1_767_323_045).host()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    queue_url: String,
    max_number_of_messages: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_time_seconds: Option<u8>,
}

impl ReceiveMessage {
    fn from(queue_url: &str) -> Self {
        ReceiveMessage {
            queue_url: queue_url.to_owned(),
            max_number_of_messages: 2,
            wait_time_seconds: None,
        }
    }
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct ReceivedMessages {
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
struct Message {
    message_id: String,
    body: String,
}

#[test]
fn call_as_converts_parameters_and_output() {
    let recorder = Recorder::new(r#"{"Messages": [{"MessageId": "m-1", "Body": "hello"}]}"#);
    let sqs = recorder.client("sqs", host(FakeEnv::default()));
    let params = ReceiveMessage::from("https://sqs.us-east-1.amazonaws.com/1/q");
    let output: ReceivedMessages = block_on(sqs.call_as("ReceiveMessage", &params)).unwrap();
    let message = Message {
        message_id: "m-1".to_owned(),
        body: "hello".to_owned(),
    };
    assert_eq!(output.messages, [message]);
    let requests = recorder.requests.lock().unwrap();
    let body: serde_json::Value = serde_json::from_str(&requests[0].1).unwrap();
    assert_eq!(
        body,
        serde_json::json!({"QueueUrl": params.queue_url, "MaxNumberOfMessages": 2})
    );
}

#[test]
fn call_as_reports_the_path_of_a_mismatch() {
    let recorder = Recorder::new(r#"{"Messages": [{"MessageId": "m-1"}]}"#);
    let sqs = recorder.client("sqs", host(FakeEnv::default()));
    let params = ReceiveMessage::from("https://sqs.us-east-1.amazonaws.com/1/q");
    let error = block_on(sqs.call_as::<ReceivedMessages>("ReceiveMessage", &params)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parse);
    assert_eq!(error.to_string(), "Messages[0]: missing field `Body`");
}

#[test]
fn call_as_validates_parameters() {
    #[derive(Serialize)]
    struct Params {
        #[serde(rename = "QueueUrl")]
        queue_url: u8,
    }
    let recorder = Recorder::new("{}");
    let sqs = recorder.client("sqs", host(FakeEnv::default()));
    let params = Params { queue_url: 1 };
    let error = block_on(sqs.call_as::<ReceivedMessages>("ReceiveMessage", &params)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.to_string().contains("QueueUrl"), "{error}");
    assert!(recorder.requests.lock().unwrap().is_empty());
}

#[test]
fn call_as_includes_a_streaming_body() {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Object {
        content_type: String,
        body: String,
    }
    let recorder = Recorder::new("contents");
    let s3 = recorder.client("s3", host(FakeEnv::default()));
    let params = json!({"Bucket": "b", "Key": "k"});
    let object: Object = block_on(s3.call_as("GetObject", &params)).unwrap();
    assert_eq!(
        (&*object.content_type, &*object.body),
        ("text/plain", "contents")
    );
}

#[test]
fn head_object_succeeds_with_unreadable_dates() {
    let headers = &[
        ("last-modified", "yesterday"),
        ("expires", "never"),
        ("etag", "\"e\""),
    ];
    let s3 = Recorder::with_headers("", headers).client("s3", host(FakeEnv::default()));
    let params = json!({"Bucket": "b", "Key": "k"});
    let output = block_on(s3.call("HeadObject", params).send()).unwrap();
    assert_eq!(output["LastModified"], "yesterday");
    assert_eq!(output["Expires"], "never");
    assert_eq!(output["ExpiresString"], "never");
    assert_eq!(output["ETag"], "\"e\"");
}

#[test]
fn describe_volumes_succeeds_with_empty_and_localized_dates() {
    let ec2 = Recorder::new(
        "<DescribeVolumesResponse><volumeSet><item><volumeId>v-1</volumeId><size/>\
         <createTime>30/11/2026, 18:47:48</createTime><attachmentSet><item><attachTime/><device>/dev/sda</device></item>\
         </attachmentSet></item></volumeSet></DescribeVolumesResponse>",
    );
    let ec2 = ec2.client("ec2", host(FakeEnv::default()));
    let output = block_on(ec2.call("DescribeVolumes", json!({})).send()).unwrap();
    let volume = json!({
        "VolumeId": "v-1",
        "CreateTime": "30/11/2026, 18:47:48",
        "Attachments": [{"Device": "/dev/sda"}],
    });
    assert_eq!(output.value, json!({ "Volumes": [volume] }));
}

/// The environment of a Lambda function whose trace id changes with each invocation.
#[derive(Debug, Default)]
struct LambdaEnv(Mutex<String>);

impl Env for LambdaEnv {
    fn var(&self, name: &str) -> Option<String> {
        match name {
            "AWS_LAMBDA_FUNCTION_NAME" => Some("function".to_owned()),
            "_X_AMZN_TRACE_ID" => Some(self.0.lock().unwrap().clone()),
            _ => None,
        }
    }

    fn home(&self) -> Option<std::path::PathBuf> {
        None
    }
}

#[test]
fn trace_header_is_that_of_the_current_invocation_and_is_not_signed() {
    let env = Arc::new(LambdaEnv::default());
    let host = Host {
        env: env.clone(),
        ..host(FakeEnv::default())
    };
    let recorder = Recorder::new("{}");
    let sqs = recorder.client("sqs", host);
    for trace in ["Root=1;Sampled=1", "Root=2;\u{e9}"] {
        *env.0.lock().unwrap() = trace.to_owned();
        block_on(sqs.call("ListQueues", json!({})).send()).unwrap();
    }
    assert_eq!(
        recorder.headers("x-amzn-trace-id"),
        [
            Some("Root=1;Sampled=1".to_owned()),
            Some("Root=2;%C3%A9".to_owned())
        ]
    );
    for authorization in recorder.headers("authorization") {
        assert!(!authorization.unwrap().contains("x-amzn-trace-id"));
    }
    let url = sqs.presign("ListQueues", json!({}), Duration::from_secs(60));
    assert!(
        !block_on(url.sign())
            .unwrap()
            .headers()
            .contains("x-amzn-trace-id")
    );
}
