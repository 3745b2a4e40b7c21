//! Endpoint discovery: discovery requests, caching, and failed or malformed responses.
//!
//! # Source
//! botocore `tests/functional/test_discovery.py`, `tests/unit/test_discovery.py`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use inia::config::{Config, EndpointDiscovery};
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Client, Credentials, Error, ErrorKind, Result, Session, json, transport::Transport,
    transport::WireRequest, transport::WireResponse,
};
use inia_protocol::Headers;

mod fakes;

use fakes::{FakeClock, FakeEnv, FakePorts, block_on};

const NOW: i64 = 1_767_323_045;

/// Behavior of the discovery operation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum DiscoveryBehavior {
    /// Returns endpoints with a cache period of one hour.
    Endpoints,
    /// The connection fails.
    Unreachable,
    /// Returns a service error.
    ServiceError,
    /// Returns no endpoints.
    NoEndpoints,
}

/// An in-memory service: responds to the discovery operation as configured, and to other operations with `{}`.
#[derive(Debug)]
struct FakeService {
    behavior: Mutex<DiscoveryBehavior>,
    /// Response status of other operations.
    status: Mutex<u16>,
    /// A host that no longer serves any call.
    gone: Mutex<Option<&'static str>>,
    hosts: Mutex<Vec<String>>,
    discoveries: AtomicUsize,
    slow: bool,
}

impl FakeService {
    fn hosts(&self) -> Vec<String> {
        std::mem::take(&mut self.hosts.lock().unwrap())
    }

    fn behavior(&self, behavior: DiscoveryBehavior) {
        *self.behavior.lock().unwrap() = behavior;
    }
}

impl Transport for FakeService {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let target = request
                .headers
                .get("x-amz-target")
                .unwrap_or_default()
                .to_owned();
            let host = request.url.split('/').nth(2).unwrap().to_owned();
            let mut status = *self.status.lock().unwrap();
            let body = if target.ends_with(".DescribeEndpoints") {
                if self.slow {
                    tokio::task::yield_now().await;
                }
                let discoveries = 1 + self.discoveries.fetch_add(1, Ordering::SeqCst);
                self.hosts.lock().unwrap().push("?".to_owned());
                let behavior = *self.behavior.lock().unwrap();
                status = if behavior == DiscoveryBehavior::ServiceError {
                    400
                } else {
                    200
                };
                match behavior {
                    DiscoveryBehavior::Unreachable => {
                        return Err(Error::new(ErrorKind::Connection, "connection refused"));
                    }
                    DiscoveryBehavior::ServiceError => {
                        r#"{"__type":"AccessDeniedException","Message":"no"}"#.into()
                    }
                    DiscoveryBehavior::NoEndpoints => r#"{"Endpoints":[]}"#.into(),
                    DiscoveryBehavior::Endpoints => format!(
                        r#"{{"Endpoints":[{{"Address":"cell-{discoveries}.example.com","CachePeriodInMinutes":60}}]}}"#
                    ),
                }
            } else {
                if *self.gone.lock().unwrap() == Some(&*host) {
                    status = 421;
                }
                let number = {
                    let mut hosts = self.hosts.lock().unwrap();
                    hosts.push(host);
                    hosts.len()
                };
                if self.slow {
                    // The responses to concurrent calls arrive one after the other.
                    for _ in 0..10 * number {
                        tokio::task::yield_now().await;
                    }
                }
                match status {
                    200 => "{}".to_owned(),
                    _ => r#"{"__type":"InvalidEndpointException","Message":"not here"}"#.to_owned(),
                }
            };
            Ok(WireResponse {
                status,
                headers: Headers::new(),
                body: ByteStream::from(body),
            })
        })
    }
}

struct DiscoveryFixture {
    service_double: Arc<FakeService>,
    clock: Arc<FakeClock>,
    client: Client,
}

fn fixture(service: &str, config: &Config, slow: bool) -> DiscoveryFixture {
    let service_double = Arc::new(FakeService {
        behavior: Mutex::new(DiscoveryBehavior::Endpoints),
        status: Mutex::new(200),
        gone: Mutex::default(),
        hosts: Mutex::default(),
        discoveries: AtomicUsize::new(0),
        slow,
    });
    let ports = FakePorts::new(FakeEnv::default(), NOW);
    let clock = Arc::clone(&ports.clock);
    let session = Session::builder()
        .host(ports.host())
        .region("eu-west-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(service_double.clone())
        .build()
        .unwrap();
    let client = session.client_with(service, config).unwrap();
    DiscoveryFixture {
        service_double,
        clock,
        client,
    }
}

impl DiscoveryFixture {
    fn call(&self) -> Result<()> {
        block_on(self.client.call("ListTables", json!({})).send()).map(drop)
    }
}

fn once() -> Config {
    Config::new().max_attempts(1)
}

const DYNAMODB: &str = "dynamodb.eu-west-1.amazonaws.com";

#[test]
fn uses_a_discovered_endpoint_until_it_expires() {
    let fixture = fixture("timestream-write", &once(), false);
    fixture.call().unwrap();
    fixture.call().unwrap();
    assert_eq!(
        fixture.service_double.hosts(),
        ["?", "cell-1.example.com", "cell-1.example.com"]
    );
    fixture.clock.advance(3599);
    fixture.call().unwrap();
    assert_eq!(fixture.service_double.hosts(), ["cell-1.example.com"]);
    fixture.clock.advance(1);
    fixture.call().unwrap();
    assert_eq!(fixture.service_double.hosts(), ["?", "cell-2.example.com"]);
    // After a failed discovery the expired endpoint is used, and discovery is not retried for a minute.
    fixture
        .service_double
        .behavior(DiscoveryBehavior::Unreachable);
    fixture.clock.advance(3600);
    fixture.call().unwrap();
    fixture.call().unwrap();
    assert_eq!(
        fixture.service_double.hosts(),
        ["?", "cell-2.example.com", "cell-2.example.com"]
    );
    fixture
        .service_double
        .behavior(DiscoveryBehavior::Endpoints);
    fixture.clock.advance(60);
    fixture.call().unwrap();
    assert_eq!(fixture.service_double.hosts(), ["?", "cell-4.example.com"]);
}

#[test]
fn settings_enable_and_disable_discovery() {
    let with = |mode| once().endpoint_discovery_enabled(mode);
    for (service, config, expected) in [
        ("dynamodb", once(), vec![DYNAMODB]),
        ("dynamodb", with(EndpointDiscovery::Auto), vec![DYNAMODB]),
        (
            "dynamodb",
            with(EndpointDiscovery::Disabled),
            vec![DYNAMODB],
        ),
        (
            "dynamodb",
            with(EndpointDiscovery::Enabled),
            vec!["?", "cell-1.example.com"],
        ),
        (
            "timestream-write",
            with(EndpointDiscovery::Enabled),
            vec!["?", "cell-1.example.com"],
        ),
        // A configured endpoint disables discovery.
        (
            "timestream-write",
            once().endpoint_url("http://127.0.0.1:5000"),
            vec!["127.0.0.1:5000"],
        ),
    ] {
        let fixture = fixture(service, &config, false);
        fixture.call().unwrap();
        assert_eq!(
            fixture.service_double.hosts(),
            expected,
            "{service} {config:?}"
        );
    }
    let fixture = fixture(
        "timestream-write",
        &with(EndpointDiscovery::Disabled),
        false,
    );
    let error = fixture.call().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Endpoint, "{error}");
    assert!(fixture.service_double.hosts().is_empty());
}

#[test]
fn optional_discovery_falls_back_to_the_regional_endpoint() {
    let config = once().endpoint_discovery_enabled(EndpointDiscovery::Enabled);
    for behavior in [
        DiscoveryBehavior::Unreachable,
        DiscoveryBehavior::ServiceError,
        DiscoveryBehavior::NoEndpoints,
    ] {
        let fixture = fixture("dynamodb", &config, false);
        fixture.service_double.behavior(behavior);
        fixture.call().unwrap();
        fixture.call().unwrap();
        assert_eq!(
            fixture.service_double.hosts(),
            ["?", DYNAMODB, DYNAMODB],
            "{behavior:?}"
        );
        fixture.clock.advance(60);
        fixture
            .service_double
            .behavior(DiscoveryBehavior::Endpoints);
        fixture.call().unwrap();
        assert_eq!(
            fixture.service_double.hosts(),
            ["?", "cell-2.example.com"],
            "{behavior:?}"
        );
    }
}

#[test]
fn failed_required_discovery_fails_the_call() {
    for (behavior, kind) in [
        (DiscoveryBehavior::Unreachable, ErrorKind::Connection),
        (DiscoveryBehavior::ServiceError, ErrorKind::Service),
        (DiscoveryBehavior::NoEndpoints, ErrorKind::Parse),
    ] {
        let fixture = fixture("timestream-write", &once(), false);
        fixture.service_double.behavior(behavior);
        let error = fixture.call().unwrap_err();
        assert_eq!(error.kind(), kind, "{error:#}");
        // The next call retries discovery, because it is required.
        assert_eq!(fixture.call().unwrap_err().kind(), kind);
        assert_eq!(fixture.service_double.hosts(), ["?", "?"], "{behavior:?}");
    }
}

#[test]
fn invalidates_an_endpoint_on_invalid_endpoint_errors() {
    let fixture = fixture("timestream-write", &once(), false);
    fixture.call().unwrap();
    fixture.service_double.hosts();
    *fixture.service_double.status.lock().unwrap() = 421;
    let error = fixture.call().unwrap_err();
    assert_eq!(error.service().unwrap().code, "InvalidEndpointException");
    // At most two other endpoints are discovered.
    assert_eq!(
        fixture.service_double.hosts(),
        [
            "cell-1.example.com",
            "?",
            "cell-2.example.com",
            "?",
            "cell-3.example.com"
        ]
    );
    *fixture.service_double.status.lock().unwrap() = 200;
    fixture.call().unwrap();
    assert_eq!(fixture.service_double.hosts(), ["cell-3.example.com"]);
}

#[test]
fn concurrent_calls_share_one_discovery() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    for (behavior, kind) in [
        (DiscoveryBehavior::Endpoints, None),
        (DiscoveryBehavior::Unreachable, Some(ErrorKind::Connection)),
    ] {
        let fixture = fixture("timestream-write", &once(), true);
        fixture.service_double.behavior(behavior);
        let calls: Vec<_> = (0..200)
            .map(|_| runtime.spawn(fixture.client.call("ListTables", json!({})).send()))
            .collect();
        for call in calls {
            let result = runtime.block_on(call).unwrap();
            assert_eq!(result.err().map(|error| error.kind()), kind);
        }
        let discoveries = fixture.service_double.discoveries.load(Ordering::SeqCst);
        match behavior {
            DiscoveryBehavior::Endpoints => assert_eq!(discoveries, 1),
            // Calls that started waiting after the failure discover again.
            _ => assert!((1..200).contains(&discoveries), "{discoveries}"),
        }
    }
}

#[test]
fn concurrent_calls_refused_by_one_endpoint_discover_another_once() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let fixture = fixture("timestream-write", &once(), true);
    *fixture.service_double.gone.lock().unwrap() = Some("cell-1.example.com");
    let calls = (0..50).map(|_| fixture.client.call("ListTables", json!({})).send());
    let results = runtime.block_on(futures_util::future::join_all(calls));
    for result in results {
        assert_eq!(result.unwrap().metadata.attempts, 2);
    }
    assert_eq!(fixture.service_double.discoveries.load(Ordering::SeqCst), 2);
}
