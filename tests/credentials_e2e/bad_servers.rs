//! Servers that hang, send invalid responses or never finish: a clear error in bounded time.

use std::time::Duration;

use crate::loopback::{Reply, Server, response};
use crate::machine::{TestMachine, Trials, contains, keys, sts};

pub(crate) const TRIALS: Trials = &[
    ("a failing instance metadata service", instance),
    (
        "an instance metadata service that fails after the token",
        instance_half_way,
    ),
    ("a container's endpoint", container),
    ("an SSO portal", portal),
];

type FailingServer = (&'static str, fn() -> Reply, &'static str);

const FAILURES: [FailingServer; 8] = [
    ("hangs", || Reply::Hang, "no response within"),
    ("never ends", || Reply::Endless, "bytes"),
    ("sends an endless header section", || Reply::EndlessHead, ""),
    ("sends invalid HTTP", || Reply::Garbage, ""),
    ("hangs up", || Reply::Cut, ""),
    (
        "sends invalid JSON",
        || response(200, "hush-not-json"),
        "JSON",
    ),
    (
        "sends no keys",
        || response(200, r#"{"Code": "Success", "Token": "hush-token"}"#),
        "",
    ),
    ("returns an error", || response(500, "hush-inside"), "500"),
];

fn instance() {
    for (label, reply, _) in FAILURES {
        let server = Server::start(move |_| reply());
        let machine = TestMachine::new("")
            .env("AWS_EC2_METADATA_DISABLED", "false")
            .env("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
        // At most two attempts of one second each for the token, the profile and the keys.
        let error = machine.error_within(Duration::from_secs(8));
        assert!(error.contains("iam-role"), "{label}: {error}");
    }
}

fn instance_half_way() {
    for (label, reply, message) in FAILURES {
        let server = Server::start(move |request| match request.target.as_str() {
            "/latest/api/token" => response(200, "hush-session"),
            target if target.ends_with("credentials/") || target.ends_with("-extended") => {
                response(200, "box")
            }
            _ => reply(),
        });
        let machine = TestMachine::new("")
            .env("AWS_EC2_METADATA_DISABLED", "false")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
        let error = machine.error_within(Duration::from_secs(8));
        assert!(
            error.contains("iam-role") && error.contains(message),
            "{label}: {error}"
        );
    }
}

fn container() {
    for (label, reply, message) in FAILURES {
        let server = Server::start(move |_| reply());
        let machine = TestMachine::new("")
            .env(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                format!("{}/creds", server.url),
            )
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush-authorization");
        // Three attempts of two seconds each.
        let error = machine.error_within(Duration::from_secs(10));
        assert!(
            error.contains("container-role") && error.contains(message),
            "{label}: {error}"
        );
    }
    // An invalid response is retried.
    let services = Server::start(sts);
    let lied = std::sync::atomic::AtomicBool::new(false);
    let server =
        Server::start(
            move |_| match lied.swap(true, std::sync::atomic::Ordering::SeqCst) {
                false => Reply::Cut,
                true => response(200, keys("task", 3600)),
            },
        );
    TestMachine::new("")
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/creds", server.url),
        )
        .call()
        .unwrap();
}

fn portal() {
    for (label, reply) in [
        ("sends invalid HTTP", (|| Reply::Garbage) as fn() -> Reply),
        ("hangs up", || Reply::Cut),
        ("sends invalid JSON", || response(200, "hush-not-json")),
        ("sends no keys", || {
            response(
                200,
                r#"{"roleCredentials": {"sessionToken": "hush-token"}}"#,
            )
        }),
        ("rejects the token", || {
            response(
                401,
                r#"{"__type": "UnauthorizedException", "message": "Session token not found or invalid"}"#,
            )
        }),
    ] {
        let server = Server::start(move |_| reply());
        let machine = TestMachine::new(
            "[default]\nsso_start_url = https://x\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = r\n",
        )
        .env("AWS_ENDPOINT_URL", &server.url);
        // SHA-1 of the start URL.
        machine.write(
            ".aws/sso/cache/98383e6608d65e46b24bbd92582bc8d916605a21.json",
            r#"{"startUrl": "https://x", "region": "us-east-1", "accessToken": "hush-access", "expiresAt": "2099-01-01T00:00:00Z"}"#,
        );
        let error = machine.error_within(Duration::from_secs(10));
        contains(&error, &["sso"]);
        if label == "rejects the token" {
            contains(&error, &["log in again"]);
        }
        assert!(!server.requests().is_empty(), "{label}: {error}");
    }
}
