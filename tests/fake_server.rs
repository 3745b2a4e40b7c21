//! The fake server: every wire format, rules, faults, signatures, and clients other than this crate's.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use inia::config::{Config, RetryMode};
use inia::testing::{FakeServer, StubSession};
use inia::{ByteStream, Credentials, ErrorKind, Result, Session, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn rules_answer_in_every_wire_format() -> Result<()> {
    let server = FakeServer::builder()
        .verify_signatures(Credentials::new("AKIDEXAMPLE", "secret", None))
        .start()
        .await?;
    // json, rest-json, rest-xml, smithy-rpc-v2-cbor, query, ec2
    server
        .on("dynamodb", "GetItem")?
        .with(json!({"TableName": "t"}))
        .returns(json!({"Item": {"Id": {"S": "1"}, "Set": {"NS": ["1", "2"]}}}));
    server
        .on("lambda", "GetFunction")?
        .with(json!({"FunctionName": "f g"}))
        .returns(json!({"Configuration": {"FunctionName": "f g", "Timeout": 3}}));
    server
        .on("s3", "GetObject")?
        .with(json!({"Bucket": "logs", "Key": "a/b c"}))
        .returns(json!({"Body": "hello", "ETag": "\"1\"", "Metadata": {"k": "v"}}));
    server.on("s3", "ListObjectsV2")?.returns(
        json!({"Contents": [{"Key": "a b", "Size": 5}], "IsTruncated": false, "KeyCount": 1}),
    );
    server
        .on("s3", "GetBucketLocation")?
        .returns(json!({"LocationConstraint": "eu-west-1"}));
    server.on("iam", "ListUsers")?.returns(json!({"Users": [{"Path": "/", "UserName": "a", "UserId": "AIDAEXAMPLEEXAMPLE", "Arn": "arn:aws:iam::123456789012:user/a", "CreateDate": 0}]}));
    server
        .on("ec2", "DescribeInstances")?
        .with(json!({"Filters": [{"Name": "x", "Values": ["1", "2"]}]}))
        .returns(json!({"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}));
    server.on("arc-region-switch", "ListPlans")?.optional();
    server
        .on("cloudwatch", "GetMetricData")?
        .returns(json!({"MetricDataResults": [{"Id": "a", "Values": [1.5], "Timestamps": [0]}]}));
    let session = server.session().build()?;
    let call = |service: &str, operation: &str, params| {
        Ok::<_, inia::Error>(session.client(service)?.call(operation, params).collect())
    };
    let item = call(
        "dynamodb",
        "GetItem",
        json!({"TableName": "t", "Key": {"Id": {"S": "1"}}}),
    )?
    .await?;
    assert_eq!(item["Item"]["Set"]["NS"][1], "2");
    assert_eq!(
        call("lambda", "GetFunction", json!({"FunctionName": "f g"}))?.await?["Configuration"]["Timeout"],
        3
    );
    let object = call("s3", "GetObject", json!({"Bucket": "logs", "Key": "a/b c"}))?.await?;
    assert_eq!(
        (object["Body"].as_blob(), object["Metadata"]["k"].as_str()),
        (Some(&b"hello"[..]), Some("v"))
    );
    assert_eq!(
        call("s3", "ListObjectsV2", json!({"Bucket": "logs"}))?.await?["Contents"][0]["Key"],
        "a b"
    );
    assert_eq!(
        call("s3", "GetBucketLocation", json!({"Bucket": "logs"}))?.await?["LocationConstraint"],
        "eu-west-1"
    );
    assert_eq!(
        call("iam", "ListUsers", json!({}))?.await?["Users"][0]["UserName"],
        "a"
    );
    let instances = call(
        "ec2",
        "DescribeInstances",
        json!({"Filters": [{"Name": "x", "Values": ["1", "2"]}]}),
    )?
    .await?;
    assert_eq!(
        instances["Reservations"][0]["Instances"][0]["InstanceId"],
        "i-1"
    );
    let query = json!({"MetricDataQueries": [{"Id": "a"}], "StartTime": 0, "EndTime": 60});
    assert_eq!(
        call("cloudwatch", "GetMetricData", query)?.await?["MetricDataResults"][0]["Values"][0],
        1.5
    );
    server.stubs().verify()
}

#[tokio::test]
async fn bodies_are_read_as_they_were_before_their_encodings() -> Result<()> {
    let server = FakeServer::builder().start().await?;
    let session = server.session().build()?;
    let s3 = session.client("s3")?;
    let object = json!({"Bucket": "logs", "Key": "a", "ChecksumAlgorithm": "CRC32"});
    s3.call("PutObject", object.clone())
        .body(ByteStream::from("hello"))
        .await?;
    let stream = futures_util::stream::iter([Ok(bytes::Bytes::from("hel")), Ok("lo".into())]);
    s3.call("PutObject", object)
        .body(ByteStream::from_stream(stream, Some(5)))
        .await?;
    let data: Vec<_> = (0..400)
        .map(|number| json!({"MetricName": format!("metric-{number}"), "Value": number}))
        .collect();
    let metrics = json!({"Namespace": "n", "MetricData": data});
    session
        .client("cloudwatch")?
        .call("PutMetricData", metrics.clone())
        .await?;
    let calls = server.calls();
    assert_eq!(calls[0].params["Body"].as_blob(), Some(&b"hello"[..]));
    assert_eq!(calls[1].params["Body"].as_blob(), Some(&b"hello"[..]));
    assert_eq!(calls[2].params["MetricData"].items().len(), 400);
    Ok(())
}

#[tokio::test]
async fn errors_and_retries_are_those_of_a_service() -> Result<()> {
    let server = FakeServer::builder().start().await?;
    server
        .on("dynamodb", "GetItem")?
        .fails("ProvisionedThroughputExceededException", "slow down")
        .returns(json!({}));
    server
        .on("s3", "GetObject")?
        .fails("NoSuchKey", "no such key");
    server
        .on("ec2", "DescribeInstances")?
        .fails("InvalidInstanceID.NotFound", "no such instance");
    server
        .on("sqs", "SendMessage")?
        .fails("QueueDoesNotExist", "no such queue");
    server
        .on("lambda", "Invoke")?
        .fails_without_response(ErrorKind::Connection, "reset");
    let session = server
        .session()
        .config(&Config::new().max_attempts(2))
        .build()?;
    let output = session
        .client("dynamodb")?
        .call("GetItem", json!({"TableName": "t", "Key": {}}))
        .await?;
    assert_eq!(output.metadata.attempts, 2);
    let s3 = session
        .client("s3")?
        .call("GetObject", json!({"Bucket": "logs", "Key": "a"}))
        .await
        .unwrap_err();
    assert_eq!(
        (s3.code(), s3.http_status(), s3.attempts()),
        (Some("NoSuchKey"), Some(404), 1)
    );
    let ec2 = session
        .client("ec2")?
        .call("DescribeInstances", json!({}))
        .await
        .unwrap_err();
    assert_eq!(ec2.code(), Some("InvalidInstanceID.NotFound"));
    let sqs = session
        .client("sqs")?
        .call(
            "SendMessage",
            json!({"QueueUrl": server.url(), "MessageBody": "x"}),
        )
        .await
        .unwrap_err();
    assert_eq!(
        sqs.service().unwrap().shape.as_deref(),
        Some("QueueDoesNotExist")
    );
    let lambda = session
        .client("lambda")?
        .call("Invoke", json!({"FunctionName": "f"}))
        .await
        .unwrap_err();
    assert_eq!(
        (lambda.kind(), lambda.attempts()),
        (ErrorKind::Connection, 2)
    );
    Ok(())
}

#[tokio::test]
async fn faults_happen_on_demand() -> Result<()> {
    for (fault, kind, code) in [
        ("503", ErrorKind::Service, Some("503")),
        (
            "ThrottlingException",
            ErrorKind::Service,
            Some("ThrottlingException"),
        ),
        ("reset", ErrorKind::Connection, None),
        ("stall", ErrorKind::Timeout, None),
    ] {
        let server = FakeServer::builder().fault(fault.parse()?).start().await?;
        let config = Config::new()
            .max_attempts(1)
            .read_timeout(Duration::from_millis(if fault == "stall" {
                300
            } else {
                30_000
            }))
            .retry_mode(RetryMode::Standard);
        let session = server.session().config(&config).build()?;
        let error = session
            .client("sqs")?
            .call("ListQueues", ())
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{fault}");
    }
    let server = FakeServer::builder()
        .fault("503:0.5".parse()?)
        .start()
        .await?;
    let session = server
        .session()
        .config(&Config::new().max_attempts(1))
        .build()?;
    let mut failed = 0;
    for _ in 0..60 {
        failed += usize::from(session.client("sqs")?.call("ListQueues", ()).await.is_err());
    }
    assert!((5..=55).contains(&failed), "{failed}");
    // A fault does not hide another of the same probability.
    let server = FakeServer::builder()
        .fault("503:0.5".parse()?)
        .fault("reset:0.5".parse()?)
        .start()
        .await?;
    let session = server
        .session()
        .config(&Config::new().max_attempts(1))
        .build()?;
    let mut kinds = Vec::new();
    for _ in 0..60 {
        let call = session.client("sqs")?.call("ListQueues", ()).await;
        kinds.extend(call.err().map(|error| error.kind()));
    }
    for kind in [ErrorKind::Service, ErrorKind::Connection] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    Ok(())
}

#[tokio::test]
async fn wrong_signatures_are_refused() -> Result<()> {
    let server = FakeServer::builder()
        .verify_signatures(Credentials::new("AKIDEXAMPLE", "secret", None))
        .start()
        .await?;
    let call = async |credentials: Credentials| {
        let session = server.session().credentials(credentials).build()?;
        session.client("dynamodb")?.call("ListTables", ()).await
    };
    assert!(
        call(Credentials::new("AKIDEXAMPLE", "secret", Some("token")))
            .await
            .is_ok()
    );
    let wrong = call(Credentials::new("AKIDEXAMPLE", "wrong", None))
        .await
        .unwrap_err();
    assert_eq!(
        (wrong.code(), wrong.http_status()),
        (Some("SignatureDoesNotMatch"), Some(403))
    );
    let unknown = call(Credentials::new("AKIDOTHER", "secret", None))
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Some("InvalidClientTokenId"));
    let unsigned = server.session().config(&Config::new().unsigned()).build()?;
    let prefixed = Config::new().endpoint_url(server.url_of("dynamodb"));
    let missing = unsigned
        .client_with("dynamodb", &prefixed)?
        .call("ListTables", ())
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Some("MissingAuthenticationToken"));
    // A path that has to be encoded twice, a query, and a presigned URL.
    let session = server.session().build()?;
    session
        .client("lambda")?
        .call(
            "ListTags",
            json!({"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}),
        )
        .await?;
    session
        .client("s3")?
        .call(
            "ListObjectsV2",
            json!({"Bucket": "logs", "Prefix": "a b/ü"}),
        )
        .await?;
    session
        .client("s3")?
        .call("PutObject", json!({"Bucket": "logs", "Key": "a b//c/../ü"}))
        .body(ByteStream::from("x"))
        .await?;
    let presigned = session
        .client("s3")?
        .presign(
            "GetObject",
            json!({"Bucket": "logs", "Key": "a b/ü"}),
            Duration::from_secs(60),
        )
        .await?;
    assert_eq!(status_of(presigned.url()).await, "200");
    let changed = presigned.url().replace("%C3%BC", "u");
    assert_ne!(changed, presigned.url());
    assert_eq!(status_of(&changed).await, "403");
    Ok(())
}

/// Sends a GET request without headers of a signature. Returns the status.
async fn status_of(url: &str) -> String {
    let (authority, path) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .unwrap();
    let (_, port) = authority.split_once(':').unwrap();
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port.parse().unwrap()))
        .await
        .unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn a_service_can_be_stated_in_the_url() -> Result<()> {
    let server = FakeServer::builder().start().await?;
    let session = server.session().build()?;
    // Neptune is signed for as rds, and has the same operations.
    let cluster = json!({"DBClusterIdentifier": "c"});
    let neptune = session.client_with(
        "neptune",
        &Config::new().endpoint_url(server.url_of("neptune")),
    )?;
    neptune.call("DescribeDBClusters", cluster.clone()).await?;
    session
        .client("rds")?
        .call("DescribeDBClusters", cluster)
        .await?;
    let services: Vec<String> = server
        .calls()
        .iter()
        .map(|call| call.service.to_string())
        .collect();
    assert_eq!(services, ["neptune", "rds"]);
    // An unsigned request of a REST service tells none.
    let unsigned = session.client_with("lambda", &Config::new().unsigned().max_attempts(1))?;
    let error = unsigned.call("ListFunctions", ()).await.unwrap_err();
    assert_eq!(error.http_status(), Some(404));
    let only = FakeServer::builder().service("lambda").start().await?;
    let session = only.session().config(&Config::new().unsigned()).build()?;
    session.client("lambda")?.call("ListFunctions", ()).await?;
    assert!(
        FakeServer::builder()
            .service("lamda")
            .start()
            .await
            .is_err()
    );
    Ok(())
}

#[tokio::test]
async fn scripts_add_rules_and_name_the_wrong_line() -> Result<()> {
    let script = r#"
# A comment.
{"service":"sqs","operation":"ListQueues","with":{"QueueNamePrefix":"a"},"returns":{"QueueUrls":["https://q/a"]}}
{"service":"sqs","operation":"SendMessage","fails":{"code":"QueueDoesNotExist","message":"no such queue"},"delay_ms":1,"times":1}
"#;
    let server = FakeServer::builder().script(script).start().await?;
    let sqs = server.session().build()?.client("sqs")?;
    assert_eq!(
        sqs.call("ListQueues", json!({"QueueNamePrefix": "a"}))
            .await?["QueueUrls"][0],
        "https://q/a"
    );
    let send = || {
        sqs.call(
            "SendMessage",
            json!({"QueueUrl": server.url(), "MessageBody": "x"}),
        )
        .send()
    };
    assert!(
        send()
            .await
            .unwrap_err()
            .message()
            .contains("no such queue")
    );
    assert!(send().await.is_ok());
    for (line, problem) in [
        ("{", "line 1: not JSON"),
        (
            r#"{"service":"sqs","operation":"ListQueues","return":{}}"#,
            "unknown member \"return\"",
        ),
        (
            r#"{"service":"sqx","operation":"ListQueues"}"#,
            "did you mean sqs",
        ),
        (
            r#"{"service":"sqs","operation":"ListQueues","returns":{"Urls":[]}}"#,
            "Urls: unknown parameter",
        ),
    ] {
        let error = FakeServer::builder()
            .script(line)
            .start()
            .await
            .unwrap_err();
        assert!(format!("{error:#}").contains(problem), "{error:#}");
    }
    Ok(())
}

#[tokio::test]
async fn waiters_pages_and_event_streams_run_against_it() -> Result<()> {
    let server = FakeServer::builder().start().await?;
    server
        .on("lambda", "InvokeWithResponseStream")?
        .returns(json!({"StatusCode": 200, "EventStream": [
        {"PayloadChunk": {"Payload": "a"}}, {"InvokeComplete": {"LogResult": "done"}}]}));
    server.on("kinesis", "SubscribeToShard")?.returns(json!({"EventStream": [
        {"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "1", "MillisBehindLatest": 0}}]}));
    let session = server.session().build()?;
    let output = session
        .client("lambda")?
        .call("InvokeWithResponseStream", json!({"FunctionName": "f"}))
        .await?;
    assert_eq!(
        output.events.unwrap().collect().await?[0]["PayloadChunk"]["Payload"].as_blob(),
        Some(&b"a"[..])
    );
    let params = json!({"ConsumerARN": "arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/c:1", "ShardId": "s", "StartingPosition": {"Type": "LATEST"}});
    let output = session
        .client("kinesis")?
        .call("SubscribeToShard", params)
        .await?;
    assert_eq!(output.events.unwrap().collect().await?.len(), 1);
    server
        .on("dynamodb", "ListTables")?
        .with(json!({"ExclusiveStartTableName": null}))
        .returns(json!({"TableNames": ["aaa"], "LastEvaluatedTableName": "aaa"}));
    server
        .on("dynamodb", "ListTables")?
        .with(json!({"ExclusiveStartTableName": "aaa"}))
        .returns(json!({"TableNames": ["bbb"]}));
    server
        .on("dynamodb", "DescribeTable")?
        .fails("ResourceNotFoundException", "")
        .returns(json!({"Table": {"TableStatus": "ACTIVE"}}));
    let dynamodb = session.client("dynamodb")?;
    let names: Vec<Value> = dynamodb
        .paginate("ListTables", ())
        .items()
        .try_collect()
        .await?;
    assert_eq!(names, ["aaa", "bbb"]);
    dynamodb
        .wait("TableExists", json!({"TableName": "aaa"}))
        .delay(Duration::from_millis(1))
        .await?;
    server.stubs().verify()
}

/// The smallest outputs are valid.
#[tokio::test]
async fn one_operation_of_18_services_answers_without_rules() -> Result<()> {
    let server = FakeServer::builder().start().await?;
    let session: Session = server
        .session()
        .config(&Config::new().max_attempts(1))
        .build()?;
    let mut failures = Vec::new();
    for (service, operation, params) in [
        ("sts", "GetCallerIdentity", json!({})),
        ("sqs", "ListQueues", json!({})),
        ("route53", "ListHostedZones", json!({})),
        ("cloudfront", "ListDistributions", json!({})),
        ("apigateway", "GetRestApis", json!({})),
        ("ec2", "DescribeVpcs", json!({})),
        ("sns", "ListTopics", json!({})),
        ("kms", "ListKeys", json!({})),
        ("logs", "DescribeLogGroups", json!({})),
        ("stepfunctions", "ListStateMachines", json!({})),
        ("ssm", "DescribeParameters", json!({})),
        ("cloudformation", "ListStacks", json!({})),
        ("autoscaling", "DescribeAutoScalingGroups", json!({})),
        ("eks", "ListClusters", json!({})),
        ("batch", "DescribeJobQueues", json!({})),
        ("sesv2", "ListEmailIdentities", json!({})),
        ("ses", "ListIdentities", json!({})),
        (
            "s3control",
            "ListJobs",
            json!({"AccountId": "123456789012"}),
        ),
    ] {
        if let Err(error) = session.client(service)?.call(operation, params).await {
            failures.push(format!("{service} {operation}: {error:#}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    let names: Vec<String> = server
        .calls()
        .iter()
        .map(|call| format!("{} {}", call.service, call.operation))
        .collect();
    assert!(
        names.contains(&"sesv2 ListEmailIdentities".to_owned())
            && names.contains(&"ses ListIdentities".to_owned()),
        "{names:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_taken_port_is_an_error() -> Result<()> {
    let server = FakeServer::builder().start().await?;
    let port = server.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = FakeServer::builder()
        .stubs(StubSession::new()?)
        .port(port)
        .start()
        .await
        .unwrap_err();
    assert!(
        error
            .message()
            .contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{error}"
    );
    Ok(())
}
