//! Stubbed clients: what a test may rely on.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use inia::ports::Clock as _;
use inia::testing::{StubClient, StubSession};
use inia::{ByteStream, Credentials, ErrorKind, Result, Session, Value, json};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

#[tokio::test]
async fn rules_are_chosen_by_parameters_and_answer_in_sequence() -> Result<()> {
    let stub = StubClient::new("sqs")?;
    stub.on("receive_message")
        .with(json!({"QueueUrl": "https://q/1"}))
        .returns(json!({"Messages": [{"Body": "first"}]}))
        .returns(json!({}));
    stub.on("ReceiveMessage")
        .matching(|params| params["MaxNumberOfMessages"].as_i64() == Some(10))
        .answers(|params| Ok(json!({"Messages": [{"Body": params["QueueUrl"].clone()}]})));
    let sqs = stub.client();
    let receive = |url: &str| {
        sqs.call(
            "ReceiveMessage",
            json!({"QueueUrl": url, "MaxNumberOfMessages": 10}),
        )
    };
    assert_eq!(
        receive("https://q/1").await?["Messages"][0]["Body"],
        "first"
    );
    for _ in 0..2 {
        assert!(receive("https://q/1").await?["Messages"].is_null());
    }
    assert_eq!(
        receive("https://q/2").await?["Messages"][0]["Body"],
        "https://q/2"
    );
    let calls = stub.calls();
    assert_eq!(calls.len(), 4);
    assert_eq!(calls[3].operation, "ReceiveMessage");
    assert_eq!(
        calls[3].params,
        json!({"QueueUrl": "https://q/2", "MaxNumberOfMessages": 10})
    );
    stub.verify()
}

#[tokio::test]
async fn parameters_are_validated_before_the_stub_is_asked() -> Result<()> {
    let stub = StubClient::new("sqs")?;
    stub.on("SendMessage").optional();
    let error = stub
        .client()
        .call("SendMessage", json!({"QueueUrl": "https://q", "Body": "x"}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    let paths: Vec<&str> = error
        .problems()
        .iter()
        .map(|problem| &*problem.path)
        .collect();
    assert_eq!(paths, ["MessageBody", "Body"]);
    assert!(stub.calls().is_empty());
    stub.verify()
}

/// Rules that cannot happen at AWS: each is reported by the next call and by `verify`.
#[tokio::test]
async fn wrong_stubs_are_reported_not_ignored() -> Result<()> {
    type AddRule = fn(&StubClient);
    let cases: [(AddRule, &str); 8] = [
        (|stub| drop(stub.on("GetItm")), "did you mean GetItem?"),
        (
            |stub| drop(stub.on("GetItem").returns(json!({"Itm": {}}))),
            "Itm: unknown parameter; did you mean Item?",
        ),
        (
            |stub| {
                drop(
                    stub.on("GetItem")
                        .returns(json!({"Item": {"Id": {"N": 7}}})),
                )
            },
            "Item.Id.N: invalid type, value: 7",
        ),
        (
            |stub| drop(stub.on("GetItem").with(json!({"Table": "x"}))),
            "Table: unknown parameter",
        ),
        (
            |stub| drop(stub.on("GetItem").with(json!({"TableName": 5}))),
            "TableName: invalid type",
        ),
        (
            |stub| drop(stub.on("GetItem").fails("ResourceNotFoundExceptoin", "")),
            "did you mean ResourceNotFoundException?",
        ),
        (
            |stub| {
                drop(stub.on("TransactWriteItems").fails_with_details(
                    "TransactionCanceledException",
                    "",
                    json!({"Reasons": []}),
                ))
            },
            "Reasons: unknown parameter",
        ),
        (
            |stub| {
                drop(
                    stub.on("GetItem")
                        .fails_with_details("Throttling", "", json!({"A": 1})),
                )
            },
            "Throttling has details",
        ),
    ];
    for (add, expected) in cases {
        let stub = StubClient::new("dynamodb")?;
        add(&stub);
        let call = stub.client().call("ListTables", ()).await.unwrap_err();
        assert_eq!(call.kind(), ErrorKind::Config);
        assert!(call.message().contains(expected), "{call}");
        let verified = stub.verify().unwrap_err();
        assert!(verified.message().contains(expected), "{verified}");
    }
    Ok(())
}

#[tokio::test]
async fn outputs_computed_by_a_function_are_validated_too() -> Result<()> {
    let stub = StubClient::new("dynamodb")?;
    stub.on("ListTables").answers(|_| Ok(json!({"Tables": []})));
    let error = stub.client().call("ListTables", ()).await.unwrap_err();
    assert!(error.message().contains("stubbed output"), "{error}");
    assert!(
        error.message().contains("Tables: unknown parameter"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn a_call_without_rule_names_the_rules_there_are() -> Result<()> {
    let stub = StubClient::new("dynamodb")?;
    stub.on("GetItem")
        .with_exactly(json!({"TableName": "a", "Key": {"Id": {"S": "1"}}}))
        .times(1);
    let client = stub.client();
    let error = client
        .call("GetItem", json!({"TableName": "b", "Key": {}}))
        .await
        .unwrap_err();
    assert!(
        error
            .message()
            .contains("unexpected call: dynamodb GetItem"),
        "{error}"
    );
    assert!(
        error
            .message()
            .contains(r#"expects exactly {"TableName": "a""#)
            || error
                .message()
                .contains(r#"expects exactly {"TableName":"a""#),
        "{error}"
    );
    let error = client.call("ListTables", ()).await.unwrap_err();
    assert!(
        error.message().contains(r#"add stub.on("ListTables")"#),
        "{error}"
    );
    let verified = stub.verify().unwrap_err().message().to_owned();
    for part in [
        "GetItem: called 0 times instead of 1",
        "unexpected call: dynamodb ListTables",
    ] {
        assert!(verified.contains(part), "{verified}");
    }
    Ok(())
}

#[tokio::test]
async fn errors_are_as_the_service_would_return_them() -> Result<()> {
    let stub = StubClient::new("dynamodb")?;
    let reasons = json!({"CancellationReasons": [{"Code": "ConditionalCheckFailed"}]});
    stub.on("TransactWriteItems").fails_with_details(
        "TransactionCanceledException",
        "cancelled",
        reasons,
    );
    stub.on("GetItem")
        .fails("ProvisionedThroughputExceededException", "slow down");
    stub.on("ListTables")
        .fails_without_response(ErrorKind::Timeout, "no response within 1 s");
    let client = stub.client();
    let error = client
        .call("TransactWriteItems", json!({"TransactItems": [{}]}))
        .await
        .unwrap_err();
    let response = error.service().unwrap();
    assert_eq!(
        response.shape.as_deref(),
        Some("TransactionCanceledException")
    );
    assert_eq!(
        response.details.get("CancellationReasons").unwrap()[0]["Code"],
        "ConditionalCheckFailed"
    );
    assert_eq!(
        (response.http_status, error.operation()),
        (400, Some("TransactWriteItems"))
    );
    let get = client
        .call("GetItem", json!({"TableName": "t", "Key": {}}))
        .await
        .unwrap_err();
    assert!(get.is_throttling());
    let list = client.call("ListTables", ()).await.unwrap_err();
    assert_eq!(
        (list.kind(), list.service_name()),
        (ErrorKind::Timeout, Some("dynamodb"))
    );
    stub.verify()
}

#[tokio::test]
async fn errors_have_the_status_of_the_definition() -> Result<()> {
    let stub = StubClient::new("lambda")?;
    stub.on("GetFunction")
        .fails("ResourceNotFoundException", "no such function")
        .fails("ServiceException", "internal");
    let get = || {
        stub.client()
            .call("GetFunction", json!({"FunctionName": "f"}))
            .into_future()
    };
    assert_eq!(get().await.unwrap_err().http_status(), Some(404));
    assert_eq!(get().await.unwrap_err().http_status(), Some(500));
    Ok(())
}

#[tokio::test]
async fn streams_go_in_and_out() -> Result<()> {
    let stub = StubClient::new("s3")?;
    stub.on("PutObject")
        .with(json!({"Key": "a"}))
        .returns(json!({"ETag": "\"1\""}));
    stub.on("GetObject")
        .returns(json!({"Body": "hello", "ContentLength": 5}));
    let s3 = stub.client();
    let object = json!({"Bucket": "logs", "Key": "a"});
    s3.call("PutObject", object.clone())
        .body(ByteStream::from("sent"))
        .await?;
    assert_eq!(stub.calls()[0].body.as_deref(), Some(&b"sent"[..]));
    let got = s3.call("GetObject", object.clone()).await?;
    assert_eq!(got["ContentLength"], 5);
    assert!(got["Body"].is_null());
    assert_eq!(got.body.unwrap().collect(100).await?, "hello");
    let collected = s3.call("GetObject", object.clone()).collect().await?;
    assert_eq!(collected["Body"].as_blob(), Some(&b"hello"[..]));
    // Parameters that the client adds are not in the log.
    assert_eq!(stub.calls()[2].params, object);
    Ok(())
}

#[tokio::test]
async fn event_streams_end_with_a_stubbed_exception() -> Result<()> {
    let stub = StubClient::new("lambda")?;
    stub.on("InvokeWithResponseStream").returns(json!({"StatusCode": 200, "EventStream": [
        {"PayloadChunk": {"Payload": "a"}}, {"PayloadChunk": {"Payload": "b"}}, {"InvokeComplete": {"LogResult": "done"}}]}));
    stub.on("InvokeWithResponseStream").optional();
    let output = stub
        .client()
        .call("InvokeWithResponseStream", json!({"FunctionName": "f"}))
        .await?;
    assert_eq!(output["StatusCode"], 200);
    let events = output.events.unwrap().collect().await?;
    assert_eq!(events.len(), 3);
    assert_eq!(
        events[1]["PayloadChunk"]["Payload"].as_blob(),
        Some(&b"b"[..])
    );

    let stub = StubClient::new("kinesis")?;
    stub.on("SubscribeToShard").returns(json!({"EventStream": [
        {"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "1", "MillisBehindLatest": 0}},
        {"KMSAccessDeniedException": {"message": "denied"}}]}));
    let params = json!({"ConsumerARN": "arn:aws:kinesis:us-east-1:123456789012:stream/s/consumer/c:1", "ShardId": "s", "StartingPosition": {"Type": "LATEST"}});
    let mut events = stub
        .client()
        .call("SubscribeToShard", params)
        .await?
        .events
        .unwrap();
    assert_eq!(
        events.next().await.unwrap()?["SubscribeToShardEvent"]["ContinuationSequenceNumber"],
        "1"
    );
    assert_eq!(
        events.next().await.unwrap().unwrap_err().code(),
        Some("KMSAccessDeniedException")
    );
    Ok(())
}

#[tokio::test]
async fn pages_waiters_and_resources_use_the_stubs() -> Result<()> {
    let stubs = StubSession::new()?;
    let dynamodb = stubs.service("dynamodb")?;
    dynamodb
        .on("ListTables")
        .with(json!({"ExclusiveStartTableName": null}))
        .returns(json!({"TableNames": ["aaa"], "LastEvaluatedTableName": "aaa"}));
    dynamodb
        .on("ListTables")
        .with(json!({"ExclusiveStartTableName": "aaa"}))
        .returns(json!({"TableNames": ["bbb"]}));
    dynamodb
        .on("DescribeTable")
        .fails("ResourceNotFoundException", "")
        .returns(json!({"Table": {"TableStatus": "ACTIVE"}}));
    let sqs = stubs.service("sqs")?;
    sqs.on("GetQueueUrl")
        .with(json!({"QueueName": "jobs"}))
        .returns(json!({"QueueUrl": "https://q/jobs"}));
    sqs.on("SendMessage").returns(json!({"MessageId": "1"}));

    let session: Session = stubs.session();
    let names: Vec<Value> = session
        .client("dynamodb")?
        .paginate("ListTables", ())
        .items()
        .try_collect()
        .await?;
    assert_eq!(names, ["aaa", "bbb"]);
    let started = Instant::now();
    session
        .client("dynamodb")?
        .wait("TableExists", json!({"TableName": "aaa"}))
        .delay(Duration::from_millis(1))
        .await?;
    assert!(started.elapsed() < Duration::from_secs(5));
    let queue = session.resource("sqs")?.get("Queue", ["https://q/jobs"])?;
    queue
        .action("send_message", json!({"MessageBody": "hi"}))
        .await?;
    session
        .client("sqs")?
        .call("GetQueueUrl", json!({"QueueName": "jobs"}))
        .await?;
    assert_eq!(stubs.calls().last().unwrap().service, "sqs");
    stubs.verify()
}

#[test]
fn delays_are_by_the_clock_of_the_session() -> Result<()> {
    let ports = FakePorts::new(FakeEnv::default(), 1_000);
    let builder = Session::builder()
        .host(ports.host())
        .region("eu-west-1")
        .credentials(Credentials::new("AKID", "secret", None));
    let stub = StubSession::from_builder(builder)?.service("sqs")?;
    stub.on("ListQueues").delay(Duration::from_secs(3600));
    let started = Instant::now();
    block_on(stub.client().call("ListQueues", ()).send())?;
    assert_eq!(ports.clock.now().seconds(), 4_600);
    assert!(started.elapsed() < Duration::from_secs(60));
    Ok(())
}

#[tokio::test]
async fn conversations_can_be_stubbed() -> Result<()> {
    let stub = StubClient::new("lexv2-runtime")?;
    stub.on("StartConversation")
        .returns(json!({"responseEventStream": [{"TranscriptEvent": {"transcript": "hi"}}]}));
    let params = json!({"botId": "BOTBOTBOT1", "botAliasId": "TSTALIASID", "localeId": "en_US", "sessionId": "s1"});
    let (mut send, mut receive) = stub
        .client()
        .call("StartConversation", params)
        .duplex()
        .await?;
    for _ in 0..1000 {
        send.send(json!({"TextInputEvent": {"text": "x".repeat(1000)}}))
            .await?;
    }
    assert_eq!(
        receive.next().await.unwrap()?,
        json!({"TranscriptEvent": {"transcript": "hi"}})
    );
    assert!(receive.next().await.is_none());
    stub.verify()
}
