//! Paginated operations and the pagination options.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON is indexed by name, which never panics"
)]

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use serde_json::{Value, json};
use support::{CommandResult, Request, Server, inia, run_command};

/// Serves eight queues in pages of three, or of `MaxResults`.
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
        let mut response = json!({"QueueUrls": urls});
        if to < 8 {
            response["NextToken"] = json!(format!("from-{to}"));
        }
        (
            200,
            "application/x-amz-json-1.0",
            response.to_string().into_bytes(),
        )
    })
}

fn run(server: &Server, line: &str) -> CommandResult {
    run_command(
        inia("paging")
            .args(["--endpoint-url", &server.url])
            .args(line.split(' ')),
    )
}

/// Returns the output of a command line and the parameters of the calls it made.
fn pages(line: &str) -> (Value, Vec<Value>) {
    let server = queues();
    let result = run(&server, line);
    assert_eq!((result.status, result.stderr.as_str()), (0, ""), "{line}");
    let params = |request: &Request| serde_json::from_slice(&request.body).unwrap_or_default();
    (
        serde_json::from_str(&result.stdout).unwrap_or_default(),
        server.requests().iter().map(params).collect(),
    )
}

fn urls(numbers: std::ops::Range<u32>) -> Value {
    numbers.map(|number| format!("http://q/{number}")).collect()
}

#[test]
fn merges_all_pages() {
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
fn page_size_changes_only_the_requests() {
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
fn resumes_from_the_printed_token() {
    let mut urls_of_all_pages = Vec::new();
    let mut line = "sqs list-queues --max-items 2".to_owned();
    for _ in 0..9 {
        let (printed, _) = pages(&line);
        urls_of_all_pages.extend(printed["QueueUrls"].as_array().cloned().unwrap_or_default());
        match printed["NextToken"].as_str() {
            Some(token) => {
                line = format!("sqs list-queues --max-items 2 --starting-token {token}");
            }
            None => break,
        }
    }
    assert_eq!(Value::from(urls_of_all_pages), urls(0..8));

    // The token has botocore's format: the token of the page and the number of items already returned.
    let (printed, calls) = pages("sqs list-queues --max-items 4 --page-size 3");
    assert_eq!(calls.len(), 2);
    assert_eq!(
        printed["NextToken"],
        "eyJOZXh0VG9rZW4iOiAiZnJvbS0zIiwgImJvdG9fdHJ1bmNhdGVfYW1vdW50IjogMX0="
    );
}

#[test]
fn no_paginate_prints_one_page() {
    for line in [
        "sqs list-queues --no-paginate",
        // Explicit pagination parameters disable pagination.
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
fn query_applies_to_all_pages() {
    let (printed, _) = pages("sqs list-queues --query length(QueueUrls)");
    assert_eq!(printed, 8);
}

#[test]
fn rejects_invalid_paging_options() {
    let server = queues();
    for (line, status) in [
        ("sqs list-queues --max-items many", 252),
        ("sqs list-queues --page-size -1", 252),
    ] {
        let result = run(&server, line);
        assert_eq!(result.status, status, "{line}: {result:?}");
    }
}

#[test]
fn a_repeated_token_is_an_error() {
    let server = Server::always(
        200,
        "application/x-amz-json-1.0",
        r#"{"QueueUrls": ["http://q/1"], "NextToken": "again"}"#,
    );
    let result = run(&server, "sqs list-queues");
    assert_eq!(result.status, 255, "{result:?}");
    assert!(result.stderr.contains("the same token twice"), "{result:?}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn tokens_in_a_circle_are_an_error() {
    let server = Server::start(|request| {
        let next =
            match serde_json::from_slice::<serde_json::Value>(&request.body).unwrap()["NextToken"]
                .as_str()
            {
                Some("A") => "B",
                _ => "A",
            };
        let page = format!(r#"{{"QueueUrls": ["http://q/1"], "NextToken": "{next}"}}"#);
        (200, "application/x-amz-json-1.0", page.into_bytes())
    });
    for line in ["sqs list-queues", "resource sqs queues"] {
        let before = server.requests().len();
        let result = run(&server, line);
        assert_eq!(result.status, 255, "{line}: {result:?}");
        assert!(
            result.stderr.contains("the same token twice"),
            "{line}: {result:?}"
        );
        assert_eq!(server.requests().len() - before, 3, "{line}");
    }
}

#[test]
fn pages_before_an_error_are_printed() {
    let server = Server::start(|request| match request.body.as_slice() {
        b"{}" => {
            let page = br#"{"QueueUrls": ["http://q/1"], "NextToken": "t"}"#;
            (200, "application/x-amz-json-1.0", page.to_vec())
        }
        _ => (400, "application/x-amz-json-1.0", b"{}".to_vec()),
    });
    for (format, page) in [
        ("text", "QUEUEURLS\thttp://q/1\n"),
        (
            "yaml-stream",
            "- NextToken: t\n  QueueUrls:\n  - http://q/1\n",
        ),
    ] {
        let result = run(&server, &format!("sqs list-queues --output {format}"));
        assert_eq!((result.status, result.stdout.as_str()), (254, page));
    }
}

#[test]
fn collections_are_paginated() {
    let server = queues();
    let result = run(
        &server,
        "resource sqs queues --limit 5 --page-size 2 --output text --query [].url",
    );
    assert_eq!((result.status, result.stderr.as_str()), (0, ""));
    assert_eq!(
        result.stdout,
        "http://q/0\thttp://q/1\thttp://q/2\thttp://q/3\thttp://q/4\n"
    );
    assert_eq!(server.requests().len(), 3);
}

/// Serves users in pages of `MaxItems`, or of three; there are eight.
fn users() -> Server {
    Server::start(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let param = |name: &str| {
            let mut params = body.split('&').filter_map(|pair| pair.split_once('='));
            params
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
        };
        let from: usize = param("Marker")
            .and_then(|marker| marker.parse().ok())
            .unwrap_or(0);
        let size: usize = param("MaxItems")
            .and_then(|size| size.parse().ok())
            .unwrap_or(3);
        let to = (from + size).min(8);
        let members: String = (from..to)
            .map(|number| format!("<member><UserName>u{number}</UserName></member>"))
            .collect();
        let more = if to < 8 {
            format!("<IsTruncated>true</IsTruncated><Marker>{to}</Marker>")
        } else {
            "<IsTruncated>false</IsTruncated>".to_owned()
        };
        let response = format!(
            "<ListUsersResponse><ListUsersResult><Users>{members}</Users>{more}</ListUsersResult></ListUsersResponse>"
        );
        (200, "text/xml", response.into_bytes())
    })
}

/// Returns the names that a command line prints, whether it prints a token, and the `MaxItems` of its calls.
fn listed(line: &str) -> (usize, bool, Vec<Option<String>>) {
    let server = users();
    let result = run(&server, line);
    assert_eq!((result.status, result.stderr.as_str()), (0, ""), "{line}");
    let printed: Value = serde_json::from_str(&result.stdout).unwrap_or_default();
    let sizes = server.requests().into_iter().map(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let mut pairs = body
            .split('&')
            .filter_map(|pair| pair.strip_prefix("MaxItems="));
        pairs.next().map(str::to_owned)
    });
    (
        printed["Users"].as_array().map_or(0, Vec::len),
        printed["NextToken"].is_string(),
        sizes.collect(),
    )
}

#[test]
fn max_items_limits_the_items_where_the_operation_has_a_parameter_of_that_name() {
    let size = |text: &str| Some(text.to_owned());
    assert_eq!(
        listed("iam list-users --max-items 5"),
        (5, true, vec![None, None])
    );
    assert_eq!(
        listed("iam list-users --max-items 5 --page-size 2"),
        (5, true, vec![size("2"), size("2"), size("2")])
    );
    // With a single page, it is the parameter.
    assert_eq!(
        listed("iam list-users --max-items 5 --no-paginate"),
        (5, false, vec![size("5")])
    );
    assert_eq!(
        listed("iam list-users --max-items 5 --marker 1"),
        (5, false, vec![size("5")])
    );
    let (count, ..) = listed("iam list-users --max-items 100");
    assert_eq!(count, 8);
}

#[test]
fn every_shipped_paginator_has_the_paging_options() {
    // Limit keys that are parameters named MaxItems, PageSize or maxItems, in several protocols.
    for (line, parameter) in [
        (
            "route53 list-hosted-zones --max-items 1 --page-size 7",
            "maxitems=7",
        ),
        (
            "lambda list-functions --max-items 1 --page-size 7",
            "MaxItems=7",
        ),
        (
            "cloudfront list-distributions --max-items 1 --page-size 7",
            "MaxItems=7",
        ),
        (
            "pinpoint-sms-voice-v2 describe-keywords --origination-identity i --max-items 1 --page-size 7",
            "\"MaxResults\":7",
        ),
        (
            "servicecatalog list-portfolios --max-items 1 --page-size 7",
            "\"PageSize\":7",
        ),
    ] {
        let server = Server::always(200, "application/json", "{}");
        run(&server, line);
        let requests = server.requests();
        let request = requests.first().map(|request| {
            format!(
                "{} {}",
                request.target,
                String::from_utf8_lossy(&request.body)
            )
        });
        assert!(
            request
                .as_ref()
                .is_some_and(|request| request.contains(parameter)),
            "{line}: {request:?}"
        );
    }
}

#[test]
fn paging_options_without_effect_are_errors() {
    let server = queues();
    for (line, message) in [
        (
            "sqs list-queues --no-paginate --max-items 5",
            "--max-items cannot be combined with --no-paginate, which requests a single page",
        ),
        (
            "sqs list-queues --starting-token t --no-paginate",
            "--starting-token cannot be combined with --no-paginate",
        ),
        (
            "sqs list-queues --page-size 5 --no-paginate",
            "--page-size cannot be combined with --no-paginate",
        ),
        (
            "sqs list-queues --max-results 3 --max-items 5",
            "--max-items cannot be combined with the parameter MaxResults, which requests a single page",
        ),
        (
            "sqs list-queues --cli-input-json {\"NextToken\":\"t\"} --max-items 5",
            "--max-items cannot be combined with the parameter NextToken",
        ),
        (
            "sqs get-queue-url --queue-name q --max-items 5",
            "--max-items has no effect on `inia sqs get-queue-url`",
        ),
        (
            "sns list-topics --page-size 5",
            "--page-size has no effect: ListTopics has no page size",
        ),
        (
            "resource sqs queues --limit 5 --max-items 5",
            "--limit and --max-items are the same option",
        ),
        (
            "resource sqs queues --no-paginate",
            "--no-paginate has no effect",
        ),
    ] {
        run(&server, line).assert_rejected(line, message);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn max_items_limits_a_collection() {
    let server = queues();
    let result = run(
        &server,
        "resource sqs queues --max-items 4 --output text --query [].url",
    );
    assert_eq!((result.status, result.stderr.as_str()), (0, ""));
    assert_eq!(
        result.stdout,
        "http://q/0\thttp://q/1\thttp://q/2\thttp://q/3\n"
    );
}
