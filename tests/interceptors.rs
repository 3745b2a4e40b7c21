//! Interceptors: order, what each may change, and the spans of calls. In memory, in no real time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia::config::ConfigFiles;
use inia::interceptor::{CallContext, Interceptor, RetryDecision};
use inia::ports::BoxFuture;
use inia::protocol::{Headers, Request};
use inia::transport::{Transport, WireRequest, WireResponse};
use inia::{
    ByteStream, Client, Credentials, Error, ErrorKind, Output, Result, Session, SessionBuilder,
    Value, json,
};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on, logged};

/// A server in memory that fails the first requests with status 500.
#[derive(Debug, Default)]
struct Server {
    failures: usize,
    requests: Mutex<Vec<(String, Headers, String)>>,
}

impl Server {
    fn failing(failures: usize) -> Arc<Self> {
        Arc::new(Server {
            failures,
            ..Server::default()
        })
    }

    fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    fn session(self: &Arc<Self>) -> SessionBuilder {
        Session::builder()
            .host(FakePorts::new(FakeEnv::default(), 1_767_323_045).host())
            .region("us-east-1")
            .transport(self.clone())
    }

    fn client(self: &Arc<Self>) -> Client {
        let keys = Credentials::new("AKIDEXAMPLE", "secret", None);
        let session = self.session().credentials(keys).build().unwrap();
        session.client("sqs").unwrap()
    }
}

impl Transport for Server {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                inia::transport::WireBody::Bytes(bytes) => bytes,
                inia::transport::WireBody::Stream(stream) => stream.collect(1000).await?,
            };
            let number = {
                let mut requests = self.requests.lock().unwrap();
                let body = String::from_utf8(body.to_vec()).unwrap();
                requests.push((request.url, request.headers, body));
                requests.len()
            };
            Ok(WireResponse {
                status: if number <= self.failures { 500 } else { 200 },
                headers: [("x-amzn-requestid", "req-1")].into_iter().collect(),
                body: ByteStream::from(r#"{"QueueUrls": ["https://q"]}"#),
            })
        })
    }
}

/// Records the methods that are called, with the number of the attempt.
#[derive(Clone, Default)]
struct Recording {
    name: &'static str,
    events: Arc<Mutex<Vec<String>>>,
}

impl Recording {
    fn add(&self, context: &CallContext, method: &str) -> Result<()> {
        assert_eq!(
            (context.service(), context.operation(), context.region()),
            ("sqs", "ListQueues", Some("us-east-1"))
        );
        let event = format!("{}{method} {}", self.name, context.attempt());
        self.events.lock().unwrap().push(event);
        Ok(())
    }
}

impl Interceptor for Recording {
    fn before_call(&self, context: &mut CallContext) -> Result<()> {
        self.add(context, "before_call")
    }

    fn before_params(&self, context: &mut CallContext, _: &mut Value) -> Result<()> {
        self.add(context, "before_params")
    }

    fn after_params(&self, context: &mut CallContext, _: &mut Value) -> Result<()> {
        self.add(context, "after_params")
    }

    fn after_serialize(&self, context: &mut CallContext, _: &mut Request) -> Result<()> {
        self.add(context, "after_serialize")
    }

    fn before_sign(&self, context: &mut CallContext, _: &mut Headers) -> Result<()> {
        self.add(context, "before_sign")
    }

    fn before_send(&self, context: &mut CallContext, _: &mut WireRequest) -> Result<()> {
        self.add(context, "before_send")
    }

    fn after_send(&self, context: &mut CallContext, _: &mut WireResponse) -> Result<()> {
        self.add(context, "after_send")
    }

    fn after_parse(&self, context: &mut CallContext, _: &mut Output) -> Result<()> {
        self.add(context, "after_parse")
    }

    fn on_retry_decision(
        &self,
        context: &mut CallContext,
        decision: &mut RetryDecision<'_>,
    ) -> Result<()> {
        assert!(decision.will_retry);
        assert_eq!(decision.error.http_status(), Some(500));
        self.add(context, "on_retry_decision")
    }

    fn after_call(&self, context: &mut CallContext, result: &mut Result<Output>) {
        assert!(result.is_ok());
        let _ = self.add(context, "after_call");
    }
}

#[test]
fn methods_are_called_in_order_in_each_attempt() {
    let server = Server::failing(1);
    let recording = Recording::default();
    let call = server.client().call("ListQueues", json!({}));
    block_on(call.interceptor(recording.clone()).send()).unwrap();
    let events = recording.events.lock().unwrap().clone();
    assert_eq!(
        events,
        [
            "before_call 0",
            "before_params 0",
            "after_params 0",
            "after_serialize 0",
            "before_sign 1",
            "before_send 1",
            "after_send 1",
            "on_retry_decision 1",
            "before_sign 2",
            "before_send 2",
            "after_send 2",
            "after_parse 2",
            "after_call 2",
        ]
    );
}

#[test]
fn interceptors_of_session_client_and_call_are_nested() {
    let server = Server::failing(0);
    let events = Arc::new(Mutex::new(Vec::new()));
    let named = |name| Recording {
        name,
        events: Arc::clone(&events),
    };
    let keys = Credentials::new("AKIDEXAMPLE", "secret", None);
    let session = server
        .session()
        .credentials(keys)
        .interceptor(named("session "));
    let client = session.build().unwrap().client("sqs").unwrap();
    let client = client.with_interceptor(named("client ")).unwrap();
    let call = client
        .call("ListQueues", json!({}))
        .interceptor(named("call "));
    block_on(call.send()).unwrap();
    let of = |method: &str| -> Vec<String> {
        let events = events.lock().unwrap();
        let found = events.iter().filter(|event| event.contains(method));
        found
            .map(|event| event.split(' ').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(of("before_send"), ["session", "client", "call"]);
    assert_eq!(of("after_send"), ["call", "client", "session"]);
    // The client without it, and one derived for a call.
    events.lock().unwrap().clear();
    let call = client
        .call("ListQueues", json!({}))
        .config(|config| config.use_ssl(false));
    block_on(call.send()).unwrap();
    assert_eq!(of("before_call"), ["session", "client"]);
}

/// Changes whatever its phase allows.
struct Changing;

impl Interceptor for Changing {
    fn before_params(&self, context: &mut CallContext, params: &mut Value) -> Result<()> {
        context.insert(String::from("kept"));
        params["QueueNamePrefix"] = "a".into();
        Ok(())
    }

    fn after_serialize(&self, _: &mut CallContext, request: &mut Request) -> Result<()> {
        request.headers.set("x-serialized", "1");
        request.body = br#"{"MaxResults": 7}"#[..].into();
        Ok(())
    }

    fn before_sign(&self, context: &mut CallContext, headers: &mut Headers) -> Result<()> {
        let kept = context.get_mut::<String>().unwrap();
        kept.push_str(" and signed");
        headers.set("x-signed", kept.clone());
        Ok(())
    }

    fn before_send(&self, _: &mut CallContext, request: &mut WireRequest) -> Result<()> {
        request.headers.set("x-unsigned", "1");
        Ok(())
    }

    fn after_parse(&self, _: &mut CallContext, output: &mut Output) -> Result<()> {
        output.value["Added"] = true.into();
        Ok(())
    }
}

#[test]
fn header_set_before_the_signature_is_signed() {
    let server = Server::failing(0);
    let call = server.client().call("ListQueues", json!({}));
    let output = block_on(call.interceptor(Changing).send()).unwrap();
    assert_eq!(output["Added"], Value::from(true));
    let (_, headers, body) = server.requests.lock().unwrap()[0].clone();
    assert_eq!(body, r#"{"MaxResults": 7}"#);
    assert_eq!(headers.get("x-signed"), Some("kept and signed"));
    assert_eq!(headers.get("x-unsigned"), Some("1"));
    let authorization = headers.get("authorization").unwrap();
    assert!(
        authorization.contains(";x-serialized;x-signed,"),
        "{authorization}"
    );
}

struct Params(Value);

impl Interceptor for Params {
    fn after_params(&self, _: &mut CallContext, params: &mut Value) -> Result<()> {
        *params = self.0.clone();
        Ok(())
    }
}

#[test]
fn changed_parameters_are_validated() {
    let server = Server::failing(0);
    let call = |params| {
        let call = server.client().call("ListQueues", json!({"MaxResults": 1}));
        block_on(call.interceptor(Params(params)).send())
    };
    call(json!({"QueueNamePrefix": "changed"})).unwrap();
    let body = server.requests.lock().unwrap()[0].2.clone();
    assert_eq!(body, r#"{"QueueNamePrefix":"changed"}"#);
    let error = call(json!({"Nonsense": 1})).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert_eq!(server.count(), 1);
}

/// Fails at a method, or decides about retries.
enum Failing {
    BeforeCall,
    BeforeSendOnce,
    NoRetry,
    MoreRetries,
}

impl Interceptor for Failing {
    fn before_call(&self, _: &mut CallContext) -> Result<()> {
        match self {
            Failing::BeforeCall => Err(Error::new(ErrorKind::Validation, "not today")),
            _ => Ok(()),
        }
    }

    fn before_send(&self, context: &mut CallContext, _: &mut WireRequest) -> Result<()> {
        match self {
            Failing::BeforeSendOnce if context.attempt() == 1 => {
                Err(Error::new(ErrorKind::Connection, "cut by a test"))
            }
            _ => Ok(()),
        }
    }

    fn on_retry_decision(
        &self,
        _: &mut CallContext,
        decision: &mut RetryDecision<'_>,
    ) -> Result<()> {
        match self {
            Failing::NoRetry => decision.will_retry = false,
            Failing::MoreRetries => {
                decision.will_retry = true;
                decision.delay = Duration::from_millis(1);
            }
            _ => {}
        }
        Ok(())
    }

    fn after_call(&self, _: &mut CallContext, result: &mut Result<Output>) {
        if let Err(error) = result {
            assert_eq!(error.operation(), Some("ListQueues"));
        }
    }
}

#[test]
fn errors_and_decisions_of_interceptors_count() {
    let call = |server: &Arc<Server>, interceptor| {
        let call = server.client().call("ListQueues", json!({}));
        block_on(call.interceptor(interceptor).send())
    };
    let server = Server::failing(0);
    let error = call(&server, Failing::BeforeCall).unwrap_err();
    assert_eq!((error.message(), server.count()), ("not today", 0));
    assert_eq!(error.operation(), Some("ListQueues"));

    let output = call(&server, Failing::BeforeSendOnce).unwrap();
    assert_eq!((output.metadata.attempts, server.count()), (2, 1));

    let error = call(&Server::failing(9), Failing::NoRetry).unwrap_err();
    assert_eq!(error.attempts(), 1);
    // Never above the maximum number of attempts.
    let error = call(&Server::failing(9), Failing::MoreRetries).unwrap_err();
    assert_eq!(error.attempts(), 3);
}

#[derive(Clone, Default)]
struct Services(Arc<Mutex<Vec<String>>>);

impl Interceptor for Services {
    fn before_call(&self, context: &mut CallContext) -> Result<()> {
        let name = format!("{}/{}", context.service(), context.operation());
        self.0.lock().unwrap().push(name);
        Ok(())
    }
}

#[test]
fn session_interceptor_sees_the_calls_for_credentials() {
    let config = "[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n\
                  [profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = secret";
    let server = Server::failing(0);
    let services = Services::default();
    let session = server
        .session()
        .profile("role")
        .config_files(ConfigFiles::parse(config, "").unwrap())
        .interceptor(services.clone());
    let client = session.build().unwrap().client("sqs").unwrap();
    // The response is not one of STS.
    block_on(client.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(
        *services.0.lock().unwrap(),
        ["sqs/ListQueues", "sts/AssumeRole"]
    );
}

#[test]
fn spans_name_call_and_attempts() {
    let server = Server::failing(1);
    let secret = json!({"QueueNamePrefix": "planted"});
    let call = server.client().call("ListQueues", secret);
    let (result, log) = logged(|| block_on(call.send()));
    result.unwrap();
    for part in [
        r#"call{otel.name=sqs/ListQueues otel.kind="client" rpc.system="aws-api" rpc.service=sqs rpc.method=ListQueues cloud.region="us-east-1"}"#,
        r#"attempt{attempt=1 http.request.method=POST http.request.resend_count=0 server.address="sqs.us-east-1.amazonaws.com"}"#,
        r#"attempt{attempt=2 http.request.method=POST http.request.resend_count=1 server.address="sqs.us-east-1.amazonaws.com"}"#,
    ] {
        assert!(log.contains(part), "{part}\n{log}");
    }
    assert!(!log.contains("planted"), "{log}");
}
