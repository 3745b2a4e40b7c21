//! Retries of calls in each mode: attempts, delays, headers and metadata. In memory, in no real time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia::config::{Config, RetryMode};
use inia::error::RetryClass;
use inia::ports::{BoxFuture, Clock, Host};
use inia::retry::{FailedAttempt, RetryOptions};
use inia::transport::{Transport, WireRequest, WireResponse};
use inia::{ByteStream, Client, Credentials, Error, ErrorKind, Result, Session, Timestamp, json};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

/// 2026-01-02T03:04:05Z
const NOW: i64 = 1_767_323_045;

/// The constant number of `FakeRng`.
const JITTER: f64 = 0.352_941_176;

/// A response, or the kind of the transport's error.
#[derive(Clone)]
enum Reply {
    Response(u16, Vec<(&'static str, &'static str)>, &'static str),
    Failure(ErrorKind),
}

use Reply::{Failure, Response};

fn status(status: u16) -> Reply {
    Response(status, Vec::new(), "")
}

/// An error of the JSON protocol.
fn error(status: u16, body: &'static str) -> Reply {
    Response(status, Vec::new(), body)
}

fn success() -> Reply {
    Response(200, Vec::new(), "{}")
}

/// A server in memory that gives its replies in order, and the last one for ever.
struct Server {
    replies: Vec<Reply>,
    requests: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Server {
            replies: replies.into_iter().collect(),
            requests: Mutex::default(),
        })
    }

    /// Returns the values of `amz-sdk-request` of all requests.
    fn attempt_headers(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Server {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let number = {
            let mut requests = self.requests.lock().unwrap();
            let header = request.headers.get("amz-sdk-request").unwrap_or_default();
            requests.push(header.to_owned());
            requests.len()
        };
        let reply = self.replies[(number - 1).min(self.replies.len() - 1)].clone();
        Box::pin(async move {
            match reply {
                Failure(kind) => Err(Error::new(kind, "failed")),
                Response(status, headers, body) => Ok(WireResponse {
                    status,
                    headers: headers.into_iter().collect(),
                    body: ByteStream::from(body),
                }),
            }
        })
    }
}

/// A clock that advances by sleeping only, and records its sleeps.
#[derive(Debug, Default)]
struct VirtualClock(Mutex<Vec<Duration>>);

impl VirtualClock {
    fn milliseconds(&self) -> Vec<u128> {
        let sleeps = self.0.lock().unwrap();
        sleeps.iter().map(Duration::as_millis).collect()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let elapsed: Duration = self.0.lock().unwrap().iter().sum();
        Timestamp::new(
            NOW + i64::try_from(elapsed.as_secs()).unwrap(),
            elapsed.subsec_nanos(),
        )
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }
}

struct Setup {
    server: Arc<Server>,
    clock: Arc<VirtualClock>,
    client: Client,
}

impl Setup {
    fn new(service: &str, config: Config, replies: impl IntoIterator<Item = Reply>) -> Self {
        Setup::with_retry(service, config, RetryOptions::new(), replies)
    }

    fn with_retry(
        service: &str,
        config: Config,
        retry: RetryOptions,
        replies: impl IntoIterator<Item = Reply>,
    ) -> Self {
        let server = Server::new(replies);
        let clock = Arc::new(VirtualClock::default());
        let host = Host {
            clock: clock.clone(),
            ..FakePorts::new(FakeEnv::default(), NOW).host()
        };
        let session = Session::builder()
            .host(host)
            .region("us-east-1")
            .config(&config)
            .retry(retry)
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .transport(server.clone())
            .build()
            .unwrap();
        Setup {
            server,
            clock,
            client: session.client(service).unwrap(),
        }
    }

    fn call(&self, operation: &str) -> Result<inia::Output> {
        block_on(self.client.call(operation, json!({})).send())
    }

    /// Calls, and returns the number of attempts and whether the call succeeded.
    fn outcome(&self, operation: &str) -> (u32, bool) {
        match self.call(operation) {
            Ok(output) => (output.metadata.attempts, true),
            Err(error) => (error.attempts(), false),
        }
    }
}

fn mode(mode: RetryMode) -> Config {
    Config::new().retry_mode(mode)
}

#[test]
fn calls_are_retried_as_their_mode_and_service_have_it() {
    let throttled = || error(400, r#"{"__type": "ThrottlingException"}"#);
    let limit = || error(400, r#"{"__type": "LimitExceededException"}"#);
    let denied = || error(400, r#"{"__type": "AccessDeniedException"}"#);
    let lost = || Failure(ErrorKind::Connection);
    use RetryMode::{Adaptive, Legacy, Standard};
    for (name, retry_mode, service, operation, replies, attempts, succeeds) in [
        (
            "500",
            Standard,
            "sqs",
            "ListQueues",
            vec![status(500)],
            3,
            false,
        ),
        (
            "500",
            Adaptive,
            "sqs",
            "ListQueues",
            vec![status(500)],
            3,
            false,
        ),
        (
            "500",
            Legacy,
            "sqs",
            "ListQueues",
            vec![status(500)],
            5,
            false,
        ),
        (
            "500",
            Standard,
            "dynamodb",
            "ListTables",
            vec![status(500)],
            4,
            false,
        ),
        (
            "500",
            Standard,
            "dynamodbstreams",
            "ListStreams",
            vec![status(500)],
            4,
            false,
        ),
        (
            "500",
            Legacy,
            "dynamodb",
            "ListTables",
            vec![status(500)],
            10,
            false,
        ),
        (
            "500",
            Legacy,
            "dynamodbstreams",
            "ListStreams",
            vec![status(500)],
            5,
            false,
        ),
        (
            "501",
            Standard,
            "sqs",
            "ListQueues",
            vec![status(501)],
            1,
            false,
        ),
        (
            "509",
            Standard,
            "sqs",
            "ListQueues",
            vec![status(509)],
            1,
            false,
        ),
        (
            "509",
            Legacy,
            "sqs",
            "ListQueues",
            vec![status(509), success()],
            2,
            true,
        ),
        (
            "429 of any body",
            Standard,
            "sqs",
            "ListQueues",
            vec![error(429, "<html>busy"), success()],
            2,
            true,
        ),
        (
            "429 of any body",
            Legacy,
            "sqs",
            "ListQueues",
            vec![error(429, "<html>busy"), success()],
            2,
            true,
        ),
        (
            "throttled",
            Standard,
            "kms",
            "ListKeys",
            vec![throttled(), throttled(), success()],
            3,
            true,
        ),
        (
            "throttled",
            Legacy,
            "kms",
            "ListKeys",
            vec![throttled(), throttled(), success()],
            3,
            true,
        ),
        (
            "limit",
            Standard,
            "kms",
            "ListKeys",
            vec![limit(), success()],
            2,
            true,
        ),
        (
            "limit",
            Legacy,
            "kms",
            "ListKeys",
            vec![limit(), success()],
            1,
            false,
        ),
        (
            "limit",
            Legacy,
            "kinesis",
            "ListStreams",
            vec![limit(), success()],
            2,
            true,
        ),
        (
            "denied",
            Standard,
            "kms",
            "ListKeys",
            vec![denied()],
            1,
            false,
        ),
        (
            "denied",
            Legacy,
            "kms",
            "ListKeys",
            vec![denied()],
            1,
            false,
        ),
        (
            "lost",
            Standard,
            "sqs",
            "ListQueues",
            vec![lost(), lost(), success()],
            3,
            true,
        ),
        (
            "lost",
            Legacy,
            "sqs",
            "ListQueues",
            vec![lost(), lost(), success()],
            3,
            true,
        ),
        (
            "timeout",
            Adaptive,
            "sqs",
            "ListQueues",
            vec![Failure(ErrorKind::Timeout), success()],
            2,
            true,
        ),
        // The trait `retryable` of the definition counts, except in the legacy mode.
        (
            "modeled",
            Standard,
            "lambda",
            "ListFunctions",
            vec![
                error(400, r#"{"__type": "TooManyRequestsException"}"#),
                success(),
            ],
            2,
            true,
        ),
    ] {
        let setup = Setup::new(service, mode(retry_mode), replies);
        let outcome = setup.outcome(operation);
        assert_eq!(
            outcome,
            (attempts, succeeds),
            "{name} {service} {retry_mode}"
        );
        let max = match (retry_mode, service) {
            (Legacy, "dynamodb") => 10,
            (Legacy, _) => 5,
            (_, "dynamodb" | "dynamodbstreams") => 4,
            _ => 3,
        };
        let expected: Vec<String> = (1..=attempts)
            .map(|attempt| format!("attempt={attempt}; max={max}"))
            .collect();
        assert_eq!(setup.server.attempt_headers(), expected, "{name} {service}");
    }
}

#[test]
fn sts_retries_an_unreachable_identity_provider() {
    let body = "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>";
    for (retry_mode, attempts) in [(RetryMode::Standard, 3), (RetryMode::Legacy, 5)] {
        let setup = Setup::new("sts", mode(retry_mode), [error(400, body)]);
        assert_eq!(setup.outcome("GetCallerIdentity"), (attempts, false));
    }
    let setup = Setup::new("iam", Config::new(), [error(400, body)]);
    assert_eq!(setup.outcome("ListUsers"), (1, false));
}

#[test]
fn delays_are_those_of_the_mode() {
    let throttled = error(400, r#"{"__type": "ThrottlingException"}"#);
    let stated = |milliseconds| Response(500, vec![("x-amz-retry-after", milliseconds)], "");
    let ms = |milliseconds: f64| (milliseconds * JITTER) as u128;
    use RetryMode::{Legacy, Standard};
    for (retry_mode, service, operation, reply, expected) in [
        (
            Standard,
            "sqs",
            "ListQueues",
            status(500),
            vec![ms(50.0), ms(100.0)],
        ),
        (
            Standard,
            "dynamodb",
            "ListTables",
            status(500),
            vec![ms(25.0), ms(50.0), ms(100.0)],
        ),
        (
            Standard,
            "kms",
            "ListKeys",
            throttled,
            vec![ms(1000.0), ms(2000.0)],
        ),
        (
            Standard,
            "sqs",
            "ListQueues",
            status(429),
            vec![ms(1000.0), ms(2000.0)],
        ),
        (
            Standard,
            "sqs",
            "ListQueues",
            stated("1500"),
            vec![1500, 1500],
        ),
        (
            Standard,
            "sqs",
            "ListQueues",
            stated("60000"),
            vec![5000 + ms(50.0), 5000 + ms(100.0)],
        ),
        (
            Standard,
            "sqs",
            "ListQueues",
            Response(503, vec![("retry-after", "2")], ""),
            vec![2000, 2000],
        ),
        (
            Legacy,
            "sqs",
            "ListQueues",
            stated("1500"),
            vec![ms(1000.0), ms(2000.0), ms(4000.0), ms(8000.0)],
        ),
        (
            Legacy,
            "dynamodb",
            "ListTables",
            status(500),
            vec![50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800],
        ),
    ] {
        let setup = Setup::new(service, mode(retry_mode), [reply]);
        let _ = setup.outcome(operation);
        assert_eq!(
            setup.clock.milliseconds(),
            expected,
            "{retry_mode} {service}"
        );
    }
}

#[test]
fn one_quota_limits_the_retries_of_all_calls_of_a_client() {
    let setup = Setup::new("sqs", Config::new(), [status(500)]);
    // 500 tokens are 35 retries at 14 tokens: 17 calls with two, and one with one.
    let attempts: Vec<u32> = (0..20).map(|_| setup.outcome("ListQueues").0).collect();
    assert_eq!(attempts[..17], [3; 17]);
    assert_eq!(attempts[17..], [2, 1, 1]);
    // Another client has its own.
    let other = setup.client.session().client("sqs").unwrap();
    let error = block_on(other.call("ListQueues", json!({})).send()).unwrap_err();
    assert_eq!(error.attempts(), 3);
    // The legacy mode has none.
    let setup = Setup::new("sqs", mode(RetryMode::Legacy), [status(500)]);
    assert!((0..30).all(|_| setup.outcome("ListQueues").0 == 5));
}

#[test]
fn throttled_client_sends_below_the_rate_of_the_service() {
    let throttled = || error(400, r#"{"__type": "ThrottlingException"}"#);
    // 20 requests a second, of which the tenth is throttled.
    let mut replies = vec![success(); 9];
    replies.push(throttled());
    replies.push(success());
    let setup = Setup::new("kms", mode(RetryMode::Adaptive), replies);
    for _ in 0..9 {
        setup.call("ListKeys").unwrap();
        block_on(setup.clock.sleep(Duration::from_millis(50)));
    }
    let before = setup.clock.milliseconds().len();
    setup.call("ListKeys").unwrap();
    for _ in 0..30 {
        setup.call("ListKeys").unwrap();
    }
    let waits = setup.clock.milliseconds()[before..].to_vec();
    // The first wait is the backoff. Every later request, and every first attempt too, waits for its token.
    assert!(waits.len() >= 30, "{waits:?}");
    let total: u128 = waits[1..].iter().sum();
    assert!(
        (2_000..30_000).contains(&total),
        "30 requests take {total} ms: {waits:?}"
    );
    // The other modes do not wait before an attempt.
    let setup = Setup::new("kms", Config::new(), [throttled(), success()]);
    for _ in 0..10 {
        setup.call("ListKeys").unwrap();
    }
    assert_eq!(setup.clock.milliseconds().len(), 1);
}

#[test]
fn number_of_attempts_comes_from_every_source() {
    let attempts = |env: &[(&str, &str)], config: Config, call: Option<RetryOptions>| {
        let server = Server::new([status(500)]);
        let host = Host {
            clock: Arc::new(VirtualClock::default()),
            ..FakePorts::new(FakeEnv::of(env.iter().copied()), NOW).host()
        };
        let session = Session::builder()
            .host(host)
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .transport(server.clone());
        let client = session
            .build()
            .unwrap()
            .client_with("sqs", &config)
            .unwrap();
        let mut call_builder = client.call("ListQueues", json!({}));
        if let Some(retry) = call {
            call_builder = call_builder.retry(retry);
        }
        let attempts = block_on(call_builder.send()).unwrap_err().attempts();
        let headers = server.attempt_headers();
        assert!(
            headers[0].ends_with(&format!("max={attempts}")),
            "{headers:?}"
        );
        attempts
    };
    assert_eq!(attempts(&[], Config::new(), None), 3);
    assert_eq!(
        attempts(&[("AWS_MAX_ATTEMPTS", "2")], Config::new(), None),
        2
    );
    assert_eq!(
        attempts(&[("AWS_RETRY_MODE", "legacy")], Config::new(), None),
        5
    );
    assert_eq!(attempts(&[], Config::new().max_attempts(6), None), 6);
    let retries = json!({"retries": {"mode": "legacy", "max_attempts": 1}});
    assert_eq!(
        attempts(&[], Config::from_value(&retries).unwrap(), None),
        2
    );
    let call = RetryOptions::new().max_attempts(4);
    assert_eq!(
        attempts(&[("AWS_MAX_ATTEMPTS", "2")], Config::new(), Some(call)),
        4
    );
    assert_eq!(
        attempts(&[], Config::new(), Some(RetryOptions::disabled())),
        1
    );
}

#[test]
fn own_classifier_and_backoff_decide() {
    let conflict = || error(400, r#"{"__type": "ConflictException"}"#);
    let classify = |failed: &FailedAttempt<'_>| match failed.error.code() {
        Some("ConflictException") => RetryClass::Transient,
        Some("InternalError") => RetryClass::NotRetryable,
        _ => failed.class,
    };
    let backoff = |failed: &FailedAttempt<'_>, _: f64| {
        assert_eq!((failed.service, failed.operation), ("kms", "ListKeys"));
        assert_eq!(failed.class, RetryClass::Transient);
        Duration::from_millis(u64::from(failed.attempt) * 7)
    };
    let options = RetryOptions::new()
        .max_attempts(4)
        .classifier(classify)
        .backoff(backoff);
    let setup = Setup::with_retry(
        "kms",
        Config::new(),
        options.clone(),
        [conflict(), conflict(), conflict(), success()],
    );
    assert_eq!(setup.outcome("ListKeys"), (4, true));
    assert_eq!(setup.clock.milliseconds(), [7, 14, 21]);
    let error = error(500, r#"{"__type": "InternalError"}"#);
    let setup = Setup::with_retry("kms", Config::new(), options, [error]);
    let failure = setup.call("ListKeys").unwrap_err();
    assert_eq!((failure.attempts(), failure.is_retryable()), (1, false));
    // That of a call takes precedence.
    let setup = Setup::new("kms", Config::new(), [conflict(), success()]);
    let call = RetryOptions::new().classifier(classify).backoff(backoff);
    let output = block_on(setup.client.call("ListKeys", json!({})).retry(call).send());
    assert_eq!(output.unwrap().metadata.attempts, 2);
}
