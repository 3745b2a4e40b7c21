//! Answers of several pages, and what the paging options make of them.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON is indexed by name, which never panics"
)]

#[expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
mod support;

use serde_json::{Value, json};
use support::{Ended, Request, Server, ended, inia};

/// Eight queues in pages of three, or of as many as are asked for.
fn queues() -> Server {
    Server::start(|request| {
        let params: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let from = params["NextToken"]
            .as_str()
            .and_then(|token| token.strip_prefix("from-")?.parse().ok())
            .unwrap_or(0);
        let size = params["MaxResults"].as_u64().unwrap_or(3);
        let to = (from + size).min(8);
        let urls: Vec<String> = (from..to)
            .map(|number| format!("http://q/{number}"))
            .collect();
        let mut answer = json!({"QueueUrls": urls});
        if to < 8 {
            answer["NextToken"] = json!(format!("from-{to}"));
        }
        (
            200,
            "application/x-amz-json-1.0",
            answer.to_string().into_bytes(),
        )
    })
}

fn run(server: &Server, line: &str) -> Ended {
    ended(
        inia("paging")
            .args(["--endpoint-url", &server.url])
            .args(line.split(' ')),
    )
}

/// What a line prints, and the parameters of the calls it made.
fn pages(line: &str) -> (Value, Vec<Value>) {
    let server = queues();
    let ended = run(&server, line);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{line}");
    let params = |request: &Request| serde_json::from_slice(&request.body).unwrap_or_default();
    (
        serde_json::from_str(&ended.stdout).unwrap_or_default(),
        server.requests().iter().map(params).collect(),
    )
}

fn urls(numbers: std::ops::Range<u32>) -> Value {
    numbers.map(|number| format!("http://q/{number}")).collect()
}

#[test]
fn all_pages_are_one_answer() {
    let (printed, calls) = pages("sqs list-queues");
    assert_eq!(printed, json!({"QueueUrls": urls(0..8)}));
    assert_eq!(
        calls,
        [
            json!({}),
            json!({"NextToken": "from-3"}),
            json!({"NextToken": "from-6"})
        ]
    );
}

#[test]
fn the_size_of_a_page_changes_the_calls_alone() {
    let (printed, calls) = pages("sqs list-queues --page-size 5");
    assert_eq!(printed, json!({"QueueUrls": urls(0..8)}));
    assert_eq!(
        calls,
        [
            json!({"MaxResults": 5}),
            json!({"MaxResults": 5, "NextToken": "from-5"})
        ]
    );
}

#[test]
fn what_ends_early_goes_on_from_its_token() {
    let mut seen = Vec::new();
    let mut line = "sqs list-queues --max-items 2".to_owned();
    for _ in 0..9 {
        let (printed, _) = pages(&line);
        seen.extend(printed["QueueUrls"].as_array().cloned().unwrap_or_default());
        match printed["NextToken"].as_str() {
            Some(token) => {
                line = format!("sqs list-queues --max-items 2 --starting-token {token}");
            }
            None => break,
        }
    }
    assert_eq!(Value::from(seen), urls(0..8));

    // The token is botocore's: the page it is on, and how much of it has been had.
    let (printed, calls) = pages("sqs list-queues --max-items 4 --page-size 3");
    assert_eq!(calls.len(), 2);
    assert_eq!(
        printed["NextToken"],
        "eyJOZXh0VG9rZW4iOiAiZnJvbS0zIiwgImJvdG9fdHJ1bmNhdGVfYW1vdW50IjogMX0="
    );
}

#[test]
fn one_page_is_the_services_own_answer() {
    for line in [
        "sqs list-queues --no-paginate",
        // Whoever gives the service's own paging parameters turns the pages.
        "sqs list-queues --max-results 3",
    ] {
        let (printed, calls) = pages(line);
        assert_eq!(
            printed,
            json!({"QueueUrls": urls(0..3), "NextToken": "from-3"}),
            "{line}"
        );
        assert_eq!(calls.len(), 1, "{line}");
    }
}

#[test]
fn a_query_is_asked_of_all_pages_at_once() {
    let (printed, _) = pages("sqs list-queues --query length(QueueUrls)");
    assert_eq!(printed, 8);
}

#[test]
fn paging_options_that_mean_nothing_are_refused() {
    let server = queues();
    for (line, status) in [
        ("sqs list-queues --max-items many", 252),
        ("sqs list-queues --page-size -1", 252),
    ] {
        let ended = run(&server, line);
        assert_eq!(ended.status, status, "{line}: {ended:?}");
    }
}

#[test]
fn a_server_that_repeats_its_token_ends_the_pages_with_an_error() {
    let server = Server::always(
        200,
        "application/x-amz-json-1.0",
        r#"{"QueueUrls": ["http://q/1"], "NextToken": "again"}"#,
    );
    let ended = run(&server, "sqs list-queues");
    assert_eq!(ended.status, 255, "{ended:?}");
    assert!(ended.stderr.contains("the same token twice"), "{ended:?}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn collections_turn_pages_too() {
    let server = queues();
    let ended = run(
        &server,
        "resource sqs queues --limit 5 --page-size 2 --output text --query [].url",
    );
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    assert_eq!(
        ended.stdout,
        "http://q/0\thttp://q/1\thttp://q/2\thttp://q/3\thttp://q/4\n"
    );
    assert_eq!(server.requests().len(), 3);
}
