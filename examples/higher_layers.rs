//! Pagination, waiters and resources, against a server with AWS's APIs such as moto:
//!
//! ```text
//! pip install 'moto[server]'
//! moto_server -p 5000 &
//! AWS_ENDPOINT_URL=http://127.0.0.1:5000 cargo run --release --example higher_layers
//! ```
//!
//! The example creates and deletes resources: run it against a test server.

use std::time::Duration;

use anyhow::{Context as _, Result};
use inia::{Credentials, Session, json, wait::Condition};

#[tokio::main]
async fn main() -> Result<()> {
    let endpoint = std::env::var("AWS_ENDPOINT_URL")
        .context("set AWS_ENDPOINT_URL to the server, such as http://127.0.0.1:5000")?;
    run(&endpoint).await
}

/// Runs all parts of the example.
pub async fn run(endpoint: &str) -> Result<()> {
    let session = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .endpoint_url(endpoint.to_owned())
        .load()
        .await?;
    pages(&session).await?;
    waits(&session).await?;
    resources(&session).await?;
    descriptions(&session)
}

async fn pages(session: &Session) -> Result<()> {
    println!("# Pages");
    let sqs = session.client("sqs")?;
    for number in 0..25 {
        let name = format!("jobs-{number:02}");
        sqs.call("CreateQueue", json!({"QueueName": name})).await?;
    }

    let mut pages = sqs.paginate("ListQueues", json!({})).page_size(10);
    while let Some(page) = pages.next().await {
        println!("  a page of {} queues", page?["QueueUrls"].items().count());
    }

    // Item by item. The resume token works in inia, boto3 and the AWS CLI.
    let mut first = sqs.paginate("ListQueues", json!({})).max_items(3).items();
    while let Some(url) = first.next().await {
        println!("  {}", url?.as_str().unwrap_or_default());
    }
    let token = first.resume_token().context("there are more queues")?;
    let rest = sqs.paginate("ListQueues", json!({})).starting_token(token);
    println!("  and {} more", rest.items().collect().await?.len());

    let names = sqs
        .paginate("ListQueues", json!({}))
        .search("QueueUrls[?ends_with(@, '-07')]")
        .collect()
        .await?;
    println!(
        "  found {}",
        names
            .first()
            .and_then(|name| name.as_str())
            .unwrap_or("nothing")
    );
    Ok(())
}

async fn waits(session: &Session) -> Result<()> {
    println!("# Waits");
    let dynamodb = session.client("dynamodb")?;
    let table = json!({"TableName": "fish"});
    dynamodb
        .call(
            "CreateTable",
            json!({
                "TableName": "fish", "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            }),
        )
        .await?;
    let waited = dynamodb
        .wait("TableExists", table.clone())
        .delay(Duration::from_secs(1))
        .jitter(Duration::from_secs(10))
        .await?;
    println!("  the table exists after {} attempts", waited.attempts);

    // A custom condition can be waited for as well.
    dynamodb
        .wait_until(
            "ListTables",
            json!({}),
            "TableNames",
            Condition::contains("fish"),
        )
        .await?;
    println!("  and is listed");

    let never = dynamodb
        .wait_until(
            "DescribeTable",
            table.clone(),
            "Table.TableStatus",
            Condition::equals("GONE"),
        )
        .delay(Duration::ZERO)
        .max_attempts(2)
        .await;
    if let Err(error) = never {
        let status = error
            .last_response()
            .and_then(|last| last["Table"]["TableStatus"].as_str());
        println!("  {error}; it is {}", status.unwrap_or("?"));
    }
    dynamodb.call("DeleteTable", table).await?;
    Ok(())
}

async fn resources(session: &Session) -> Result<()> {
    println!("# Resources");
    let s3 = session.resource("s3")?;
    let bucket = s3
        .action("create_bucket", json!({"Bucket": "river-logs"}))
        .await?
        .into_resource()?;
    println!("  {bucket}");
    for name in ["2025/12.log", "2026/01.log", "2026/02.log"] {
        bucket
            .action("put_object", json!({"Key": name, "Body": "some lines"}))
            .await?;
    }
    println!(
        "  created {}",
        bucket
            .attribute("creation_date")
            .await?
            .as_timestamp()
            .unwrap_or_default()
    );

    // Collections are lazy: no request is sent before the iteration starts.
    let logs = bucket
        .collection("objects")
        .filter(json!({"Prefix": "2026/"}));
    let mut objects = logs.clone().limit(10).iter();
    while let Some(object) = objects.next().await {
        let object = object?;
        let size = object.attribute("size").await?;
        println!("  {object} of {} bytes", size.as_i64().unwrap_or_default());
    }

    let object = bucket.get("Object", ["2026/01.log"])?;
    let got = object.action("get", json!({})).await?.into_output()?;
    let body = got
        .body
        .context("the object has no body")?
        .collect(1 << 20)
        .await?;
    println!("  {object} contains {:?}", String::from_utf8_lossy(&body));

    // Batch actions send one call per page.
    let outputs = logs.batch("delete", json!({})).await?;
    println!("  deleted by {} call", outputs.len());
    let left = bucket.collection("objects").iter().collect().await?;
    println!("  left are {left:?}");
    Ok(())
}

fn descriptions(session: &Session) -> Result<()> {
    println!("# Descriptions");
    println!(
        "  resources of {}",
        session.available_resources().join(", ")
    );
    let queue = session.client("sqs")?.describe_resource(Some("Queue"))?;
    let names = |kind: &str| {
        let names = queue[kind].items().filter_map(|part| part["name"].as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    println!("  actions of a queue: {}", names("actions"));
    println!("  and lists {}", names("collections"));
    Ok(())
}
