//! Endpoint discovery: who is asked, when, and what happens when the answer is bad or fails to come.
//!
//! # Source
//! botocore `tests/functional/test_discovery.py`, `tests/unit/test_discovery.py`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use inia::config::{Config, EndpointDiscovery};
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Client, Credentials, Error, ErrorKind, Result, SessionBuilder, Transport,
    WireRequest, WireResponse, json,
};
use inia_protocol::Headers;

mod fakes;

use fakes::{FakeClock, FakeEnv, World, block_on};

const NOW: i64 = 1_767_323_045;

/// How the service behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    /// It tells endpoints that are good for an hour.
    Tells,
    /// It cannot be reached.
    Unreachable,
    /// It refuses to tell.
    Refuses,
    /// It tells none.
    TellsNone,
}

/// A service in memory: what it is asked for endpoints it answers by its mood, everything else with `{}`.
#[derive(Debug)]
struct Fake {
    mood: Mutex<Mood>,
    /// The status of everything else.
    status: Mutex<u16>,
    hosts: Mutex<Vec<String>>,
    asked: AtomicUsize,
    slow: bool,
}

impl Fake {
    fn hosts(&self) -> Vec<String> {
        std::mem::take(&mut self.hosts.lock().unwrap())
    }

    fn mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

impl Transport for Fake {
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
                let asked = 1 + self.asked.fetch_add(1, Ordering::SeqCst);
                self.hosts.lock().unwrap().push("?".to_owned());
                let mood = *self.mood.lock().unwrap();
                status = if mood == Mood::Refuses { 400 } else { 200 };
                match mood {
                    Mood::Unreachable => {
                        return Err(Error::new(ErrorKind::Connection, "connection refused"));
                    }
                    Mood::Refuses => r#"{"__type":"AccessDeniedException","Message":"no"}"#.into(),
                    Mood::TellsNone => r#"{"Endpoints":[]}"#.into(),
                    Mood::Tells => format!(
                        r#"{{"Endpoints":[{{"Address":"cell-{asked}.example.com","CachePeriodInMinutes":60}}]}}"#
                    ),
                }
            } else {
                self.hosts.lock().unwrap().push(host);
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

struct Scene {
    fake: Arc<Fake>,
    clock: Arc<FakeClock>,
    client: Client,
}

fn scene(service: &str, config: &Config, slow: bool) -> Scene {
    let fake = Arc::new(Fake {
        mood: Mutex::new(Mood::Tells),
        status: Mutex::new(200),
        hosts: Mutex::default(),
        asked: AtomicUsize::new(0),
        slow,
    });
    let world = World::new(FakeEnv::default(), NOW);
    let clock = Arc::clone(&world.clock);
    let session = SessionBuilder::over(world.host())
        .region("eu-west-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(fake.clone())
        .build()
        .unwrap();
    let client = session.client_with(service, config).unwrap();
    Scene {
        fake,
        clock,
        client,
    }
}

impl Scene {
    fn call(&self) -> Result<()> {
        block_on(self.client.call("ListTables", json!({})).send()).map(drop)
    }
}

fn once() -> Config {
    Config::new().max_attempts(1)
}

const DYNAMODB: &str = "dynamodb.eu-west-1.amazonaws.com";

#[test]
fn what_is_told_is_used_until_it_is_stale() {
    let scene = scene("timestream-write", &once(), false);
    scene.call().unwrap();
    scene.call().unwrap();
    assert_eq!(
        scene.fake.hosts(),
        ["?", "cell-1.example.com", "cell-1.example.com"]
    );
    scene.clock.advance(3599);
    scene.call().unwrap();
    assert_eq!(scene.fake.hosts(), ["cell-1.example.com"]);
    scene.clock.advance(1);
    scene.call().unwrap();
    assert_eq!(scene.fake.hosts(), ["?", "cell-2.example.com"]);
    // While the service cannot tell, what it told last is better than nothing, and it is left alone for a minute.
    scene.fake.mood(Mood::Unreachable);
    scene.clock.advance(3600);
    scene.call().unwrap();
    scene.call().unwrap();
    assert_eq!(
        scene.fake.hosts(),
        ["?", "cell-2.example.com", "cell-2.example.com"]
    );
    scene.fake.mood(Mood::Tells);
    scene.clock.advance(60);
    scene.call().unwrap();
    assert_eq!(scene.fake.hosts(), ["?", "cell-4.example.com"]);
}

#[test]
fn settings_decide_who_is_asked() {
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
        // A given endpoint is the endpoint.
        (
            "timestream-write",
            once().endpoint_url("http://127.0.0.1:5000"),
            vec!["127.0.0.1:5000"],
        ),
    ] {
        let scene = scene(service, &config, false);
        scene.call().unwrap();
        assert_eq!(scene.fake.hosts(), expected, "{service} {config:?}");
    }
    let scene = scene(
        "timestream-write",
        &with(EndpointDiscovery::Disabled),
        false,
    );
    let error = scene.call().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Endpoint, "{error}");
    assert!(scene.fake.hosts().is_empty());
}

#[test]
fn where_discovery_is_a_choice_its_failure_is_no_failure() {
    let config = once().endpoint_discovery_enabled(EndpointDiscovery::Enabled);
    for mood in [Mood::Unreachable, Mood::Refuses, Mood::TellsNone] {
        let scene = scene("dynamodb", &config, false);
        scene.fake.mood(mood);
        scene.call().unwrap();
        scene.call().unwrap();
        assert_eq!(scene.fake.hosts(), ["?", DYNAMODB, DYNAMODB], "{mood:?}");
        scene.clock.advance(60);
        scene.fake.mood(Mood::Tells);
        scene.call().unwrap();
        assert_eq!(scene.fake.hosts(), ["?", "cell-2.example.com"], "{mood:?}");
    }
}

#[test]
fn where_it_is_required_its_failure_is_the_calls() {
    for (mood, kind) in [
        (Mood::Unreachable, ErrorKind::Connection),
        (Mood::Refuses, ErrorKind::Service),
        (Mood::TellsNone, ErrorKind::Parse),
    ] {
        let scene = scene("timestream-write", &once(), false);
        scene.fake.mood(mood);
        let error = scene.call().unwrap_err();
        assert_eq!(error.kind(), kind, "{error:#}");
        // The next call asks again: it cannot do without.
        assert_eq!(scene.call().unwrap_err().kind(), kind);
        assert_eq!(scene.fake.hosts(), ["?", "?"], "{mood:?}");
    }
}

#[test]
fn an_endpoint_that_no_longer_serves_is_given_up() {
    let scene = scene("timestream-write", &once(), false);
    scene.call().unwrap();
    scene.fake.hosts();
    *scene.fake.status.lock().unwrap() = 421;
    let error = scene.call().unwrap_err();
    assert_eq!(error.service().unwrap().code, "InvalidEndpointException");
    // Two others are asked for, and no more.
    assert_eq!(
        scene.fake.hosts(),
        [
            "cell-1.example.com",
            "?",
            "cell-2.example.com",
            "?",
            "cell-3.example.com"
        ]
    );
    *scene.fake.status.lock().unwrap() = 200;
    scene.call().unwrap();
    assert_eq!(scene.fake.hosts(), ["cell-3.example.com"]);
}

#[test]
fn of_many_calls_one_asks() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    for (mood, kind) in [
        (Mood::Tells, None),
        (Mood::Unreachable, Some(ErrorKind::Connection)),
    ] {
        let scene = scene("timestream-write", &once(), true);
        scene.fake.mood(mood);
        let calls: Vec<_> = (0..200)
            .map(|_| runtime.spawn(scene.client.call("ListTables", json!({})).send()))
            .collect();
        for call in calls {
            let result = runtime.block_on(call).unwrap();
            assert_eq!(result.err().map(|error| error.kind()), kind);
        }
        let asked = scene.fake.asked.load(Ordering::SeqCst);
        match mood {
            Mood::Tells => assert_eq!(asked, 1),
            // Those who began to wait only after it failed have to ask themselves.
            _ => assert!((1..200).contains(&asked), "{asked}"),
        }
    }
}
