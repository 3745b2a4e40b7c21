//! `inia fake-server`: its first line, its answers, and its cost at start.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use support::{inia, run_command};

/// A running server, ended when dropped.
struct RunningServer {
    child: Child,
    url: String,
}

impl RunningServer {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        RunningServer { child, url }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serves_calls_of_the_command() {
    let folder = support::home("fake-server");
    let script = folder.join("script.jsonl");
    std::fs::write(
        &script,
        r#"{"service":"sqs","operation":"ListQueues","returns":{"QueueUrls":["https://q/a"]}}"#,
    )
    .unwrap();
    let mut command = inia("fake-server");
    command
        .args(["fake-server", "--verify-signatures", "--script"])
        .arg(&script);
    let server = RunningServer::start(&mut command);
    let call = |arguments: &[&str]| {
        let mut command = inia("fake-server");
        run_command(
            command
                .args(arguments)
                .args(["--endpoint-url", &server.url]),
        )
    };
    let queues = call(&[
        "sqs",
        "list-queues",
        "--query",
        "QueueUrls[0]",
        "--output",
        "text",
    ]);
    assert_eq!(queues.stdout, "https://q/a\n", "{}", queues.stderr);
    let vpcs = call(&["ec2", "describe-vpcs"]);
    // As the AWS CLI, nothing is printed for an output without members.
    assert_eq!((vpcs.status, &*vpcs.stdout), (0, ""), "{}", vpcs.stderr);
    let unsigned = call(&["ec2", "describe-vpcs", "--no-sign-request"]);
    assert!(
        unsigned.stderr.contains("MissingAuthenticationToken"),
        "{}",
        unsigned.stderr
    );
}

/// The server reads no definition before the first request.
#[cfg(target_os = "linux")]
#[test]
fn starts_with_little_memory_and_processor_time() {
    let server = RunningServer::start(inia("fake-server-start").arg("fake-server"));
    let folder = format!("/proc/{}", server.child.id());
    let status = std::fs::read_to_string(format!("{folder}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let resident: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    // Without optimization the program is larger.
    let limit = if cfg!(debug_assertions) { 40 } else { 15 };
    assert!(resident < limit * 1024, "{resident} KiB");
    let time = std::fs::read_to_string(format!("{folder}/schedstat")).unwrap();
    let nanoseconds: u64 = time.split_whitespace().next().unwrap().parse().unwrap();
    println!(
        "{resident} KiB resident, {} ms of processor time",
        nanoseconds / 1_000_000
    );
    let limit = if cfg!(debug_assertions) { 100 } else { 10 };
    assert!(nanoseconds < limit * 1_000_000, "{nanoseconds} ns");
}

#[test]
fn wrong_options_are_usage_errors() {
    for (arguments, problem) in [
        (&["--port", "x"][..], "--port: \"x\" is not a port number"),
        (&["--fault", "503:7"], "invalid fault \"503:7\""),
        (&["--script", "no/such/file"], "--script: no/such/file"),
        (&["--service", "sqx"], "did you mean sqs"),
        (&["x"], "x"),
    ] {
        let result = run_command(inia("fake-server-usage").arg("fake-server").args(arguments));
        assert_ne!(result.status, 0);
        assert!(result.stderr.contains(problem), "{}", result.stderr);
    }
}
