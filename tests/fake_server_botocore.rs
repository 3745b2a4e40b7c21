//! botocore as a client of the fake server: it reads the outputs and errors that the rules return, its parameters arrive as they were given, and
//! its signatures are valid.

mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use inia::testing::FakeServer;
use inia::{Credentials, Value, json};

/// A call: service, operation, parameters, and the output that its rule returns.
fn outputs() -> Vec<(&'static str, &'static str, Value, Value)> {
    vec![
        // json
        (
            "dynamodb",
            "GetItem",
            json!({"TableName": "t", "Key": {"Id": {"S": "ü"}}}),
            json!({"Item": {"N": {"N": "1.5"}, "L": {"L": [{"BOOL": true}]}}}),
        ),
        (
            "sqs",
            "ReceiveMessage",
            json!({"QueueUrl": "https://q/a", "MaxNumberOfMessages": 3}),
            json!({"Messages": [{"MessageId": "1", "Body": "a <b> & c"}]}),
        ),
        (
            "stepfunctions",
            "ListStateMachines",
            json!({"maxResults": 5}),
            json!({"stateMachines": [{"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:a", "name": "a", "type": "STANDARD", "creationDate": 1_767_225_600}]}),
        ),
        // rest-json
        (
            "lambda",
            "ListTags",
            json!({"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}),
            json!({"Tags": {"team": "a b"}}),
        ),
        (
            "apigateway",
            "GetRestApis",
            json!({"limit": 3}),
            json!({"items": [{"id": "a", "createdDate": 1_767_225_600}]}),
        ),
        (
            "batch",
            "DescribeJobQueues",
            json!({"jobQueues": ["a", "b"]}),
            json!({"jobQueues": [{"jobQueueName": "a", "jobQueueArn": "arn", "state": "ENABLED", "priority": 1, "computeEnvironmentOrder": []}], "nextToken": "n"}),
        ),
        // rest-xml
        (
            "s3",
            "ListObjectsV2",
            json!({"Bucket": "logs", "Prefix": "a b/ü"}),
            json!({"Contents": [{"Key": "a", "Size": 5}, {"Key": "b", "Size": 7}], "KeyCount": 2, "IsTruncated": false}),
        ),
        (
            "s3",
            "HeadObject",
            json!({"Bucket": "logs", "Key": "a b//c"}),
            json!({"ContentLength": 0, "ETag": "\"1\"", "Metadata": {"k": "v"}}),
        ),
        (
            "route53",
            "ListHostedZones",
            json!({"MaxItems": "2"}),
            json!({"HostedZones": [{"Id": "/hostedzone/Z1", "Name": "a.", "CallerReference": "x"}], "Marker": "", "IsTruncated": false, "MaxItems": "2"}),
        ),
        (
            "cloudfront",
            "ListPublicKeys",
            json!({}),
            json!({"PublicKeyList": {"MaxItems": 1, "Quantity": 0}}),
        ),
        // smithy-rpc-v2-cbor or query, by the version of botocore
        (
            "cloudwatch",
            "GetMetricData",
            json!({"MetricDataQueries": [{"Id": "a"}], "StartTime": 0, "EndTime": 60}),
            json!({"MetricDataResults": [{"Id": "a", "Values": [1.5, 2.0], "Timestamps": [60, 120]}]}),
        ),
        // query
        (
            "iam",
            "ListUsers",
            json!({"PathPrefix": "/a/", "MaxItems": 3}),
            json!({"Users": [{"Path": "/a/", "UserName": "a", "UserId": "AIDAEXAMPLEEXAMPLE", "Arn": "arn:aws:iam::123456789012:user/a", "CreateDate": 0}], "IsTruncated": false}),
        ),
        (
            "sns",
            "GetTopicAttributes",
            json!({"TopicArn": "arn:aws:sns:us-east-1:123456789012:t"}),
            json!({"Attributes": {"Owner": "1", "Policy": "{\"a\": 1}"}}),
        ),
        (
            "rds",
            "DescribeDBInstances",
            json!({"Filters": [{"Name": "engine", "Values": ["a", "b"]}]}),
            json!({"DBInstances": [{"DBInstanceIdentifier": "d", "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]}]}),
        ),
        // ec2
        (
            "ec2",
            "DescribeInstances",
            json!({"Filters": [{"Name": "tag:a", "Values": ["1", "2"]}], "MaxResults": 5}),
            json!({"Reservations": [{"Instances": [{"InstanceId": "i-1", "Tags": [{"Key": "a", "Value": "b"}]}]}]}),
        ),
    ]
}

/// Errors by protocol: service, operation, parameters, code and status.
fn errors() -> Vec<(&'static str, &'static str, Value, &'static str, u16)> {
    vec![
        (
            "dynamodb",
            "DescribeTable",
            json!({"TableName": "nope"}),
            "ResourceNotFoundException",
            400,
        ),
        (
            "lambda",
            "GetFunction",
            json!({"FunctionName": "nope"}),
            "ResourceNotFoundException",
            404,
        ),
        (
            "s3",
            "GetObject",
            json!({"Bucket": "logs", "Key": "nope"}),
            "NoSuchKey",
            404,
        ),
        (
            "route53",
            "GetHostedZone",
            json!({"Id": "Z2"}),
            "NoSuchHostedZone",
            404,
        ),
        (
            "iam",
            "GetUser",
            json!({"UserName": "nope"}),
            "NoSuchEntity",
            404,
        ),
        (
            "ec2",
            "DescribeVpcs",
            json!({}),
            "InvalidVpcID.NotFound",
            400,
        ),
    ]
}

fn main() -> ExitCode {
    const SUITE: &str = "fake_server_botocore";
    let python = support::peers_dir().map(|peers| peers.join("venv/bin/python"));
    let Some(python) = python.filter(|python| python.exists()) else {
        let absent = support::Case::unavailable("the peers' Python environment");
        return support::run(SUITE, vec![absent]);
    };
    let python = Arc::new(python);
    let case = support::Case::new("botocore reads the values of the rules", move || {
        compare(&python).map_err(|error| format!("{error:#}"))
    });
    support::run(SUITE, vec![case])
}

fn compare(python: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let _guard = runtime.enter();
    let server = runtime.block_on(
        FakeServer::builder()
            .verify_signatures(Credentials::new("AKIDEXAMPLE", "secret", None))
            .start(),
    )?;
    let (outputs, errors) = (outputs(), errors());
    for (service, operation, params, output) in &outputs {
        let rule = server.on(service, operation)?;
        drop(rule.with(params.clone()).returns(output.clone()));
    }
    for (service, operation, params, code, _) in &errors {
        let rule = server.on(service, operation)?;
        drop(rule.with(params.clone()).fails(code, "a <message> & more"));
    }
    let calls = outputs
        .iter()
        .map(|(service, operation, params, _)| (service, operation, params));
    let failing = errors
        .iter()
        .map(|(service, operation, params, ..)| (service, operation, params));
    let lines: Vec<String> = calls
        .chain(failing)
        .map(|(service, operation, params)| {
            json!([*service, *operation, params.clone()]).to_json_string()
        })
        .collect();
    let script = support::workspace().join("tests/fake_server_botocore/client.py");
    let mut child = Command::new(python)
        .arg(script)
        .arg(server.url())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(lines.join("\n").as_bytes())?;
    }
    let printed = child.wait_with_output()?;
    let printed = String::from_utf8(printed.stdout)?;
    let mut results = printed
        .lines()
        .map(serde_json::from_str::<serde_json::Value>);
    let mut differences = Vec::new();
    for (service, operation, _, output) in &outputs {
        let result = results.next().transpose()?.unwrap_or_default();
        let expected = without_empty(&output.to_json());
        let received = without_empty(&result["output"]);
        if received != expected {
            differences.push(format!(
                "{service} {operation}: returned {expected}, botocore read {result}"
            ));
        }
    }
    for (service, operation, _, code, status) in &errors {
        let result = results.next().transpose()?.unwrap_or_default();
        if result["code"] != *code
            || result["status"] != *status
            || result["message"] != "a <message> & more"
        {
            differences.push(format!(
                "{service} {operation}: failed with {code}, botocore read {result}"
            ));
        }
    }
    if let Err(error) = server.stubs().verify() {
        differences.push(error.to_string());
    }
    anyhow::ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

/// Removes what botocore adds or omits: empty texts, lists and maps. Numbers are compared as floats.
fn without_empty(json: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match json {
        Json::Object(map) => {
            let entries = map
                .iter()
                .map(|(name, value)| (name.clone(), without_empty(value)));
            Json::Object(entries.filter(|(_, value)| !is_empty(value)).collect())
        }
        Json::Array(items) => items.iter().map(without_empty).collect(),
        Json::Number(number) => number.as_f64().map_or(Json::Null, Json::from),
        other => other.clone(),
    }
}

fn is_empty(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(map) => map.is_empty(),
        serde_json::Value::Array(items) => items.is_empty(),
        serde_json::Value::String(text) => text.is_empty(),
        _ => json.is_null(),
    }
}
