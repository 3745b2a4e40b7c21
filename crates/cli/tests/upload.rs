//! Bodies from the standard input, and binary values of text options.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use support::{CommandResult, Server, fresh_home, inia, run_command, run_with_input};

/// Runs a command line against a server, with a standard input.
fn run(test: &str, server: &Server, line: &str, input: &[u8]) -> CommandResult {
    let mut command = inia(test);
    command
        .env("AWS_ENDPOINT_URL", &server.url)
        .args(line.split(' '));
    run_with_input(&mut command, input)
}

#[test]
fn uploads_the_standard_input() {
    let paths: &[&str] = if cfg!(unix) {
        &["-", "/dev/stdin"]
    } else {
        &["-"]
    };
    for path in paths {
        let server = Server::always(200, "text/plain", "");
        let line = format!("s3 put-object --bucket b --key k --body {path}");
        let result = run("stdin", &server, &line, b"from a pipe");
        assert_eq!((result.status, result.stderr.as_str()), (0, ""), "{path}");
        let requests = server.requests();
        assert_eq!(requests[0].body, b"from a pipe");
        assert_eq!(requests[0].header("content-length"), Some("11"));
        assert_eq!(requests[0].header("transfer-encoding"), None);
    }
}

#[test]
fn standard_input_that_is_too_long_for_one_request_says_what_to_do() {
    let server = Server::always(200, "text/plain", "");
    let line = "s3 put-object --bucket b --key k --body -";
    let result = run("long-stdin", &server, line, &vec![0; 9 << 20]);
    assert_ne!(result.status, 0);
    assert!(result.stderr.contains("ContentLength"), "{}", result.stderr);
    assert!(server.requests().is_empty());
}

#[test]
fn customer_keys_are_read_from_binary_files() {
    let server = Server::always(200, "text/plain", "");
    let file = fresh_home("customer-key").join("key");
    std::fs::write(&file, [0xff; 32]).unwrap();
    let key = format!("fileb://{}", file.display());
    let result = run_command(
        inia("customer-key")
            .env("AWS_ENDPOINT_URL", &server.url)
            .args([
                "s3",
                "put-object",
                "--bucket",
                "b",
                "--key",
                "k",
                "--sse-customer-algorithm",
                "AES256",
                "--sse-customer-key",
                &key,
            ]),
    );
    assert_eq!((result.status, result.stderr.as_str()), (0, ""));
    assert_eq!(
        server.requests()[0].header("x-amz-server-side-encryption-customer-key"),
        Some("//////////////////////////////////////////8=")
    );
}
