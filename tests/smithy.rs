//! Calls of services whose definitions are Smithy models: as files in `AWS_DATA_PATH`, and in memory.

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
