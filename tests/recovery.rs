//! Calls that recover: from expired credentials, a wrong clock, corrupt and cut off responses, redirects. In memory, in no real time.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use inia::config::Config;
use inia::credentials::{Lookup, Provider, ProviderContext, Token};
use inia::error::Fault;
use inia::ports::{BoxFuture, Clock, Host};
use inia::protocol::Headers;
use inia::transport::{Transport, WireRequest, WireResponse};
use inia::{
    ByteStream, Client, Credentials, Error, ErrorKind, Output, Result, Session, Timestamp,
    TimestampFormat, Value, json,
};

mod fakes;

use fakes::{FakeEnv, FakeHttp, FakePorts, block_on};

const NOW: i64 = 1_767_323_045;

/// A request as the server sees it.
#[derive(Clone, Debug)]
struct Received {
    url: String,
    headers: Headers,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_default()
    }

    fn access_key(&self) -> &str {
        let scope = self.header("authorization").split("Credential=").nth(1);
        scope
            .and_then(|scope| scope.split('/').next())
            .unwrap_or_default()
    }
}

type Reply = (u16, Vec<(&'static str, String)>, String);

type ReplyFunction = dyn Fn(&Received, usize) -> Reply + Send + Sync;

/// A server in memory that responds through a function of the request and its number.
struct Server {
    reply: Box<ReplyFunction>,
    requests: Mutex<Vec<Received>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    fn new(reply: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Server {
            reply: Box::new(reply),
            requests: Mutex::default(),
        })
    }

    fn requests(&self) -> Vec<Received> {
        self.requests.lock().unwrap().clone()
    }

    fn client(self: &Arc<Self>, service: &str) -> Client {
        self.client_with(
            service,
            FakePorts::new(FakeEnv::default(), NOW).host(),
            Config::new(),
            true,
        )
    }

    fn client_with(
        self: &Arc<Self>,
        service: &str,
        host: Host,
        config: Config,
        has_keys: bool,
    ) -> Client {
        let mut builder = Session::builder()
            .host(host)
            .region("us-east-1")
            .config(&config)
            .transport(self.clone());
        if has_keys {
            builder = builder.credentials(Credentials::new("AKIDEXAMPLE", "secret", Some("token")));
        }
        builder.build().unwrap().client(service).unwrap()
    }
}

impl Transport for Server {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let received = Received {
                url: request.url,
                headers: request.headers,
            };
            let number = {
                let mut requests = self.requests.lock().unwrap();
                requests.push(received.clone());
                requests.len()
            };
            // Concurrent calls send their first attempts before the first response arrives.
            tokio::task::yield_now().await;
            let (status, headers, body) = (self.reply)(&received, number);
            Ok(WireResponse {
                status,
                headers: headers.into_iter().collect(),
                body: ByteStream::from(body),
            })
        })
    }
}

fn json_error(status: u16, code: &str) -> Reply {
    (
        status,
        Vec::new(),
        format!(r#"{{"__type": "{code}", "message": "refused"}}"#),
    )
}

fn success(body: &str) -> Reply {
    (200, Vec::new(), body.to_owned())
}

fn max_attempts(max_attempts: u32) -> Config {
    Config::new().max_attempts(max_attempts)
}

/// Makes 100 calls at once, and returns the number of attempts of each.
fn hundred_calls(client: &Client) -> Result<Vec<u32>> {
    let calls = (0..100).map(|_| client.call("ListQueues", json!({})).send());
    let outputs: Result<Vec<Output>> = block_on(join_all(calls)).into_iter().collect();
    Ok(outputs?
        .iter()
        .map(|output| output.metadata.attempts)
        .collect())
}

/// Returns a host whose container has numbered credentials, and the ports behind it.
fn container() -> FakePorts {
    let env = FakeEnv::of([(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "http://127.0.0.1/keys",
    )]);
    let count = AtomicU32::new(0);
    FakePorts::new(env, NOW).http(FakeHttp::new(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst) + 1;
        let expiration = Timestamp::new(NOW + 36_000, 0).format(TimestampFormat::Iso8601);
        fakes::response(
            200,
            format!(
                r#"{{"AccessKeyId": "KEY{number}", "SecretAccessKey": "s", "Token": "t", "Expiration": "{expiration}"}}"#
            ),
        )
    }))
}

#[test]
fn hundred_calls_refused_for_an_expired_token_refresh_it_once() {
    let server = Server::new(|request, _| match request.access_key() {
        "KEY1" => json_error(400, "ExpiredTokenException"),
        _ => success("{}"),
    });
    let ports = container();
    let sqs = server.client_with("sqs", ports.host(), Config::new(), false);
    assert_eq!(hundred_calls(&sqs).unwrap(), [2; 100]);
    assert_eq!(
        ports.http.urls().len(),
        2,
        "credentials were loaded and refreshed once"
    );
    assert_eq!(hundred_calls(&sqs).unwrap(), [1; 100]);
}

#[test]
fn refresh_counts_as_an_attempt() {
    let server = Server::new(|request, _| match request.access_key() {
        "KEY1" => json_error(400, "ExpiredTokenException"),
        _ => success("{}"),
    });
    let ports = container();
    let sqs = server.client_with("sqs", ports.host(), max_attempts(1), false);
    let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Some("ExpiredTokenException"), 1)
    );
    assert!(error.is_retryable());
    // The refused credentials are not used again.
    block_on(sqs.call("ListQueues", json!({})).send()).unwrap();

    let server = Server::new(|_, _| json_error(400, "ExpiredTokenException"));
    let sqs = server.client_with("sqs", container().host(), max_attempts(3), false);
    let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!((error.attempts(), server.requests().len()), (3, 3));
}

/// Loads numbered tokens that expire in ten hours.
#[derive(Debug, Default)]
struct NumberedTokens(AtomicU32);

impl Provider<Token> for NumberedTokens {
    fn name(&self) -> &str {
        "numbered"
    }

    fn load<'a>(&'a self, _: &'a ProviderContext) -> BoxFuture<'a, Result<Lookup<Token>>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let mut token = Token::new(format!("TOKEN{number}"));
        token.expires = Some(Timestamp::new(NOW + 36_000, 0));
        Box::pin(std::future::ready(Ok(Lookup::Found(token))))
    }
}

#[test]
fn hundred_calls_refused_for_an_expired_bearer_token_refresh_it_once() {
    let server = Server::new(|request, _| match request.header("authorization") {
        "Bearer TOKEN2" => success("{}"),
        _ => json_error(401, "ExpiredTokenException"),
    });
    let client = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), NOW).host())
        .region("us-east-1")
        .token_provider(NumberedTokens::default())
        .transport(server.clone())
        .build()
        .unwrap()
        .client("codecatalyst")
        .unwrap();
    let calls = (0..100).map(|_| client.call("ListSpaces", json!({})).send());
    for output in block_on(join_all(calls)) {
        assert_eq!(output.unwrap().metadata.attempts, 2);
    }
}

#[test]
fn refused_session_of_a_directory_bucket_is_created_again() {
    let refused = AtomicBool::new(false);
    let server = Server::new(move |request, _| {
        if request.url.ends_with("?session") {
            return success(
                "<CreateSessionResult><Credentials><SessionToken>t</SessionToken><SecretAccessKey>s</SecretAccessKey>\
                 <AccessKeyId>k</AccessKeyId><Expiration>2026-01-02T03:09:05Z</Expiration></Credentials></CreateSessionResult>",
            );
        }
        match refused.swap(true, Ordering::SeqCst) {
            false => (
                400,
                Vec::new(),
                "<Error><Code>ExpiredToken</Code></Error>".to_owned(),
            ),
            true => success(""),
        }
    });
    let params = json!({"Bucket": "logs--use1-az4--x-s3", "Key": "k"});
    let output = block_on(server.client("s3").call("GetObject", params).send()).unwrap();
    assert_eq!(output.metadata.attempts, 2);
    let sessions = server
        .requests()
        .iter()
        .filter(|request| request.url.ends_with("?session"))
        .count();
    assert_eq!(sessions, 2);
}

#[test]
fn static_credentials_that_expired_are_not_retried() {
    let server = Server::new(|_, _| json_error(400, "ExpiredTokenException"));
    let error = block_on(server.client("sqs").call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert!(!error.is_retryable());
}

/// Returns a server whose clock is an hour ahead, and which states `date` in its refusals.
fn hour_ahead(date: &'static str) -> Arc<Server> {
    Server::new(move |request, _| {
        if request.header("x-amz-date") == "20260102T040405Z" {
            return success("{}");
        }
        let (status, _, body) = json_error(403, "RequestTimeTooSkewed");
        (status, vec![("date", date.to_owned())], body)
    })
}

#[test]
fn hundred_calls_refused_for_a_wrong_clock_are_sent_again_with_the_right_time() {
    let server = hour_ahead("Fri, 02 Jan 2026 04:04:05 GMT");
    let sqs = server.client("sqs");
    assert_eq!(hundred_calls(&sqs).unwrap(), [2; 100]);
    assert_eq!(hundred_calls(&sqs).unwrap(), [1; 100]);
}

#[test]
fn absurd_service_time_is_not_used() {
    let server = hour_ahead("Fri, 31 Dec 9999 23:59:59 GMT");
    let sqs = server.client("sqs");
    for _ in 0..2 {
        let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
        assert_eq!(
            (error.code(), error.attempts()),
            (Some("RequestTimeTooSkewed"), 1)
        );
    }
    for request in server.requests() {
        assert_eq!(request.header("x-amz-date"), "20260102T030405Z");
    }
}

#[test]
fn clock_correction_counts_as_an_attempt() {
    let server = hour_ahead("Fri, 02 Jan 2026 04:04:05 GMT");
    let host = FakePorts::new(FakeEnv::default(), NOW).host();
    let sqs = server.client_with("sqs", host, max_attempts(1), true);
    let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!((error.attempts(), error.is_retryable()), (1, true));
    assert_eq!(hundred_calls(&sqs).unwrap(), [1; 100]);
}

/// A clock that records the delays.
#[derive(Debug, Default)]
struct RecordingClock(Mutex<Vec<Duration>>);

impl Clock for RecordingClock {
    fn now(&self) -> Timestamp {
        Timestamp::new(NOW, 0)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn long_polls_do_not_spin_when_the_retry_quota_is_exhausted() {
    for (service, operation, params, delays) in [
        (
            "sqs",
            "ReceiveMessage",
            json!({"QueueUrl": "https://q"}),
            true,
        ),
        (
            "stepfunctions",
            "GetActivityTask",
            json!({"activityArn": "arn:aws:states:us-east-1:1:activity:a"}),
            true,
        ),
        (
            "swf",
            "PollForActivityTask",
            json!({"domain": "d", "taskList": {"name": "t"}}),
            true,
        ),
        (
            "swf",
            "PollForDecisionTask",
            json!({"domain": "d", "taskList": {"name": "t"}}),
            true,
        ),
        ("sqs", "ListQueues", json!({}), false),
    ] {
        let server = Server::new(|_, _| json_error(500, "InternalError"));
        let clock = Arc::new(RecordingClock::default());
        let host = Host {
            clock: clock.clone(),
            ..FakePorts::new(FakeEnv::default(), NOW).host()
        };
        let client = server.client_with(service, host, Config::new(), true);
        let call = || block_on(client.call(operation, params.clone()).send()).unwrap_err();
        while call().attempts() > 1 {}
        clock.0.lock().unwrap().clear();
        assert_eq!(call().attempts(), 1);
        let delay = clock.0.lock().unwrap().first().copied();
        assert_eq!(
            delay.is_some_and(|delay| !delay.is_zero()),
            delays,
            "{operation}"
        );
    }
}

#[test]
fn corrupt_response_of_dynamodb_is_retried() {
    let body = r#"{"TableNames": ["a"]}"#;
    let reply = |crc32: u32| {
        (
            200,
            vec![("x-amz-crc32", crc32.to_string())],
            body.to_owned(),
        )
    };
    let good = 4041566274;
    let server = Server::new(move |_, number| reply(if number == 1 { 7 } else { good }));
    let output = block_on(
        server
            .client("dynamodb")
            .call("ListTables", json!({}))
            .send(),
    )
    .unwrap();
    assert_eq!(output.metadata.attempts, 2);

    let server = Server::new(move |_, _| reply(7));
    let error = block_on(
        server
            .client("dynamodb")
            .call("ListTables", json!({}))
            .send(),
    )
    .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.is_retryable()),
        (ErrorKind::Stream, 4, true)
    );
    assert_eq!(
        (error.http_status(), error.operation()),
        (Some(200), Some("ListTables"))
    );
}

#[test]
fn s3_results_that_are_cut_off_are_server_errors() {
    let part =
        json!({"Bucket": "b", "Key": "k", "CopySource": "b/k", "UploadId": "u", "PartNumber": 1});
    let object = json!({"Bucket": "b", "Key": "k", "CopySource": "b/k"});
    let upload = json!({"Bucket": "b", "Key": "k", "UploadId": "u"});
    let bucket = json!({"Bucket": "b"});
    let delete = json!({"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}]}});
    let bodies = |root: &str| {
        [
            String::new(),
            "  \n".to_owned(),
            "<?xml version=\"1.0\"?>".to_owned(),
            format!("<{root}>"),
            format!("<{root}><ETag>x</ETag>"),
            format!("<{root}><ETag>x</{root}>"),
            format!("<{root}></Other>"),
            "<Error><Code>InternalError</Code><Message>again</Message></Error>".to_owned(),
        ]
    };
    for (operation, params, root) in [
        (
            "CompleteMultipartUpload",
            &upload,
            "CompleteMultipartUploadResult",
        ),
        ("CopyObject", &object, "CopyObjectResult"),
        (
            "CreateMultipartUpload",
            &object,
            "InitiateMultipartUploadResult",
        ),
        ("DeleteObjects", &delete, "DeleteResult"),
        ("GetBucketLocation", &bucket, "LocationConstraint"),
        ("ListBuckets", &Value::Null, "ListAllMyBucketsResult"),
        (
            "ListMultipartUploads",
            &bucket,
            "ListMultipartUploadsResult",
        ),
        ("ListObjectVersions", &bucket, "ListVersionsResult"),
        ("ListObjects", &bucket, "ListBucketResult"),
        ("ListObjectsV2", &bucket, "ListBucketResult"),
        ("ListParts", &upload, "ListPartsResult"),
        ("UploadPartCopy", &part, "CopyPartResult"),
    ] {
        let mut params = params.clone();
        if operation == "CreateMultipartUpload" {
            params = bucket.clone();
            params.as_map_mut().unwrap().insert("Key", "k");
        }
        for body in bodies(root) {
            let good = format!("<{root}></{root}>");
            let (bad, again) = (body.clone(), good.clone());
            let server =
                Server::new(move |_, number| success(if number == 1 { &bad } else { &again }));
            let output = block_on(server.client("s3").call(operation, params.clone()).send())
                .unwrap_or_else(|error| panic!("{operation} {body:?}: {error:#}"));
            assert_eq!(output.metadata.attempts, 2, "{operation} {body:?}");

            let bad = body.clone();
            let server = Server::new(move |_, _| success(&bad));
            let error =
                block_on(server.client("s3").call(operation, params.clone()).send()).unwrap_err();
            assert_eq!(
                (error.kind(), error.http_status(), error.attempts()),
                (ErrorKind::Service, Some(500), 3),
                "{operation} {body:?}"
            );
            assert_eq!(error.service().unwrap().fault, Some(Fault::Receiver));
        }
    }
}

#[test]
fn s3_responses_without_a_result_may_be_empty() {
    for (operation, params) in [
        ("PutObject", json!({"Bucket": "b", "Key": "k"})),
        ("DeleteObject", json!({"Bucket": "b", "Key": "k"})),
        ("HeadBucket", json!({"Bucket": "b"})),
        ("CreateBucket", json!({"Bucket": "b"})),
        ("GetBucketPolicy", json!({"Bucket": "b"})),
        (
            "AbortMultipartUpload",
            json!({"Bucket": "b", "Key": "k", "UploadId": "u"}),
        ),
    ] {
        let server = Server::new(|_, _| success(""));
        let output = block_on(server.client("s3").call(operation, params).send()).unwrap();
        assert_eq!(output.metadata.attempts, 1, "{operation}");
    }
}

#[test]
fn status_300_is_not_success() {
    for (service, operation, params) in [
        ("sqs", "ListQueues", json!({})),
        ("s3", "GetObject", json!({"Bucket": "b", "Key": "k"})),
        ("s3", "ListBuckets", json!({})),
        ("lambda", "ListFunctions", json!({})),
        ("sts", "GetCallerIdentity", json!({})),
        ("ec2", "DescribeRegions", json!({})),
    ] {
        let server = Server::new(|_, _| (300, Vec::new(), String::new()));
        let error = block_on(server.client(service).call(operation, params).send()).unwrap_err();
        assert_eq!(
            (error.kind(), error.http_status()),
            (ErrorKind::Service, Some(300)),
            "{service}"
        );
        assert!(!error.is_retryable());
    }
}

fn custom(server: &Arc<Server>, service: &str, url: &str) -> Client {
    let host = FakePorts::new(FakeEnv::default(), NOW).host();
    server.client_with(
        service,
        host,
        Config::new().endpoint_url(url.to_owned()),
        true,
    )
}

#[test]
fn redirect_to_the_same_host_is_signed_again() {
    let server = Server::new(|request, _| match &*request.url {
        "http://gateway:9000/b/k" => (
            307,
            vec![("location", "/node-7/b/k?part=2".to_owned())],
            String::new(),
        ),
        _ => success(""),
    });
    let s3 = custom(&server, "s3", "http://gateway:9000");
    let call = s3.call("PutObject", json!({"Bucket": "b", "Key": "k", "Body": "x"}));
    let output = block_on(call.send()).unwrap();
    assert_eq!(output.metadata.attempts, 1);
    let requests = server.requests();
    assert_eq!(requests[1].url, "http://gateway:9000/node-7/b/k?part=2");
    let signatures: Vec<&str> = requests
        .iter()
        .map(|request| request.header("authorization"))
        .collect();
    assert!(signatures[1].contains("Signature=") && signatures[0] != signatures[1]);
}

#[test]
fn redirect_to_another_host_carries_no_credentials() {
    let server = Server::new(
        |request, _| match request.url.starts_with("http://gateway:9000") {
            true => (
                307,
                vec![("location", "http://node-7:9000/b/k?token=t".to_owned())],
                String::new(),
            ),
            false => success(""),
        },
    );
    let s3 = custom(&server, "s3", "http://gateway:9000");
    let params = json!({"Bucket": "b", "Key": "k", "Body": "x", "SSECustomerAlgorithm": "AES256", "SSECustomerKey": "01234567890123456789012345678901"});
    block_on(s3.call("PutObject", params).send()).unwrap();
    let requests = server.requests();
    assert_eq!(requests[1].url, "http://node-7:9000/b/k?token=t");
    assert_eq!(requests[0].header("x-amz-security-token"), "token");
    for name in [
        "authorization",
        "x-amz-security-token",
        "x-amz-server-side-encryption-customer-key",
    ] {
        assert_eq!(requests[1].header(name), "", "{name}");
    }
}

#[test]
fn endless_redirects_are_an_error() {
    let server =
        Server::new(|_, number| (307, vec![("location", format!("/{number}"))], String::new()));
    let sqs = custom(&server, "sqs", "http://gateway:9000");
    let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Endpoint);
    assert!(error.to_string().contains("too many redirects"), "{error}");
    assert_eq!(server.requests().len(), 6);
}

#[test]
fn redirect_to_an_invalid_url_names_it_and_counts_its_attempt() {
    for location in ["ftp://host/", "http://", "", "http://user:hush@host/"] {
        let server =
            Server::new(move |_, _| (307, vec![("location", location.to_owned())], String::new()));
        let sqs = custom(&server, "sqs", "http://gateway:9000");
        let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Endpoint, 1),
            "{error}"
        );
        let text = format!("{error:#} {error:?}");
        assert!(
            text.contains("redirected") && !text.contains("hush"),
            "{text}"
        );
    }
}

#[test]
fn redirects_of_aws_are_errors() {
    let server = Server::new(|_, _| {
        (
            307,
            vec![("location", "http://elsewhere/".to_owned())],
            String::new(),
        )
    });
    let error = block_on(server.client("sqs").call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(
        (error.kind(), server.requests().len()),
        (ErrorKind::Service, 1)
    );
}

/// A transport that fails before it has sent anything.
#[derive(Debug)]
struct Unreachable;

impl Transport for Unreachable {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let error = Error::new(ErrorKind::Connection, "http://127.0.0.1:1/: cannot connect");
        Box::pin(std::future::ready(Err(error)))
    }
}

fn unreachable_client(service: &str, config: Config) -> Client {
    let host = FakePorts::new(FakeEnv::default(), NOW).host();
    Session::builder()
        .host(host)
        .region("eu-west-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .config(&config)
        .transport(Arc::new(Unreachable))
        .build()
        .unwrap()
        .client(service)
        .unwrap()
}

#[test]
fn errors_name_the_call() {
    let sqs = unreachable_client("sqs", Config::new());
    let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(
        (
            error.kind(),
            error.service_name(),
            error.operation(),
            error.region()
        ),
        (
            ErrorKind::Connection,
            Some("sqs"),
            Some("ListQueues"),
            Some("eu-west-1")
        )
    );
    assert_eq!(
        error.to_string(),
        "sqs ListQueues: http://127.0.0.1:1/: cannot connect"
    );
    assert_eq!(
        (
            error.attempts(),
            error.is_retryable(),
            error.is_throttling()
        ),
        (3, true, false)
    );
    assert_eq!(
        (error.code(), error.http_status(), error.request_id()),
        (None, None, None)
    );

    let error = block_on(sqs.call("ListQueues", json!({"Oops": 1})).send()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Validation, 0));
    assert_eq!(
        (error.service_name(), error.operation()),
        (Some("sqs"), Some("ListQueues"))
    );
    let error = block_on(sqs.call("ListQuues", json!({})).send()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Model, 0));
    assert_eq!(
        (error.service_name(), error.operation()),
        (Some("sqs"), None)
    );

    let server = Server::new(|_, _| {
        let (status, _, body) = json_error(400, "ThrottlingException");
        (status, vec![("x-amzn-requestid", "r-1".to_owned())], body)
    });
    let error = block_on(server.client("sqs").call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(
        (error.code(), error.http_status(), error.request_id()),
        (Some("ThrottlingException"), Some(400), Some("r-1"))
    );
    assert!(error.is_retryable() && error.is_throttling());
    let response = error.service().unwrap();
    assert!(response.retryable && response.throttling && !response.is_fault_stated);
    assert_eq!(response.fault, Some(Fault::Sender));

    let server = Server::new(|_, _| {
        (
            200,
            vec![("x-amzn-requestid", "r-2".to_owned())],
            "{".to_owned(),
        )
    });
    let error = block_on(server.client("sqs").call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(
        (
            error.kind(),
            error.http_status(),
            error.request_id(),
            error.attempts()
        ),
        (ErrorKind::Parse, Some(200), Some("r-2"), 1)
    );
}

#[test]
fn missing_credentials_are_an_error_without_attempts() {
    let server = Server::new(|_, _| success("{}"));
    let host = FakePorts::new(FakeEnv::default(), NOW).host();
    let sqs = server.client_with("sqs", host, Config::new(), false);
    let error = block_on(sqs.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Credentials, 0)
    );
    assert_eq!(error.operation(), Some("ListQueues"));
}

#[test]
fn body_that_cannot_be_replayed_is_named_in_the_error() {
    let s3 = unreachable_client("s3", Config::new());
    let chunks = futures_util::stream::iter([Ok(bytes::Bytes::from_static(b"abc"))]);
    let body = ByteStream::from_stream(chunks, Some(3));
    let call = s3
        .call("PutObject", json!({"Bucket": "b", "Key": "k"}))
        .body(body);
    let error = block_on(call.send()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 1));
    assert!(
        error.to_string().contains("can be read only once"),
        "{error}"
    );
}

#[test]
fn host_prefix_is_left_off_where_the_host_has_no_subdomains() {
    for (url, expected) in [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/"),
        ("http://[::1]:5000", "http://[::1]:5000/"),
        ("http://localhost:5000", "http://localhost:5000/"),
        ("http://gateway:5000", "http://data-gateway:5000/"),
    ] {
        let server = Server::new(|_, _| success("{}"));
        let client = custom(&server, "servicediscovery", url);
        let params = json!({"NamespaceName": "n", "ServiceName": "s"});
        block_on(client.call("DiscoverInstances", params).send()).unwrap();
        assert_eq!(server.requests()[0].url, expected, "{url}");
    }
    let config = Config::new().endpoint_url("http://gateway:5000");
    let client = unreachable_client("servicediscovery", config);
    let params = json!({"NamespaceName": "n", "ServiceName": "s"});
    let error = block_on(client.call("DiscoverInstances", params).send()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("AWS_DISABLE_HOST_PREFIX_INJECTION"),
        "{error}"
    );
}

#[tokio::test]
async fn calls_can_be_spawned_and_joined() {
    let server = Server::new(|_, _| success("{}"));
    let sqs = server.client("sqs");
    let spawned = tokio::spawn(sqs.call("ListQueues", json!({})).send());
    let boxed = tokio::spawn(sqs.call("ListQueues", json!({})).into_future());
    assert!(spawned.await.unwrap().is_ok() && boxed.await.unwrap().is_ok());
    let calls = (0..10).map(|_| sqs.call("ListQueues", json!({})).send());
    let outputs = join_all(calls).await;
    assert!(outputs.iter().all(Result::is_ok));
}

#[test]
fn region_redirect_counts_as_an_attempt() {
    let server = Server::new(|_, number| match number {
        1 => (
            301,
            vec![("x-amz-bucket-region", "eu-west-1".to_owned())],
            String::new(),
        ),
        2 => (503, Vec::new(), String::new()),
        _ => success(""),
    });
    let s3 = server.client("s3");
    let head = || s3.call("HeadObject", json!({"Bucket": "b", "Key": "k"}));
    assert_eq!(block_on(head().send()).unwrap().metadata.attempts, 3);
    let numbers: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.header("amz-sdk-request").to_owned())
        .collect();
    assert_eq!(
        numbers,
        ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"]
    );
    // The next call goes to the region of the bucket at once.
    assert_eq!(block_on(head().send()).unwrap().metadata.attempts, 1);

    let server = Server::new(|_, number| match number {
        1 => (
            301,
            vec![("x-amz-bucket-region", "eu-west-1".to_owned())],
            String::new(),
        ),
        _ => (403, Vec::new(), String::new()),
    });
    let call = server
        .client("s3")
        .call("HeadObject", json!({"Bucket": "b", "Key": "k"}));
    assert_eq!(block_on(call.send()).unwrap_err().attempts(), 2);

    let server = Server::new(|_, number| {
        let region = format!("region-{number}");
        (301, vec![("x-amz-bucket-region", region)], String::new())
    });
    let call = server
        .client("s3")
        .call("HeadObject", json!({"Bucket": "b", "Key": "k"}));
    let error = block_on(call.send()).unwrap_err();
    assert_eq!(
        error.attempts() as usize,
        server.requests().len(),
        "{error}"
    );
}

#[test]
fn errors_of_unusable_responses_keep_their_headers() {
    let header = || {
        vec![
            ("x-amzn-requestid", "id-1".to_owned()),
            ("x-proxy", "squid".to_owned()),
        ]
    };
    for (service, operation, body) in [
        ("dynamodb", "ListTables", "<html>"),
        ("sts", "GetCallerIdentity", "<Get"),
        ("ec2", "DescribeRegions", "{}"),
        ("lambda", "ListFunctions", "{"),
        ("route53", "ListHostedZones", "no XML"),
    ] {
        let server = Server::new(move |_, _| (200, header(), body.to_owned()));
        let call = server.client(service).call(operation, json!({}));
        let error = block_on(call.send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse, "{service}: {error}");
        let headers = error.response_headers();
        assert!(
            headers
                .iter()
                .any(|(name, value)| name == "x-proxy" && value == "squid"),
            "{service}"
        );
    }
    // Service errors have them as well.
    let server = Server::new(move |_, _| (400, header(), "{}".to_owned()));
    let error = block_on(
        server
            .client("dynamodb")
            .call("ListTables", json!({}))
            .send(),
    )
    .unwrap_err();
    assert_eq!(error.response_headers().len(), 2);
}

#[test]
fn bedrock_prefers_the_bearer_token_of_the_environment_as_botocore_does() {
    let env = [
        ("AWS_BEARER_TOKEN_BEDROCK", " env-token\n"),
        ("AWS_AUTH_SCHEME_PREFERENCE", "sigv4"),
    ];
    let host = || FakePorts::new(FakeEnv::of(env), NOW).host();
    let config = || Config::new();
    let in_code = || Config::new().auth_scheme_preference("sigv4");
    let version = || Config::new().signature_version("v4");
    let signed = "AWS4-HMAC-SHA256";
    for (service, operation, params, config, expected) in [
        (
            "bedrock",
            "ListFoundationModels",
            json!({}),
            config(),
            "Bearer env-token",
        ),
        (
            "bedrock-runtime",
            "InvokeModel",
            json!({"modelId": "m", "body": "{}"}),
            config(),
            "Bearer env-token",
        ),
        // An auth scheme in code takes precedence.
        (
            "bedrock",
            "ListFoundationModels",
            json!({}),
            in_code(),
            signed,
        ),
        (
            "bedrock",
            "ListFoundationModels",
            json!({}),
            version(),
            signed,
        ),
        // Services without bearer tokens.
        ("bedrock-agent", "ListAgents", json!({}), config(), signed),
        ("sqs", "ListQueues", json!({}), config(), signed),
    ] {
        let server = Server::new(|_, _| success("{}"));
        let client = server.client_with(service, host(), config, true);
        block_on(client.call(operation, params).send()).unwrap();
        let requests = server.requests();
        let authorization = requests[0].header("authorization");
        assert!(
            authorization.starts_with(expected),
            "{service}: {authorization}"
        );
        let has_feature = requests[0]
            .header("user-agent")
            .split(['m', '/', ',', ' '])
            .any(|id| id == "3");
        assert_eq!(
            has_feature,
            expected != signed,
            "{}",
            requests[0].header("user-agent")
        );
    }

    let server = Server::new(|_, _| success("{}"));
    let list = |client: &Client| client.call("ListFoundationModels", json!({}));
    let client = server.client_with("bedrock", host(), Config::new(), true);
    // The options of a call take precedence.
    block_on(
        list(&client)
            .credentials(Credentials::new("AKIDCALL", "secret", None))
            .send(),
    )
    .unwrap();
    block_on(list(&client).token(Token::new("call-token")).send()).unwrap();
    // A token alone is used where the service offers it.
    let client = server.client_with(
        "bedrock",
        FakePorts::new(FakeEnv::default(), NOW).host(),
        Config::new(),
        false,
    );
    block_on(list(&client).token(Token::new("only-token")).send()).unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].access_key(), "AKIDCALL");
    assert_eq!(requests[1].header("authorization"), "Bearer call-token");
    assert_eq!(requests[2].header("authorization"), "Bearer only-token");
}

#[test]
fn page_of_a_login_portal_is_not_an_empty_result() {
    for page in [
        "<html><body>Sign in</body></html>",
        "<HTML/>",
        "<!DOCTYPE html><html></html>",
        "<html xmlns='x'/>",
    ] {
        for (service, operation) in [
            ("ec2", "DescribeInstances"),
            ("sts", "GetCallerIdentity"),
            ("route53", "ListHostedZones"),
            ("cloudfront", "ListDistributions"),
            ("dynamodb", "ListTables"),
            ("lambda", "ListFunctions"),
        ] {
            let server = Server::new(move |_, _| success(page));
            let call = server.client(service).call(operation, json!({}));
            let error = block_on(call.send()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Parse, "{service} {page}: {error}");
            assert_eq!(server.requests().len(), 1);
        }
        // S3 counts malformed documents as server errors.
        let server = Server::new(move |_, _| success(page));
        let call = server
            .client("s3")
            .call("ListObjectsV2", json!({"Bucket": "b"}));
        assert_eq!(block_on(call.send()).unwrap_err().attempts(), 3);
    }
}
