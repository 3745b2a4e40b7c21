//! Waiters: all definitions checked against their shapes, and waiting with a client.

mod higher;

use std::sync::Arc;
use std::time::Duration;

use higher::{CannedTransport, SleepRecorder, catalog, host, paths};
use inia::{Client, ErrorKind, Value, json, model::Matcher, model::Waiters, wait::Condition};

#[test]
fn all_waiters_match_their_shapes() {
    let catalog = catalog();
    let (mut count, mut problems) = (0, Vec::new());
    for service in catalog.services() {
        let model = catalog.service(&service, None).unwrap();
        let Some(waiters) = Waiters::load(&catalog, &model).unwrap() else {
            continue;
        };
        for name in waiters.names() {
            count += 1;
            let waiter = match waiters.waiter(name) {
                Ok(waiter) => waiter,
                Err(error) => {
                    problems.push(error.to_string());
                    continue;
                }
            };
            assert!(!waiter.acceptors.is_empty() && waiter.max_attempts > 0);
            let Ok(operation) = model.operation(&waiter.operation) else {
                problems.push(format!("{service} {name}: unknown operation"));
                continue;
            };
            for acceptor in &waiter.acceptors {
                if let Matcher::Path(path, _)
                | Matcher::PathAll(path, _)
                | Matcher::PathAny(path, _) = &acceptor.matcher
                    && let Err(problem) = paths::check(&model, operation.output.as_ref(), path)
                {
                    problems.push(format!("{service} {name}: {problem}"));
                }
            }
        }
    }
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(count, 410);
}

fn table(status: &str) -> (u16, String) {
    let body = json!({"Table": {"TableName": "t", "TableStatus": status}});
    (200, body.to_json().to_string())
}

fn error(code: &str) -> (u16, String) {
    let body = json!({"__type": code, "message": "no such thing"});
    (400, body.to_json().to_string())
}

/// Returns a client with canned responses, and its clock.
fn dynamodb(responses: Vec<(u16, String)>) -> (Arc<CannedTransport>, Client, Arc<SleepRecorder>) {
    let server = CannedTransport::new(responses);
    let clock = Arc::new(SleepRecorder::default());
    let session = server.session_over(host(clock.clone())).build().unwrap();
    (server, session.client("dynamodb").unwrap(), clock)
}

#[tokio::test]
async fn polls_until_success() {
    let (server, dynamodb, clock) = dynamodb(vec![
        error("ResourceNotFoundException"),
        table("CREATING"),
        table("ACTIVE"),
    ]);
    for name in ["TableExists", "table_exists"] {
        assert_eq!(
            dynamodb.wait(name, json!({})).model().unwrap().name,
            "TableExists"
        );
    }
    let waited = dynamodb
        .wait("TableExists", json!({"TableName": "t"}))
        .await
        .unwrap();
    assert_eq!(waited.attempts, 3);
    assert_eq!(waited.result.unwrap()["Table"]["TableStatus"], "ACTIVE");
    assert_eq!(server.params(), vec![json!({"TableName": "t"}); 3]);
    assert_eq!(clock.seconds(), [20.0, 20.0]);
}

#[tokio::test]
async fn an_error_can_be_the_success_state() {
    let (_, dynamodb, _) = dynamodb(vec![table("DELETING"), error("ResourceNotFoundException")]);
    let waited = dynamodb
        .wait("TableNotExists", json!({"TableName": "t"}))
        .await
        .unwrap();
    let not_found = waited.result.unwrap_err();
    assert_eq!(
        not_found.service().unwrap().code,
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn gives_up_with_the_last_response() {
    let (server, dynamodb, clock) = dynamodb(vec![table("CREATING"), table("UPDATING")]);
    let error = dynamodb
        .wait("TableExists", json!({"TableName": "t"}))
        .delay(Duration::from_millis(500))
        .max_attempts(2)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Waiter);
    assert_eq!(error.attempts(), 2);
    assert_eq!(
        error.last_response().unwrap()["Table"]["TableStatus"],
        "UPDATING"
    );
    assert_eq!(
        error.to_string(),
        "waiting for TableExists: max attempts exceeded (DescribeTable called 2 times)"
    );
    assert_eq!(server.requests().len(), 2);
    assert_eq!(clock.seconds(), [0.5]);
}

#[tokio::test]
async fn an_unexpected_error_ends_the_wait() {
    let (_, dynamodb, clock) = dynamodb(vec![error("ValidationException")]);
    let failed = dynamodb
        .wait("TableExists", json!({"TableName": "t"}))
        .await
        .unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Waiter);
    let last = failed.last_response().unwrap();
    assert_eq!(
        last["Error"],
        json!({"Code": "ValidationException", "Message": "no such thing"})
    );
    assert_eq!(last["ResponseMetadata"]["HTTPStatusCode"], 400);
    let cause = std::error::Error::source(&failed).unwrap().to_string();
    assert!(cause.contains("ValidationException"), "{cause}");
    assert_eq!(clock.seconds(), [0.0; 0]);
}

#[tokio::test]
async fn a_failure_state_ends_the_wait() {
    let instances = "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceState><name>terminated</name>\
                     </instanceState></item></instancesSet></item></reservationSet></DescribeInstancesResponse>";
    let ec2 = CannedTransport::new([(200, instances)]).client("ec2");
    let error = ec2
        .wait("InstanceRunning", json!({"InstanceIds": ["i-1"]}))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "waiting for InstanceRunning: terminal failure state: one of `Reservations[].Instances[].State.Name` is \"terminated\" \
         (DescribeInstances called 1 time)"
    );
    assert!(
        error.last_response().unwrap()["Reservations"]
            .items()
            .next()
            .is_some()
    );
}

#[tokio::test]
async fn matches_status_codes() {
    let s3 = CannedTransport::new([(404, ""), (200, "")]).client("s3");
    let waited = s3
        .wait("BucketExists", json!({"Bucket": "b"}))
        .await
        .unwrap();
    assert_eq!(waited.attempts, 2);
}

#[tokio::test]
async fn delays_can_grow_with_jitter() {
    let responses = (0..6).map(|_| table("CREATING")).collect();
    let (_, dynamodb, clock) = dynamodb(responses);
    dynamodb
        .wait("TableExists", json!({"TableName": "t"}))
        .delay(Duration::from_secs(2))
        .jitter(Duration::from_secs(20))
        .max_attempts(6)
        .await
        .unwrap_err();
    let longest = [2.0, 4.0, 8.0, 16.0, 20.0];
    let slept = clock.seconds();
    assert_eq!(slept.len(), longest.len());
    for (slept, longest) in slept.into_iter().zip(longest) {
        assert!((2.0..=longest).contains(&slept), "{slept} of {longest}");
    }
}

#[tokio::test]
async fn accepts_custom_conditions() {
    let page = |names: &[&str]| {
        let body =
            json!({"TableNames": names.iter().copied().collect::<Value>(), "Count": names.len()});
        (200, body.to_json().to_string())
    };
    for (condition, responses) in [
        (
            Condition::contains("b"),
            vec![page(&[]), page(&["a"]), page(&["a", "b"])],
        ),
        (
            Condition::not_contains("a"),
            vec![page(&["a", "b"]), page(&["a"]), page(&["b"])],
        ),
        (
            Condition::equals(["b"]),
            vec![page(&["a"]), page(&["a", "b"]), page(&["b"])],
        ),
    ] {
        let (_, dynamodb, clock) = dynamodb(responses);
        let waited = dynamodb
            .wait_until("list_tables", json!({}), "TableNames", condition.clone())
            .await
            .unwrap();
        assert_eq!(waited.attempts, 3, "{condition:?}");
        assert_eq!(clock.seconds(), [5.0, 5.0]);
    }
}

#[tokio::test]
async fn errors_of_custom_conditions_contain_the_condition() {
    let (_, dynamodb, _) = dynamodb(vec![error("ResourceNotFoundException"), table("CREATING")]);
    let wait = || {
        let status = Condition::equals("ACTIVE");
        dynamodb.wait_until(
            "DescribeTable",
            json!({"TableName": "t"}),
            "Table.TableStatus",
            status,
        )
    };
    let failed = wait()
        .retry_on("ResourceNotFoundException")
        .max_attempts(2)
        .await
        .unwrap_err();
    assert_eq!(
        failed.to_string(),
        "waiting for `Table.TableStatus` is \"ACTIVE\": max attempts exceeded (DescribeTable called 2 times)"
    );
    assert_eq!(
        failed.last_response().unwrap()["Table"]["TableStatus"],
        "CREATING"
    );
}

#[tokio::test]
async fn rejects_invalid_waiters() {
    let (server, dynamodb, _) = dynamodb(Vec::new());
    let params = || json!({"TableName": "t"});
    let until =
        |operation, path| dynamodb.wait_until(operation, params(), path, Condition::equals(1));
    for (wait, kind, message) in [
        (
            dynamodb.wait("TableExist", params()),
            ErrorKind::Model,
            "did you mean TableExists",
        ),
        (
            until("DescribeTabel", "Table"),
            ErrorKind::Model,
            "did you mean DescribeTable",
        ),
        (
            until("DescribeTable", "Table["),
            ErrorKind::Validation,
            "at column 7",
        ),
        (
            dynamodb.wait("TableExists", json!({"Table": "t"})),
            ErrorKind::Validation,
            "TableName",
        ),
    ] {
        let error = wait.await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    assert_eq!(server.requests(), []);
    let account = server.client("sqs").wait("QueueExists", json!({}));
    let error = account.await.unwrap_err();
    assert_eq!(error.to_string(), "sqs has no waiters");
}

#[tokio::test]
async fn an_expression_that_fails_ends_the_wait() {
    let (_, dynamodb, _) = dynamodb(vec![(200, "{}".to_owned())]);
    let wait = dynamodb.wait_until(
        "ListTables",
        json!({}),
        "length(TableNames)",
        Condition::equals(1),
    );
    let error = wait.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Waiter);
    assert_eq!(*error.last_response().unwrap(), json!({}));
}
