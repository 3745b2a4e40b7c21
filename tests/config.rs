//! Suites for config files and settings, one trial per case.
//!
//! - `profiles/<n> <name>`: first suite of the profile parser, `sections/<n> <name>`: second suite
//! - `botocore/<n>`: odd names and values, and the result of botocore for each
//! - `locations/<n> <name>`, `more-locations/<n> <name>`: locations of the config files
//! - `trace/<n>`: the trace header of whole calls within Lambda
//! - `endpoint-urls/<name>`: botocore's configured endpoint URLs, `cfg/<file>`: the files of its unit tests
//!
//! The data is `config` below `INIA_CONFORMANCE` or `../shared/conformance`, and botocore's source archive below `INIA_PEERS` or
//! `target/peers`.

// A case fails by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod fakes;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use fakes::{FakeEnv, FakePorts, block_on};
use inia::{
    Credentials, Session, protocol::Headers, transport::Transport, transport::WireRequest,
    transport::WireResponse,
};
use inia_core::config::{Config, ConfigFiles, FileLocations, Platform, Section, Settings};
use inia_core::ports::BoxFuture;
use serde_json::{Value as Json, json};
use support::Case;

fn main() -> ExitCode {
    let mut cases = Vec::new();
    match support::conformance_dir("config") {
        Some(dir) => {
            parser_cases(&dir, &mut cases);
            location_cases(&dir, &mut cases);
            trace_cases(&dir, &mut cases);
        }
        None => cases.push(Case::unavailable("the suites of config files")),
    }
    botocore_cases(&mut cases);
    match botocore_tests() {
        Some(tests) => {
            endpoint_url_cases(&tests, &mut cases);
            cfg_cases(&tests.join("unit").join("cfg"), &mut cases);
        }
        None => cases.push(Case::unavailable("botocore's tests of config files")),
    }
    support::run("config", cases)
}

/// Returns `tests` of the botocore source archive.
fn botocore_tests() -> Option<PathBuf> {
    Some(support::botocore_source()?.join("tests"))
}

fn read_json(path: &Path) -> Json {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn tests_of(path: &Path) -> Vec<Json> {
    read_json(path)["tests"].as_array().unwrap().clone()
}

fn parser_cases(dir: &Path, cases: &mut Vec<Case>) {
    for (suite, file) in [
        ("profiles", "profile-parser-tests.json"),
        ("sections", "config-file-parser-tests.json"),
    ] {
        for (number, test) in tests_of(&dir.join(file)).into_iter().enumerate() {
            let name = test["name"].as_str().unwrap();
            let id = format!("{suite}/{} {name}", number + 1);
            cases.push(Case::new(id, move || parser(&test)));
        }
    }
}

fn parser(test: &Json) -> Result<(), String> {
    let input = |name: &str| test["input"][name].as_str().unwrap_or_default();
    let parsed = ConfigFiles::parse(input("configFile"), input("credentialsFile"));
    let output = &test["output"];
    if let Some(wording) = output["errorContaining"].as_str() {
        // The two suites use different wording for the same errors.
        let wording = match wording {
            "Profile definition must end with ']'" => "Section definition must end with ']'",
            "Expected a profile definition" => "Expected a section definition",
            "Expected an '=' sign defining a sub-property" => {
                "Expected an '=' sign defining a property in sub-property"
            }
            "Sub-property did not have a name" => "Property did not have a name in sub-property",
            other => other,
        };
        let error = parsed
            .err()
            .ok_or_else(|| format!("expected the error `{wording}`, got none"))?;
        return equal(
            &Json::from(error.to_string().contains(wording)),
            &json!(true),
        )
        .map_err(|_| format!("`{error}` does not contain `{wording}`"));
    }
    let files = parsed.map_err(|error| error.to_string())?;
    // The first suite has sub-properties as text and uses another key for sso-sessions.
    let (expected, nested) = match output.get("config") {
        Some(config) => (config, false),
        None => (output, true),
    };
    let profiles: Vec<&str> = files.profile_names().collect();
    let sessions: Vec<&str> = files.sso_session_names().collect();
    if let Some(expected) = expected.get("profiles") {
        let actual = sections(profiles, |name| files.profile(name), nested);
        equal(&actual, expected)?;
    }
    for key in ["ssoSessions", "sso_sessions"] {
        if let Some(expected) = expected.get(key) {
            let actual = sections(sessions.clone(), |name| files.sso_session(name), nested);
            equal(&actual, expected)?;
        }
    }
    Ok(())
}

fn sections<'a>(
    names: Vec<&'a str>,
    get: impl Fn(&str) -> Option<&'a Section>,
    nested: bool,
) -> Json {
    let section = |name: &str| -> Json {
        let properties = get(name).unwrap().properties().map(|(name, property)| {
            let value = match property.nested() {
                Some(subs) if nested => subs.map(|(name, value)| (name, json!(value))).collect(),
                _ => json!(property.value()),
            };
            (name.to_owned(), value)
        });
        properties.collect()
    };
    names
        .into_iter()
        .map(|name| (name.to_owned(), section(name)))
        .collect()
}

fn equal(actual: &Json, expected: &Json) -> Result<(), String> {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("actual {actual}, expected {expected}"))
    }
}

/// Cases with the `full_config` of a botocore session. A row with a `difference` has inia's result too.
fn botocore_cases(cases: &mut Vec<Case>) {
    let rows: Vec<Json> = serde_json::from_str(include_str!("config/botocore.json")).unwrap();
    for (number, row) in rows.into_iter().enumerate() {
        cases.push(Case::new(format!("botocore/{}", number + 1), move || {
            same_as_botocore(&row)
        }));
    }
}

fn same_as_botocore(row: &Json) -> Result<(), String> {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let expected = row.get("inia").unwrap_or(row);
    let files = match ConfigFiles::parse(text("config"), text("credentials")) {
        Ok(files) => files,
        Err(error) if expected["error"] == true => {
            return equal(&json!(error.kind().as_str()), &json!("config"));
        }
        Err(error) => return Err(error.to_string()),
    };
    let none = json!({});
    for (key, actual) in [
        (
            "profiles",
            sections(files.profile_names().collect(), |n| files.profile(n), true),
        ),
        (
            "sso_sessions",
            sections(
                files.sso_session_names().collect(),
                |n| files.sso_session(n),
                true,
            ),
        ),
    ] {
        equal(&actual, expected.get(key).unwrap_or(&none))?;
    }
    for (name, properties) in expected["services"].as_object().into_iter().flatten() {
        let services = sections(vec![name], |n| files.services(n), true);
        equal(&services[name], properties)?;
    }
    Ok(())
}

fn location_cases(dir: &Path, cases: &mut Vec<Case>) {
    for (suite, file) in [
        ("locations", "file-location-tests.json"),
        ("more-locations", "config-file-location-tests.json"),
    ] {
        for (number, test) in tests_of(&dir.join(file)).into_iter().enumerate() {
            let name = test["name"].as_str().unwrap();
            let id = format!("{suite}/{} {name}", number + 1);
            cases.push(Case::new(id, move || locations(&test)));
        }
    }
}

fn locations(test: &Json) -> Result<(), String> {
    let mut env = FakeEnv::of(strings(&test["environment"]));
    env.home = test["languageSpecificHome"].as_str().map(PathBuf::from);
    let platform = match test["platform"].as_str().unwrap() {
        "windows" => Platform::Windows,
        _ => Platform::Unix,
    };
    let locations = FileLocations::resolve(&env, platform);
    let actual = json!([locations.config, locations.credentials]);
    equal(
        &actual,
        &json!([test["configLocation"], test["credentialsLocation"]]),
    )?;
    if let Some(profile) = test["profile"].as_str() {
        let files = ConfigFiles::parse("[profile other]", "").unwrap();
        let settings = Settings::new(Arc::new(env), Arc::new(files), None, BTreeMap::new())
            .map_err(|error| error.to_string())?;
        equal(&json!(settings.profile_name()), &json!(profile))?;
    }
    Ok(())
}

fn strings(object: &Json) -> Vec<(String, String)> {
    let text = |(name, value): (&String, &Json)| (name.clone(), value.as_str().unwrap().to_owned());
    object.as_object().unwrap().iter().map(text).collect()
}

fn trace_cases(dir: &Path, cases: &mut Vec<Case>) {
    let tests = read_json(&dir.join("recursion-detection.json"));
    for (number, test) in tests.as_array().unwrap().iter().enumerate() {
        let test = test.clone();
        cases.push(Case::new(format!("trace/{}", number + 1), move || {
            trace_header_of_call(&test)
        }));
    }
}

/// Makes a call with the headers of the test, and checks the trace header of its request.
fn trace_header_of_call(test: &Json) -> Result<(), String> {
    let headers = |name: &str| -> Vec<(String, String)> {
        let headers = test[name].as_array().unwrap().iter();
        let pair = |header: &Json| {
            let (name, value) = header.as_str().unwrap().split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        headers.map(pair).collect()
    };
    let transport = Arc::new(TraceRecorder::default());
    let ports = FakePorts::new(FakeEnv::of(strings(&test["env"])), 0);
    let session = Session::builder()
        .host(ports.host())
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(transport.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let sqs = session.client("sqs").map_err(|error| error.to_string())?;
    let mut call = sqs.call("ListQueues", inia::json!({}));
    for (name, value) in headers("requestHeadersBefore") {
        call = call.header(&name, value);
    }
    block_on(call.send()).map_err(|error| error.to_string())?;
    let sent = transport.0.lock().unwrap().clone();
    equal(&json!(sent), &json!(headers("requestHeadersAfter")))
}

/// Records the trace headers of requests.
#[derive(Debug, Default)]
struct TraceRecorder(Mutex<Vec<(String, String)>>);

impl Transport for TraceRecorder {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, inia::Result<WireResponse>> {
        let headers = request.headers.iter();
        let headers = headers.filter(|(name, _)| **name == *"x-amzn-trace-id");
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_string()));
        self.0.lock().unwrap().extend(headers);
        Box::pin(std::future::ready(Ok(WireResponse {
            status: 200,
            headers: Headers::new(),
            body: "{}".into(),
        })))
    }
}

fn endpoint_url_cases(tests: &Path, cases: &mut Vec<Case>) {
    let path = tests.join("functional/configured_endpoint_urls/profile-tests.json");
    let suite = Arc::new(read_json(&path)["testSuites"][0].clone());
    for test in suite["endpointUrlTests"].as_array().unwrap() {
        let id = format!("endpoint-urls/{}", test["name"].as_str().unwrap());
        let (suite, test) = (Arc::clone(&suite), test.clone());
        cases.push(Case::new(id, move || endpoint_url(&suite, &test)));
    }
}

fn endpoint_url(suite: &Json, test: &Json) -> Result<(), String> {
    let text = |name: &str| test[name].as_str().unwrap();
    let profile = &suite["profiles"][text("profile")];
    let mut file = section(&format!("profile {}", text("profile")), profile);
    if let Some(services) = profile["services"].as_str() {
        file.push_str(&section(
            &format!("services {services}"),
            &suite["services"][services],
        ));
    }
    let env = strings(&suite["environments"][text("environment")]);
    let ports = FakePorts::new(FakeEnv::of(env), 0);
    let session = Session::builder()
        .host(ports.host())
        .profile(text("profile"))
        .config_files(ConfigFiles::parse(&file, "").unwrap())
        .build()
        .map_err(|error| error.to_string())?;
    let client_config = &suite["client_configs"][text("client_config")];
    let mut config = Config::new();
    if let Some(url) = client_config["endpoint_url"].as_str() {
        config = config.endpoint_url(url);
    }
    if let Some(ignore) = client_config["ignore_configured_endpoint_urls"].as_bool() {
        config = config.ignore_configured_endpoint_urls(ignore);
    }
    let client = session
        .client_with(text("service"), &config)
        .map_err(|error| error.to_string())?;
    let settings = client.settings();
    // Without a configured URL, the endpoint is that of the service's rule set.
    let url = settings.endpoint_url.as_deref().map_or_else(
        || {
            format!(
                "https://{}.{}.amazonaws.com",
                client.service_name(),
                settings.region.as_deref().unwrap()
            )
        },
        str::to_owned,
    );
    equal(&json!(url), &test["output"]["endpointUrl"])
}

/// Formats a section of a config file; objects are sub-properties.
fn section(heading: &str, properties: &Json) -> String {
    let mut text = format!("[{heading}]\n");
    for (name, value) in properties.as_object().unwrap() {
        match value {
            Json::Object(subs) => {
                text.push_str(&format!("{name} =\n"));
                for (name, value) in subs {
                    text.push_str(&format!("  {name}={}\n", value.as_str().unwrap()));
                }
            }
            value => text.push_str(&format!("{name}={}\n", value.as_str().unwrap())),
        }
    }
    text.push('\n');
    text
}

/// Expectations of botocore's `tests/unit/test_configloader.py` for its files: the profiles and sections that it
/// asserts, or an error.
fn cfg_cases(dir: &Path, cases: &mut Vec<Case>) {
    let files: [(&str, Option<Json>); 11] = [
        (
            "aws_config",
            Some(json!({
                "default": {"aws_access_key_id": "foo", "aws_secret_access_key": "bar"},
                "personal": {"aws_access_key_id": "fie", "aws_secret_access_key": "baz", "aws_security_token": "fiebaz"}
            })),
        ),
        (
            "aws_config_other",
            Some(json!({
                "default": {"aws_access_key_id": "other_foo", "aws_secret_access_key": "other_bar"},
                "personal": {"aws_access_key_id": "fie", "aws_secret_access_key": "baz", "aws_security_token": "fiebaz"}
            })),
        ),
        (
            "aws_third_config",
            Some(json!({
                "default": {"aws_access_key_id": "third_foo", "aws_secret_access_key": "third_bar"},
                "third": {"aws_access_key_id": "third_fie", "aws_secret_access_key": "third_baz", "aws_security_token": "third_fiebaz"}
            })),
        ),
        (
            "aws_config_nested",
            Some(json!({
                "default": {
                    "aws_access_key_id": "foo", "aws_secret_access_key": "bar", "region": "us-west-2",
                    "s3": {"signature_version": "s3v4", "addressing_style": "path"},
                    "cloudwatch": {"signature_version": "v4"}
                }
            })),
        ),
        (
            "aws_config_nocreds",
            Some(json!({"default": {"region": "us-west-2"}})),
        ),
        (
            "aws_bad_profile",
            Some(json!({
                "default": {"aws_access_key_id": "default", "aws_secret_access_key": "default"},
                "my profile": {"aws_access_key_id": "default", "aws_secret_access_key": "default"},
                "personal1": {"aws_access_key_id": "access_personal1", "aws_secret_access_key": "key_personal1"}
            })),
        ),
        (
            "foo_config",
            Some(json!({
                "default": {"aws_access_key_id": "foo", "aws_secret_access_key": "bar", "foo_region": "us-west-1"},
                "foo": {"aws_access_key_id": "fie", "aws_secret_access_key": "baz"}
            })),
        ),
        (
            "aws_services_config",
            Some(json!({
                "default": {"endpoint_url": "https://localhost:1234/", "services": "my-services"},
                "[services my-services]": {
                    "s3": {"endpoint_url": "https://localhost:5678/"},
                    "dynamodb": {"endpoint_url": "https://localhost:8888/"}
                }
            })),
        ),
        ("aws_config_bad", None),
        ("aws_config_badbytes", None),
        ("aws_config_nested_bad", None),
    ];
    for (name, expected) in files {
        let path = dir.join(name);
        cases.push(Case::new(format!("cfg/{name}"), move || {
            cfg(&path, expected)
        }));
    }
    let path = dir.join("aws_sso_session_config");
    cases.push(Case::new("cfg/aws_sso_session_config", move || {
        let files = ConfigFiles::parse(&std::fs::read_to_string(path).unwrap(), "").unwrap();
        let session = files.sso_session("sso").ok_or("no sso-session")?;
        equal(&json!(session.get("sso_region")), &json!("us-east-1"))?;
        equal(
            &json!(session.get("sso_start_url")),
            &json!("https://example.com"),
        )
    }));
}

fn cfg(path: &Path, expected: Option<Json>) -> Result<(), String> {
    let ports = FakePorts::new(FakeEnv::default(), 0);
    ports.files.put("/config", std::fs::read(path).unwrap());
    let locations = FileLocations {
        config: "/config".into(),
        credentials: "/credentials".into(),
    };
    let files = match (ConfigFiles::load(&*ports.files, locations), &expected) {
        (Ok(files), Some(_)) => files,
        (Err(error), None) => {
            let message = error.to_string();
            return match message.strip_prefix("/config:") {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => Ok(()),
                _ => Err(format!("the error has no line number: {error}")),
            };
        }
        (Ok(_), None) => return Err("no error".to_owned()),
        (Err(error), Some(_)) => return Err(error.to_string()),
    };
    let mut actual = sections(
        files.profile_names().collect(),
        |name| files.profile(name),
        true,
    );
    if let Some(services) = files.services("my-services") {
        actual["[services my-services]"] = sections(vec![""], |_| Some(services), true)[""].clone();
    }
    equal(&actual, &expected.unwrap())
}
