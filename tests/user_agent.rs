//! The user agent of requests: its components and the feature ids of each kind of call.

// A test fails by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod fakes;

use std::sync::{Arc, Mutex};

use fakes::{FakeEnv, FakePorts, block_on};
use inia::config::{AccountIdEndpointMode, ChecksumMode, Config, RetryMode};
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Credentials, Result, Session, json, protocol::Headers, transport::Transport,
    transport::WireRequest, transport::WireResponse,
};

/// A transport that records the user agents and returns empty responses.
#[derive(Debug)]
struct Recorder {
    body: &'static str,
    user_agents: Mutex<Vec<String>>,
}

impl Transport for Recorder {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let user_agent = request.headers.get("user-agent").unwrap().to_owned();
        self.user_agents.lock().unwrap().push(user_agent);
        Box::pin(std::future::ready(Ok(WireResponse {
            status: 200,
            headers: Headers::new(),
            body: ByteStream::from(self.body),
        })))
    }
}

fn session(env: &[(&str, &str)], body: &'static str) -> (Session, Arc<Recorder>) {
    let ports = FakePorts::new(FakeEnv::of(env.iter().copied()), 1_700_000_000);
    let recorder = Arc::new(Recorder {
        body,
        user_agents: Mutex::default(),
    });
    let mut credentials = Credentials::new("AKID", "secret", None);
    credentials.account_id = Some("123456789012".into());
    let session = Session::builder()
        .host(ports.host())
        .region("us-east-1")
        .credentials(credentials)
        .transport(Arc::clone(&recorder) as Arc<dyn Transport>)
        .build()
        .unwrap();
    (session, recorder)
}

impl Recorder {
    /// Returns the feature ids of the last request.
    fn features(&self) -> String {
        let user_agents = self.user_agents.lock().unwrap();
        let last = user_agents.last().unwrap();
        let features = last.split(' ').find_map(|part| part.strip_prefix("m/"));
        features.unwrap_or_default().to_owned()
    }
}

/// Returns the feature ids of a call.
fn features(service: &str, config: &Config, operation: &str, params: inia::Value) -> String {
    let (session, recorder) = session(&[], "{}");
    let client = session.client_with(service, config).unwrap();
    // The empty response may be invalid: only the request is of interest.
    let _ = block_on(client.call(operation, params).send());
    recorder.features()
}

#[test]
fn has_all_components_in_order() {
    let (session, recorder) = session(&[("AWS_EXECUTION_ENV", "AWS Lambda#x")], "{}");
    let config = Config::new()
        .user_agent_appid("my app#1")
        .user_agent_extra("extra/1 (kept)");
    let client = session.client_with("sqs", &config).unwrap();
    let _ = block_on(client.call("ListQueues", json!({})).send());
    let user_agents = recorder.user_agents.lock().unwrap();
    let expected = format!(
        "inia/{} ua/2.1 os/{} md/arch#{} lang/rust exec-env/AWS-Lambda-x m/E,Z,b,e cfg/retry-mode#standard app/my-app#1 extra/1 (kept)",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    );
    assert_eq!(*user_agents, [expected]);
}

#[test]
fn override_replaces_all_but_extra() {
    let (session, recorder) = session(&[], "{}");
    let config = Config::new().user_agent("mine/2").user_agent_extra("x/1");
    let client = session.client_with("sqs", &config).unwrap();
    let _ = block_on(client.call("ListQueues", json!({})).send());
    assert_eq!(*recorder.user_agents.lock().unwrap(), ["mine/2 x/1"]);
}

#[test]
fn settings_have_feature_ids() {
    let sqs = |config: Config| features("sqs", &config, "ListQueues", json!({}));
    assert_eq!(sqs(Config::new()), "E,Z,b,e");
    assert_eq!(sqs(Config::new().retry_mode(RetryMode::Legacy)), "D,Z,b,e");
    assert_eq!(
        sqs(Config::new().retry_mode(RetryMode::Adaptive)),
        "F,Z,b,e"
    );
    let required = Config::new()
        .request_checksum_calculation(ChecksumMode::WhenRequired)
        .response_checksum_validation(ChecksumMode::WhenRequired);
    assert_eq!(sqs(required), "E,a,c,e");
    assert_eq!(
        sqs(Config::new().endpoint_url("http://localhost:1")),
        "E,N,Z,b,e"
    );
    assert_eq!(sqs(Config::new().unsigned()), "E,Z,b");
    let cbor = Config::new().protocol("smithy-rpc-v2-cbor");
    assert_eq!(
        features("cloudwatch", &cbor, "ListDashboards", json!({})),
        "E,M,Z,b,e"
    );
}

#[test]
fn account_id_has_feature_ids() {
    let dynamodb = |config: Config| features("dynamodb", &config, "ListTables", json!({}));
    assert_eq!(dynamodb(Config::new()), "E,P,T,Z,b,e");
    let mode = |mode| Config::new().account_id_endpoint_mode(mode);
    assert_eq!(
        dynamodb(mode(AccountIdEndpointMode::Required)),
        "E,R,T,Z,b,e"
    );
    assert_eq!(dynamodb(mode(AccountIdEndpointMode::Disabled)), "E,Q,Z,b,e");
}

#[test]
fn checksums_and_compression_have_feature_ids() {
    let put = |params| features("s3", &Config::new(), "PutObject", params);
    let params = json!({"Bucket": "b", "Key": "k", "Body": "x"});
    assert_eq!(put(params), "E,U,Z,b,e");
    for (algorithm, id) in [
        ("CRC32C", "V"),
        ("CRC64NVME", "W"),
        ("SHA1", "X"),
        ("SHA256", "Y"),
    ] {
        let params =
            json!({"Bucket": "b", "Key": "k", "Body": "x", "ChecksumAlgorithm": algorithm});
        assert_eq!(put(params), format!("E,{id},Z,b,e"));
    }
    // A checksum in the parameters.
    let params = json!({"Bucket": "b", "Key": "k", "Body": "x", "ChecksumSHA256": "abc="});
    assert_eq!(put(params), "E,Y,Z,b,e");

    let dimensions: Vec<_> = (0..10)
        .map(|number| json!({"Name": format!("n{number}"), "Value": "v".repeat(200)}))
        .collect();
    let data: Vec<_> = (0..10)
        .map(|_| json!({"MetricName": "m", "Value": 1.0, "Dimensions": dimensions.clone()}))
        .collect();
    let params = json!({"Namespace": "n", "MetricData": data});
    let query = Config::new().protocol("query");
    assert_eq!(
        features("cloudwatch", &query, "PutMetricData", params),
        "E,L,Z,b,e"
    );
}

#[test]
fn paginators_and_waiters_have_feature_ids() {
    let (session, recorder) = session(&[], r#"{"TableNames": []}"#);
    let client = session.client("dynamodb").unwrap();
    block_on(client.paginate("ListTables", json!({})).build_full_result()).unwrap();
    assert_eq!(recorder.features(), "C,E,P,T,Z,b,e");

    let (session, recorder) = self::session(&[], r#"{"Table": {"TableStatus": "ACTIVE"}}"#);
    let client = session.client("dynamodb").unwrap();
    block_on(async { client.wait("TableExists", json!({"TableName": "t"})).await }).unwrap();
    assert_eq!(recorder.features(), "B,E,P,T,Z,b,e");
}

#[test]
fn sigv4a_has_a_feature_id() {
    let params = json!({"Bucket": "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap"});
    assert_eq!(
        features("s3", &Config::new(), "ListObjectsV2", params),
        "E,S,Z,b,e"
    );
}

#[test]
fn bearer_tokens_of_the_environment_have_a_feature_id() {
    let env = [("AWS_BEARER_TOKEN_BEDROCK", "token")];
    let (session, recorder) = session(&env, "{}");
    let config = Config::new().signature_version("bearer");
    let client = session.client_with("bedrock", &config).unwrap();
    let _ = block_on(client.call("ListFoundationModels", json!({})).send());
    assert_eq!(recorder.features(), "E,Z,b,3");
}
