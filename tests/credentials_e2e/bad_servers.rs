//! Servers that hang, lie or never end: a clear error, in bounded time.

use std::time::Duration;

use crate::loopback::{Reply, Server, answer};
use crate::world::{Trials, World, contains, keys, sts};

pub(crate) const TRIALS: Trials = &[
    ("an instance metadata service", instance),
    (
        "an instance metadata service that changes its mind",
        instance_half_way,
    ),
    ("a container's endpoint", container),
    ("an SSO portal", portal),
];

type Bad = (&'static str, fn() -> Reply, &'static str);

const BAD: [Bad; 8] = [
    ("hangs", || Reply::Hang, "no answer within"),
    ("never ends", || Reply::Endless, "bytes"),
    ("has a head that never ends", || Reply::EndlessHead, ""),
    ("speaks no HTTP", || Reply::Garbage, ""),
    ("hangs up", || Reply::Cut, ""),
    ("gives no JSON", || answer(200, "hush-not-json"), "JSON"),
    (
        "gives no keys",
        || answer(200, r#"{"Code": "Success", "Token": "hush-token"}"#),
        "",
    ),
    ("is out of order", || answer(500, "hush-inside"), "500"),
];

fn instance() {
    for (what, reply, _) in BAD {
        let server = Server::start(move |_| reply());
        let world = World::new("")
            .env("AWS_EC2_METADATA_DISABLED", "false")
            .env("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
        // Two attempts of a second each, for the session's token, the profile and the keys at most.
        let error = world.error_within(Duration::from_secs(8));
        assert!(error.contains("iam-role"), "{what}: {error}");
    }
}

fn instance_half_way() {
    for (what, reply, message) in BAD {
        let server = Server::start(move |request| match request.target.as_str() {
            "/latest/api/token" => answer(200, "hush-session"),
            target if target.ends_with("credentials/") || target.ends_with("-extended") => {
                answer(200, "box")
            }
            _ => reply(),
        });
        let world = World::new("")
            .env("AWS_EC2_METADATA_DISABLED", "false")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
        let error = world.error_within(Duration::from_secs(8));
        assert!(
            error.contains("iam-role") && error.contains(message),
            "{what}: {error}"
        );
    }
}

fn container() {
    for (what, reply, message) in BAD {
        let server = Server::start(move |_| reply());
        let world = World::new("")
            .env(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                format!("{}/creds", server.url),
            )
            .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush-authorization");
        // Three attempts of two seconds.
        let error = world.error_within(Duration::from_secs(10));
        assert!(
            error.contains("container-role") && error.contains(message),
            "{what}: {error}"
        );
    }
    // What lies once and tells the truth then is believed.
    let services = Server::start(sts);
    let lied = std::sync::atomic::AtomicBool::new(false);
    let server =
        Server::start(
            move |_| match lied.swap(true, std::sync::atomic::Ordering::SeqCst) {
                false => Reply::Cut,
                true => answer(200, keys("task", 3600)),
            },
        );
    World::new("")
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/creds", server.url),
        )
        .call()
        .unwrap();
}

fn portal() {
    for (what, reply) in [
        ("speaks no HTTP", (|| Reply::Garbage) as fn() -> Reply),
        ("hangs up", || Reply::Cut),
        ("gives no JSON", || answer(200, "hush-not-json")),
        ("gives no keys", || {
            answer(
                200,
                r#"{"roleCredentials": {"sessionToken": "hush-token"}}"#,
            )
        }),
        ("does not know the token", || {
            answer(
                401,
                r#"{"__type": "UnauthorizedException", "message": "Session token not found or invalid"}"#,
            )
        }),
    ] {
        let server = Server::start(move |_| reply());
        let world = World::new(
            "[default]\nsso_start_url = https://x\nsso_region = us-east-1\nsso_account_id = 1\nsso_role_name = r\n",
        )
        .env("AWS_ENDPOINT_URL", &server.url);
        // The SHA-1 of the start URL.
        world.write(
            ".aws/sso/cache/98383e6608d65e46b24bbd92582bc8d916605a21.json",
            r#"{"startUrl": "https://x", "region": "us-east-1", "accessToken": "hush-access", "expiresAt": "2099-01-01T00:00:00Z"}"#,
        );
        let error = world.error_within(Duration::from_secs(10));
        contains(&error, &["sso"]);
        if what == "does not know the token" {
            contains(&error, &["log in again"]);
        }
        assert!(!server.requests().is_empty(), "{what}: {error}");
    }
}
