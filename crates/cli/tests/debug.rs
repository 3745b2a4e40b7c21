//! `--debug`: requests, responses, endpoints and attempts, without secrets and bodies.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};

use support::{CommandResult, Server, inia, run_command};

fn run(server: &Server, line: &str) -> CommandResult {
    run_command(
        inia("debug")
            .env("AWS_ENDPOINT_URL", &server.url)
            .env("AWS_MAX_ATTEMPTS", "2")
            .env("AWS_SECRET_ACCESS_KEY", "the-secret-key")
            .env("AWS_SESSION_TOKEN", "the-session-token")
            .args(line.split(' ')),
    )
}

/// Fails once, then responds with a body that the log must not contain.
fn failing_once() -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |_| {
        let body = br#"{"QueueUrls": ["http://q/in-the-response"]}"#.to_vec();
        let status = match count.fetch_add(1, Ordering::Relaxed) {
            0 => 503,
            _ => 200,
        };
        (status, "application/x-amz-json-1.0", body)
    })
}

#[test]
fn debug_works_at_any_position() {
    for line in [
        "--debug sqs list-queues --queue-name-prefix in-the-request",
        "sqs --debug list-queues --queue-name-prefix in-the-request",
        "sqs list-queues --debug --queue-name-prefix in-the-request",
        "sqs list-queues --queue-name-prefix in-the-request --debug",
    ] {
        let server = failing_once();
        let result = run(&server, line);
        assert_eq!(result.status, 0, "{line}: {result:?}");
        assert!(
            result.stdout.contains("in-the-response"),
            "{line}: {result:?}"
        );
        let log = &result.stderr;
        for part in [
            "request service=sqs operation=ListQueues attempt=1 method=POST",
            &format!("endpoint={}", server.url),
            "auth=SigV4 signing_name=sqs signing_region=us-east-1",
            "authorization: <redacted>",
            "x-amz-security-token: <redacted>",
            "x-amz-target: AmazonSQS.ListQueues",
            "response service=sqs operation=ListQueues attempt=1 status=503",
            "attempt failed",
            "request service=sqs operation=ListQueues attempt=2",
            "response service=sqs operation=ListQueues attempt=2 status=200",
            "content-type: application/x-amz-json-1.0",
        ] {
            assert!(log.contains(part), "{line}: {part}: {log}");
        }
        for secret in [
            "the-secret-key",
            "the-session-token",
            "in-the-request",
            "in-the-response",
            "Signature=",
        ] {
            assert!(!log.contains(secret), "{line}: {secret}: {log}");
        }
    }
}

#[test]
fn debug_hides_keys_and_tokens_in_headers_and_urls() {
    let server = Server::always(200, "application/json", "{}");
    for line in [
        "s3api head-object --bucket b --key k --sse-customer-algorithm AES256 --sse-customer-key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= --debug",
        "sso list-accounts --access-token secret-value --next-token secret-value --debug",
        "location get-map-glyphs --map-name m --font-stack f --font-unicode-range 0-255.pbf --key secret-value - --debug",
    ] {
        let result = run(&server, line);
        let log = &result.stderr;
        assert!(log.contains(" request service="), "{line}: {log}");
        for secret in ["MDEyMzQ1", "secret-value"] {
            assert!(!log.contains(secret), "{line}: {secret}: {log}");
        }
    }
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn debug_is_an_option_of_every_command() {
    let server = Server::always(200, "application/json", "{}");
    for line in [
        "--debug services",
        "configure list-profiles --debug",
        "sqs help --debug",
        "resource --debug",
    ] {
        assert_eq!(run(&server, line).status, 0, "{line}");
    }
}
