//! Explanations of calls: complete, offline, and without secrets.

use inia::config::Config;
use inia::config::ConfigFiles;
use inia::testing::StubSession;
use inia::{Credentials, ErrorKind, Result, Session, Value, json};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

const SECRET: &str = "hunter2";

fn session(files: &str, env: &[(&str, &str)]) -> Session {
    let ports = FakePorts::new(FakeEnv::of(env.iter().copied()), 1_767_323_045);
    Session::builder()
        .host(ports.host())
        .config_files(ConfigFiles::parse(files, "").unwrap())
        .build()
        .unwrap()
}

fn explain(session: &Session, service: &str, operation: &str, params: Value) -> Result<Value> {
    let client = session.client(service)?;
    let explanation = block_on(client.explain(operation, params).load())?;
    let text = explanation.to_string();
    assert!(!text.contains(SECRET), "{text}");
    Ok(explanation.to_value())
}

fn list(value: &Value, name: &str) -> Vec<String> {
    value
        .items()
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_bucket_call_shows_rules_settings_and_customizations() -> Result<()> {
    let session = session(
        "[default]\nregion = eu-west-1\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = hunter2\n",
        &[("AWS_MAX_ATTEMPTS", "4")],
    );
    let value = explain(
        &session,
        "s3",
        "GetObject",
        json!({"Bucket": "logs", "Key": "a/b", "SSECustomerKey": SECRET, "SSECustomerAlgorithm": "AES256"}),
    )?;
    assert_eq!(
        value["request"]["url"],
        "https://logs.s3.eu-west-1.amazonaws.com/a/b"
    );
    assert_eq!(
        value["request"]["headers"]["x-amz-server-side-encryption-customer-key"],
        "<redacted>"
    );
    let signature = value["request"]["headers"]["authorization"]
        .as_str()
        .unwrap();
    assert!(signature.starts_with("AWS4-HMAC-SHA256 Credential=<redacted>/20260102/eu-west-1/s3/aws4_request, SignedHeaders="), "{signature}");
    assert!(signature.ends_with("Signature=<redacted>"), "{signature}");
    assert_eq!(value["endpoint"]["parameters"]["Bucket"], "logs");
    let rules: Vec<&str> = value["endpoint"]["rules"]
        .items()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        rules
            .iter()
            .any(|rule| rule.contains("aws.isVirtualHostableS3Bucket(Bucket, false)")),
        "{rules:?}"
    );
    assert_eq!(value["auth"]["reason"], "the auth schemes of the endpoint");
    assert_eq!(value["credentials"]["source"], "config-file");
    assert_eq!(
        list(&value["credentials"]["providers"], "name")
            .last()
            .unwrap(),
        "config-file"
    );
    assert_eq!(value["credentials"]["providers"][0]["name"], "env");
    let settings = &value["settings"];
    assert_eq!(list(settings, "name"), ["region", "max_attempts"]);
    assert_eq!(
        list(settings, "source"),
        ["the profile's region", "AWS_MAX_ATTEMPTS"]
    );
    assert_eq!(
        value["retries"],
        json!({"mode": "standard", "max_attempts": 4, "max_delays": [0.05, 0.1, 0.2]})
    );
    let sources = list(&value["customizations"], "source");
    assert!(
        sources.iter().any(|source| source.contains("sse_md5")),
        "{sources:?}"
    );
    Ok(())
}

/// A profile with a role: the request to STS is not made, and the providers before it are listed.
#[test]
fn credentials_that_need_the_network_are_not_fetched() -> Result<()> {
    let session = session(
        "[default]\nregion = us-east-1\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n[profile base]\naws_access_key_id = AKID\naws_secret_access_key = hunter2\n",
        &[],
    );
    let value = explain(&session, "sqs", "ListQueues", json!({}))?;
    assert_eq!(
        value["credentials"]["source"],
        "not fetched: the provider asks the network or a command"
    );
    assert_eq!(
        list(&value["credentials"]["providers"], "name"),
        ["env", "assume-role"]
    );
    assert_eq!(
        value["credentials"]["providers"][1]["outcome"],
        "not asked without --with-credentials"
    );
    Ok(())
}

#[test]
fn commands_are_not_run() -> Result<()> {
    let session = session(
        "[default]\nregion = us-east-1\ncredential_process = /bin/keys\n",
        &[],
    );
    let value = explain(&session, "dynamodb", "ListTables", json!({}))?;
    assert_eq!(
        list(&value["credentials"]["providers"], "name")
            .last()
            .unwrap(),
        "custom-process"
    );
    assert!(
        value["credentials"]["source"]
            .as_str()
            .unwrap()
            .starts_with("not fetched")
    );
    Ok(())
}

/// Endpoint discovery and sessions of directory buckets would need requests.
#[test]
fn preparing_requests_are_not_sent() -> Result<()> {
    let stubs = StubSession::new()?;
    let session = stubs.session();
    let value = explain(
        &session,
        "timestream-query",
        "Query",
        json!({"QueryString": "SELECT 1"}),
    )?;
    assert!(
        value["request"]["url"]
            .as_str()
            .unwrap()
            .starts_with("https://query.timestream.us-east-1."),
        "{value}"
    );
    let value = explain(
        &session,
        "s3",
        "GetObject",
        json!({"Bucket": "logs--use1-az4--x-s3", "Key": "a"}),
    )?;
    assert_eq!(value["auth"]["scheme"], "sigv4-s3express");
    assert!(!value["auth"]["session"].is_null());
    assert!(stubs.calls().is_empty());
    Ok(())
}

#[test]
fn secrets_in_bodies_and_settings_are_hidden() -> Result<()> {
    let config = Config::new()
        .endpoint_url("http://127.0.0.1:4566")
        .region("us-east-1");
    let session = Session::builder()
        .credentials(Credentials::new("AKID", SECRET, Some(SECRET)))
        .config(&config)
        .build()?;
    let params = json!({"SecretId": "db", "SecretString": SECRET});
    let value = explain(&session, "secretsmanager", "PutSecretValue", params)?;
    assert!(
        value["request"]["body"]
            .as_str()
            .unwrap()
            .contains(r#""SecretString":"REDACTED""#),
        "{value}"
    );
    assert_eq!(
        value["request"]["headers"]["x-amz-security-token"],
        "<redacted>"
    );
    assert!(list(&value["settings"], "name").contains(&"endpoint_url".to_owned()));
    let value = explain(
        &session,
        "rds",
        "ModifyDBInstance",
        json!({"DBInstanceIdentifier": "d", "MasterUserPassword": SECRET}),
    )?;
    assert!(
        value["request"]["body"]
            .as_str()
            .unwrap()
            .contains("MasterUserPassword=REDACTED"),
        "{value}"
    );
    Ok(())
}

#[test]
fn wrong_parameters_fail_as_in_a_call() {
    let session = session(
        "[default]\nregion = us-east-1\n",
        &[("AWS_EC2_METADATA_DISABLED", "true")],
    );
    let error = explain(&session, "sqs", "SendMessage", json!({"QueueUrl": "q"})).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Validation, Some("SendMessage"))
    );
    // A call without credentials can be explained: it lists the providers that have none.
    let value = explain(&session, "sqs", "ListQueues", json!({})).unwrap();
    assert_eq!(value["credentials"]["source"], "none");
    assert_eq!(value["credentials"]["providers"].items().len(), 12);
}
