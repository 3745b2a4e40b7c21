//! Settings of single calls, and clients derived from others. In memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use inia::config::{Config, RetryMode};
use inia::ports::BoxFuture;
use inia::retry::RetryOptions;
use inia::transport::{Transport, WireRequest, WireResponse};
use inia::{ByteStream, Client, Credentials, ErrorKind, Result, Session, json};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

#[derive(Debug, Default)]
struct Server {
    /// Status of all responses; 200 if zero.
    status: u16,
    requests: Mutex<Vec<(String, String, String)>>,
}

impl Server {
    /// Returns the URL, the authorization and `x-test` of the last request.
    fn last(&self) -> (String, String, String) {
        self.requests.lock().unwrap().last().unwrap().clone()
    }

    fn client(self: &Arc<Self>, service: &str) -> Client {
        let session = Session::builder()
            .host(FakePorts::new(FakeEnv::default(), 1_767_323_045).host())
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .transport(self.clone())
            .build();
        session.unwrap().client(service).unwrap()
    }
}

impl Transport for Server {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let header = |name| request.headers.get(name).unwrap_or_default().to_owned();
        self.requests.lock().unwrap().push((
            request.url.clone(),
            header("authorization"),
            header("x-test"),
        ));
        let status = match self.status {
            0 => 200,
            status => status,
        };
        Box::pin(std::future::ready(Ok(WireResponse {
            status,
            headers: [("content-type", "application/x-amz-json-1.0")]
                .into_iter()
                .collect(),
            body: ByteStream::from("{}"),
        })))
    }
}

#[test]
fn call_has_its_own_region_endpoint_credentials_and_header() {
    let server = Arc::new(Server::default());
    let client = server.client("sqs");
    let list = || client.call("ListQueues", json!({}));
    block_on(list().region("eu-west-1").send()).unwrap();
    let (url, authorization, _) = server.last();
    assert!(
        url.starts_with("https://sqs.eu-west-1.amazonaws.com"),
        "{url}"
    );
    assert!(authorization.contains("/eu-west-1/sqs/"), "{authorization}");

    let key = Credentials::new("AKIDOTHER", "secret", None);
    let call = list()
        .endpoint_url("http://127.0.0.1:9324")
        .credentials(key);
    block_on(call.header("X-Test", "signed").send()).unwrap();
    let (url, authorization, test) = server.last();
    assert!(url.starts_with("http://127.0.0.1:9324/"), "{url}");
    assert!(
        authorization.contains("Credential=AKIDOTHER/"),
        "{authorization}"
    );
    assert!(authorization.contains(";x-test,"), "{authorization}");
    assert_eq!(test, "signed");

    let call = list()
        .config(|config| config.use_dualstack_endpoint(true))
        .region("eu-west-1");
    block_on(call.send()).unwrap();
    assert!(
        server.last().0.starts_with("https://sqs.eu-west-1.api.aws"),
        "{}",
        server.last().0
    );

    // The client itself is as before.
    block_on(list().send()).unwrap();
    let (url, ..) = server.last();
    assert!(
        url.starts_with("https://sqs.us-east-1.amazonaws.com"),
        "{url}"
    );
}

#[test]
fn streaming_call_has_its_own_settings_too() {
    let server = Arc::new(Server::default());
    let call = server
        .client("s3")
        .call("GetObject", json!({"Bucket": "bucket", "Key": "k"}));
    let output = block_on(call.region("eu-west-1").collect()).unwrap();
    assert_eq!(output["Body"].as_blob(), Some(&b"{}"[..]));
    let (url, ..) = server.last();
    assert!(
        url.starts_with("https://bucket.s3.eu-west-1.amazonaws.com/k"),
        "{url}"
    );
    let call = server
        .client("s3")
        .call("GetObject", json!({"Bucket": "bucket", "Key": "k"}));
    let error = block_on(call.config(|config| config.max_response_bytes(1)).collect());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Stream);
}

#[test]
fn calls_of_many_regions_share_one_retry_quota() {
    let server = Arc::new(Server {
        status: 500,
        ..Server::default()
    });
    let client = server.client("sqs");
    let attempts = |region: &str| {
        let call = client.call("ListQueues", json!({})).region(region);
        block_on(call.send()).unwrap_err().attempts()
    };
    // More regions than a client keeps settings of.
    for number in 0..17 {
        assert_eq!(attempts(&format!("eu-west-{}", number % 40)), 3);
    }
    assert_eq!(attempts("us-west-2"), 2);
    let error = block_on(client.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(error.attempts(), 1);
}

#[test]
fn retry_mode_of_a_call_is_its_own() {
    let server = Arc::new(Server {
        status: 500,
        ..Server::default()
    });
    let client = server.client("sqs");
    let legacy = RetryOptions::new().mode(RetryMode::Legacy);
    let call = client.call("ListQueues", json!({})).retry(legacy);
    assert_eq!(block_on(call.send()).unwrap_err().attempts(), 5);
}

#[test]
fn invalid_settings_of_a_call_are_its_error() {
    let server = Arc::new(Server::default());
    let client = server.client("sqs");
    let error = block_on(client.call("ListQueues", json!({})).region("a.b").send()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.operation(), Some("ListQueues"));
    // The session's own transport cannot honor it.
    let call = client
        .call("ListQueues", json!({}))
        .config(|config| config.verify(false));
    let error = block_on(call.send()).unwrap_err();
    assert!(error.message().contains("cannot honor verify"), "{error}");
    assert!(server.requests.lock().unwrap().is_empty());
}

#[derive(Debug)]
struct Counting(Arc<dyn Transport>, Arc<AtomicUsize>);

impl Transport for Counting {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.send(request)
    }
}

#[test]
fn wrapped_client_keeps_its_settings() {
    let server = Arc::new(Server::default());
    let count = Arc::new(AtomicUsize::new(0));
    let client = server.client("sqs");
    let ireland = client
        .with_config(&Config::new().region("eu-west-1"))
        .unwrap();
    let counted = Arc::clone(&count);
    let wrapped = ireland
        .wrap_transport(move |inner| Arc::new(Counting(inner, Arc::clone(&counted))))
        .unwrap();
    block_on(wrapped.call("ListQueues", json!({})).send()).unwrap();
    let (url, ..) = server.last();
    assert!(
        url.starts_with("https://sqs.eu-west-1.amazonaws.com"),
        "{url}"
    );
    // A call with settings of its own is made through the wrapped transport too.
    block_on(
        wrapped
            .call("ListQueues", json!({}))
            .region("eu-west-2")
            .send(),
    )
    .unwrap();
    let (url, ..) = server.last();
    assert!(
        url.starts_with("https://sqs.eu-west-2.amazonaws.com"),
        "{url}"
    );
    assert_eq!(count.load(Ordering::SeqCst), 2);
    block_on(ireland.call("ListQueues", json!({})).send()).unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);
}
