//! Output on a terminal: text from a service cannot control it.

#![cfg(target_os = "linux")]
#![expect(clippy::expect_used, reason = "a failed setup fails the test")]

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use support::{Server, inia};

const JSON: &str = "application/x-amz-json-1.0";

/// The escape sequences of a hostile service: colors, a window title, C1 controls, and text in reverse.
const HOSTILE: &str = r"\u001b[2J\u001b]0;title\u0007\u009b31m\u0085\u202egpj.exe\u2069\b\u007f";

/// Runs a command with a terminal as standard output and error, and returns what it displays.
fn displayed(server: &Server, line: &str) -> String {
    displayed_with_input(server, line, "")
}

fn displayed_with_input(server: &Server, line: &str, input: &str) -> String {
    displayed_by(command(server, line), input)
}

/// Returns the command for a line.
fn command(server: &Server, line: &str) -> Command {
    let mut command = inia("terminal");
    command
        .env("AWS_ENDPOINT_URL", &server.url)
        .env("PATH", "/usr/bin:/bin")
        .args(line.split(' '));
    command
}

fn displayed_by(mut command: Command, input: &str) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal");
    unlockpt(&terminal).expect("a terminal");
    let path = ptsname(&terminal, Vec::new()).expect("a terminal");
    let path = path.to_str().expect("a path");
    let open = || {
        File::options()
            .read(true)
            .write(true)
            .open(path)
            .expect("a terminal")
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(open())
        .stderr(open())
        .spawn()
        .expect("the command");
    // It has the terminal open.
    drop(command);
    let mut stdin = child.stdin.take().expect("standard input");
    stdin.write_all(input.as_bytes()).expect("standard input");
    drop(stdin);
    let mut text = Vec::new();
    // Reading a terminal that nobody has open for writing any more is an error.
    let _ = File::from(terminal).read_to_end(&mut text);
    child.wait().expect("the command");
    String::from_utf8(text).expect("UTF-8")
}

fn assert_harmless(text: &str, line: &str) {
    let control = text.chars().find(|c| {
        c.is_control() && !matches!(c, '\n' | '\r' | '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(control, None, "{line}: {text:?}");
    // The last form is that of YAML.
    let forms = [r"\u001b[2J", r"\u{1b}[2J", r"\e[2J"];
    assert!(
        forms.iter().any(|form| text.contains(form)),
        "{line}: {text:?}"
    );
}

#[test]
fn escape_sequences_of_a_service_are_shown_as_text() {
    let server = Server::always(
        200,
        JSON,
        &format!(r#"{{"Messages": [{{"MessageId": "m-1", "Body": "{HOSTILE}"}}]}}"#),
    );
    for format in ["json", "text", "table", "yaml"] {
        let line =
            format!("sqs receive-message --queue-url http://q/1 --color off --output {format}");
        assert_harmless(&displayed(&server, &line), &line);
    }
    let call = r#"{"service": "sqs", "operation": "ReceiveMessage", "params": {"QueueUrl": "http://q/1"}}"#;
    assert_harmless(&displayed_with_input(&server, "run", call), "run");
    // In a pipe, JSON and text are as the service sent them.
    let output = inia("terminal")
        .args(
            "sqs receive-message --queue-url http://q/1 --output text --query Messages[0].Body"
                .split(' '),
        )
        .env("AWS_ENDPOINT_URL", &server.url)
        .output()
        .expect("the command");
    let expected = "\x1b[2J\x1b]0;title\x07\u{9b}31m\u{85}\u{202e}gpj.exe\u{2069}\x08\x7f\n";
    assert_eq!(output.stdout, expected.as_bytes());
}

#[test]
fn escape_sequences_in_errors_are_shown_as_text() {
    let server = Server::always(
        400,
        JSON,
        &format!(r#"{{"__type": "Bad", "message": "{HOSTILE}"}}"#),
    );
    for line in [
        "sqs receive-message --queue-url http://q/1",
        "sqs receive-message --queue-url http://q/1 --debug",
    ] {
        assert_harmless(&displayed(&server, line), line);
    }
}

#[test]
fn tables_on_a_terminal_keep_their_columns() {
    let server = Server::always(
        200,
        JSON,
        r#"{"Messages": [{"MessageId": "\u001b[1m", "Body": "b"}]}"#,
    );
    let text = displayed(
        &server,
        "sqs receive-message --queue-url http://q/1 --output table --color off",
    );
    let widths: Vec<usize> = text.lines().map(|line| line.trim_end().len()).collect();
    assert!(
        widths.iter().all(|width| Some(width) == widths.first()),
        "{text}"
    );
}

#[test]
fn results_go_through_the_pager() {
    let server = Server::always(200, JSON, r#"{"QueueUrl": "http://q/1"}"#);
    let mut paged = command(&server, "sqs get-queue-url --queue-name q --output text");
    paged.env("AWS_PAGER", "sed s/^/paged:/");
    assert_eq!(displayed_by(paged, "").trim_end(), "paged:http://q/1");
    for (pager, option) in [("", ""), ("sed s/^/paged:/", " --no-cli-pager")] {
        let line = format!("sqs get-queue-url --queue-name q --output text{option}");
        let mut plain = command(&server, &line);
        plain.env("AWS_PAGER", pager);
        assert_eq!(displayed_by(plain, "").trim_end(), "http://q/1");
    }
    let mut missing = command(&server, "sqs get-queue-url --queue-name q");
    missing.env("AWS_PAGER", "no-such-pager");
    assert!(displayed_by(missing, "").contains("Unable to redirect output to pager"));
}
