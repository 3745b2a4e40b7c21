//! A user's tests with each test double: stubs, a recording, and the fake server.
//!
//! ```text
//! cargo run --example testing --features fake
//! ```

use std::sync::Arc;

use anyhow::{Result, ensure};
use inia::testing::{FakeServer, Recorder, Replayer, StubClient};
use inia::{Client, Credentials, Session, json};

/// The code under test: takes a client, so that a test can give it any double.
async fn large_tables(dynamodb: &Client, limit: i64) -> inia::Result<Vec<String>> {
    let mut large = Vec::new();
    let mut names = dynamodb.paginate("ListTables", ()).items();
    while let Some(name) = names.next().await {
        let name = name?;
        let table = dynamodb
            .call("DescribeTable", json!({"TableName": name.clone()}))
            .await?;
        if table.int("Table.TableSizeBytes")? > limit {
            large.push(name.to_string());
        }
    }
    Ok(large)
}

/// A unit test: outputs as values, checked against the definition.
async fn with_a_stub() -> Result<()> {
    let stub = StubClient::new("dynamodb")?;
    stub.on("ListTables")
        .returns(json!({"TableNames": ["users", "logs"]}));
    stub.on("DescribeTable")
        .with(json!({"TableName": "users"}))
        .returns(json!({"Table": {"TableSizeBytes": 10}}));
    stub.on("DescribeTable")
        .with(json!({"TableName": "logs"}))
        .returns(json!({"Table": {"TableSizeBytes": 5_000}}));
    let large = large_tables(&stub.client(), 1_000).await?;
    ensure!(large == ["logs"], "{large:?}");
    stub.verify()?;
    println!("stub: {large:?} from {} calls", stub.calls().len());
    Ok(())
}

/// A test against a server: the whole client runs, with its retries. Here the second of four requests is throttled.
async fn with_the_fake_server(server: &FakeServer) -> Result<()> {
    server
        .on("dynamodb", "ListTables")?
        .returns(json!({"TableNames": ["users", "logs"]}));
    server
        .on("dynamodb", "DescribeTable")?
        .fails("ProvisionedThroughputExceededException", "slow down")
        .returns(json!({"Table": {"TableSizeBytes": 5_000}}));
    let dynamodb = server.session().build()?.client("dynamodb")?;
    let large = large_tables(&dynamodb, 1_000).await?;
    ensure!(large == ["users", "logs"], "{large:?}");
    println!(
        "fake server: {large:?} from {} requests",
        server.calls().len()
    );
    Ok(())
}

/// A recording of real responses, here those of the fake server, played back without a network.
async fn with_a_recording(server: &FakeServer) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("tables.jsonl");
    let recorder = Recorder::create(&path)?;
    let recording = server
        .session()
        .wrap_transport(move |transport| recorder.wrap(transport))
        .build()?;
    let recorded = large_tables(&recording.client("dynamodb")?, 1_000).await?;

    let replayer = Replayer::open(&path)?;
    let session = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .endpoint_url(server.url())
        .transport(Arc::new(replayer.clone()))
        .build()?;
    let played = large_tables(&session.client("dynamodb")?, 1_000).await?;
    ensure!(played == recorded, "{played:?}");
    replayer.verify()?;
    println!("recording: {played:?} without a network");
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    with_a_stub().await?;
    let server = FakeServer::builder().start().await?;
    with_the_fake_server(&server).await?;
    with_a_recording(&server).await
}
