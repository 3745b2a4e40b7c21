//! Directory buckets: a session for each, asked for once, used until its end is near, by all who call.
//!
//! # Source
//! botocore `tests/functional/test_s3express.py`, `tests/unit/test_s3express.py`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia::config::Config;
use inia::ports::{BoxFuture, Clock as _};
use inia::{
    ByteStream, Client, Credentials, ErrorKind, Output, Result, SessionBuilder, Timestamp,
    TimestampFormat, Transport, WireRequest, WireResponse, json,
};
use inia_protocol::Headers;

mod fakes;

use fakes::{FakeClock, FakeEnv, World, block_on};

const NOW: i64 = 1_767_323_045;
const BUCKET: &str = "logs--usw2-az1--x-s3";
const HOST: &str = "logs--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com";

/// S3 in memory: it gives numbered sessions of five minutes.
#[derive(Debug)]
struct Fake {
    clock: Arc<FakeClock>,
    refuses: AtomicBool,
    /// For each request, its method and URL, and the key and the token that it was signed with.
    seen: Mutex<Vec<(String, String, String)>>,
}

impl Transport for Fake {
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
                let mut seen = self.seen.lock().unwrap();
                seen.push((line, scope, token));
                seen.iter()
                    .filter(|(line, _, _)| line.ends_with("?session"))
                    .count()
            };
            if is_session {
                // Others get their turn meanwhile.
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

struct Scene {
    fake: Arc<Fake>,
    clock: Arc<FakeClock>,
    client: Client,
}

impl Scene {
    fn new(config: &Config) -> Self {
        let world = World::new(FakeEnv::default(), NOW);
        let clock = Arc::clone(&world.clock);
        let fake = Arc::new(Fake {
            clock: Arc::clone(&clock),
            refuses: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let client = SessionBuilder::over(world.host())
            .region("us-west-2")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", Some("own")))
            .transport(Arc::clone(&fake) as Arc<dyn Transport>)
            .config(config)
            .build()
            .unwrap()
            .client("s3")
            .unwrap();
        Scene {
            fake,
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

    fn seen(&self) -> Vec<(String, String, String)> {
        std::mem::take(&mut self.fake.seen.lock().unwrap())
    }

    /// The tokens of the requests, in order.
    fn tokens(&self) -> Vec<String> {
        self.seen().into_iter().map(|(_, _, token)| token).collect()
    }
}

#[test]
fn a_session_signs_for_its_bucket() {
    let scene = Scene::new(&Config::new());
    scene.head(BUCKET).unwrap();
    scene.head(BUCKET).unwrap();
    let scope = |key: &str| format!("{key}/20260102/us-west-2/s3express/aws4_request");
    let line = |method: &str, rest: &str| format!("{method} https://{HOST}/{rest}");
    assert_eq!(
        scene.seen(),
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
    // Another bucket has another session, and so have other credentials.
    scene.head("data--usw2-az1--x-s3").unwrap();
    assert_eq!(scene.tokens(), ["own", "token-1"]);
    let call = scene
        .client
        .call("HeadObject", json!({"Bucket": BUCKET, "Key": "k"}))
        .credentials(Credentials::new("AKIDOTHER", "secret", Some("other")));
    block_on(call.send()).unwrap();
    assert_eq!(scene.tokens(), ["other", "token-1"]);
}

#[test]
fn a_session_is_followed_by_another_before_it_ends() {
    let scene = Scene::new(&Config::new());
    scene.head(BUCKET).unwrap();
    scene.clock.advance(254);
    scene.head(BUCKET).unwrap();
    assert_eq!(scene.tokens(), ["own", "token-1", "token-1"]);
    scene.clock.advance(1);
    scene.head(BUCKET).unwrap();
    assert_eq!(scene.tokens(), ["own", "token-1"]);
    // One that cannot be had is no harm while the old one lasts.
    scene.clock.advance(256);
    scene.fake.refuses.store(true, Ordering::SeqCst);
    scene.head(BUCKET).unwrap();
    assert_eq!(scene.tokens(), ["own", "token-1"]);
    scene.clock.advance(40);
    let error = scene.head(BUCKET).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.service().unwrap().code, "AccessDenied");
    assert!(error.to_string().contains(BUCKET), "{error}");
}

#[test]
fn all_who_wait_share_one_session() {
    let scene = Scene::new(&Config::new());
    let calls = (0..100).map(|_| {
        let call = scene
            .client
            .call("HeadObject", json!({"Bucket": BUCKET, "Key": "k"}));
        call.send()
    });
    for result in block_on(futures_util::future::join_all(calls)) {
        result.unwrap();
    }
    let tokens = scene.tokens();
    assert_eq!(tokens.len(), 101);
    assert_eq!(tokens.iter().filter(|token| *token == "own").count(), 1);
}

#[test]
fn without_sessions_the_own_credentials_sign() {
    let scene = Scene::new(&Config::new().s3_disable_express_session_auth(true));
    scene.head(BUCKET).unwrap();
    assert_eq!(scene.tokens(), ["own"]);
    // Nor have buckets of other kinds sessions.
    scene.head("logs").unwrap();
    assert_eq!(scene.tokens(), ["own"]);
}

#[test]
fn a_presigned_url_carries_the_session() {
    let scene = Scene::new(&Config::new());
    let params = json!({"Bucket": BUCKET, "Key": "k"});
    let presigned = scene
        .client
        .presign("GetObject", params, Duration::from_secs(60));
    let signed = block_on(presigned.sign()).unwrap();
    let url = signed.url();
    assert_eq!(scene.tokens(), ["own"]);
    assert!(url.starts_with(&format!("https://{HOST}/k?")), "{url}");
    assert!(url.contains("X-Amz-S3session-Token=token-1"), "{url}");
    assert!(!url.contains("X-Amz-Security-Token"), "{url}");
}
