//! DynamoDB's native values: on resources and native clients, in pages, batches, transactions and Rust types.
//!
//! The cases of boto3's tests (`tests/functional/test_dynamodb.py`, `tests/functional/dynamodb/`, `tests/unit/dynamodb/test_table.py`) are
//! among them, restated.

mod higher;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use higher::{CannedTransport, SleepRecorder, host};
use inia::dynamodb::{
    Attr, Key, Number, Set, Table, cancellation_reasons, from_attribute, from_item, to_attribute,
    to_item,
};
use inia::{Blob, ErrorKind, Value, from_value, json, to_value};
use serde::{Deserialize, Serialize};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn empty(count: usize) -> Arc<CannedTransport> {
    CannedTransport::pages(std::iter::repeat_n(json!({}), count))
}

fn table(canned: &Arc<CannedTransport>) -> Table {
    Table::new(&canned.client("dynamodb"), "users")
}

#[test]
fn resources_take_and_return_native_values() {
    block_on(async {
        let canned = CannedTransport::pages([
            json!({}),
            json!({"Item": {"id": {"S": "a"}, "n": {"N": "1"}, "x": {"L": [{"NULL": true}]}}}),
            json!({"Items": [{"id": {"S": "a"}}], "Count": 1, "ScannedCount": 1}),
        ]);
        let session = canned.session().build().unwrap();
        let dynamodb = session.resource("dynamodb").unwrap();
        assert!(dynamodb.client().is_native());
        let table = dynamodb.get("Table", ["MyTable"]).unwrap();
        let item = json!({"Item": {"id": "a", "n": 1, "x": [null]}});
        table.action("put_item", item).await.unwrap();
        let item = table
            .action("get_item", json!({"Key": {"id": "a"}}))
            .await
            .unwrap();
        assert_eq!(
            item.value()["Item"],
            json!({"id": "a", "n": 1, "x": [null]})
        );
        let filter = json!({"FilterExpression": Attr("mykey").eq("myvalue")});
        let page = table.action("scan", filter).await.unwrap();
        assert_eq!(page.value()["Items"], json!([{"id": "a"}]));
        assert_eq!(
            canned.params(),
            [
                json!({"TableName": "MyTable", "Item": {"id": {"S": "a"}, "n": {"N": "1"}, "x": {"L": [{"NULL": true}]}}}),
                json!({"TableName": "MyTable", "Key": {"id": {"S": "a"}}}),
                json!({"TableName": "MyTable", "FilterExpression": "#n0 = :v0", "ExpressionAttributeNames": {"#n0": "mykey"},
                    "ExpressionAttributeValues": {":v0": {"S": "myvalue"}}}),
            ]
        );
    });
}

#[test]
fn a_client_keeps_attribute_values_unless_it_is_native() {
    block_on(async {
        let canned = empty(3);
        let client = canned.client("dynamodb");
        let wire = json!({"TableName": "MyTable", "FilterExpression": "#n0 = :v0",
            "ExpressionAttributeNames": {"#n0": "mykey"}, "ExpressionAttributeValues": {":v0": {"S": "myvalue"}}});
        client.call("Scan", wire.clone()).await.unwrap();
        let shared = Arc::new(
            json!({"TableName": "MyTable", "FilterExpression": "#n0 = :v0",
            "ExpressionAttributeNames": {"#n0": "mykey"}, "ExpressionAttributeValues": {":v0": "myvalue"}}),
        );
        let before = shared.clone();
        client
            .native()
            .call("Scan", Arc::clone(&shared))
            .await
            .unwrap();
        assert_eq!(shared, before, "shared parameters are not changed");
        assert_eq!(canned.params(), [wire.clone(), wire]);
        // An operation without an output.
        let tags = json!({"ResourceArn": "arn:aws:dynamodb:us-west-2:123456789:table/mytable", "Tags": [{"Key": "project", "Value": "val"}]});
        client.native().call("TagResource", tags).await.unwrap();
        let error = client
            .call("PutItem", json!({"TableName": "t", "Item": {"id": "a"}}))
            .await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Validation);
        // A service without attribute values.
        assert!(canned.client("sqs").native().is_native());
    });
}

#[test]
fn conditions_of_a_query_are_sent_as_placeholders() {
    block_on(async {
        let canned = empty(1);
        let session = canned.session().build().unwrap();
        let table = session
            .resource("dynamodb")
            .unwrap()
            .get("Table", ["mytable"])
            .unwrap();
        let filter =
            Attr("myattr").eq("foo") & (Attr("myattr2").lte("buzz") | Attr("myattr2").gte("fizz"));
        let query = json!({"KeyConditionExpression": Key("mykey").eq("testkey"), "FilterExpression": filter});
        table.action("query", query).await.unwrap();
        assert_eq!(
            canned.params(),
            [
                json!({"TableName": "mytable", "KeyConditionExpression": "#n3 = :v3",
                "FilterExpression": "(#n0 = :v0 AND (#n1 <= :v1 OR #n2 >= :v2))",
                "ExpressionAttributeNames": {"#n0": "myattr", "#n1": "myattr2", "#n2": "myattr2", "#n3": "mykey"},
                "ExpressionAttributeValues": {":v0": {"S": "foo"}, ":v1": {"S": "buzz"}, ":v2": {"S": "fizz"}, ":v3": {"S": "testkey"}}})
            ]
        );
    });
}

#[test]
fn values_that_cannot_be_sent_are_refused_before_the_call() {
    block_on(async {
        let canned = empty(0);
        let client = canned.client("dynamodb").native();
        let put =
            json!({"TableName": "t", "Item": {"a": {"b": [1, f64::NAN]}, "s": {"$set": [1, "x"]}}});
        let error = client.call("PutItem", put.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "Item.a.b[1]: NaN and the infinities are not numbers",
                "Item.s: a set has only strings, only numbers, or only blobs",
            ]
        );
        let error = client.paginate(
            "Query",
            json!({"TableName": "t", "KeyConditionExpression": Attr("a").eq(1)}),
        );
        let error = error.items().collect().await.unwrap_err();
        assert!(error.to_string().contains("a must be a Key"), "{error}");
        let presign = client
            .presign("PutItem", put, std::time::Duration::from_secs(60))
            .await;
        assert_eq!(presign.unwrap_err().kind(), ErrorKind::Validation);
    });
}

#[test]
fn tokens_of_native_pages_are_those_of_all_clients() {
    block_on(async {
        let pages = || {
            CannedTransport::pages([
                json!({"Items": [{"id": {"S": "a"}}, {"id": {"S": "b"}}], "LastEvaluatedKey": {"id": {"S": "b"}}}),
                json!({"Items": [{"id": {"S": "c"}}]}),
            ])
        };
        let canned = pages();
        let client = canned.client("dynamodb").native();
        let scan = json!({"TableName": "t"});
        let mut items = client.paginate("Scan", scan.clone()).max_items(1).items();
        assert_eq!(items.next().await.unwrap().unwrap(), json!({"id": "a"}));
        assert!(items.next().await.is_none());
        let token = items.resume_token().unwrap();
        let raw = pages();
        let mut raw_items = raw
            .client("dynamodb")
            .paginate("Scan", scan.clone())
            .max_items(1)
            .items();
        while raw_items.next().await.is_some() {}
        assert_eq!(raw_items.resume_token().unwrap(), token);

        let canned = pages();
        let client = canned.client("dynamodb").native();
        let rest = client
            .paginate("Scan", scan.clone())
            .starting_token(token)
            .items()
            .collect()
            .await
            .unwrap();
        assert_eq!(rest, [json!({"id": "b"}), json!({"id": "c"})]);
        assert_eq!(
            canned.params()[1]["ExclusiveStartKey"],
            json!({"id": {"S": "b"}})
        );

        let canned = pages();
        let client = canned.client("dynamodb").native();
        let mut pages = client.paginate("Scan", scan);
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!(page["LastEvaluatedKey"], json!({"id": "b"}));
    });
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: String,
    age: u32,
    balance: Number,
    ratio: f64,
    tags: Set<String>,
    photo: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<String>,
    address: HashMap<String, Vec<i64>>,
}

#[test]
fn rust_types_are_written_and_read() {
    block_on(async {
        let user = User {
            id: "u-1".into(),
            age: 36,
            balance: "0.12345678901234567890".parse().unwrap(),
            ratio: 0.5,
            tags: Set::from(["a".to_owned(), "b".to_owned()]),
            photo: Blob::from(vec![1, 2]),
            nickname: None,
            address: HashMap::from([("x".to_owned(), vec![1, 2])]),
        };
        let wire = json!({
            "id": {"S": "u-1"}, "age": {"N": "36"}, "balance": {"N": "0.12345678901234567890"}, "ratio": {"N": "0.5"},
            "tags": {"SS": ["a", "b"]}, "photo": {"B": "AQI="}, "address": {"M": {"x": {"L": [{"N": "1"}, {"N": "2"}]}}},
        });
        let canned = CannedTransport::pages([
            json!({}),
            json!({"Item": wire.clone()}),
            json!({}),
            json!({"Item": {"id": {"S": "u-2"}, "tags": {"SS": ["x"]}, "balance": {"N": "3.14159265358979323846"}}}),
            json!({"Item": {"id": {"N": "5"}}}),
        ]);
        let users = table(&canned);
        users
            .put(&user)
            .condition(Attr("id").not_exists())
            .await
            .unwrap();
        assert_eq!(
            users
                .get::<User>(json!({"id": "u-1"}))
                .await
                .unwrap()
                .unwrap(),
            user
        );
        assert_eq!(
            users.get::<User>(json!({"id": "none"})).await.unwrap(),
            None
        );
        // Fields of other types: any collection for a set, a float for a number.
        #[derive(Deserialize)]
        struct Loose {
            tags: BTreeSet<String>,
            balance: f64,
        }
        let loose: Loose = users.get(json!({"id": "u-2"})).await.unwrap().unwrap();
        assert_eq!((loose.tags.len(), loose.balance), (1, std::f64::consts::PI));
        let error = users.get::<User>(json!({"id": 5})).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "id: invalid type: integer `5`, expected a string"
        );
        assert_eq!(
            canned.params()[0],
            json!({"TableName": "users", "Item": wire, "ConditionExpression": "attribute_not_exists(#n0)",
                "ExpressionAttributeNames": {"#n0": "id"}})
        );
    });
}

#[test]
fn a_failed_condition_has_the_native_item() {
    block_on(async {
        let body = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "The conditional request failed", "Item": {"id": {"S": "a"}, "n": {"N": "2"}}});
        let canned = CannedTransport::new([(400, body.to_json())]);
        let users = table(&canned);
        let write = users
            .delete(json!({"id": "a"}))
            .condition(Attr("n").eq(1))
            .params(json!({"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}));
        let error = write.await.unwrap_err();
        assert_eq!(error.code(), Some("ConditionalCheckFailedException"));
        assert_eq!(
            error
                .service()
                .unwrap()
                .details
                .get("Item")
                .unwrap()
                .clone(),
            json!({"id": "a", "n": 2})
        );
    });
}

#[test]
fn a_cancelled_transaction_names_the_items_that_caused_it() {
    block_on(async {
        let body = json!({"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]",
            "CancellationReasons": [{"Code": "None"},
                {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": {"id": {"N": "2"}}}]});
        let canned = CannedTransport::new([(400, body.to_json()), (400, body.to_json())]);
        let params = json!({"TransactItems": [
            {"Put": {"TableName": "t", "Item": {"id": 1}}},
            {"Put": {"TableName": "t", "Item": {"id": 2}, "ConditionExpression": Attr("id").not_exists()}}]});
        let client = canned.client("dynamodb").native();
        let error = client.call("TransactWriteItems", params).await.unwrap_err();
        let [reason] = &cancellation_reasons(&error)[..] else {
            panic!("one reason");
        };
        assert_eq!(
            (reason.position, reason.code.as_str()),
            (1, "ConditionalCheckFailed")
        );
        assert_eq!(reason.item, Some(json!({"id": 2})));
        assert!(
            error
                .to_string()
                .ends_with("; item 1: ConditionalCheckFailed (The conditional request failed)"),
            "{error}"
        );
        // The same reasons of a client that is not native.
        let raw =
            json!({"TransactItems": [{"Put": {"TableName": "t", "Item": {"id": {"N": "1"}}}}]});
        let error = canned
            .client("dynamodb")
            .call("TransactWriteItems", raw)
            .await
            .unwrap_err();
        assert_eq!(
            cancellation_reasons(&error)[0].item,
            Some(json!({"id": {"N": "2"}}))
        );
        assert!(cancellation_reasons(&inia::Error::new(ErrorKind::Timeout, "late")).is_empty());
    });
}

/// Returns the writes of each batch as short texts: `+a` and `-a`.
fn batches(canned: &CannedTransport) -> Vec<Vec<String>> {
    let write = |request: &Value| match request.get("PutRequest") {
        Some(put) => format!("+{}", put["Item"]["id"]["S"]),
        None => format!("-{}", request["DeleteRequest"]["Key"]["id"]["S"]),
    };
    let params = canned.params();
    let batch = |params: &Value| params["RequestItems"]["users"].items().map(write).collect();
    params.iter().map(batch).collect()
}

fn unprocessed(ids: &[String]) -> Value {
    let puts: Vec<Value> = ids
        .iter()
        .map(|id| json!({"PutRequest": {"Item": {"id": {"S": id}}}}))
        .collect();
    json!({"UnprocessedItems": {"users": puts}})
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|id| id.to_string()).collect()
}

#[test]
fn a_batch_writer_sends_25_writes_at_a_time() {
    block_on(async {
        let canned = empty(3);
        let users = table(&canned);
        let mut batch = users.batch_writer();
        for id in ids(0..60) {
            match id.ends_with('7') {
                true => batch.delete(json!({"id": id})).await.unwrap(),
                false => batch.put(json!({"id": id})).await.unwrap(),
            }
        }
        assert_eq!((canned.requests().len(), batch.pending()), (2, 10));
        batch.finish().await.unwrap();
        let batches = batches(&canned);
        assert_eq!(
            batches.iter().map(Vec::len).collect::<Vec<_>>(),
            [25, 25, 10]
        );
        assert_eq!(
            (batches[0][6].as_str(), batches[0][7].as_str()),
            ("+6", "-7")
        );
        // Nothing to send.
        users.batch_writer().finish().await.unwrap();
        assert_eq!(canned.requests().len(), 3);
    });
}

#[test]
fn unprocessed_writes_are_sent_again_after_a_delay_and_never_more_than_25() {
    block_on(async {
        let canned = CannedTransport::pages([
            unprocessed(&ids(0..25)),
            unprocessed(&ids(24..25)),
            json!({"UnprocessedItems": {}}),
        ]);
        let clock = Arc::new(SleepRecorder::default());
        let session = canned
            .session_over(host(Arc::clone(&clock) as _))
            .build()
            .unwrap();
        let users = Table::new(&session.client("dynamodb").unwrap(), "users");
        let mut batch = users.batch_writer();
        for id in ids(0..26) {
            batch.put(json!({"id": id})).await.unwrap();
        }
        batch.finish().await.unwrap();
        let batches = batches(&canned);
        assert_eq!(
            batches.iter().map(Vec::len).collect::<Vec<_>>(),
            [25, 25, 2]
        );
        assert_eq!(batches[2], ["+25", "+24"]);
        assert_eq!(clock.seconds().len(), 2);
    });
}

#[test]
fn a_batch_writer_gives_up_on_writes_that_are_never_processed() {
    block_on(async {
        let canned = CannedTransport::pages(std::iter::repeat_n(unprocessed(&ids(0..1)), 11));
        let mut batch = table(&canned).batch_writer();
        batch.put(json!({"id": "0"})).await.unwrap();
        let error = batch.flush().await.unwrap_err();
        assert_eq!(error.code(), Some("ProvisionedThroughputExceededException"));
        assert!(error.is_throttling() && error.is_retryable());
        assert_eq!((canned.requests().len(), batch.pending()), (10, 1));
        // The next flush tries again.
        assert!(batch.flush().await.is_err());
        assert_eq!(canned.requests().len(), 12);
    });
}

#[test]
fn the_writes_of_a_failed_batch_are_kept() {
    block_on(async {
        let body = json!({"__type": "x#ResourceNotFoundException", "message": "no table"});
        let canned = CannedTransport::new([(400, body.to_json()), (200, json!({}).to_json())]);
        let mut batch = table(&canned).batch_writer();
        batch.put(json!({"id": "a"})).await.unwrap();
        assert_eq!(
            batch.flush().await.unwrap_err().code(),
            Some("ResourceNotFoundException")
        );
        assert_eq!(batch.pending(), 1);
        batch.finish().await.unwrap();
        assert_eq!(batches(&canned), [["+a"], ["+a"]]);
    });
}

#[test]
fn a_batch_writer_replaces_earlier_writes_of_the_same_item() {
    block_on(async {
        let canned = empty(2);
        let mut batch = table(&canned).batch_writer().overwrite_by(["pkey", "skey"]);
        let key = |pkey: &str, skey: Value| json!({"pkey": pkey, "skey": skey});
        for (pkey, skey, other) in [
            ("foo1", json!("bar1"), Some(1)),
            ("foo1", json!("bar1"), Some(2)),
            ("foo1", json!("bar2"), None),
            ("foo1", json!("bar2"), Some(3)),
            ("foo2", json!(1), Some(3)),
            ("foo2", json!(1.0), None),
        ] {
            let mut item = key(pkey, skey);
            match other {
                Some(other) => {
                    item["other"] = json!(other);
                    batch.put(item).await.unwrap();
                }
                None => batch.delete(item).await.unwrap(),
            }
        }
        let error = batch.put(json!({"pkey": "x"})).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Item has no attribute skey, which is part of the key to overwrite by"
        );
        assert_eq!(
            batch.put(json!([1])).await.unwrap_err().kind(),
            ErrorKind::Validation
        );
        let error = batch
            .put(json!({"pkey": "x", "skey": f64::NAN}))
            .await
            .unwrap_err();
        assert_eq!(error.problems()[0].path, "Item.skey");
        batch.finish().await.unwrap();
        assert_eq!(
            canned.params()[0]["RequestItems"]["users"],
            json!([
                {"PutRequest": {"Item": {"pkey": {"S": "foo1"}, "skey": {"S": "bar1"}, "other": {"N": "2"}}}},
                {"PutRequest": {"Item": {"pkey": {"S": "foo1"}, "skey": {"S": "bar2"}, "other": {"N": "3"}}}},
                {"DeleteRequest": {"Key": {"pkey": {"S": "foo2"}, "skey": {"N": "1.0"}}}},
            ])
        );
    });
}

#[test]
fn many_items_are_read_100_keys_at_a_time() {
    block_on(async {
        let items = |ids: std::ops::Range<usize>| -> Vec<Value> {
            ids.map(|id| json!({"id": {"N": id.to_string()}})).collect()
        };
        let canned = CannedTransport::pages([
            json!({"Responses": {"users": items(0..98)}, "UnprocessedKeys": {"users": {"Keys": items(98..100)}}}),
            json!({"Responses": {"users": items(98..150)}, "UnprocessedKeys": {}}),
        ]);
        let keys = (0..150).chain(0..10).map(|id| json!({"id": id}));
        let read = table(&canned).batch_get(keys, json!({"ConsistentRead": true}));
        #[derive(Deserialize)]
        struct Item {
            id: usize,
        }
        let found: Vec<Item> = read.collect().await.unwrap();
        assert_eq!(found.len(), 150);
        assert_eq!(found[149].id, 149);
        let params = canned.params();
        assert_eq!(params.len(), 2);
        assert_eq!(params[0]["RequestItems"]["users"]["Keys"].len(), 100);
        assert_eq!(params[1]["RequestItems"]["users"]["Keys"].len(), 52);
        assert_eq!(params[1]["RequestItems"]["users"]["ConsistentRead"], true);
        // Nothing to read, odd keys and odd options.
        let users = table(&canned);
        assert!(
            users
                .batch_get(Vec::<Value>::new(), ())
                .next()
                .await
                .is_none()
        );
        for mut read in [
            users.batch_get([json!({"id": f64::NAN})], ()),
            users.batch_get([json!({"id": 1})], json!([1])),
        ] {
            assert_eq!(
                read.next().await.unwrap().unwrap_err().kind(),
                ErrorKind::Validation
            );
            assert!(read.next().await.is_none());
        }
        let stalled = json!({"Responses": {}, "UnprocessedKeys": {"users": {"Keys": items(0..1)}}});
        let canned = CannedTransport::pages(std::iter::repeat_n(stalled, 10));
        let read = table(&canned).batch_get([json!({"id": 0})], ());
        let error = read.collect::<Value>().await.unwrap_err();
        assert_eq!(error.code(), Some("ProvisionedThroughputExceededException"));
    });
}

#[test]
fn a_parallel_scan_reads_all_segments_as_one_stream() {
    block_on(async {
        let page = |id: usize, last: bool| {
            let mut page = json!({"Items": [{"id": {"N": id.to_string()}}]});
            if !last {
                page["LastEvaluatedKey"] = json!({"id": {"N": id.to_string()}});
            }
            page
        };
        let canned = CannedTransport::pages((0..8).map(|id| page(id, id >= 4)));
        let users = table(&canned);
        let scan = users.parallel_scan(4, json!({"FilterExpression": Attr("id").gte(0)}));
        let mut found: Vec<i64> = scan
            .collect()
            .await
            .unwrap()
            .iter()
            .filter_map(|item| item["id"].as_i64())
            .collect();
        found.sort_unstable();
        assert_eq!(found, (0..8).collect::<Vec<_>>());
        let segments: BTreeSet<i64> = canned
            .params()
            .iter()
            .filter_map(|params| params["Segment"].as_i64())
            .collect();
        assert_eq!(segments, BTreeSet::from([0, 1, 2, 3]));
        assert!(canned.params().iter().all(
            |params| params["TotalSegments"] == 4 && params["FilterExpression"] == "#n0 >= :v0"
        ));
        for segments in [0, 1_000_001] {
            let error = users
                .parallel_scan(segments, ())
                .collect()
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation);
        }
        // The first error ends the stream.
        let mut scan = users.parallel_scan(3, ());
        assert!(scan.next().await.unwrap().is_err());
        assert!(scan.next().await.is_none());
    });
}

#[test]
fn tables_come_from_resources_and_work_without_a_runtime() {
    let canned = CannedTransport::pages([
        json!({}),
        json!({"Items": [{"id": {"S": "a"}}]}),
        json!({"Items": [{"id": {"S": "b"}}]}),
    ]);
    let session = inia::blocking::Session::from_builder(canned.session()).unwrap();
    let dynamodb = session.resource("dynamodb").unwrap();
    let users = Table::from_resource(&dynamodb.get("Table", ["users"]).unwrap()).unwrap();
    assert_eq!(
        (users.name().as_str(), users.client().is_native()),
        ("users", true)
    );
    let error = Table::from_resource(&dynamodb).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resource);
    session.run(users.put(json!({"id": "a"}))).unwrap();
    let items: Vec<Value> = session
        .iterate(users.scan(()).items())
        .map(Result::unwrap)
        .collect();
    assert_eq!(items, [json!({"id": "a"})]);
    let query = json!({"KeyConditionExpression": Key("id").eq("b")});
    let items: Vec<Value> = session
        .iterate(users.query(query).items())
        .map(Result::unwrap)
        .collect();
    assert_eq!(items, [json!({"id": "b"})]);
    assert!(
        canned
            .params()
            .iter()
            .all(|params| params["TableName"] == "users")
    );
}

/// Returns a random native value in the form that responses have.
fn random_value(rng: &mut fastrand::Rng, depth: u32) -> Value {
    let text = |rng: &mut fastrand::Rng| -> String {
        let length = rng.usize(0..30);
        let letters = ['a', 'Z', '$', '0', 'é', '\u{1f41f}', '"', '\\', ' ', '.'];
        (0..length)
            .map(|_| letters[rng.usize(0..letters.len())])
            .collect()
    };
    let number = |rng: &mut fastrand::Rng| -> Value {
        match rng.u32(0..5) {
            0 => Value::from(rng.i64(..)),
            1 => Value::from(rng.i64(-100..100)),
            2 => Value::from(rng.f64() * 10_f64.powi(rng.i32(-100..100))),
            3 => Value::from(rng.u128(0..10_u128.pow(38))),
            _ => {
                let digits: String = (0..rng.usize(1..39)).map(|_| rng.digit(10)).collect();
                let number: Number = format!(
                    "{}.{digits}E{}",
                    if rng.bool() { "-0" } else { "" },
                    rng.i32(-100..100)
                )
                .parse()
                .unwrap();
                number.into()
            }
        }
    };
    let blob = |rng: &mut fastrand::Rng| {
        Blob::from(
            (0..rng.usize(0..40))
                .map(|_| rng.u8(..))
                .collect::<Vec<u8>>(),
        )
    };
    let kinds = if depth == 0 { 6 } else { 10 };
    match rng.u32(0..kinds) {
        0 => Value::Null,
        1 => Value::from(rng.bool()),
        2 => number(rng),
        3 => Value::from(text(rng)),
        4 => Value::from(blob(rng)),
        5 => match rng.u32(0..3) {
            0 => Set::from_iter((0..rng.usize(1..5)).map(|n| format!("{}{n}", text(rng)))).into(),
            1 => Set::from_iter((0..rng.i64(1..5)).map(Value::from)).into(),
            _ => Set::from_iter((0..rng.u8(1..5)).map(|n| Blob::from(vec![n]))).into(),
        },
        6 | 7 => (0..rng.usize(0..4))
            .map(|_| random_value(rng, depth - 1))
            .collect(),
        8 => {
            // A map that looks like a set, a number or bytes.
            let name = ["$set", "$number", "$binary", "$$set"][rng.usize(0..4)];
            Value::Map(inia::Map::from_iter([(
                format!("${name}"),
                random_value(rng, depth - 1),
            )]))
        }
        _ => {
            let entries = (0..rng.usize(0..4))
                .map(|n| (format!("{}{n}", text(rng)), random_value(rng, depth - 1)));
            Value::Map(entries.collect())
        }
    }
}

#[test]
fn any_native_value_comes_back_from_its_attribute_value() {
    let mut rng = fastrand::Rng::with_seed(16);
    for _ in 0..20_000 {
        let value = random_value(&mut rng, 4);
        let attribute =
            to_attribute(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(from_attribute(&attribute), value, "{attribute}");
        // Also over JSON, which has no bytes.
        let json: Value = serde_json::from_str(&attribute.to_json_string()).unwrap();
        assert_eq!(from_attribute(&json), value, "{attribute}");
    }
    let item = json!({"id": "a", "$set": [1]});
    assert_eq!(from_item(&to_item(item.clone()).unwrap()), item);
    assert_eq!(
        to_item(json!([1])).unwrap_err().kind(),
        ErrorKind::Validation
    );
    let error = to_item(json!({"a": [f64::NAN]})).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a[0]: NaN and the infinities are not numbers"
    );
}

#[test]
fn wrapper_types_survive_serde_and_json() {
    let user = json!({"tags": Set::from(["a", "b"]), "n": "0.12345678901234567890".parse::<Number>().unwrap()});
    let text = user.to_json_string();
    assert_eq!(
        text,
        r#"{"tags":{"$set":["a","b"]},"n":{"$number":"0.12345678901234567890"}}"#
    );
    let back: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(back, user);
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Typed {
        tags: Set<String>,
        n: Number,
    }
    let typed: Typed = from_value(user.clone()).unwrap();
    assert_eq!(to_value(&typed).unwrap(), user);
    assert_eq!(
        serde_json::from_str::<Typed>(&serde_json::to_string(&typed).unwrap()).unwrap(),
        typed
    );
}
