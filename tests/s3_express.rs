//! Directory buckets: sessions are created once per bucket, shared by concurrent calls, and refreshed before they
//! expire.
//!
//! # Source
//! botocore `tests/functional/test_s3express.py`, `tests/unit/test_s3express.py`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia::config::Config;
use inia::ports::{BoxFuture, Clock as _};
use inia::{
    ByteStream, Client, Credentials, ErrorKind, Output, Result, Session, Timestamp,
    TimestampFormat, json, transport::Transport, transport::WireRequest, transport::WireResponse,
};
use inia_protocol::Headers;

mod fakes;

use fakes::{FakeClock, FakeEnv, FakePorts, block_on};

const NOW: i64 = 1_767_323_045;
const BUCKET: &str = "logs--usw2-az1--x-s3";
const HOST: &str = "logs--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com";

/// An in-memory S3 that creates numbered sessions of five minutes.
#[derive(Debug)]
struct ExpressServer {
    clock: Arc<FakeClock>,
    refuses: AtomicBool,
    /// Method and URL, access key and session token of each request.
    requests: Mutex<Vec<(String, String, String)>>,
}

impl Transport for ExpressServer {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let header = |name: &str| request.headers.get(name).unwrap_or_default().to_owned();
            let authorization = header("authorization");
            let scope = authorization
                .split_once("Credential=")
                .and_then(|(_, rest)| rest.split_once(','))
                .map_or_else(String::new, |(scope, _)| scope.to_owned());
            let token = format!(
                "{}{}",
                header("x-amz-s3session-token"),
                header("x-amz-security-token")
            );
            let line = format!("{} {}", request.method, request.url);
            let is_session = request.url.ends_with("?session");
            let number = {
                let mut requests = self.requests.lock().unwrap();
                requests.push((line, scope, token));
                requests
                    .iter()
                    .filter(|(line, _, _)| line.ends_with("?session"))
                    .count()
            };
            if is_session {
                // Yields, so that concurrent calls interleave.
                tokio::task::yield_now().await;
            }
            let refuses = is_session && self.refuses.load(Ordering::SeqCst);
            let body = if refuses {
                "<Error><Code>AccessDenied</Code><Message>no</Message></Error>".to_owned()
            } else if is_session {
                let ends = Timestamp::new(self.clock.now().seconds() + 300, 0);
                format!(
                    "<CreateSessionResult><Credentials><SessionToken>token-{number}</SessionToken><SecretAccessKey>s</SecretAccessKey>\
                     <AccessKeyId>KEY{number}</AccessKeyId><Expiration>{}</Expiration></Credentials></CreateSessionResult>",
                    ends.format(TimestampFormat::Iso8601)
                )
            } else {
                String::new()
            };
            Ok(WireResponse {
                status: if refuses { 403 } else { 200 },
                headers: Headers::new(),
                body: ByteStream::from(body),
            })
        })
    }
}

struct ExpressFixture {
    server: Arc<ExpressServer>,
    clock: Arc<FakeClock>,
    client: Client,
}

impl ExpressFixture {
    fn new(config: &Config) -> Self {
        let ports = FakePorts::new(FakeEnv::default(), NOW);
        let clock = Arc::clone(&ports.clock);
        let server = Arc::new(ExpressServer {
            clock: Arc::clone(&clock),
            refuses: AtomicBool::new(false),
            requests: Mutex::default(),
        });
        let client = Session::builder()
            .host(ports.host())
            .region("us-west-2")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", Some("own")))
            .transport(Arc::clone(&server) as Arc<dyn Transport>)
            .config(config)
            .build()
            .unwrap()
            .client("s3")
            .unwrap();
        ExpressFixture {
            server,
            clock,
            client,
        }
    }

    fn head(&self, bucket: &str) -> Result<Output> {
        let call = self
            .client
            .call("HeadObject", json!({"Bucket": bucket, "Key": "k"}));
        block_on(call.send())
    }

    fn requests(&self) -> Vec<(String, String, String)> {
        std::mem::take(&mut self.server.requests.lock().unwrap())
    }

    /// Returns the session tokens of the requests, in order.
    fn tokens(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|(_, _, token)| token)
            .collect()
    }
}

#[test]
fn signs_with_the_session_of_the_bucket() {
    let fixture = ExpressFixture::new(&Config::new());
    fixture.head(BUCKET).unwrap();
    fixture.head(BUCKET).unwrap();
    let scope = |key: &str| format!("{key}/20260102/us-west-2/s3express/aws4_request");
    let line = |method: &str, rest: &str| format!("{method} https://{HOST}/{rest}");
    assert_eq!(
        fixture.requests(),
        [
            (
                line("GET", "?session"),
                scope("AKIDEXAMPLE"),
                "own".to_owned()
            ),
            (line("HEAD", "k"), scope("KEY1"), "token-1".to_owned()),
            (line("HEAD", "k"), scope("KEY1"), "token-1".to_owned()),
        ]
    );
    // Sessions are per bucket and per credentials.
    fixture.head("data--usw2-az1--x-s3").unwrap();
    assert_eq!(fixture.tokens(), ["own", "token-1"]);
    let call = fixture
        .client
        .call("HeadObject", json!({"Bucket": BUCKET, "Key": "k"}))
        .credentials(Credentials::new("AKIDOTHER", "secret", Some("other")));
    block_on(call.send()).unwrap();
    assert_eq!(fixture.tokens(), ["other", "token-1"]);
}

#[test]
fn refreshes_a_session_before_it_expires() {
    let fixture = ExpressFixture::new(&Config::new());
    fixture.head(BUCKET).unwrap();
    fixture.clock.advance(255);
    fixture.head(BUCKET).unwrap();
    assert_eq!(fixture.tokens(), ["own", "token-1", "token-1"]);
    fixture.clock.advance(1);
    fixture.head(BUCKET).unwrap();
    assert_eq!(fixture.tokens(), ["own", "token-1"]);
    // A failed refresh is ignored while the session is valid.
    fixture.clock.advance(256);
    fixture.server.refuses.store(true, Ordering::SeqCst);
    fixture.head(BUCKET).unwrap();
    assert_eq!(fixture.tokens(), ["own", "token-1"]);
    fixture.clock.advance(43);
    fixture.head(BUCKET).unwrap();
    assert_eq!(fixture.tokens(), ["own", "token-1"]);
    fixture.clock.advance(1);
    let error = fixture.head(BUCKET).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.service().unwrap().code, "AccessDenied");
    assert!(error.to_string().contains(BUCKET), "{error}");
}

#[test]
fn concurrent_calls_share_one_session() {
    let fixture = ExpressFixture::new(&Config::new());
    let calls = (0..100).map(|_| {
        let call = fixture
            .client
            .call("HeadObject", json!({"Bucket": BUCKET, "Key": "k"}));
        call.send()
    });
    for result in block_on(futures_util::future::join_all(calls)) {
        result.unwrap();
    }
    let tokens = fixture.tokens();
    assert_eq!(tokens.len(), 101);
    assert_eq!(tokens.iter().filter(|token| *token == "own").count(), 1);
}

#[test]
fn signs_with_the_credentials_if_sessions_are_disabled() {
    let fixture = ExpressFixture::new(&Config::new().s3_disable_express_session_auth(true));
    fixture.head(BUCKET).unwrap();
    assert_eq!(fixture.tokens(), ["own"]);
    // Other buckets have no sessions.
    fixture.head("logs").unwrap();
    assert_eq!(fixture.tokens(), ["own"]);
}

#[test]
fn presigned_urls_use_the_session() {
    let fixture = ExpressFixture::new(&Config::new());
    let params = json!({"Bucket": BUCKET, "Key": "k"});
    let presigned = fixture
        .client
        .presign("GetObject", params, Duration::from_secs(60));
    let signed = block_on(presigned.sign()).unwrap();
    let url = signed.url();
    assert_eq!(fixture.tokens(), ["own"]);
    assert!(url.starts_with(&format!("https://{HOST}/k?")), "{url}");
    assert!(url.contains("X-Amz-S3session-Token=token-1"), "{url}");
    assert!(!url.contains("X-Amz-Security-Token"), "{url}");
}
