//! The instance metadata service and container endpoints.

use std::time::Duration;

use crate::loopback::{Reply, Request, Server, response};
use crate::machine::{TestMachine, Trials, contains, features, keys, signers, sts};

pub(crate) const TRIALS: Trials = &[
    ("an instance is accessed with a session token", session),
    (
        "an instance without session tokens falls back to IMDSv1",
        first_version,
    ),
    ("IMDSv1 is not used if disabled", first_version_disabled),
    (
        "an instance without a profile has no credentials",
        no_profile,
    ),
    ("the region of defaults_mode auto is the instance's", region),
    ("a task's relative URI", relative),
    ("a full URI with a token", full),
    ("a pod's token file is read for each request", pod),
    ("a remote host without TLS is rejected", foreign_host),
];

fn instance(request: &Request) -> Reply {
    match (request.method.as_str(), request.target.as_str()) {
        ("PUT", "/latest/api/token") => response(200, "hush-session"),
        _ if request.header("x-aws-ec2-metadata-token") != Some("hush-session") => {
            response(401, "")
        }
        (_, target) => unprotected(target),
    }
}

fn unprotected(target: &str) -> Reply {
    match target.trim_end_matches('/') {
        "/latest/meta-data/iam/security-credentials" => response(200, "box"),
        "/latest/meta-data/iam/security-credentials/box" => response(200, keys("box", 3600)),
        "/latest/meta-data/placement/region" => response(200, "us-east-1"),
        _ => response(404, ""),
    }
}

fn machine(metadata: &Server, services: &Server) -> TestMachine {
    TestMachine::new("")
        .env("AWS_EC2_METADATA_DISABLED", "false")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url)
        .env("AWS_ENDPOINT_URL_STS", &services.url)
}

fn session() {
    let (metadata, services) = (Server::start(instance), Server::start(sts));
    machine(&metadata, &services).call().unwrap();
    assert_eq!(signers(&services), [Some("AKID-box".to_owned())]);
    let request_lines = metadata.request_lines();
    assert_eq!(request_lines[0], "PUT /latest/api/token");
    assert!(
        request_lines
            .iter()
            .any(|line| line.ends_with("/security-credentials/box")),
        "{request_lines:?}"
    );
    let token = services.requests()[0]
        .header("x-amz-security-token")
        .map(str::to_owned);
    assert_eq!(token.as_deref(), Some("hush-token-box"));
    assert_eq!(features(&services), ["E,N,Z,b,0"]);
}

fn first_version() {
    for status in [403, 404, 405] {
        let services = Server::start(sts);
        let metadata = Server::start(move |request| match request.method.as_str() {
            "PUT" => response(status, ""),
            _ => unprotected(&request.target),
        });
        machine(&metadata, &services).call().unwrap();
        assert_eq!(
            signers(&services),
            [Some("AKID-box".to_owned())],
            "{status}"
        );
        let last = metadata.requests().pop().unwrap();
        assert_eq!(last.header("x-aws-ec2-metadata-token"), None);
    }
}

fn first_version_disabled() {
    let services = Server::start(sts);
    let metadata = Server::start(|request| match request.method.as_str() {
        "PUT" => response(404, ""),
        _ => unprotected(&request.target),
    });
    let machine = machine(&metadata, &services).env("AWS_EC2_METADATA_V1_DISABLED", "true");
    let error = machine.error_within(Duration::from_secs(5));
    contains(&error, &["iam-role", "IMDSv1 is disabled"]);
    assert_eq!(metadata.requests().len(), 1);
}

fn no_profile() {
    let services = Server::start(sts);
    let metadata = Server::start(|request| match request.method.as_str() {
        "PUT" => response(200, "hush-session"),
        _ => response(404, ""),
    });
    let error = machine(&metadata, &services).error_within(Duration::from_secs(5));
    contains(&error, &["iam-role", "the instance has no role"]);
    assert!(services.requests().is_empty());
}

fn region() {
    let (metadata, services) = (Server::start(instance), Server::start(sts));
    let machine = machine(&metadata, &services)
        .env("AWS_DEFAULTS_MODE", "auto")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "hush-key");
    machine.call().unwrap();
    assert_eq!(
        metadata.request_lines(),
        [
            "PUT /latest/api/token",
            "GET /latest/meta-data/placement/region"
        ]
    );
}

fn relative() {
    let services = Server::start(sts);
    let task = Server::start(|_| response(200, keys("task", 3600)));
    let mut machine = TestMachine::new("")
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "/v2/credentials/1",
        );
    machine.task_port = Some(task.port);
    machine.call().unwrap();
    assert_eq!(task.request_lines(), ["GET /v2/credentials/1"]);
    assert_eq!(signers(&services), [Some("AKID-task".to_owned())]);
    assert_eq!(features(&services), ["E,N,Z,b,z"]);
}

fn full() {
    let services = Server::start(sts);
    let task = Server::start(|request| match request.header("authorization") {
        Some("hush-authorization") => response(200, keys("task", 3600)),
        _ => response(
            401,
            r#"{"code": "Unauthorized", "message": "who are you?"}"#,
        ),
    });
    let machine = TestMachine::new("")
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/get?x=1", task.url),
        );
    let error = machine.error_within(Duration::from_secs(10));
    contains(
        &error,
        &[
            "container-role",
            "HTTP 401: Unauthorized who are you?",
            "3 attempts",
        ],
    );
    let machine = machine.env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush-authorization");
    machine.call().unwrap();
    assert_eq!(
        task.request_lines().last().map(String::as_str),
        Some("GET /get?x=1")
    );
    assert_eq!(signers(&services), [Some("AKID-task".to_owned())]);
}

fn pod() {
    let services = Server::start(sts);
    let pod = Server::start(|_| response(200, keys("pod", 3600)));
    let machine = TestMachine::new("");
    machine.write("token", "hush-pod-1");
    let path = machine.path("token").to_string_lossy().into_owned();
    let machine = machine
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/v1/credentials", pod.url),
        )
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush-not-this-one")
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
    machine.call().unwrap();
    machine.write("token", "hush-pod-2");
    machine.call().unwrap();
    let shown: Vec<_> = pod
        .requests()
        .iter()
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(
        shown,
        [Some("hush-pod-1".to_owned()), Some("hush-pod-2".to_owned())]
    );
}

fn foreign_host() {
    let machine = TestMachine::new("")
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://192.0.2.1/creds",
        )
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush-authorization");
    let error = machine.error_within(Duration::from_secs(2));
    contains(&error, &["192.0.2.1", "requires https"]);
}
