//! Snapshots of what the command prints: help, formats and errors. `INSTA_UPDATE=always cargo test -p inia-cli --test snapshots`
//! accepts changes.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use support::{Server, inia, run_command};

fn printed(arguments: &[&str]) -> String {
    let result = run_command(inia("snapshots").args(arguments));
    assert_eq!(
        (result.status, result.stderr.as_str()),
        (0, ""),
        "{arguments:?}"
    );
    result.stdout
}

#[test]
fn help() {
    insta::assert_snapshot!("help", printed(&["help"]));
    insta::assert_snapshot!("help_configure", printed(&["configure", "help"]));
    insta::assert_snapshot!("help_operation", printed(&["dynamodb", "put-item", "help"]));
    insta::assert_snapshot!("help_waiters", printed(&["dynamodb", "wait"]));
    insta::assert_snapshot!(
        "describe_resource",
        printed(&["resource", "sqs", "Queue", "--output", "yaml"])
    );
}

#[test]
fn skeletons() {
    let skeleton = |kind| {
        printed(&[
            "sqs",
            "send-message",
            "--queue-url",
            "q",
            "--message-body",
            "b",
            "--generate-cli-skeleton",
            kind,
        ])
    };
    insta::assert_snapshot!("skeleton_input", skeleton("input"));
    insta::assert_snapshot!("skeleton_yaml_input", skeleton("yaml-input"));
    insta::assert_snapshot!("skeleton_output", skeleton("output"));
}

/// Nested lists and maps, wide and combining characters, all kinds of scalars, and texts that formats must quote.
const MESSAGES: &str = r#"{"Messages": [
    {"MessageId": "日本語", "Body": "Grüße 👩‍👩‍👧", "Attributes": {"SentTimestamp": "17", "SenderId": "한국"},
     "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "AAEC"}, "e\u0301": {"DataType": "String", "StringValue": "e\u0301"}}},
    {"MessageId": "m-2", "Body": "yes"},
    {"MessageId": "m-3", "Body": ""},
    {"MessageId": "m-4", "Body": "a: b # c\nd\t\"e\" \\ \u007f\u0080\u0085\u00a0\u2028\ufeff\ufffe\uffff"},
    {"MessageId": "2026-11-30", "Body": " x "},
    {"MessageId": "0x1F", "Body": "null"}
]}"#;

#[test]
fn formats() {
    let server = Server::always(200, "application/x-amz-json-1.0", MESSAGES);
    let print =
        |format: &str| {
            let result = run_command(inia("snapshots").env("AWS_ENDPOINT_URL", &server.url).args(
                [
                    "sqs",
                    "receive-message",
                    "--queue-url",
                    "q",
                    "--output",
                    format,
                ],
            ));
            assert_eq!((result.status, result.stderr.as_str()), (0, ""));
            result.stdout
        };
    insta::assert_snapshot!("format_json", print("json"));
    insta::assert_snapshot!("format_text", print("text"));
    insta::assert_snapshot!("format_table", print("table"));
    insta::assert_snapshot!("format_yaml", print("yaml"));
}

const STATISTICS: &str = r#"{"MetricDataResults": [{"Id": "m", "Label": "l", "Timestamps": [1767225600.5, 1767225660], "Values": [1, 0.5, 1e-7, 1e22, "NaN", "Infinity"], "StatusCode": "Complete"}], "Messages": []}"#;

#[test]
fn numbers_and_timestamps() {
    let server = Server::always(200, "application/x-amz-json-1.0", STATISTICS);
    let print = |format: &str| {
        let result = run_command(
            inia("snapshots")
                .env("AWS_ENDPOINT_URL", &server.url)
                .args(["cloudwatch", "get-metric-data", "--output", format])
                .args(["--start-time", "2026-01-01", "--end-time", "2026-01-02"])
                .args(["--metric-data-queries", "Id=m,Expression=SUM(METRICS())"]),
        );
        assert_eq!((result.status, result.stderr.as_str()), (0, ""));
        result.stdout
    };
    insta::assert_snapshot!("numbers_json", print("json"));
    insta::assert_snapshot!("numbers_text", print("text"));
    insta::assert_snapshot!("numbers_table", print("table"));
    insta::assert_snapshot!("numbers_yaml", print("yaml"));
}

#[test]
fn errors() {
    let server = Server::always(
        400,
        "application/x-amz-json-1.0",
        r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}"#,
    );
    let mut text = String::new();
    for line in [
        "",
        "sqz list-queues",
        "sqs list-queus",
        "sqs list-queues --max-reslts 1",
        "sqs list-queues --max-results many",
        "sqs list-queues more",
        "sqs list-queues --output xml",
        "sqs list-queues --query Messages[",
        "sqs list-queues --cli-read-timeout soon",
        "sqs list-queues --cli-input-json [1]",
        "sqs list-queues --cli-input-json {",
        "sqs list-queues --profile",
        "sqs send-message --message-body b --delay-seconds 5 --message-attributes A={DataType=String,Value=x}",
        "sqs send-message --queue-url q --message-body b --message-attributes A=[",
        "sqs receive-message --queue-url q",
        "sqs wait",
        "sqs wait queue-exists",
        "dynamodb wait table-exist",
        "s3api get-object --bucket b --key k",
        "s3api put-object --bucket b --key k --body /no/such/file",
        "resource s3 Buckt logs",
        "resource s3 Object logs",
        "resource s3 Bucket logs objcts",
        "services more",
        "services --output json",
        "configure get",
        "configure gett region",
        "configure export-credentials --format xml",
        "--regoin x services",
    ] {
        let result = run_command(
            inia("snapshots")
                .env("AWS_ENDPOINT_URL", &server.url)
                .args(line.split(' ').filter(|word| !word.is_empty())),
        );
        let error = result.stderr.replace(&server.url, "URL");
        // The help follows a missing command.
        let error = error.split("\n\ninia: call").next().unwrap_or_default();
        text.push_str(&format!(
            "$ inia {line}\n{}\n[{}]\n\n",
            error.trim(),
            result.status
        ));
    }
    insta::assert_snapshot!("errors", text);
}
