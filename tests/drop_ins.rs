//! Definitions that users add: Smithy models and files of older botocore releases, in folders of `AWS_DATA_PATH` and in memory.

use std::sync::{Arc, Mutex};

use inia::config::Config;
use inia::ports::{BoxFuture, Host};
use inia::transport::{Transport, WireBody, WireRequest, WireResponse};
use inia::{Credentials, ErrorKind, Result, Session, json, protocol::Headers};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

const WEATHER: &str = include_str!("smithy/weather.json");

/// Returns the same response to every request, and records the requests.
#[derive(Debug)]
struct Recorder {
    status: u16,
    response: &'static str,
    requests: Mutex<Vec<String>>,
}

impl Recorder {
    fn new(status: u16, response: &'static str) -> Arc<Self> {
        Arc::new(Recorder {
            status,
            response,
            requests: Mutex::default(),
        })
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Recorder {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                WireBody::Bytes(bytes) => bytes,
                WireBody::Stream(stream) => stream.collect(1 << 20).await?,
            };
            let body = String::from_utf8_lossy(&body);
            let signed = request.headers.get("authorization").is_some();
            let zone = request.headers.get("x-zone").unwrap_or("-");
            let line = format!(
                "{} {} zone={zone} signed={signed} {body}",
                request.method, request.url
            );
            self.requests.lock().unwrap().push(line);
            Ok(WireResponse {
                status: self.status,
                headers: Headers::new(),
                body: self.response.into(),
            })
        })
    }
}

/// Returns a session over real files and a recording transport.
fn session(recorder: &Arc<Recorder>, folder: &std::path::Path) -> Session {
    let host = Host {
        files: inia::host::system_host().files,
        ..FakePorts::new(FakeEnv::default(), 1_767_323_045).host()
    };
    Session::builder()
        .host(host)
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .data_path(folder.to_str().unwrap())
        .transport(recorder.clone())
        .build()
        .unwrap()
}

#[test]
fn a_smithy_file_in_the_data_path_is_a_service() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("weather.json"), WEATHER).unwrap();
    let recorder = Recorder::new(
        200,
        r#"{"forecast": {"rain": 0.5}, "readings": [1, 2], "nextToken": null}"#,
    );
    let session = session(&recorder, folder.path());
    assert!(
        session
            .available_services()
            .iter()
            .any(|name| name == "weather")
    );
    let client = session
        .client_with(
            "weather",
            &Config::new().endpoint_url("https://weather.example"),
        )
        .unwrap();
    let params = json!({"city": "San José", "zone": "west", "days": 3, "tags": {"a": "1"}});
    let output = block_on(client.call("get_forecast", params).into_future()).unwrap();
    assert_eq!(output["forecast"]["rain"], 0.5);
    assert_eq!(
        recorder.requests(),
        [
            "GET https://weather.example/cities/San%20Jos%C3%A9/forecast?x-id=GetForecast&days=3&a=1 zone=west signed=false "
        ]
    );
}

#[test]
fn a_smithy_service_without_rules_asks_for_an_endpoint_url() {
    let recorder = Recorder::new(200, "{}");
    let session = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), 0).host())
        .definition("weather", WEATHER)
        .transport(recorder.clone())
        .build()
        .unwrap();
    let client = session.client("weather").unwrap();
    let call = client.call("GetForecast", json!({"city": "a"}));
    let error = block_on(call.into_future()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Endpoint);
    assert!(
        error
            .to_string()
            .contains("weather has no endpoint rules: set its URL with --endpoint-url"),
        "{error}"
    );
    assert!(recorder.requests().is_empty());
}

#[test]
fn a_smithy_tree_serves_services_under_the_names_of_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    let version = folder
        .path()
        .join("models/elastic-load-balancing-v2/service/2099-01-01");
    std::fs::create_dir_all(&version).unwrap();
    std::fs::write(
        version.join("elastic-load-balancing-v2-2099-01-01.json"),
        WEATHER,
    )
    .unwrap();
    let session = session(&Recorder::new(200, "{}"), folder.path());
    let model = session.catalog().service("elbv2", None).unwrap();
    assert!(model.operation("GetForecast").is_ok());
    let older = session
        .catalog()
        .service("elbv2", Some("2015-12-01"))
        .unwrap();
    assert!(older.operation("DescribeLoadBalancers").is_ok());
}

#[test]
fn a_broken_smithy_file_names_the_file_and_the_shape() {
    let folder = tempfile::tempdir().unwrap();
    let broken = WEATHER.replace(
        "\"target\": \"example.weather#Forecast\"",
        "\"target\": \"example.weather#Gone\"",
    );
    std::fs::write(folder.path().join("weather.json"), broken).unwrap();
    let session = session(&Recorder::new(200, "{}"), folder.path());
    let error = session.client("weather").unwrap_err();
    let message = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Model);
    assert!(message.contains("weather.json"), "{message}");
    assert!(
        message.contains("example.weather#GetForecastOutput"),
        "{message}"
    );
    assert!(
        message.contains("undefined shape \"example.weather#Gone\""),
        "{message}"
    );
    assert!(session.client("sqs").is_ok());
}

/// Writes a file below a folder.
fn put(folder: &std::path::Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Returns a definition of an older release, without rules and newer traits.
fn old_definition(service_id: &str, prefix: &str, version: &str, operation: &str) -> String {
    json!({
        "metadata": {"apiVersion": (version), "endpointPrefix": (prefix), "protocol": "query", "serviceId": (service_id), "signatureVersion": "v4"},
        "operations": {(operation): {"http": {"method": "POST", "requestUri": "/"}}}, "shapes": {}
    })
    .to_json_string()
}

#[test]
fn partitions_of_an_older_release_do_not_break_built_in_services() {
    let folder = tempfile::tempdir().unwrap();
    let outputs = json!({"dnsSuffix": "amazonaws.com", "dualStackDnsSuffix": "api.aws", "supportsFIPS": true, "supportsDualStack": true});
    let partition = json!({"id": "aws", "regionRegex": "^us\\-\\w+\\-\\d+$", "regions": {}, "outputs": (outputs)});
    let partitions = json!({"partitions": [(partition)]}).to_json_string();
    put(folder.path(), "partitions.json", &partitions);
    let recorder = Recorder::new(200, "{}");
    let client = session(&recorder, folder.path()).client("ce").unwrap();
    let params = json!({"MonitorArnList": []});
    block_on(client.call("GetAnomalyMonitors", params).into_future()).unwrap();
    assert!(
        recorder.requests()[0].contains("https://ce.us-east-1.amazonaws.com/"),
        "{:?}",
        recorder.requests()
    );
}

#[test]
fn an_older_definition_without_the_parameters_of_newer_rules_has_regional_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let text = old_definition("ACM", "acm", "2015-12-08", "ListCertificates");
    put(folder.path(), "acm/2015-12-08/service-2.json", &text);
    let recorder = Recorder::new(200, "<r/>");
    let client = session(&recorder, folder.path()).client("acm").unwrap();
    block_on(client.call("ListCertificates", json!({})).into_future()).unwrap();
    assert!(
        recorder.requests()[0].starts_with("POST https://acm.us-east-1.amazonaws.com/ "),
        "{:?}",
        recorder.requests()
    );
}

#[test]
fn operations_that_botocore_never_signs_are_unsigned_in_older_definitions() {
    let folder = tempfile::tempdir().unwrap();
    let text = old_definition("STS", "sts", "2011-06-15", "AssumeRoleWithSAML");
    put(folder.path(), "sts/2011-06-15/service-2.json", &text);
    let recorder = Recorder::new(200, "<r/>");
    let client = session(&recorder, folder.path()).client("sts").unwrap();
    block_on(client.call("AssumeRoleWithSAML", json!({})).into_future()).unwrap();
    assert!(
        recorder.requests()[0].contains("signed=false"),
        "{:?}",
        recorder.requests()
    );
}

#[test]
fn fips_and_dual_stack_hold_for_a_service_without_rules() {
    let folder = tempfile::tempdir().unwrap();
    let text = old_definition("Tiny", "tiny", "2026-01-01", "Ping");
    put(folder.path(), "tiny/2026-01-01/service-2.json", &text);
    let url = |config: Config, region: &str| {
        let recorder = Recorder::new(200, "<r/>");
        let session = session(&recorder, folder.path());
        let client = session.client_with("tiny", &config.region(region)).unwrap();
        match block_on(client.call("Ping", json!({})).into_future()) {
            Ok(_) => recorder.requests()[0].split(' ').nth(1).unwrap().to_owned(),
            Err(error) => error.to_string(),
        }
    };
    let fips = || Config::new().use_fips_endpoint(true);
    let dual_stack = |config: Config| config.use_dualstack_endpoint(true);
    assert_eq!(
        url(Config::new(), "us-east-1"),
        "https://tiny.us-east-1.amazonaws.com/"
    );
    assert_eq!(
        url(fips(), "us-east-1"),
        "https://tiny-fips.us-east-1.amazonaws.com/"
    );
    assert_eq!(
        url(dual_stack(Config::new()), "us-east-1"),
        "https://tiny.us-east-1.api.aws/"
    );
    assert_eq!(
        url(dual_stack(fips()), "us-east-1"),
        "https://tiny-fips.us-east-1.api.aws/"
    );
    let error = url(dual_stack(Config::new()), "us-iso-east-1");
    assert!(
        error.contains("DualStack") || error.contains("api"),
        "{error}"
    );
}

#[test]
fn an_unsupported_auth_scheme_is_an_error_and_not_signed_with_another() {
    let keyed = r#""aws.protocols#restJson1": {}, "smithy.api#httpApiKeyAuth": {"name": "X-Key", "in": "header"}"#;
    let text = WEATHER.replacen(r#""aws.protocols#restJson1": {}"#, keyed, 1);
    let recorder = Recorder::new(200, "{}");
    let session = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), 0).host())
        .definition("weather", text)
        .endpoint_url("https://weather.example")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(recorder.clone())
        .build()
        .unwrap();
    let call = session
        .client("weather")
        .unwrap()
        .call("ListStations", json!({}));
    let error = block_on(call.into_future()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the auth scheme \"smithy.api#httpApiKeyAuth\" is not supported"),
        "{error}"
    );
    assert!(recorder.requests().is_empty());
}

/// A transport without a network.
#[derive(Debug)]
struct Unreachable;

impl Transport for Unreachable {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async {
            Err(inia::Error::new(
                ErrorKind::Connection,
                "failed to lookup address",
            ))
        })
    }
}

#[test]
fn an_unreachable_guessed_host_says_how_to_set_the_endpoint_url() {
    let text = old_definition("Tiny", "tiny", "2026-01-01", "Ping");
    let session = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), 0).host())
        .config(&Config::new().max_attempts(1))
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .definition("tiny", text)
        .transport(Arc::new(Unreachable))
        .build()
        .unwrap();
    let client = session.client("tiny").unwrap();
    let error = block_on(client.call("Ping", json!({})).into_future()).unwrap_err();
    assert!(
        error.to_string().contains(
            "tiny has no endpoint rules: if the host is wrong, set its URL with --endpoint-url"
        ),
        "{error}"
    );
    let known = block_on(
        session
            .client("sqs")
            .unwrap()
            .call("ListQueues", json!({}))
            .into_future(),
    )
    .unwrap_err();
    assert!(!known.to_string().contains("endpoint rules"), "{known}");
}
