//! The command end to end, from its arguments to its output and exit code, against a loopback server.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use support::{CommandResult, Server, home, inia, run_command};

const JSON: &str = "application/x-amz-json-1.0";

/// Runs a command line against a server.
fn run(test: &str, server: &Server, line: &str) -> CommandResult {
    run_command(
        inia(test)
            .env("AWS_ENDPOINT_URL", &server.url)
            .args(line.split(' ')),
    )
}

const MESSAGES: &str = r#"{"Messages": [
    {"MessageId": "m-1", "Body": "grüße: 1", "Attributes": {"SentTimestamp": "17"}},
    {"MessageId": "m-2", "Body": "b"}
]}"#;

#[test]
fn prints_a_json_response_in_all_formats() {
    let server = Server::always(200, JSON, MESSAGES);
    let print = |format: &str| {
        let line = format!("sqs receive-message --queue-url http://q/1 --output {format}");
        let result = run("formats", &server, &line);
        assert_eq!((result.status, result.stderr.as_str()), (0, ""));
        result.stdout
    };
    assert_eq!(
        print("json"),
        r#"{
    "Messages": [
        {
            "MessageId": "m-1",
            "Body": "grüße: 1",
            "Attributes": {
                "SentTimestamp": "17"
            }
        },
        {
            "MessageId": "m-2",
            "Body": "b"
        }
    ]
}
"#
    );
    assert_eq!(
        print("text"),
        "MESSAGES\tgrüße: 1\tm-1\nATTRIBUTES\t17\nMESSAGES\tb\tm-2\n"
    );
    assert_eq!(
        print("yaml"),
        "Messages:\n- Attributes:\n    SentTimestamp: '17'\n  Body: 'grüße: 1'\n  MessageId: m-1\n- Body: b\n  MessageId: m-2\n"
    );
    assert_eq!(
        print("table"),
        "\
-------------------------------
|       ReceiveMessage        |
+-----------------------------+
||         Messages          ||
|+-------------+-------------+|
||    Body     |  MessageId  ||
|+-------------+-------------+|
||  grüße: 1 |  m-1        ||
|+-------------+-------------+|
|||       Attributes        |||
||+------------------+------+||
|||  SentTimestamp   |  17  |||
||+------------------+------+||
||         Messages          ||
|+---------+-----------------+|
||  Body   |    MessageId    ||
|+---------+-----------------+|
||  b      |  m-2            ||
|+---------+-----------------+|
"
    );
}

const IDENTITY: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>r-2</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;

#[test]
fn prints_an_xml_response_in_all_formats() {
    let server = Server::always(200, "text/xml", IDENTITY);
    let print = |format: &str| {
        let result = run(
            "identity",
            &server,
            &format!("sts get-caller-identity --output={format}"),
        );
        assert_eq!((result.status, result.stderr.as_str()), (0, ""));
        result.stdout
    };
    assert_eq!(
        print("json"),
        "{\n    \"Arn\": \"arn:aws:iam::123456789012:user/u\",\n    \"UserId\": \"AIDA\",\n    \"Account\": \"123456789012\"\n}\n"
    );
    assert_eq!(
        print("text"),
        "123456789012\tarn:aws:iam::123456789012:user/u\tAIDA\n"
    );
    assert_eq!(
        print("yaml"),
        "Account: '123456789012'\nArn: arn:aws:iam::123456789012:user/u\nUserId: AIDA\n"
    );
    assert_eq!(
        print("table"),
        "\
----------------------------------------------------------------
|                       GetCallerIdentity                      |
+---------------+------------------------------------+---------+
|    Account    |                Arn                 | UserId  |
+---------------+------------------------------------+---------+
|  123456789012 |  arn:aws:iam::123456789012:user/u  |  AIDA   |
+---------------+------------------------------------+---------+
"
    );
    let requests = server.requests();
    assert_eq!(
        String::from_utf8_lossy(&requests[0].body),
        "Action=GetCallerIdentity&Version=2011-06-15"
    );
    assert!(
        requests[0]
            .header("authorization")
            .unwrap()
            .starts_with("AWS4-HMAC-SHA256 Credential=AKID/")
    );
}

#[test]
fn query_filters_the_output() {
    let server = Server::always(200, JSON, MESSAGES);
    let line = "sqs receive-message --queue-url http://q/1 --output text --query Messages[].[MessageId,Body]";
    assert_eq!(
        run("query", &server, line).stdout,
        "m-1\tgrüße: 1\nm-2\tb\n"
    );
    let result = run(
        "query",
        &server,
        "sqs receive-message --queue-url http://q/1 --query Messages[",
    );
    assert_eq!((result.status, result.stdout.as_str()), (252, ""));
    assert!(result.stderr.contains("JMESPath"), "{}", result.stderr);
    // An invalid expression is rejected before a request is sent.
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_last_error_format_counts() {
    let error = r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no queue"}"#;
    let server = Server::always(400, JSON, error);
    let line = "sqs list-queues --cli-error-format yaml --cli-error-format json";
    let result = run("error-format", &server, line);
    let printed: serde_json::Value = serde_json::from_str(&result.stderr).unwrap();
    assert_eq!((result.status, result.stdout.as_str()), (254, ""));
    assert_eq!(printed["Message"], "no queue");
    let result = run(
        "error-format",
        &server,
        "sqs list-queues --cli-error-format x",
    );
    assert_eq!(result.status, 252);
    assert!(
        result
            .stderr
            .contains("\"x\" is not one of legacy, enhanced, json, yaml, text and table"),
        "{}",
        result.stderr
    );
}

#[test]
fn options_override_input_json() {
    let server = Server::always(
        200,
        JSON,
        r#"{"MessageId": "m", "MD5OfMessageBody": "900150983cd24fb0d6963f7d28e17f72"}"#,
    );
    let file = home("params").join("params.json");
    std::fs::write(
        &file,
        r#"{"QueueUrl": "http://q/1", "MessageBody": "of the file", "DelaySeconds": 3}"#,
    )
    .unwrap();
    let result = run_command(
        inia("params")
            .args(["sqs", "send-message", "--endpoint-url", &server.url])
            .args(["--cli-input-json", &format!("file://{}", file.display())])
            .args(["--message-body", "abc"])
            .args([
                "--message-attributes",
                "a={DataType=Binary,BinaryValue=AAEC}",
            ]),
    );
    assert_eq!((result.status, result.stderr.as_str()), (0, ""));
    let requests: serde_json::Value = serde_json::from_slice(&server.requests()[0].body).unwrap();
    assert_eq!(
        requests,
        serde_json::json!({
            "QueueUrl": "http://q/1", "MessageBody": "abc", "DelaySeconds": 3,
            "MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "AAEC"}}
        })
    );
}

#[test]
fn streams_to_standard_output_or_a_file() {
    let bytes = b"\x00\x01\xff of an object";
    let server = Server::start(|_| (200, "binary/octet-stream", bytes.to_vec()));
    let output = inia("stream")
        .args(["s3api", "get-object", "--bucket", "b", "--key", "k/ä", "-"])
        .args(["--endpoint-url", &server.url])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    // Nothing but the body is printed, so that it can be piped.
    assert_eq!(output.stdout, bytes);
    assert_eq!(server.requests()[0].target, "/b/k/%C3%A4");

    let file = home("stream").join("object");
    let result = run_command(
        inia("stream")
            .args([
                "s3",
                "get-object",
                "--bucket",
                "b",
                "--key",
                "k",
                "--endpoint-url",
                &server.url,
            ])
            .arg(&file),
    );
    assert_eq!((result.status, result.stderr.as_str()), (0, ""));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    assert!(
        result.stdout.contains("\"ContentLength\": 16"),
        "{}",
        result.stdout
    );

    let result = run("stream", &server, "s3 get-object --bucket b --key k");
    assert_eq!(result.status, 252);
    assert!(
        result.stderr.contains("add a file name"),
        "{}",
        result.stderr
    );
}

#[test]
fn exit_code_depends_on_the_kind_of_error() {
    let server = Server::always(
        400,
        JSON,
        r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}"#,
    );
    let ended_254 = run(
        "status",
        &server,
        "sqs receive-message --queue-url http://q/1",
    );
    assert_eq!((ended_254.status, ended_254.stdout.as_str()), (254, ""));
    assert_eq!(
        ended_254.stderr,
        "\nAn error occurred (QueueDoesNotExist) when calling the ReceiveMessage operation: no such queue\n"
    );

    let ended_252 = run("status", &server, "sqs receive-message");
    assert_eq!((ended_252.status, ended_252.stdout.as_str()), (252, ""));
    assert!(
        ended_252
            .stderr
            .contains("the following arguments are required: --queue-url")
    );

    let ended_253 =
        run_command(inia("status").args(["sqs", "list-queues", "--profile", "missing"]));
    assert_eq!((ended_253.status, ended_253.stdout.as_str()), (253, ""));
    assert!(ended_253.stderr.contains("missing"), "{}", ended_253.stderr);

    let ended_253 = run_command(inia("status").env_remove("AWS_ACCESS_KEY_ID").args([
        "sqs",
        "list-queues",
        "--endpoint-url",
        &server.url,
    ]));
    assert_eq!((ended_253.status, ended_253.stdout.as_str()), (253, ""));

    let ended_253 = run_command(
        inia("status")
            .env_remove("AWS_REGION")
            .args(["sqs", "list-queues"]),
    );
    assert_eq!((ended_253.status, ended_253.stdout.as_str()), (253, ""));
    assert!(
        ended_253.stderr.contains("no region is set"),
        "{}",
        ended_253.stderr
    );

    // No server listens on this port.
    let ended_255 = run_command(inia("status").args([
        "sqs",
        "list-queues",
        "--endpoint-url",
        "http://127.0.0.1:1",
    ]));
    assert_eq!((ended_255.status, ended_255.stdout.as_str()), (255, ""));
}

#[test]
fn suggests_the_nearest_name() {
    let server = Server::always(200, JSON, "{}");
    for (line, hint) in [
        (
            "sqs list-queus",
            "unknown operation \"list-queus\"; did you mean list-queues?",
        ),
        (
            "sqs list-queues --max-reslts 1",
            "unknown option --max-reslts; did you mean max-results?",
        ),
        (
            "sqs list-queues --regoin x",
            "unknown option --regoin; did you mean region?",
        ),
        (
            "sqs list-queues --output xml",
            "\"xml\" is not one of json, text, table, yaml, yaml-stream or off",
        ),
        ("sqs list-queues more", "unexpected argument: more"),
        ("sqz list-queues", "no service \"sqz\""),
    ] {
        let result = run("hints", &server, line);
        assert_eq!((result.status, result.stdout.as_str()), (252, ""), "{line}");
        assert!(result.stderr.contains(hint), "{line}: {}", result.stderr);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn prints_help_and_lists() {
    let help = run_command(inia("help").arg("help"));
    assert_eq!(help.status, 0);
    assert!(help.stdout.contains("inia run [--concurrency N]"));
    assert_eq!(run_command(inia("help").arg("--help")).stdout, help.stdout);
    let nothing = run_command(&mut inia("help"));
    assert_eq!((nothing.status, nothing.stdout.as_str()), (252, ""));
    assert!(nothing.stderr.contains(&help.stdout));

    let services = run_command(inia("help").arg("services")).stdout;
    assert!(services.lines().any(|line| line == "dynamodb"));
    let operations = run_command(inia("help").arg("sqs")).stdout;
    assert!(operations.lines().any(|line| line == "send-message-batch"));
    let operation = run_command(inia("help").args(["sqs", "list-queues", "help"]));
    assert_eq!(operation.status, 0);
    assert!(
        operation
            .stdout
            .starts_with("ListQueues\n\nInput\n  QueueNamePrefix: string\n")
    );
    let skeleton =
        run_command(inia("help").args(["sqs", "delete-message", "--generate-cli-skeleton"]));
    assert_eq!(
        skeleton.stdout,
        "{\n    \"QueueUrl\": \"\",\n    \"ReceiptHandle\": \"\"\n}\n"
    );
}

#[test]
fn wait_exits_by_the_result_of_the_waiter() {
    let server = Server::start(|request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        if body.contains("gone") {
            let error = r#"{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "gone"}"#;
            (400, JSON, error.as_bytes().to_vec())
        } else if request.target.contains("2015-03-31") {
            (
                200,
                "application/json",
                br#"{"Configuration": {"State": "Failed"}}"#.to_vec(),
            )
        } else {
            (
                200,
                JSON,
                br#"{"Table": {"TableStatus": "ACTIVE"}}"#.to_vec(),
            )
        }
    });
    for line in [
        "dynamodb wait table-exists --table-name here",
        "dynamodb wait table-not-exists --table-name gone",
    ] {
        let result = run("wait", &server, line);
        assert_eq!(
            (
                result.status,
                result.stdout.as_str(),
                result.stderr.as_str()
            ),
            (0, "", "")
        );
    }
    assert_eq!(server.requests().len(), 2);

    let failed = run(
        "wait",
        &server,
        "lambda wait function-active-v2 --function-name f",
    );
    assert_eq!((failed.status, failed.stdout.as_str()), (255, ""));
    assert!(
        failed.stderr.contains("terminal failure state")
            && failed
                .stderr
                .contains(r#"last response: {"Configuration":{"State":"Failed"}}"#),
        "{}",
        failed.stderr
    );

    let unknown = run("wait", &server, "dynamodb wait table-exist");
    assert_eq!(unknown.status, 252);
    assert!(
        unknown
            .stderr
            .contains("unknown waiter \"table-exist\"; did you mean table-exists?")
    );
    let missing = run("wait", &server, "dynamodb wait table-exists");
    assert_eq!(missing.status, 252);
    let names = run("wait", &server, "dynamodb wait").stdout;
    assert!(
        names.lines().any(|line| line == "table-not-exists"),
        "{names}"
    );
}
