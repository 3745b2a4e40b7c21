//! Every option is used by the command or rejected, and options that only describe never make a call.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use serde_json::{Value, json};
use support::{CommandResult, Server, home, inia, run_command};

fn run(server: &Server, line: &str) -> CommandResult {
    run_command(
        inia("options")
            .env("AWS_ENDPOINT_URL", &server.url)
            .args(line.split(' ')),
    )
}

/// All options that are not parameters of an operation, with a value.
const OPTIONS: &[&str] = &[
    "--ca-bundle missing.pem",
    "--cli-binary-format base64",
    "--cli-connect-timeout 5",
    "--cli-error-format legacy",
    "--cli-input-json {}",
    "--cli-input-yaml {}",
    "--cli-read-timeout 5",
    "--color off",
    "--concurrency 2",
    "--debug",
    "--endpoint-url http://127.0.0.1:1",
    "--explain",
    "--fault 503",
    "--format env",
    "--frame-bytes 100",
    "--generate-cli-skeleton",
    "--input-events []",
    "--limit 1",
    "--max-items 1",
    "--no-browser",
    "--no-cli-auto-prompt",
    "--no-cli-pager",
    "--no-paginate",
    "--no-sign-request",
    "--no-verify-ssl",
    "--output text",
    "--page-size 1",
    "--port 1",
    "--profile missing",
    "--query @",
    "--region eu-west-1",
    "--script missing",
    "--service-model {}",
    "--service-name s",
    "--sources",
    "--sso-session s",
    "--starting-token t",
    "--use-device-code",
    "--verify-signatures",
    "--with-credentials",
];

const SESSION: &str = "ca-bundle cli-connect-timeout cli-error-format cli-read-timeout endpoint-url no-sign-request no-verify-ssl profile region";
const OUTPUT: &str = "color no-cli-auto-prompt no-cli-pager output query";
const INPUT: &str = "cli-binary-format cli-input-json cli-input-yaml generate-cli-skeleton";
const PAGING: &str = "max-items no-paginate page-size starting-token";

/// Commands, with the options that they use besides `--debug`.
const COMMANDS: &[(&str, &[&str])] = &[
    ("help", &[]),
    ("services", &["profile sources"]),
    ("sqs", &["profile"]),
    ("sqs help", &["profile"]),
    ("sqs list-queues help", &["profile"]),
    (
        "sqs list-queues",
        &[SESSION, OUTPUT, INPUT, PAGING, "explain"],
    ),
    (
        "sqs get-queue-url --queue-name q",
        &[SESSION, OUTPUT, INPUT, "explain no-paginate"],
    ),
    ("dynamodb wait", &["profile"]),
    ("dynamodb wait table-exists help", &["profile"]),
    (
        "dynamodb wait table-exists --table-name t",
        &[SESSION, INPUT],
    ),
    ("resource", &["profile"]),
    ("resource s3", &["profile", OUTPUT]),
    ("resource s3 Bucket", &["profile", OUTPUT]),
    ("resource s3 Bucket b", &[SESSION, OUTPUT]),
    ("resource s3 Bucket b name", &[SESSION, OUTPUT]),
    (
        "resource s3 Bucket b objects",
        &[SESSION, OUTPUT, INPUT, "limit max-items page-size"],
    ),
    ("resource s3 Bucket b delete", &[SESSION, OUTPUT, INPUT]),
    ("resource s3 Bucket b wait-until-exists", &[SESSION]),
    ("configure", &["profile"]),
    ("configure help", &[]),
    ("configure get region", &["profile"]),
    ("configure set region eu-west-1", &["profile"]),
    ("configure list", &[SESSION, OUTPUT]),
    ("configure list-profiles", &[]),
    ("configure add-model", &["service-model service-name"]),
    ("configure remove-model", &["service-name"]),
    ("model check missing.json", &["service-name"]),
    ("run", &[SESSION, "concurrency"]),
    ("configure export-credentials", &[SESSION, "format"]),
    (
        "sso login",
        &[SESSION, "sso-session no-browser use-device-code"],
    ),
    ("sso logout", &[SESSION]),
];

/// Runs a command with each option, and returns the options that are neither used nor rejected as they should be.
fn check(command: &str, used: &[&str]) -> Vec<String> {
    // Ends the waiters.
    let server = Server::always(
        200,
        "application/x-amz-json-1.0",
        r#"{"Table": {"TableStatus": "ACTIVE"}}"#,
    );
    let mut failures = Vec::new();
    for option in OPTIONS {
        let name = option.split(' ').next().unwrap_or_default();
        let bare = name.trim_start_matches("--");
        let mut used = used.iter().flat_map(|names| names.split(' '));
        let is_used = bare == "debug" || used.any(|used| used == bare);
        let calls = server.requests().len();
        let result = run(&server, &format!("{command} {option}"));
        let is_rejected = result.status == 252
            && (result.stderr.contains(&format!("{name} has no effect"))
                || result.stderr.contains(&format!("unknown option {name}")));
        let has_called = server.requests().len() > calls;
        if is_used == is_rejected || is_rejected && has_called {
            failures.push(format!("{command} {option}: {result:?}"));
        }
    }
    failures
}

#[test]
fn every_command_uses_or_rejects_every_option() {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let check_some = || {
        let mut failures = Vec::new();
        while let Some((command, used)) =
            COMMANDS.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
        {
            failures.extend(check(command, used));
        }
        failures
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(check_some)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn options_work_before_the_command() {
    let server = Server::always(
        200,
        "application/x-amz-json-1.0",
        r#"{"QueueUrls": ["a", "b"]}"#,
    );
    for line in [
        "--output text --query QueueUrls --max-items 1 sqs list-queues",
        "--output text sqs --query QueueUrls list-queues --max-items=1",
        "sqs --max-items 1 list-queues --query QueueUrls --output text",
    ] {
        let result = run(&server, line);
        assert_eq!(
            (result.status, result.stdout.as_str()),
            (0, "a\n"),
            "{line}: {result:?}"
        );
    }
    let result = run(
        &server,
        "--generate-cli-skeleton sqs list-queues --output text --query QueueNamePrefix",
    );
    assert_eq!(
        (result.status, result.stdout.as_str()),
        (0, "\n"),
        "{result:?}"
    );
}

#[test]
fn a_skeleton_is_printed_instead_of_a_call() {
    let server = Server::always(200, "text/xml", "<Response/>");
    for (line, start) in [
        (
            "sqs delete-queue --queue-url http://q/1 --generate-cli-skeleton",
            "{\n    \"QueueUrl\": \"\"\n}\n",
        ),
        (
            "resource ec2 Instance i-1 terminate --generate-cli-skeleton",
            "{\n    \"InstanceIds\": [",
        ),
        (
            "resource ec2 Instance i-1 terminate --generate-cli-skeleton output",
            "{\n    \"TerminatingInstances\": [",
        ),
        (
            "resource ec2 Instance i-1 vpc subnets --generate-cli-skeleton input",
            "{\n    \"Filters\": [",
        ),
        (
            "resource s3 Bucket b objects --generate-cli-skeleton yaml-input",
            "Bucket: ''\nDelimiter: ''\n",
        ),
        (
            "resource s3 Bucket b delete --generate-cli-skeleton=input",
            "{\n    \"Bucket\": \"\"",
        ),
        (
            "dynamodb wait table-exists --table-name t --generate-cli-skeleton",
            "{\n    \"TableName\": \"\"\n}\n",
        ),
        (
            "dynamodb wait table-exists --generate-cli-skeleton yaml-input",
            "TableName: ''\n",
        ),
    ] {
        let result = run(&server, line);
        assert_eq!(
            (result.status, result.stderr.as_str()),
            (0, ""),
            "{line}: {result:?}"
        );
        assert!(result.stdout.starts_with(start), "{line}: {result:?}");
    }
    for (line, message) in [
        (
            "resource s3 Bucket b wait-until-exists --generate-cli-skeleton",
            "--generate-cli-skeleton has no effect",
        ),
        (
            "resource ec2 Instance i-1 vpc id --generate-cli-skeleton",
            "--generate-cli-skeleton has no effect",
        ),
        (
            "dynamodb wait table-exists --table-name t --generate-cli-skeleton output",
            "a waiter prints nothing",
        ),
        (
            "sqs list-queues --generate-cli-skeleton=both",
            "\"both\" is not one of input, yaml-input and output",
        ),
        (
            "sqs list-queues --generate-cli-skeleton both",
            "unexpected argument: both",
        ),
    ] {
        run(&server, line).assert_rejected(line, message);
    }
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[test]
fn an_output_skeleton_validates_the_parameters_and_has_the_configured_format() {
    let server = Server::always(200, "application/json", "{}");
    let line = "sqs get-queue-url --queue-name q --generate-cli-skeleton output";
    assert_eq!(
        run(&server, line).stdout,
        "{\n    \"QueueUrl\": \"QueueUrl\"\n}\n"
    );
    let yaml = run_command(
        inia("options")
            .env("AWS_DEFAULT_OUTPUT", "yaml")
            .args(line.split(' ')),
    );
    assert_eq!(yaml.stdout, "QueueUrl: QueueUrl\n");
    let queried = run(&server, &format!("{line} --query QueueUrl --output text"));
    assert_eq!(queried.stdout, "QueueUrl\n");
    let streamed = run(
        &server,
        "s3api get-object --bucket b --key k out --generate-cli-skeleton output --query keys(@)[0]",
    );
    assert_eq!(
        (streamed.status, streamed.stdout.as_str()),
        (0, "\"DeleteMarker\"\n"),
        "{streamed:?}"
    );

    let invalid = run(&server, "sqs get-queue-url --generate-cli-skeleton output");
    assert_eq!((invalid.status, invalid.stdout.as_str()), (252, ""));
    assert!(
        invalid
            .stderr
            .contains("the following arguments are required: --queue-name"),
        "{invalid:?}"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn options_with_a_body_on_standard_output_are_rejected() {
    let server = Server::always(200, "text/plain", "hello");
    for line in [
        "s3api get-object --bucket b --key k - --query ETag",
        "s3api get-object --bucket b --key k - --output text",
        "resource s3 Object b k get - --query ETag",
    ] {
        let result = run(&server, line);
        assert_eq!(result.status, 252, "{line}: {result:?}");
        assert!(
            result
                .stderr
                .contains("has no effect: the body is written to standard output"),
            "{line}: {result:?}"
        );
    }
    assert!(server.requests().is_empty());
}

/// The parameters of the only call of a command line.
fn sent(test: &str, arguments: &[&str]) -> Value {
    let server = Server::always(200, "application/x-amz-json-1.1", "{}");
    let result = run_command(
        inia(test)
            .env("AWS_ENDPOINT_URL", &server.url)
            .args(arguments),
    );
    assert_eq!(result.status, 0, "{arguments:?}: {result:?}");
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{arguments:?}");
    let request = requests.first().map(|request| request.body.as_slice());
    serde_json::from_slice(request.unwrap_or_default()).unwrap_or_default()
}

/// The error of a command line that makes no call.
fn rejected(test: &str, arguments: &[&str]) -> String {
    let server = Server::always(200, "application/x-amz-json-1.1", "{}");
    let result = run_command(
        inia(test)
            .env("AWS_ENDPOINT_URL", &server.url)
            .args(arguments),
    );
    assert_eq!(result.status, 252, "{arguments:?}: {result:?}");
    assert!(server.requests().is_empty(), "{arguments:?}");
    result.stderr
}

#[test]
fn values_in_shorthand_are_literal_unless_the_key_ends_in_an_at_sign() {
    let folder = home("paramfile");
    std::fs::write(folder.join("text"), "of the file\n").unwrap();
    std::fs::write(folder.join("bytes"), [0, 255]).unwrap();
    let send = |tags: &str| {
        let line = [
            "ssm",
            "put-parameter",
            "--name",
            "n",
            "--value",
            "v",
            "--tags",
            tags,
        ];
        sent("paramfile", &line)["Tags"].clone()
    };
    let path = format!("file://{}/text", folder.display());
    assert_eq!(
        send("Key=url,Value=file:///etc/hostname"),
        json!([{"Key": "url", "Value": "file:///etc/hostname"}])
    );
    assert_eq!(
        send(&format!("Key=url,Value={path}")),
        json!([{"Key": "url", "Value": path}])
    );
    assert_eq!(
        send(&format!("Key=url,Value@={path}")),
        json!([{"Key": "url", "Value": "of the file\n"}])
    );
    assert_eq!(
        send("Key=url,Value@=file://~/text"),
        json!([{"Key": "url", "Value": "of the file\n"}])
    );
    assert_eq!(
        send(r#"[{"Key": "url", "Value": "file:///etc/hostname"}]"#),
        json!([{"Key": "url", "Value": "file:///etc/hostname"}])
    );

    let line = [
        "kms",
        "encrypt",
        "--key-id",
        "k",
        "--plaintext",
        "fileb://${HOME}/bytes",
    ];
    assert_eq!(sent("paramfile", &line)["Plaintext"], "AP8=");
    let attribute = "a={DataType=Binary,BinaryValue@=fileb://$HOME/bytes}";
    let line = [
        "sqs",
        "send-message",
        "--queue-url",
        "file://text",
        "--message-body",
        "file://~/text",
        "--message-attributes",
        attribute,
    ];
    let message = sent("paramfile", &line);
    // The AWS CLI reads no queue URL from a file.
    assert_eq!(message["QueueUrl"], "file://text");
    assert_eq!(message["MessageBody"], "of the file\n");
    assert_eq!(message["MessageAttributes"]["a"]["BinaryValue"], "AP8=");
    // Of several values, none is a file.
    let line = [
        "sqs",
        "receive-message",
        "--queue-url",
        "q",
        "--message-attribute-names",
        "file://~/text",
        "b",
    ];
    assert_eq!(
        sent("paramfile", &line)["MessageAttributeNames"],
        json!(["file://~/text", "b"])
    );

    let missing = rejected(
        "paramfile",
        &[
            "ssm",
            "put-parameter",
            "--name",
            "n",
            "--value",
            "file://$NO_SUCH/x",
        ],
    );
    assert!(
        missing.contains("file://$NO_SUCH/x: cannot read the file"),
        "{missing}"
    );
}

#[test]
fn repeated_keys_and_options_are_errors() {
    let put = ["ssm", "put-parameter", "--name", "n", "--value", "v"];
    for (arguments, message) in [
        (
            &["--tags", "Key=a,Value=b,Key=c,Value=d"][..],
            "--tags: the key Key is given twice",
        ),
        (
            &["--tags", "Key=a,Value=b", "--tags", "Key=c,Value=d"],
            "--tags is given twice",
        ),
    ] {
        let error = rejected("repeated", &[&put[..], arguments].concat());
        assert!(error.contains(message), "{error}");
    }
    let create = [
        "lambda",
        "update-function-configuration",
        "--function-name",
        "f",
    ];
    for environment in ["Variables={A=1,A=2}", "Variables={A=1},Variables={B=2}"] {
        let error = rejected(
            "repeated",
            &[&create[..], &["--environment", environment]].concat(),
        );
        assert!(error.contains("is given twice"), "{error}");
    }
    let tags = ["sqs", "tag-queue", "--queue-url", "q", "--tags"];
    let error = rejected("repeated", &[&tags[..], &["A=1", "A=2"]].concat());
    assert!(
        error.contains("--tags: the key A is given twice"),
        "{error}"
    );
    assert_eq!(
        sent("repeated", &[&tags[..], &["A=1", "B=2"]].concat())["Tags"],
        json!({"A": "1", "B": "2"})
    );
    // The last one counts for an option with a single value, as in the AWS CLI.
    let line = [
        "sqs",
        "send-message",
        "--queue-url",
        "q",
        "--message-body",
        "a",
        "--message-body",
        "b",
    ];
    assert_eq!(sent("repeated", &line)["MessageBody"], "b");
}

#[test]
fn shorthand_has_the_types_of_its_shape() {
    let spaced = [
        "lambda",
        "update-function-configuration",
        "--function-name",
        "f",
        "--environment",
        "Variables={ A = 1 , B = two words }",
        "--vpc-config",
        "SubnetIds=s-1,s-2,SecurityGroupIds=sg-1,Ipv6AllowedForDualStack=True",
        "--ephemeral-storage",
        "Size=512",
    ];
    let sent_values = sent("typed", &spaced);
    assert_eq!(
        sent_values["Environment"],
        json!({"Variables": {"A": "1", "B": "two words"}})
    );
    assert_eq!(
        sent_values["VpcConfig"],
        json!({"SubnetIds": ["s-1", "s-2"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": true})
    );
    assert_eq!(sent_values["EphemeralStorage"], json!({"Size": 512}));
    let line = [
        "workspaces",
        "reboot-workspaces",
        "--reboot-workspace-requests",
        "ws-1",
        "WorkspaceId=ws-2",
    ];
    assert_eq!(
        sent("typed", &line)["RebootWorkspaceRequests"],
        json!([{"WorkspaceId": "ws-1"}, {"WorkspaceId": "ws-2"}])
    );
    let error = rejected(
        "typed",
        &[
            "lambda",
            "update-function-configuration",
            "--function-name",
            "f",
            "--ephemeral-storage",
            "Size=big",
        ],
    );
    assert!(
        error.contains("--ephemeral-storage: \"big\" is not a 64-bit integer"),
        "{error}"
    );
    // An option that follows a text is not its value.
    let error = rejected(
        "typed",
        &[
            "sqs",
            "send-message",
            "--queue-url",
            "q",
            "--message-body",
            "--generate-cli-skeleton",
        ],
    );
    assert!(error.contains("--message-body requires a value; one that begins with -- is written --message-body=VALUE"), "{error}");
    assert_eq!(
        sent(
            "typed",
            &[
                "sqs",
                "send-message",
                "--queue-url",
                "q",
                "--message-body=--debug"
            ]
        )["MessageBody"],
        "--debug"
    );
}

#[test]
fn parameters_named_like_a_global_option_have_the_name_of_the_aws_cli() {
    let line = [
        "stepfunctions",
        "send-task-success",
        "--task-token",
        "t",
        "--task-output",
        "{}",
    ];
    assert_eq!(
        sent("renamed", &line),
        json!({"taskToken": "t", "output": "{}"})
    );
    let line = [
        "glue",
        "get-unfiltered-table-metadata",
        "--region",
        "eu-west-1",
        "--resource-region",
        "us-east-2",
        "--catalog-id",
        "1",
        "--database-name",
        "d",
        "--name",
        "n",
        "--supported-permission-types",
        "CELL_FILTER_PERMISSION",
    ];
    assert_eq!(sent("renamed", &line)["Region"], "us-east-2");
    let help = run_command(inia("renamed").args([
        "opensearchmemory",
        "search-memories",
        "--input-qery",
        "x",
    ]));
    assert!(
        help.stderr.contains("did you mean input-query?"),
        "{help:?}"
    );
}
