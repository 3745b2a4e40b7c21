//! `inia resource`: what resources have, and what is done with them.

#[expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
mod support;

use serde_json::{Value, json};
use support::{Ended, Server, ended, inia};

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

fn run(server: &Server, line: &str) -> Ended {
    ended(
        inia("resource")
            .args(["--endpoint-url", &server.url])
            .args(line.split(' ')),
    )
}

fn printed(server: &Server, line: &str) -> Value {
    let ended = run(server, line);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{line}");
    serde_json::from_str(&ended.stdout).unwrap_or_default()
}

#[test]
fn services_and_what_their_resources_have() {
    let server = s3();
    let ended = run(&server, "resource");
    assert_eq!(
        ended.stdout,
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
    // What boto3 adds to the definitions is told as well, and so are resources that no service leads to directly.
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
fn collections_are_listed_as_far_as_they_are_wanted() {
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
    let asked = server.requests().pop().map(|request| request.target);
    assert!(
        asked
            .as_deref()
            .is_some_and(|target| target.contains("prefix=a")),
        "{asked:?}"
    );
}

#[test]
fn sub_resources_attributes_and_actions() {
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
    let asked = server.requests().pop();
    assert_eq!(
        asked
            .as_ref()
            .and_then(|request| request.header("content-type")),
        Some("text/plain")
    );
}

#[test]
fn wrong_words_are_told() {
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
        ("resource s3 Object logs", 252, "Object wants its key"),
        (
            "resource s3 Bucket logs objects extra",
            252,
            "belongs to no option",
        ),
        (
            "resource s3 Bucket logs objects --limit x",
            252,
            "not a whole number",
        ),
        (
            "resource s3 Bucket logs objects --prefx x",
            252,
            "did you mean prefix?",
        ),
        ("resource s3 Bucket logs name more", 252, "a word too many"),
        ("resource s3 Object logs gone.txt get -", 254, "404"),
    ] {
        let ended = run(&server, line);
        assert_eq!(ended.status, status, "{line}: {ended:?}");
        assert!(ended.stderr.contains(message), "{line}: {ended:?}");
    }
}
