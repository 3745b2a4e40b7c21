//! `inia resource`: descriptions, attributes, collections and actions.

#[expect(clippy::unwrap_used, reason = "a failed setup fails the test")]
mod support;

use serde_json::{Value, json};
use support::{CommandResult, Server, inia, run_command};

const OBJECTS: &str = r#"<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Contents><Key>a.txt</Key><Size>1</Size></Contents><Contents><Key>b.txt</Key><Size>2</Size></Contents>
<IsTruncated>false</IsTruncated></ListBucketResult>"#;

fn s3() -> Server {
    Server::start(|request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match path {
            "/logs" | "/logs/" => (200, "application/xml", OBJECTS.into()),
            "/logs/a.txt" => (200, "text/plain", b"hello".to_vec()),
            _ => (404, "application/xml", Vec::new()),
        }
    })
}

fn run(server: &Server, line: &str) -> CommandResult {
    run_command(
        inia("resource")
            .env("AWS_ENDPOINT_URL", &server.url)
            .args(line.split(' ')),
    )
}

fn printed(server: &Server, line: &str) -> Value {
    let result = run(server, line);
    assert_eq!((result.status, result.stderr.as_str()), (0, ""), "{line}");
    serde_json::from_str(&result.stdout).unwrap_or_default()
}

#[test]
fn lists_services_and_describes_resources() {
    let server = s3();
    let result = run(&server, "resource");
    assert_eq!(
        result.stdout,
        "cloudformation\ncloudwatch\ndynamodb\nec2\nglacier\niam\ns3\nsns\nsqs\n"
    );
    assert_eq!(
        printed(&server, "resource s3 --query sub_resources[].name")[0],
        "Bucket"
    );
    assert_eq!(
        printed(&server, "resource s3 Bucket --query collections[].name"),
        json!(["multipart_uploads", "object_versions", "objects"])
    );
    // Includes the customizations of boto3, and resources that are not sub-resources of the service.
    assert_eq!(
        printed(&server, "resource s3 Bucket --query load.operation"),
        "ListBuckets"
    );
    assert_eq!(
        printed(&server, "resource sqs Message --query identifiers[].name"),
        json!(["queue_url", "receipt_handle"])
    );
    let table = run(&server, "resource s3 Bucket --query waiters --output text");
    assert!(table.stdout.contains("wait_until_exists"), "{table:?}");
    assert!(server.requests().is_empty());
}

#[test]
fn lists_collections_with_limit_and_filters() {
    let server = s3();
    assert_eq!(
        printed(&server, "resource s3 Bucket logs objects"),
        json!([{"bucket_name": "logs", "key": "a.txt", "size": 1}, {"bucket_name": "logs", "key": "b.txt", "size": 2}])
    );
    assert_eq!(
        printed(
            &server,
            "resource s3 Bucket logs objects --limit 1 --prefix a --query [].key"
        ),
        json!(["a.txt"])
    );
    let request = server.requests().pop().map(|request| request.target);
    assert!(
        request
            .as_deref()
            .is_some_and(|target| target.contains("prefix=a")),
        "{request:?}"
    );
}

#[test]
fn resolves_sub_resources_attributes_and_actions() {
    let server = s3();
    assert_eq!(
        printed(
            &server,
            "resource s3 Bucket logs Object a.txt --query content_length"
        ),
        5
    );
    assert_eq!(
        printed(&server, "resource s3 Object logs a.txt content-length"),
        5
    );
    let body = run(&server, "resource s3 Bucket logs Object a.txt get -");
    assert_eq!(
        (body.status, body.stdout.as_str()),
        (0, "hello"),
        "{body:?}"
    );
    let put = run(
        &server,
        "resource s3 Object logs a.txt put --content-type text/plain",
    );
    assert_eq!(put.status, 0, "{put:?}");
    let request = server.requests().pop();
    assert_eq!(
        request
            .as_ref()
            .and_then(|request| request.header("content-type")),
        Some("text/plain")
    );
}

#[test]
fn rejects_invalid_arguments() {
    let server = s3();
    for (line, status, message) in [
        ("resource s4", 252, "s4"),
        ("resource lambda", 252, "lambda"),
        ("resource s3 Buckt", 252, "did you mean Bucket?"),
        (
            "resource s3 Buckt logs",
            252,
            "did you mean Bucket or buckets?",
        ),
        (
            "resource s3 Bucket logs objcts",
            252,
            "did you mean objects",
        ),
        ("resource s3 Object logs", 252, "Object requires its key"),
        (
            "resource s3 Bucket logs objects extra",
            252,
            "unexpected argument: extra",
        ),
        (
            "resource s3 Bucket logs objects --limit x",
            252,
            "not a non-negative integer",
        ),
        (
            "resource s3 Bucket logs objects --prefx x",
            252,
            "did you mean prefix?",
        ),
        (
            "resource s3 Bucket logs name more",
            252,
            "unexpected argument: more",
        ),
        ("resource s3 Object logs gone.txt get -", 254, "404"),
    ] {
        let result = run(&server, line);
        assert_eq!(result.status, status, "{line}: {result:?}");
        assert!(result.stderr.contains(message), "{line}: {result:?}");
    }
}

fn dynamodb() -> Server {
    Server::start(|request| {
        let body = match request.header("x-amz-target") {
            Some("DynamoDB_20120810.GetItem") => json!({"Item": {
                "id": {"S": "a"}, "n": {"N": "1.5"}, "pi": {"N": "3.14159265358979323846"}, "tags": {"SS": ["x", "y"]},
                "raw": {"B": "AQI="}, "none": {"NULL": true}, "map": {"M": {"B": {"S": "text"}}}}}),
            Some("DynamoDB_20120810.Scan") => json!({"Items": [{"id": {"S": "a"}}], "Count": 1}),
            _ => json!({}),
        };
        (
            200,
            "application/x-amz-json-1.0",
            body.to_string().into_bytes(),
        )
    })
}

fn run_arguments(server: &Server, arguments: &[&str]) -> CommandResult {
    run_command(
        inia("resource")
            .env("AWS_ENDPOINT_URL", &server.url)
            .args(arguments),
    )
}

fn sent(server: &Server) -> Value {
    let request = server.requests().pop();
    let body = request.map(|request| serde_json::from_slice(&request.body));
    body.and_then(Result::ok).unwrap_or_default()
}

#[test]
fn dynamodb_takes_and_prints_native_values() {
    let server = dynamodb();
    let table = ["resource", "dynamodb", "Table", "t"];
    let run = |arguments: &[&str]| run_arguments(&server, &[&table, arguments].concat());
    let put = run(&[
        "put-item",
        "--item",
        r#"{"id": "a", "n": 1, "map": {"B": "text"}}"#,
    ]);
    assert_eq!((put.status, put.stderr.as_str()), (0, ""), "{put:?}");
    let item = json!({"id": {"S": "a"}, "n": {"N": "1"}, "map": {"M": {"B": {"S": "text"}}}});
    assert_eq!(sent(&server), json!({"TableName": "t", "Item": item}));

    let get = run(&["get-item", "--key", r#"{"id": "a"}"#, "--query", "Item"]);
    let printed: Value = serde_json::from_str(&get.stdout).unwrap();
    assert_eq!(
        printed,
        json!({"id": "a", "n": 1.5, "pi": {"$number": "3.14159265358979323846"}, "tags": {"$set": ["x", "y"]},
            "raw": {"$binary": "AQI="}, "none": null, "map": {"B": "text"}})
    );
    assert_eq!(sent(&server)["Key"], json!({"id": {"S": "a"}}));
    // What is printed can be sent again.
    let again = run(&["put-item", "--item", &get.stdout]);
    assert_eq!(again.status, 0, "{again:?}");
    assert_eq!(sent(&server)["Item"]["raw"], json!({"B": "AQI="}));
    assert_eq!(sent(&server)["Item"]["tags"], json!({"SS": ["x", "y"]}));
    assert_eq!(
        sent(&server)["Item"]["pi"],
        json!({"N": "3.14159265358979323846"})
    );
    // Numbers keep their digits, also in a document of all parameters.
    let document = r#"{"Item": {"id": 12345678901234567890123, "x": -0.12345678901234567890}}"#;
    let put = run(&["put-item", "--cli-input-json", document]);
    assert_eq!(put.status, 0, "{put:?}");
    let item =
        json!({"id": {"N": "12345678901234567890123"}, "x": {"N": "-0.12345678901234567890"}});
    assert_eq!(sent(&server)["Item"], item);
    let scan = run(&[
        "scan",
        "--filter-expression",
        "n > :n",
        "--expression-attribute-values",
        r#"{":n": 1}"#,
        "--query",
        "Items",
    ]);
    assert_eq!(
        serde_json::from_str::<Value>(&scan.stdout).unwrap(),
        json!([{"id": "a"}])
    );
    assert_eq!(
        sent(&server)["ExpressionAttributeValues"],
        json!({":n": {"N": "1"}})
    );
    // Shorthand has no types other than texts.
    let get = run(&["get-item", "--key", "id=a"]);
    assert_eq!(get.status, 0, "{get:?}");
    assert_eq!(sent(&server)["Key"], json!({"id": {"S": "a"}}));
    let skeleton = run(&["put-item", "--generate-cli-skeleton"]);
    let skeleton: Value = serde_json::from_str(&skeleton.stdout).unwrap();
    assert_eq!(skeleton["Item"], json!({"KeyName": ""}));

    let count = server.requests().len();
    for (item, message) in [
        (r#"{"a": {"$set": []}}"#, "Item.a: a set must not be empty"),
        (
            r#"{"a": [{"b": {"$set": [1, "x"]}}]}"#,
            "Item.a[0].b: a set has only strings",
        ),
        (
            r#"{"a": {"$number": "x"}}"#,
            "Item.a: $number: x is not a decimal number",
        ),
        (r#"{"a": 1e200}"#, "Item.a: 1e+200 is out of range"),
        (r#"{"a": "#, "--item: invalid JSON"),
    ] {
        let put = run(&["put-item", "--item", item]);
        assert_eq!(put.status, 252, "{item}: {put:?}");
        assert!(put.stderr.contains(message), "{item}: {put:?}");
    }
    assert_eq!(server.requests().len(), count);
}

#[test]
fn the_operations_of_dynamodb_keep_attribute_values() {
    let server = dynamodb();
    let put = run_command(inia("resource").env("AWS_ENDPOINT_URL", &server.url).args([
        "dynamodb",
        "put-item",
        "--table-name",
        "t",
        "--item",
        r#"{"id": {"S": "a"}, "raw": {"B": "AQI="}}"#,
    ]));
    assert_eq!(put.status, 0, "{put:?}");
    assert_eq!(
        sent(&server)["Item"],
        json!({"id": {"S": "a"}, "raw": {"B": "AQI="}})
    );
    let put = run_command(inia("resource").env("AWS_ENDPOINT_URL", &server.url).args([
        "dynamodb",
        "put-item",
        "--table-name",
        "t",
        "--item",
        r#"{"id": "a"}"#,
    ]));
    assert_eq!(put.status, 252, "{put:?}");
}
