//! `--explain`: the call as it would be made, and nothing sent.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use support::{Server, inia, run_command};

#[test]
fn explain_prints_the_call_and_sends_nothing() {
    let server = Server::always(500, "text/xml", "");
    let mut command = inia("explain");
    command
        .env("AWS_ENDPOINT_URL", &server.url)
        .args([
            "sts",
            "assume-role",
            "--role-arn",
            "arn:aws:iam::123456789012:role/reader",
        ])
        .args(["--role-session-name", "test", "--explain"]);
    let result = run_command(&mut command);
    assert_eq!(result.status, 0, "{}", result.stderr);
    for line in [
        "operation: AssumeRole",
        "  method: POST",
        "  scheme: sigv4",
        "  source: env",
        "  access_key_id: ****************AKID",
        "  max_attempts: 1",
        "  region: us-east-1: AWS_REGION",
    ] {
        assert!(
            result.stdout.lines().any(|printed| printed == line),
            "{line}:\n{}",
            result.stdout
        );
    }
    assert!(!result.stdout.contains("secret\n"));
    assert!(server.requests().is_empty());
}

#[test]
fn explain_as_json_has_the_request() {
    let mut command = inia("explain-json");
    command.args([
        "sqs",
        "list-queues",
        "--explain",
        "--query",
        "request.url",
        "--output",
        "text",
    ]);
    let result = run_command(&mut command);
    assert_eq!(
        result.stdout, "https://sqs.us-east-1.amazonaws.com/\n",
        "{}",
        result.stderr
    );
}

#[test]
fn with_credentials_has_no_effect_alone() {
    let mut command = inia("explain-alone");
    command.args(["sqs", "list-queues", "--with-credentials"]);
    let result = run_command(&mut command);
    assert!(
        result
            .stderr
            .contains("--with-credentials has no effect without --explain"),
        "{}",
        result.stderr
    );
}
